"""A database that goes away under load while the server stays: what was lost, and which errors came when."""

import time
from collections.abc import Callable, Iterator, Sequence
from math import isnan, nan
from typing import Final, NamedTuple

from tests.durability.load import Load, Refused
from tests.server import Server

GRACE_S: Final = 2.0
"""How long after an outage a request may still fail."""

EARLY_S: Final = 1.0
"""So much earlier than its time a request may fail: it was sent before the outage, or with one that was."""

BEFORE_S: Final = (0.1, 0.8)
AFTER_S: Final = 3.0
"""How long the load goes on after an outage: past the grace, so that a later error is seen."""

PAUSE_S: Final = 0.03
"""The most a client waits between requests, so that what there is to be read back stays within bounds."""


class Outage(NamedTuple):
    """From the command that ended the database to the moment it took writes again, on the monotonic clock."""

    began_s: float
    ended_s: float


def outage(load: Load, server: Server, crash: Callable[[], None], after_s: float) -> tuple[Outage, list[str]]:
    """Put the server under load, do `crash`, which returns once the database is back, and read back; tells what was wrong."""
    with load.on(server):
        time.sleep(load.rng.uniform(*BEFORE_S))
        began_s = time.monotonic()
        crash()
        ended_s = time.monotonic()
        time.sleep(after_s)
    return Outage(began_s, ended_s), load.settle(server, everybody=False)


def misplaced(refused: Sequence[Refused], outages: Sequence[Outage], timeout_s: float) -> Iterator[str]:
    """The errors that should not have come: outside of any outage and its grace, or before one had lasted for `timeout_s`."""
    for error in refused:
        since_s = [
            error.answered_s - began_s for began_s, ended_s in outages if began_s <= error.answered_s <= ended_s + GRACE_S
        ]
        if not since_s:
            yield f"an error outside of any outage: {error.text}"
        elif since_s[0] < timeout_s - EARLY_S:
            yield f"an error {since_s[0]:.1f} s into an outage, with {timeout_s} s to wait: {error.text}"


def summary(refused: Sequence[Refused], outages: Sequence[Outage]) -> str:
    """The figures of the outages and of the errors that came of them."""
    lengths_s = [ended_s - began_s for began_s, ended_s in outages]
    ends_s = [max(ended_s for began_s, ended_s in outages if began_s <= error.answered_s) for error in refused]
    lag_s = max((error.answered_s - ended_s for error, ended_s in zip(refused, ends_s, strict=True)), default=nan)
    wait_s = min((error.answered_s - error.sent_s for error in refused), default=nan)
    last = "" if isnan(lag_s) else f" after {wait_s:.1f} s or more, the last {lag_s:+.1f} s from the end of its outage"
    return f"outages of {min(lengths_s):.1f} to {max(lengths_s):.1f} s; {len(refused)} answers with an error{last}"
