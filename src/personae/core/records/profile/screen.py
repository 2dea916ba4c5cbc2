"""Judging a profile record by itself. Source: contract A3, A4, B 3.3."""

from datetime import UTC, datetime
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
    spellings: dict[str, str] = {}
    rest = read_plain(data, content, spellings, rules)
    if rest:
        reading = Reading(rules, content, spellings, notes)
        for key, name, value in rest:
            reading.read(key, name, value)
        failure = reading.first_failure()
        if failure is not None:
            return Rejection(index, *failure)
        if content.attached:
            keys = with_attached(keys, content.attached)  # type: ignore[arg-type]
    origin = record.get("$source") or record.get("source")
    return Accepted(index, "profile", keys, ts, origin if type(origin) is str else "", content, notes)  # type: ignore[arg-type]


def read_plain(data: Data, content: Content, spellings: dict[str, str], rules: Rules) -> list[tuple[str, Name | None, Any]]:
    """Take the values there is nothing to say about, which is nearly all; give back the others.

    `spellings` learns how each property is spelled first. This loop is the hottest of the server.
    """
    rest: list[tuple[str, Name | None, Any]] = []
    plain = content.plain
    fields = content.fields
    key_limit = rules.max_key_bytes
    short = rules.max_value_bytes // 4  # so many characters fit, whatever they are
    for key, value in data.items():
        if value is None:
            continue
        name = name_of(key) if len(key) <= key_limit else None
        if name is not None and name.normal not in spellings:
            kind = type(value)
            if name.plain:
                if (
                    (kind is str and len(value) <= short)
                    or kind is bool
                    or (kind is int and INT64_MIN <= value <= INT64_MAX)
                    or kind is float
                ) and name.bytes <= key_limit:
                    spellings[name.normal] = key
                    plain[key] = value
                    continue
            elif name.kept and kind is not dict:
                checked = name.check(value)
                if checked is not INVALID and (type(checked) is not str or len(checked) <= short):
                    spellings[name.normal] = key
                    fields[name.normal] = checked
                    continue
        if name is not None:
            spellings.setdefault(name.normal, key)
        rest.append((key, name, value))
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
