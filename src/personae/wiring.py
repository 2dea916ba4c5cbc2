"""Settings to store to application: the only file that knows every part."""

import asyncio
import socket
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from functools import partial
from typing import Final

import structlog
import uvloop

from . import logs
from .banner import banner, show
from .handover import Seat, WorkerEnd
from .http.app import App
from .http.engine import Engine, WorkerEngine
from .http.places import MakePlaces, local_places, shared_places
from .http.server import Server
from .metrics import Metrics, share
from .projects import Access, Issuer, Start
from .retention import Retention
from .secret_key import KeyRefused, ServerKey, chosen, tied
from .settings import Settings
from .startup import CannotStart, alone, listening
from .storage import Store, Unavailable, UnusableDatabase
from .storage.sqlite import SqliteStore
from .storage.sqlite.tables import SqliteTables
from .storage.tables import COPY_META, Distributed, Tables
from .storage.url import file_of, scheme
from .workers import Supervisor, shared_directory

REFRESH_S: Final = 0.25
"""How often projects and passcodes are looked at anew: a revocation is honoured within a second."""

FLUSH_S: Final = 10.0
"""How often the last uses of passcodes are written."""

LAST_FLUSH_S: Final = 1.0

RETENTION_S: Final = 180.0
"""How often events that are too old are looked for."""

SWITCH_S: Final = 0.001
"""How long a thread may keep the interpreter while another waits: the writer is not to wait for 5 ms."""

log = structlog.get_logger("personae")


async def open_sqlite(settings: Settings, metrics: Metrics) -> Store:
    file = settings.database_file
    assert file is not None
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    return await SqliteStore.open(file, metrics.committed)


async def open_postgres(settings: Settings, metrics: Metrics) -> Store:
    # Here, so that whoever uses SQLite does not wait for asyncpg to be imported.
    from .storage.postgres import PostgresStore

    return await PostgresStore.open(
        settings.database_url,
        timeout_s=settings.database_timeout,
        connections=settings.database_connections,
        observe=metrics.committed,
    )


BACKENDS: Final[dict[str, Callable[[Settings, Metrics], Awaitable[Store]]]] = {
    "sqlite": open_sqlite,
    "postgresql": open_postgres,
    "postgres": open_postgres,
}
"""How a store is opened, by the scheme of its URL."""


async def open_store(settings: Settings, metrics: Metrics | None = None) -> Store:
    """The store the settings name, created or migrated as needed; servers may be running on it.

    Raises `UnusableDatabase`, also for one that a copy has not filled yet.
    """
    store = await BACKENDS[scheme(settings.database_url)](settings, metrics or Metrics())
    if await store.get_meta(COPY_META) is not None:
        await store.close()
        raise UnusableDatabase(f"{settings.place} has half of a copy; run the same `personae database copy` again")
    return store


async def open_sqlite_tables(url: str) -> Tables:
    file = file_of(url)
    assert file is not None
    return await SqliteTables.open(file)


async def open_postgres_tables(url: str) -> Tables:
    from .storage.postgres.tables import PostgresTables

    return await PostgresTables.open(url)


TABLES: Final[dict[str, Callable[[str], Awaitable[Tables]]]] = {
    "sqlite": open_sqlite_tables,
    "postgresql": open_postgres_tables,
    "postgres": open_postgres_tables,
}
"""How the tables of a database are opened to be moved, by the scheme of its URL."""


async def open_tables(url: str) -> Tables:
    """The tables of a database, created or migrated as needed. Raises `UnusableDatabase`."""
    return await TABLES[scheme(url)](url)


async def distribute(url: str) -> Sequence[Distributed]:
    """Spread the tables of a database over its cluster. Raises `UnusableDatabase` where it is none."""
    if file_of(url):
        raise UnusableDatabase("an SQLite database is on one machine; only PostgreSQL with Citus can be distributed")
    from .storage.postgres.citus import distribute

    return await distribute(url)


def serve(settings: Settings) -> int:
    """Run the server until SIGTERM or SIGINT; gives the exit status.

    Raises `CannotStart`, `KeyRefused` or `UnusableDatabase` where it cannot start.
    """
    if settings.workers > 1 and settings.database_file:
        raise CannotStart(f"{settings.workers} workers need PostgreSQL: one process writes an SQLite database; set --database")
    sys.setswitchinterval(SWITCH_S)
    found = chosen(settings.secret_key, settings.data, settings.database_file)
    with alone(settings.database_file), listening(settings.host, settings.port) as listener:
        if settings.workers > 1:
            asyncio.run(supervise(settings, found, listener))
        else:
            with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
                runner.run(run(settings, found, listener))
    return 0


