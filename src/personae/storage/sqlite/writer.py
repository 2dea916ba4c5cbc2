"""The one place that writes: updates that wait at a moment share one read, one write, one commit.

The interpreter runs one thread at a time, so all Python work stays on the event loop: a thread of
its own only makes calls into SQLite, each for many rows, and the next requests are decoded and
screened meanwhile. Requests are isolated by taking a group apart: if anything in it fails, nothing
of it was written, and its updates are run one by one. Source: design 5.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from time import perf_counter
from typing import Final, Generic, NamedTuple, ParamSpec, TypeVar

import apsw

from ...core.identity import Key
from ...core.work import Changes
from .. import Fold, Project, Unavailable
from ..codec import hashed
from ..events import Segment, segments
from ..rows import Reading, Rows, prepare_all
from . import events, history, nodes
from .checkpoint import Checkpointer

P = ParamSpec("P")
T = TypeVar("T")

MAX_GROUP_KEYS: Final = 16_000
"""Keys from which on a group takes no more updates; bounds how long its first one waits."""

MAX_ATTEMPTS: Final = 5
"""How often a group is read and folded anew because a row was not at the version read."""

CommitObserver = Callable[[int, float], None]
"""Called after each commit with the number of requests in it and the seconds the commit itself took."""

WORLD_ERRORS: Final = (
    apsw.BusyError,
    apsw.CantOpenError,
    apsw.CorruptError,
    apsw.FullError,
    apsw.IOError,
    apsw.LockedError,
    apsw.NoMemError,
    apsw.NotADBError,
    apsw.ReadOnlyError,
)
"""What the world does to a database; anything else a statement raises is a bug of ours."""


class Outdated(Exception):  # noqa: N818 - the reason to try again
    """A row is not at the version that was read; nothing of the transaction was kept."""


class Update(NamedTuple):
    """One request's update, and the future its caller waits for; one that is `alone` shares its commit with no other."""

    project: Project
    keys: Sequence[Key]
    fold: Fold
    done: asyncio.Future[Changes]
    alone: bool


class Committed(NamedTuple, Generic[T]):
    """What was done in a transaction that is on disk, and the seconds its commit took."""

    result: T
    seconds: float


