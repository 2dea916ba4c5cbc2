"""Whether the store takes a write now, found out at most once a second however many ask."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

from ..storage import Unavailable

PATIENCE_S: Final = 5.0
"""How long one who asks waits: longer than the queue of a busy store, not as long as one that is stuck."""

KEEP_S: Final = 1.0
"""How long an answer holds. Finding out is a commit with its sync, and needs no credentials."""


class Readiness:
    """Asks `check`, which raises `Unavailable` unless a write would commit now."""

    def __init__(self, check: Callable[[], Awaitable[None]]) -> None:
        self._check = check
        self._probe: asyncio.Task[bool] | None = None
        self._until = 0.0

    async def ready(self) -> bool:
        """Whether a write would commit; False when that is not known within `PATIENCE_S`."""
        probe = self._probe
        if probe is None or (probe.done() and asyncio.get_running_loop().time() >= self._until):
            probe = self._probe = asyncio.create_task(self._ask())
        done, _ = await asyncio.wait({probe}, timeout=PATIENCE_S)
        return probe in done and probe.result()

    async def _ask(self) -> bool:
        try:
            await self._check()
        except Unavailable:
            return False
        finally:
            self._until = asyncio.get_running_loop().time() + KEEP_S
        return True
