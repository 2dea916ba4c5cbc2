"""uvicorn as this server runs it: on a socket of its own, or on connections that another process accepts."""

import asyncio
import gc
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any, Final

import uvicorn

from ..handover import WorkerEnd
from .app import App
from .protocol import Protocol

KEEP_ALIVE_S: Final = 75
STOP_S: Final = 5
"""How long a stop waits for requests in flight.

What comes after it, with the database locked by another process: the flush and one commit that
waits out its busy timeout. All of it stays under ten seconds.
"""

GARBAGE_OBJECTS: Final = 1_000_000
"""New objects between two looks for garbage: batches in flight are hundreds of thousands, hardly any in cycles."""


class Engine(uvicorn.Server):
    """uvicorn, told when to stop by the loop's own signal handlers; `ready` is called when it is there."""

    def __init__(self, app: App, header_timeout_s: float, sockets: list[socket.socket], ready: Callable[[], None]) -> None:
        config = uvicorn.Config(
            app,
            http=partial(self.protocol, header_timeout_s=header_timeout_s),  # type: ignore[arg-type]
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
        self._sockets = sockets
        self._ready = ready

    async def run_until_stopped(self) -> None:
        await self.serve(self._sockets)

    def protocol(self, **arguments: Any) -> Protocol:
        """The protocol of one connection."""
        return Protocol(**arguments)

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
        self._ready()


class CountedProtocol(Protocol):
    """The protocol of a connection whose end is told."""

    def __init__(self, *, closed: Callable[[], None], **arguments: Any) -> None:
        super().__init__(**arguments)
        self._closed = closed

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._closed()


class WorkerEngine(Engine):
    """uvicorn on the connections that come through the end of a pair; it stops when that does."""

    def __init__(self, app: App, header_timeout_s: float, end: WorkerEnd) -> None:
        super().__init__(app, header_timeout_s, [], lambda: end.listen(self._take, self._stop))
        self._end = end
        self._taking = set[asyncio.Task[None]]()

    def protocol(self, **arguments: Any) -> Protocol:
        return CountedProtocol(closed=self._end.closed, **arguments)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End when everything that was given to this worker is answered, the last of it too."""
        self._end.leave(self._take)
        await asyncio.gather(*self._taking, return_exceptions=True)
        await super().shutdown(sockets)

    def _stop(self) -> None:
        self.should_exit = True

    def _take(self, connection: socket.socket) -> None:
        task = asyncio.get_running_loop().create_task(self._serve_connection(connection))
        self._taking.add(task)
        task.add_done_callback(self._taking.discard)

    async def _serve_connection(self, connection: socket.socket) -> None:
        """Do with a connection what uvicorn does with one it accepted itself."""
        try:
            await asyncio.get_running_loop().connect_accepted_socket(self._made, connection)
        except OSError:  # it was closed on the way
            connection.close()
            self._end.closed()

    def _made(self) -> asyncio.Protocol:
        return self.config.http_protocol_class(  # type: ignore[call-arg]
            config=self.config, server_state=self.server_state, app_state=self.lifespan.state, _loop=None
        )
