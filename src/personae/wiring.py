"""Settings to store to application: the only file that knows every part."""

import asyncio
import gc
import signal
import socket
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from typing import Final

import structlog
import uvicorn
import uvloop

from .banner import banner
from .http.app import App
from .http.protocol import Protocol
from .http.server import Server
from .metrics import Metrics
from .projects import Access, Issuer, Start
from .secret_key import ServerKey, load_or_create
from .settings import Settings
from .startup import listening, locked
from .storage import Store, Unavailable
from .storage.sqlite import SqliteStore

REFRESH_S: Final = 0.25
"""How often projects and passcodes are looked at anew: a revocation is honoured within a second."""

FLUSH_S: Final = 10.0
"""How often the last uses of passcodes are written."""

KEEP_ALIVE_S: Final = 75
STOP_S: Final = 5
"""How long a stop waits for requests in flight.

What comes after it, with the database locked by another process: the flush and one commit that
waits out its busy timeout. All of it stays under ten seconds.
"""

LAST_FLUSH_S: Final = 1.0

SWITCH_S: Final = 0.001
"""How long a thread may keep the interpreter while another waits: the writer is not to wait for 5 ms."""

GARBAGE_OBJECTS: Final = 1_000_000
"""New objects between two looks for garbage: batches in flight are hundreds of thousands, hardly any in cycles."""

log = structlog.get_logger("personae")


async def open_store(settings: Settings, metrics: Metrics | None = None) -> Store:
    """The store of a data directory, created or migrated as needed; a server may be running on it."""
    settings.data.mkdir(mode=0o700, parents=True, exist_ok=True)
    return await SqliteStore.open(settings.database, (metrics or Metrics()).committed)


def serve(settings: Settings) -> int:
    """Run the server until SIGTERM or SIGINT; gives the exit status.

    Raises `CannotStart`, `KeyRefused` or `UnusableDatabase` where it cannot start.
    """
    sys.setswitchinterval(SWITCH_S)
    key = load_or_create(settings.data, settings.database)
    with (
        locked(settings.data),
        listening(settings.host, settings.port) as listener,
        asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner,
    ):
        runner.run(run(settings, key, listener))
    return 0


async def run(settings: Settings, key: ServerKey, listener: socket.socket) -> None:
    """Everything between the socket and the end: store, credentials, application, server."""
    metrics = Metrics()
    store = await open_store(settings, metrics)
    try:
        await key.check(store)
        issuer = Issuer(store, key, keep=settings.show_passcodes)
        start = await issuer.first_start(project_id=settings.project_id, passcode=settings.passcode, now=int(time.time()))
        access = Access(store, key)
        await access.refresh()
        app = App(Server(store, access, settings, metrics))
        jobs = [asyncio.create_task(every(REFRESH_S, access.refresh)), asyncio.create_task(every(FLUSH_S, access.flush))]
        try:
            await Http(app, settings, start, listener).serve(sockets=[listener])
        finally:
            for job in jobs:
                job.cancel()
            with suppress(Unavailable, TimeoutError):  # the last uses of passcodes are not worth a failed stop
                async with asyncio.timeout(LAST_FLUSH_S):
                    await access.flush()
    finally:
        await store.close()


async def every(seconds: float, work: Callable[[], Awaitable[object]]) -> None:
    """Do `work` again and again; nothing that goes wrong with it once ends it."""
    trouble = ""
    while True:
        await asyncio.sleep(seconds)
        trouble = await attempt(work, trouble)


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


class Http(uvicorn.Server):
    """uvicorn, told when to stop by the loop's own signal handlers, and by a banner that it is there."""

    def __init__(self, app: App, settings: Settings, start: Start, listener: socket.socket) -> None:
        protocol = partial(Protocol, header_timeout_s=settings.header_timeout)
        config = uvicorn.Config(
            app,
            http=protocol,  # type: ignore[arg-type]
            ws="none",
            lifespan="off",
            interface="asgi3",
            log_config=None,
            access_log=False,
            proxy_headers=False,
            server_header=False,
            date_header=True,
            timeout_keep_alive=KEEP_ALIVE_S,
            timeout_graceful_shutdown=STOP_S,
        )
        super().__init__(config)
        self._settings = settings
        self._start = start
        self._listener = listener

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Stop at SIGTERM and SIGINT without raising them again, so that the store is closed after."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.handle_exit, number, None)
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        gc.collect()
        gc.freeze()
        gc.set_threshold(GARBAGE_OBJECTS, 20, 20)
        host, port = self._listener.getsockname()[:2]
        print(banner(self._settings, self._start, host, port), flush=True)  # noqa: T201 - the command's output
