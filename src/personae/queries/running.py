"""Counts that take longer than a request may: they go on, and their results wait in the store for whoever asks.

The store has one value for each, under its time, so that every server answers and old ones go together.
"""

import asyncio
import secrets
import time
from collections import Counter
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any, Final, NamedTuple

import msgspec
import structlog

from ..storage import Project, Store, Unavailable

PATIENCE_S: Final = 1.0
"""How long a request waits for its count."""

LONGEST_S: Final = 600.0
"""What a count may take; a result that is not there after this time does not come any more."""

MOST_RUNNING: Final = 3
"""Counts of one project at the same time, in one process."""

KEPT_S: Final = 86_400

STOP_S: Final = 1.0

NUMBERS: Final = 100_000
"""Request ids of one second: they have 15 digits as long as seconds have 10."""

log = structlog.get_logger("personae")


class Standing(msgspec.Struct, omit_defaults=True):
    """What is known of a count: what it is of, when it was asked for (epoch seconds), and what came of it."""

    kind: str
    asked: int
    count: int | None = None
    lost: bool = False


class Answer(NamedTuple):
    """A count, or the id to ask for it again by."""

    found: int | None
    req_id: int = 0


class TooMany(Exception):  # noqa: N818 - it is an answer, not an error
    """The project has as many counts running as it may."""


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Standing).decode


def name_of(project: Project, req_id: int) -> str:
    """The name a count has in the store."""
    return f"count/{req_id:015}/{project.id}"


class Counts:
    """The counts that run in this process."""

    def __init__(self, store: Store, patience_s: float = PATIENCE_S) -> None:
        self._store = store
        self._patience_s = patience_s
        self._running: Counter[str] = Counter()
        self._going_on: dict[str, asyncio.Task[None]] = {}

    async def ask(self, project: Project, kind: str, counting: Coroutine[Any, Any, int]) -> Answer:
        """The count, or where it takes too long an id, under which it is found later. Raises `TooMany`."""
        if self._running[project.id] >= MOST_RUNNING:
            counting.close()
            raise TooMany
        self._running[project.id] += 1
        task = asyncio.create_task(counting)
        task.add_done_callback(lambda _: self._running.subtract([project.id]))
        try:
            done, _ = await asyncio.wait({task}, timeout=self._patience_s)
            if done:
                return Answer(task.result())
            return Answer(None, await self._let_go_on(project, kind, task))
        except BaseException:
            task.cancel()
            raise

    async def poll(self, project: Project, kind: str, req_id: int) -> Standing | None:
        """What became of a count, None where the project never asked for it or too long ago."""
        value = await self._store.get_meta(name_of(project, req_id))
        standing = value and _decode(value)
        if not standing or standing.kind != kind:
            return None
        if standing.count is None and time.time() - standing.asked > LONGEST_S:
            standing.lost = True
        return standing

    async def close(self) -> None:
        """End the counts that run; whoever asks for them is told."""
        for task in self._going_on.values():
            task.cancel()
        with suppress(TimeoutError):
            async with asyncio.timeout(STOP_S):
                await asyncio.gather(*self._going_on.values(), return_exceptions=True)

    async def _let_go_on(self, project: Project, kind: str, task: asyncio.Task[int]) -> int:
        """Write down that a count runs, and see to it that its result is; gives its id."""
        now = int(time.time())
        await self._store.drop_meta("count/", f"count/{(now - KEPT_S) * NUMBERS:015}")
        standing = Standing(kind, now)
        req_id = now * NUMBERS + secrets.randbelow(NUMBERS)
        name = name_of(project, req_id)
        await self._store.put_meta(name, _encode(standing))
        self._going_on[name] = asyncio.create_task(self._finish(name, standing, task))
        await asyncio.sleep(0)  # it has begun, so that to end it is to have that written down
        return req_id

    async def _finish(self, name: str, standing: Standing, task: asyncio.Task[int]) -> None:
        """Wait for a count and write down what came of it."""
        try:
            async with asyncio.timeout(LONGEST_S):
                standing.count = await task
        except Exception as error:  # noqa: BLE001 - nobody else hears of it; its text may quote what was asked
            log.error("a count failed", reason=type(error).__name__)
            standing.lost = True
        except asyncio.CancelledError:  # the server stops
            standing.lost = True
        finally:
            del self._going_on[name]
        with suppress(Unavailable):
            await self._store.put_meta(name, _encode(standing))