async def run(settings: Settings, found: ServerKey | None, listener: socket.socket) -> None:
    """The whole server in this process, from the socket to the end."""
    metrics = Metrics()
    async with opened(settings, found, metrics) as (store, key):
        ready = announcing(settings, await first_start(settings, store, key), listener)
        await answer(
            settings, store, key, metrics, local_places, lambda app: Engine(app, settings.header_timeout, [listener], ready)
        )


async def supervise(settings: Settings, found: ServerKey | None, listener: socket.socket) -> None:
    """The part of a server with workers that is there once: the first start, and the workers' supervision."""
    async with opened(settings, found, Metrics()) as (store, key):
        ready = announcing(settings, await first_start(settings, store, key), listener)
    with shared_directory() as directory:
        await Supervisor(listener, settings.workers, partial(work, settings), directory).run(ready)


def work(settings: Settings, seat: Seat) -> None:
    """One worker of several, in a process of its own, until the end of the pair or SIGTERM."""
    logs.configure(settings.log_format)
    structlog.contextvars.bind_contextvars(worker=seat.number)
    sys.setswitchinterval(SWITCH_S)
    share(seat.directory, seat.number)
    end = WorkerEnd(seat.descriptor)
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(run_worker(settings, seat, end))
    except (KeyRefused, UnusableDatabase, Unavailable, OSError) as refused:
        end.refuse(str(refused))
        sys.exit(1)
    finally:
        end.close()
        seat.clean()


async def run_worker(settings: Settings, seat: Seat, end: WorkerEnd) -> None:
    """The whole of one worker, from its store to the end: what `run` is for a server of one process."""
    metrics = Metrics(seat.directory)
    places = shared_places(seat.directory, seat.number, seat.workers)
    found = chosen(settings.secret_key, settings.data, settings.database_file)
    async with opened(settings, found, metrics) as (store, key):
        await answer(settings, store, key, metrics, places, lambda app: WorkerEngine(app, settings.header_timeout, end))


@asynccontextmanager
async def opened(settings: Settings, found: ServerKey | None, metrics: Metrics) -> AsyncIterator[tuple[Store, ServerKey]]:
    """The store with its key, closed at the end."""
    store = await open_store(settings, metrics)
    try:
        yield store, await tied(found, settings.data, store)
    finally:
        await store.close()


async def first_start(settings: Settings, store: Store, key: ServerKey) -> Start:
    issuer = Issuer(store, key, keep=settings.show_passcodes)
    return await issuer.first_start(project_id=settings.project_id, passcode=settings.passcode, now=int(time.time()))


def announcing(settings: Settings, start: Start, listener: socket.socket) -> Callable[[], None]:
    """What prints the banner of a server on this socket."""
    host, port = listener.getsockname()[:2]
    return lambda: show(banner(settings, start, host, port))


async def answer(
    settings: Settings,
    store: Store,
    key: ServerKey,
    metrics: Metrics,
    places: MakePlaces,
    engine: Callable[[App], Engine],
) -> None:
    """Answer requests, with credentials that are looked at anew all the time, until the engine is told to stop."""
    access = Access(store, key)
    await access.refresh()
    server = Server(store, access, key, settings, metrics, places)
    app = App(server)
    retention = Retention(store, settings.event_retention_days, time.time)
    routines = ((REFRESH_S, access.refresh), (FLUSH_S, access.flush), (RETENTION_S, retention.expire))
    jobs = [asyncio.create_task(every(seconds, job)) for seconds, job in routines]
    try:
        await engine(app).run_until_stopped()
    finally:
        for job in jobs:
            job.cancel()
        await server.counts.close()
        with suppress(Unavailable, TimeoutError):  # the last uses of passcodes are not worth a failed stop
            async with asyncio.timeout(LAST_FLUSH_S):
                await access.flush()


async def every(seconds: float, work: Callable[[], Awaitable[object]]) -> None:
    """Do `work` now and then again and again; nothing that goes wrong with it once ends it."""
    trouble = ""
    while True:
        trouble = await attempt(work, trouble)
        await asyncio.sleep(seconds)


async def attempt(work: Callable[[], Awaitable[object]], before: str) -> str:
    """Do `work` and say what is wrong with it, "" for nothing; the log has only what differs from `before`."""
    try:
        await work()
    except Exception as error:
        trouble = f"{type(error).__name__}: {error}"
        if trouble != before:
            cause = None if isinstance(error, Unavailable) else error
            log.error("background work fails", work=work.__qualname__, reason=trouble, exc_info=cause)
        return trouble
    if before:
        log.info("background work succeeds again", work=work.__qualname__)
    return ""
