"""Times as commands take and print them. Inside they are epoch seconds, 0 for never."""

import re
import time
from argparse import ArgumentTypeError
from datetime import UTC, date, datetime
from typing import Final

UNITS_S: Final = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
_DURATION: Final = re.compile(r"([0-9]{1,5})([smhd])")


def duration_s(text: str) -> int:
    """Seconds from text such as 90s, 30m, 12h, 30d, or 0."""
    match = _DURATION.fullmatch(text)
    if match is None and text != "0":
        raise ArgumentTypeError(f"{text!r} is not allowed; allowed: a number and s, m, h or d, such as 12h, or 0")
    return int(match[1]) * UNITS_S[match[2]] if match else 0


def expiry(text: str) -> int:
    """When something ends, from 30d, 2027-01-31 (its first moment in UTC) or never."""
    return moment(text, int(time.time()))


def moment(text: str, now: int) -> int:
    """The time `text` means at `now`; it has to lie ahead."""
    if text == "never":
        return 0
    ends = now + duration_s(text) if _DURATION.fullmatch(text) else _day(text)
    if ends <= now:
        raise ArgumentTypeError(f"{text!r} is not allowed: it is in the past")
    return ends


def _day(text: str) -> int:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise ArgumentTypeError(f"{text!r} is not allowed; allowed: 30d, 12h, a date such as 2027-01-31, or never") from None
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp())


def shown(ts: int) -> str | None:
    """A time in ISO 8601, UTC; None for never."""
    return datetime.fromtimestamp(ts, UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if ts else None
