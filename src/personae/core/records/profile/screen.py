"""Judging a profile record by itself. Source: contract A3, A4, B 3.3."""

from math import isfinite
from typing import Any

from ...faults import TIMESTAMP, TYPE, Fault, Rejection
from ...fields import INVALID
from ...identity import DEVICE_KIND, Key, identify
from ...operators import Notes
from ...properties import Name
from ...rules import INT64_MAX, INT64_MIN, Rules
from ...work import Accepted
from ..envelope import origin, timestamp
from ..shapes import shape_of
from . import Content
from .reading import Reading

Data = dict[str, Any]


def screen(index: int, record: Data, now: int, rules: Rules) -> Accepted | Rejection:
    """Judge one record; of several faults the first in the order of B 3.3 is reported."""
    data = record.get("profileData")
    if data is None:
        data = {}
    elif type(data) is not dict:
        return Rejection(index, TYPE)
    keys = identify(record, rules)
    if type(keys) is Fault:
        return Rejection(index, keys)
    ts = timestamp(record.get("ts"), now)
    if ts is None:
        return Rejection(index, TIMESTAMP)

    content = Content({}, {}, [], {}, [], [])
    notes: Notes = []
    failure = read_properties(data, content, rules, notes)
    if failure is not None:
        return Rejection(index, *failure)
    if content.attached:
        keys = with_attached(keys, content.attached)  # type: ignore[arg-type]
    return Accepted(index, "profile", keys, ts, origin(record, rules), content, notes)  # type: ignore[arg-type]


def read_properties(data: Data, content: Content, rules: Rules, notes: Notes) -> tuple[Fault, str] | None:
    """Put every property where it belongs in `content`; gives the first fault in wire order, with its detail."""
    names = shape_of(data, rules.max_key_bytes)
    if names is None:
        reading = Reading(rules, content, notes)
        reading.read_all(data)
        return reading.first_failure()
    rest = read_plain(names, data, content, rules)
    if not rest:
        return None
    reading = Reading(rules, content, notes)
    for name, value in rest:
        reading.read(name, name.text, value)
    return reading.first_failure()


def read_plain(names: tuple[Name, ...], data: Data, content: Content, rules: Rules) -> list[tuple[Name, Any]]:
    """Take the values there is nothing to say about, which is nearly all; give back the others.

    This loop is the hottest of the server.
    """
    rest: list[tuple[Name, Any]] = []
    plain = content.plain
    fields = content.fields
    short = rules.max_value_bytes // 4  # so many characters fit, whatever they are
    for name, value in zip(names, data.values(), strict=True):
        kind = type(value)
        if name.plain:
            if kind is str:
                if len(value) <= short:
                    plain[name.text] = value
                    continue
            elif kind is bool or (kind is int and INT64_MIN <= value <= INT64_MAX) or (kind is float and isfinite(value)):
                plain[name.text] = value
                continue
        elif name.kept and value is not None and kind is not dict:
            checked = name.check(value)
            if checked is not INVALID and (type(checked) is not str or len(checked) <= short):
                fields[name.normal] = checked
                continue
        if value is not None:
            rest.append((name, value))
    return rest


def with_attached(keys: list[Key], attached: list[Key]) -> list[Key]:
    """All keys in the order that decides: attached identifiers before the device (contract A5.1)."""
    devices = [key for key in keys if key[0] == DEVICE_KIND]
    others = [key for key in keys if key[0] != DEVICE_KIND]
    return list(dict.fromkeys(others + attached + devices))
