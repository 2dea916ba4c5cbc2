"""Judging a profile record by itself. Source: contract A3, A4, B 3.3."""

from datetime import UTC, datetime
from functools import lru_cache
from itertools import islice
from typing import Any, Final

from ...faults import LIMIT, TIMESTAMP, TYPE, Fault, Rejection
from ...fields import FIELDS, INVALID
from ...identity import DEVICE_KIND, Key, identify
from ...properties import Name, name_of
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

    notes: list[tuple[str, str]] = []
    most = rules.max_custom_keys + len(FIELDS)
    if len(data) > most:
        data = {key: value for key, value in data.items() if value is not None}
        detail = f"profileData has {len(data)} keys, at most {rules.max_custom_keys} custom ones are allowed"
        if len(data) > most and not rules.drop:
            return Rejection(index, LIMIT, detail)
        if len(data) > most:
            notes.append(("profileData", f"{detail}; the last ones were left out"))
            data = dict(islice(data.items(), most))

    content = Content({}, {}, [], {}, [], [])
    rest = read_plain(data, content, rules)
    if rest:
        reading = Reading(rules, content, notes)
        for key, value in rest:
            reading.read(key, value)
        failure = reading.first_failure()
        if failure is not None:
            return Rejection(index, *failure)
        if content.attached:
            keys = with_attached(keys, content.attached)  # type: ignore[arg-type]
    origin = record.get("$source") or record.get("source")
    return Accepted(index, "profile", keys, ts, origin if type(origin) is str else "", content, notes)  # type: ignore[arg-type]


@lru_cache(maxsize=4096)
def shape_of(keys: tuple[str, ...], max_key_bytes: int) -> tuple[Name, ...] | None:
    """The names behind the keys of a record; None where the keys themselves need a closer look.

    Records come in few shapes, so what can be said of their keys is worked out once for each.
    """
    if len(keys) > MAX_SHAPE_KEYS or max(map(len, keys), default=0) > max_key_bytes:
        return None
    names = tuple(map(name_of, keys))
    if len({name.normal for name in names}) < len(names):
        return None
    return names if all(name.field or (name.plain and name.bytes <= max_key_bytes) for name in names) else None


def read_plain(data: Data, content: Content, rules: Rules) -> list[tuple[str, Any]]:
    """Take the values there is nothing to say about, which is nearly all; give back the others.

    This loop is the hottest of the server.
    """
    names = shape_of(tuple(data), rules.max_key_bytes)
    if names is None:
        return [(key, value) for key, value in data.items() if value is not None]
    rest: list[tuple[str, Any]] = []
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
            elif kind is bool or kind is float or (kind is int and INT64_MIN <= value <= INT64_MAX):
                plain[name.text] = value
                continue
        elif name.kept and value is not None and kind is not dict:
            checked = name.check(value)
            if checked is not INVALID and (type(checked) is not str or len(checked) <= short):
                fields[name.normal] = checked
                continue
        if value is not None:
            rest.append((name.text, value))
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


def with_attached(keys: list[Key], attached: list[Key]) -> list[Key]:
    """All keys in the order that decides: attached identifiers before the device (contract A5.1)."""
    devices = [key for key in keys if key[0] == DEVICE_KIND]
    others = [key for key in keys if key[0] != DEVICE_KIND]
    return list(dict.fromkeys(others + attached + devices))
