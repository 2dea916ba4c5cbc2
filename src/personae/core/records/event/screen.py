"""Judging an event record by itself. Source: contract A3, B 2.6, B 6.1."""

from typing import Any

from ...events import RESTRICTED
from ...faults import EVENT_DATA, EVENT_LIMIT, EVENT_NAME, EVENT_RESTRICTED, TIMESTAMP, Fault, Rejection
from ...identity import identify
from ...operators import Notes
from ...properties import Flaw, Reader, normal_form
from ...rules import Rules
from ...work import Accepted
from ..envelope import origin, timestamp
from . import Content
from .data import read_data


def screen(index: int, record: dict[str, Any], now: int, rules: Rules) -> Accepted | Rejection:
    """Judge one record: identifiers, `ts`, name, data, in this order; the first fault is reported.

    No `evtData` is an event without properties, as `profileData` that is missing says nothing (contract A3.1).
    """
    keys = identify(record, rules)
    if type(keys) is Fault:
        return Rejection(index, keys)
    ts = timestamp(record.get("ts"), now)
    if ts is None:
        return Rejection(index, TIMESTAMP)
    notes: Notes = []
    content = read_event(record, rules, notes)
    if type(content) is not Content:
        return Rejection(index, *content)  # type: ignore[misc]
    return Accepted(index, "event", keys, ts, origin(record, rules), content, notes)  # type: ignore[arg-type]


def read_event(record: dict[str, Any], rules: Rules, notes: Notes) -> Content | tuple[Fault, str]:
    """Name and properties, or what is wrong with them."""
    name = record.get("evtName")
    name = name.strip() if type(name) is str else ""
    if not name:
        return EVENT_NAME, ""
    try:
        name = Reader(rules, notes).text("evtName", name)
    except Flaw as flaw:
        return EVENT_LIMIT, flaw.detail
    normal = normal_form(name)
    if normal in RESTRICTED:
        return EVENT_RESTRICTED, ""
    data = record.get("evtData")
    if data is None:
        return Content(name, normal, {})
    if type(data) is not dict:
        return EVENT_DATA, ""
    read = read_data(normal, data, rules, notes)
    return Content(name, normal, read) if type(read) is dict else read  # type: ignore[return-value]
