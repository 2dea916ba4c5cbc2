"""Judging a profile record by itself. Source: contract A3, A4, B 3.3."""

from datetime import UTC, datetime
from functools import lru_cache
from math import isfinite
from typing import Any, Final

from ...faults import TIMESTAMP, TYPE, Fault, Rejection
from ...fields import INVALID
from ...identity import DEVICE_KIND, Key, identify
from ...operators import Notes
from ...properties import Name, cut, fits, name_of
from ...rules import INT64_MAX, INT64_MIN, Rules
from ...work import Accepted
from . import Content
from .reading import Reading

Data = dict[str, Any]

MAX_TS: Final = 253_402_300_799
"""The last second of the year 9999; milliseconds, with 13 digits, are beyond it."""

MAX_SHAPE_KEYS: Final = 64
"""Records with more keys are read key by key, so that the remembered shapes stay small."""


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


def shape_of(data: Data, max_key_bytes: int) -> tuple[Name, ...] | None:
    """The names behind the keys of a record; None where the keys themselves need a closer look."""
    if len(data) > MAX_SHAPE_KEYS:
        return None
    try:
        return names_of(tuple(data), max_key_bytes)
    except LongKey:
        return None


class LongKey(Exception):  # noqa: N818 - the reason to look closer
    """A key is over its limit."""


@lru_cache(maxsize=4096)
def names_of(keys: tuple[str, ...], max_key_bytes: int) -> tuple[Name, ...] | None:
    """The names behind keys, None where two are one property or one of them deserves a word.

    Records come in few shapes, so what can be said of their keys is worked out once for each. Raises
    `LongKey`, as what is raised is not remembered: what is remembered stays small.
    """
    if max(map(len, keys), default=0) > max_key_bytes:
        raise LongKey
    names = tuple(map(name_of, keys))
    if len({name.normal for name in names}) < len(names):
        return None
    return names if all(name.field or (name.plain and name.bytes <= max_key_bytes) for name in names) else None


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


def timestamp(value: object, now: int) -> int | None:
    """`ts` as epoch seconds, `now` when absent, None when it is none. Source: contract A3.4."""
    if value is None:
        return now
    if type(value) is str:
        if value.isascii() and value.isdigit() and len(value) <= 12:
            value = int(value)
        elif ":" in value or "T" in value:
            value = iso_seconds(value)
    return value if type(value) is int and 0 < value <= MAX_TS else None


def iso_seconds(text: str) -> int | None:
    """An ISO 8601 date-time as epoch seconds, UTC where it names no zone."""
    try:
        moment = datetime.fromisoformat(text)
        return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())
    except (ValueError, OverflowError):
        return None


def origin(record: Data, rules: Rules) -> str:
    """Where the record says it comes from, cut to `max_value_bytes`; never a reason to refuse it (contract A3.5)."""
    source = record.get("$source") or record.get("source")
    if type(source) is not str:
        return ""
    return source if fits(source, rules.max_value_bytes) else cut(source, rules.max_value_bytes)


def with_attached(keys: list[Key], attached: list[Key]) -> list[Key]:
    """All keys in the order that decides: attached identifiers before the device (contract A5.1)."""
    devices = [key for key in keys if key[0] == DEVICE_KIND]
    others = [key for key in keys if key[0] != DEVICE_KIND]
    return list(dict.fromkeys(others + attached + devices))
