"""How long a request has been at work: when others have their turn, when its page is to end, how much to read at once."""

import asyncio
import time
from collections.abc import Callable
from typing import Final

TURN_S: Final = 0.005
"""How long one request may have the event loop before others have their turn."""

PAGE_S: Final = 1.0
"""After this time a page ends with what it has, at the next place where it can."""

PORTION_BYTES: Final = 4 * 1024 * 1024
"""What is read at once, about, in its encoded form: decoded it takes ten times as much."""

PAGE_BYTES: Final = 16 * 1024 * 1024
"""Where the records of a page have this many bytes, about, it ends."""

GROWTH: Final = 4


class Pace:
    """The time of one request, by a clock that never goes back, in seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._began = self._since = clock()

    def due(self) -> bool:
        """Whether it is others' turn."""
        return self._clock() - self._since >= TURN_S

    async def turn(self) -> None:
        """Let others have their turn."""
        await asyncio.sleep(0)
        self._since = self._clock()

    def late(self) -> bool:
        """Whether it is time for the page to end."""
        return self._clock() - self._began >= PAGE_S


class Portion:
    """How many things to read at once: `first` to begin with, up to `most`, fewer where the last ones were large."""

    def __init__(self, first: int, most: int) -> None:
        self.count = min(first, most)
        self._most = most

    def learn(self, count: int, size_bytes: int) -> None:
        """Take note of what `count` things had."""
        fitting = count * PORTION_BYTES // max(size_bytes, 1) if count else self._most
        self.count = max(1, min(fitting, self.count * GROWTH, self._most))
