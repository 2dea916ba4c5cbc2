"""What every record says beside its data: when it was and where it comes from. Source: contract A3.4, A3.5."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

from ..properties import cut, fits
from ..rules import Rules

MAX_TS: Final = 253_402_300_799
"""The last second of the year 9999; milliseconds, with 13 digits, are beyond it."""


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


def origin(record: Mapping[str, object], rules: Rules) -> str:
    """Where the record says it comes from, cut to `max_value_bytes`; never a reason to refuse it (contract A3.5)."""
    source = record.get("$source") or record.get("source")
    if type(source) is not str:
        return ""
    return source if fits(source, rules.max_value_bytes) else cut(source, rules.max_value_bytes)
