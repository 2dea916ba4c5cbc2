"""Events that are older than they are kept for are forgotten. Source: docs, events."""

from collections.abc import Callable
from typing import Final

from .storage import Store
from .storage.events import day_of

STEP_SEGMENTS: Final = 100
"""Segments forgotten in one commit, so that no upload waits for long."""


class Retention:
    """What a store forgets of events: all of a day once it is more than `days` days past, in UTC; with 0 nothing.

    `clock` gives epoch seconds.
    """

    def __init__(self, store: Store, days: int, clock: Callable[[], float]) -> None:
        self._store = store
        self._days = days
        self._clock = clock

    async def expire(self) -> None:
        """Forget what is too old now. What profiles say of these events stays. Raises `Unavailable`."""
        before = day_of(int(self._clock())) - self._days
        while self._days and await self._store.expire_events(before, STEP_SEGMENTS):
            pass