class Writer:
    """Writes through `connection`, which nobody else uses until `close` is done."""

    def __init__(self, connection: apsw.Connection, checkpointer: Checkpointer, observe: CommitObserver) -> None:
        self._connection = connection
        self._checkpointer = checkpointer
        self._observe = observe
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="personae-writer")
        self._turn = asyncio.Lock()
        self._waiting: deque[Update] = deque()
        self._draining: asyncio.Task[None] | None = None
        self._closing = False
        self._places = history.places(connection)

    async def update(self, project: Project, keys: Sequence[Key], fold: Fold, *, alone: bool) -> Changes:
        """What the fold says, once it is on disk. Raises what the fold raises, or `Unavailable`.

        A caller that is cancelled learns the truth: either nothing was or will be written, and the
        cancellation goes on, or the update has begun, and its outcome is waited for.
        """
        self._require_open()
        update = Update(project, keys, fold, asyncio.get_running_loop().create_future(), alone)
        self._waiting.append(update)
        if self._draining is None or self._draining.done():
            self._draining = asyncio.create_task(self._drain())
        try:
            return await asyncio.shield(update.done)
        except asyncio.CancelledError:
            if update in self._waiting:
                self._waiting.remove(update)
                raise
            return await asyncio.shield(update.done)

    async def run(self, work: Callable[[apsw.Connection], T]) -> T:
        """The result of `work(connection)` in a transaction of its own, once that is on disk."""
        self._require_open()
        async with self._turn:
            try:
                return (await self._call(self._commit, work)).result
            except WORLD_ERRORS as error:
                raise unavailable(error) from error

    async def close(self) -> None:
        """Finish the updates that wait; later ones are refused."""
        self._closing = True
        if self._draining is not None:
            await self._draining
        async with self._turn:
            await asyncio.to_thread(self._thread.shutdown)

    def _require_open(self) -> None:
        if self._closing:
            raise Unavailable("the store is closed")

    async def _drain(self) -> None:
        while self._waiting:
            async with self._turn:
                if group := self._next_group():
                    await self._settle(group)
                if self._checkpointer.overdue:
                    await self._call(self._checkpointer.relieve, self._connection)

    def _next_group(self) -> list[Update]:
        group: list[Update] = []
        keys = 0
        while self._waiting and keys < MAX_GROUP_KEYS:
            if group and (group[0].alone or self._waiting[0].alone):
                break
            update = self._waiting.popleft()
            keys += len(update.keys)
            group.append(update)
        return group

    async def _settle(self, group: list[Update]) -> None:
        """Give every update of the group its outcome: together, or else one by one."""
        try:
            results, seconds = await self._together(group)
        except Exception as error:  # noqa: BLE001 - whatever it is, each update must get its answer
            if len(group) > 1 and not isinstance(error, WORLD_ERRORS):
                for update in group:
                    await self._settle([update])
                return
            for update in group:
                update.done.set_exception(unavailable(error))
            return
        for update, changes in zip(group, results, strict=True):
            update.done.set_result(changes)
        self._observe(len(group), seconds)

    async def _together(self, group: list[Update]) -> tuple[list[Changes], float]:
        """Read, fold and write a group in one transaction; nothing is written unless all of it is.

        Gives the changes of each update, and the seconds the commit took.
        """
        for _ in range(MAX_ATTEMPTS):
            readings = await self._read(group)
            results = []
            for update in group:
                results.append(update.fold(readings[update.project.id].found))
                await asyncio.sleep(0)  # let reads be answered between two folds
            rows = prepare_all(
                readings,
                [(update.project.id, changes) for update, changes in zip(group, results, strict=True)],
                self._places,
            )
            packed = [(some, segments(some.events)) for some in rows]
            try:
                committed = await self._call(self._commit, partial(write_all, packed))
            except Outdated:
                continue
            return results, committed.seconds
        raise Unavailable("rows kept changing between reading and writing")

    async def _read(self, group: list[Update]) -> dict[str, Reading]:
        """What is behind the keys of the group, by project ID."""
        keys: dict[str, dict[Key, None]] = {}
        projects = {update.project.id: update.project for update in group}
        for update in group:
            keys.setdefault(update.project.id, {}).update(dict.fromkeys(update.keys))
        readings = {id: Reading(project, hashed(project.secret, list(keys[id]))) for id, project in projects.items()}
        for reading in readings.values():
            wanted = list(reading.hashes.values())
            while wanted:
                wanted = reading.add(nodes.parse(await self._call(nodes.fetch, self._connection, wanted)))
            reading.finish()
        return readings

    def _commit(self, work: Callable[[apsw.Connection], T]) -> Committed[T]:
        """On the writing thread: do the work in a transaction, and have it on disk."""
        connection = self._connection
        if connection.in_transaction:
            connection.execute("ROLLBACK")  # the last one could not even be rolled back
        connection.execute("BEGIN IMMEDIATE")
        try:
            result = work(connection)
            started = perf_counter()
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                with suppress(apsw.Error):
                    connection.execute("ROLLBACK")
            raise
        return Committed(result, perf_counter() - started)

    async def _call(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run `work` on the writing thread."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, partial(work, *args, **kwargs))


def write_all(rows: Sequence[tuple[Rows, Sequence[Segment]]], connection: apsw.Connection) -> None:
    """Write the rows and events of every project. Raises `Outdated` unless all were at the version read."""
    for some, happened in rows:
        if not nodes.write(connection, some):
            raise Outdated
        events.erase(connection, some.erased)
        events.write(connection, happened)
        history.write(connection, some)


def unavailable(error: Exception) -> Exception:
    """An error of the world as `Unavailable`; a bug as it is."""
    if not isinstance(error, WORLD_ERRORS):
        return error
    refused = Unavailable(f"SQLite: {error}")
    refused.__cause__ = error
    return refused
