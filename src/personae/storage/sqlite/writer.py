"""The one thread that writes: it drains a queue, and what waits at a moment shares one commit.

Each job runs in a savepoint of its own, so one that fails is rolled back alone. Jobs are answered
after the commit is on disk. Source: design 5.
"""

import asyncio
from collections.abc import Callable
from queue import Empty, SimpleQueue
from threading import Thread
from time import perf_counter
from typing import Any, Final, NamedTuple, TypeVar

import apsw

from .. import Unavailable
from .checkpoint import Checkpointer

T = TypeVar("T")

MAX_GROUP: Final = 64
"""How many jobs share a commit at most; bounds how long the first of them waits."""

CommitObserver = Callable[[int, float], None]
"""Called after each commit with the number of jobs in it and the seconds the commit itself took."""

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


class Job(NamedTuple):
    run: Callable[[apsw.Connection], Any]
    future: asyncio.Future[Any]


class Outcome(NamedTuple):
    future: asyncio.Future[Any]
    result: Any
    error: BaseException | None

    def deliver(self) -> None:
        if self.future.done():
            return
        if self.error is None:
            self.future.set_result(self.result)
        else:
            self.future.set_exception(self.error)


class Writer:
    """Runs jobs on `connection`, which nobody else uses until `close` is done."""

    def __init__(self, connection: apsw.Connection, checkpointer: Checkpointer, observe: CommitObserver) -> None:
        self._connection = connection
        self._checkpointer = checkpointer
        self._observe = observe
        self._loop = asyncio.get_running_loop()
        self._queue: SimpleQueue[Job | None] = SimpleQueue()
        self._closing = False
        self._thread = Thread(target=self._work, name="personae-writer", daemon=True)
        self._thread.start()

    async def run(self, run: Callable[[apsw.Connection], T]) -> T:
        """The result of `run(connection)` once its effects are on disk, or the exception it raised.

        Raises `Unavailable` when the commit failed, and nothing of it was kept, or after `close`.
        """
        if self._closing:
            raise Unavailable("the store is closed")
        future: asyncio.Future[T] = self._loop.create_future()
        self._queue.put(Job(run, future))
        return await future

    async def close(self) -> None:
        """Finish the jobs in the queue; later ones are refused."""
        self._closing = True
        self._queue.put(None)
        await asyncio.to_thread(self._thread.join)

    def _work(self) -> None:
        more = True
        while more:
            jobs, more = self._next_group()
            if jobs:
                outcomes = self._commit(jobs)
                self._loop.call_soon_threadsafe(deliver, outcomes)
                self._checkpointer.relieve(self._connection)

    def _next_group(self) -> tuple[list[Job], bool]:
        """Wait for a job and take those that wait behind it; False when it is time to stop."""
        job = self._queue.get()
        jobs: list[Job] = []
        while job is not None:
            jobs.append(job)
            if len(jobs) == MAX_GROUP:
                return jobs, True
            try:
                job = self._queue.get_nowait()
            except Empty:
                return jobs, True
        return jobs, False

    def _commit(self, jobs: list[Job]) -> list[Outcome]:
        """Run the jobs and commit once; every job gets its outcome, whatever happens."""
        connection = self._connection
        try:
            connection.execute("BEGIN IMMEDIATE")
            outcomes = [self._savepoint(job) for job in jobs]
            started = perf_counter()
            connection.execute("COMMIT")
            self._observe(len(jobs), perf_counter() - started)
            return outcomes
        except Exception as error:  # noqa: BLE001 - the thread must live, and each job have its answer
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            return [Outcome(job.future, None, unavailable(error)) for job in jobs]

    def _savepoint(self, job: Job) -> Outcome:
        connection = self._connection
        connection.execute("SAVEPOINT job")
        try:
            result = job.run(connection)
        except Exception as error:
            if not connection.in_transaction:
                raise  # SQLite gave up the whole transaction: the other jobs are gone too
            connection.execute("ROLLBACK TO job")
            connection.execute("RELEASE job")
            return Outcome(job.future, None, unavailable(error))
        connection.execute("RELEASE job")
        return Outcome(job.future, result, None)


def unavailable(error: Exception) -> Exception:
    """An error of the world as `Unavailable`; a bug as it is."""
    if not isinstance(error, WORLD_ERRORS):
        return error
    refused = Unavailable(f"SQLite: {error}")
    refused.__cause__ = error
    return refused


def deliver(outcomes: list[Outcome]) -> None:
    for outcome in outcomes:
        outcome.deliver()
