"""Times as commands take and print them."""

from argparse import ArgumentTypeError

import pytest

from personae.cli.moments import duration_s, moment, shown

NOW = 1_800_000_000  # 2027-01-15T08:00:00Z

MOMENTS = [
    ("never", 0),
    ("1s", NOW + 1),
    ("90m", NOW + 5400),
    ("12h", NOW + 43_200),
    ("30d", NOW + 2_592_000),
    ("2027-01-31", 1_801_353_600),
    ("2027-01-16", 1_800_057_600),
]


@pytest.mark.parametrize(("text", "expected"), MOMENTS)
def test_an_expiry_is_a_span_a_day_or_never(text: str, expected: int) -> None:
    """A span counts from now; a day is meant from its first moment in UTC."""
    assert moment(text, NOW) == expected


BAD_MOMENTS = [
    "",
    "0",
    "0d",
    "30",
    "d",
    "-1d",
    "1.5d",
    "999999d",
    "30D",
    "2027-01-15",
    "2020-01-01",
    "2027-02-30",
    "Never",
    "31/1/27",
]


@pytest.mark.parametrize("text", BAD_MOMENTS)
def test_other_expiries_are_refused(text: str) -> None:
    """What is past or not understood is refused, and the message repeats it."""
    with pytest.raises(ArgumentTypeError, match=f"^'{text}' is not allowed"):
        moment(text, NOW)


def test_durations() -> None:
    """Seconds from a number and a unit; a bare 0 needs none."""
    assert [duration_s(text) for text in ("0", "0s", "90s", "2m", "1h", "1d")] == [0, 0, 90, 120, 3600, 86_400]


def test_times_are_shown_in_utc() -> None:
    """ISO 8601 with a Z, and nothing for never."""
    assert (shown(NOW), shown(0)) == ("2027-01-15T08:00:00Z", None)
