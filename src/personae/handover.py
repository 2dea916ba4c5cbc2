"""How a connection gets from the process that accepts it to the worker that answers it.

A pair of Unix sockets for each worker. Down comes one byte with the descriptor of a connection. Up go `READY`
once, then `CLOSED` for each connection that ended, or `REFUSED` with the reason why there will be no worker.
Each side learns from the end of the other that its process is gone, however it went.
"""

import asyncio
import os
import pickle
import shutil
import socket
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final, NamedTuple

READY: Final = b"r"
CLOSED: Final = b"c"
REFUSED: Final = b"!"

RETRY_S: Final = 0.1


class Seat(NamedTuple):
    """A worker's place in its server: its `number`, 0-based, of `workers`, and what it shares with the others.

    `parent` is the process that accepts connections, `descriptor` the worker's end of the pair.
    """

    number: int
    workers: int
    directory: Path
    parent: int
    descriptor: int

    def clean(self) -> None:
        """Remove the directory if the process is gone that would have done it."""
        if os.getppid() != self.parent:
            shutil.rmtree(self.directory, ignore_errors=True)


Take = Callable[[socket.socket], None]
Work = Callable[[Seat], None]
"""What a worker does, to its end; it can be pickled."""

PROGRAM: Final = "import sys; sys.path[:] = {path!r}; from personae.handover import begin; begin()"


def command() -> list[str]:
    """The program of a worker, which finds its modules where this process does and reads its work from stdin."""
    return [sys.executable, "-P", "-c", PROGRAM.format(path=sys.path)]


def begin() -> None:
    """Do, in a process that was just made, the work that stands on stdin."""
    work, seat = pickle.load(sys.stdin.buffer)  # noqa: S301 - written by the parent process
    work(seat)


class WorkerEnd:
    """The worker's end of the pair."""

    def __init__(self, descriptor: int) -> None:
        self._socket = socket.socket(fileno=descriptor)
        self._socket.setblocking(False)
        self._closed = 0

    def listen(self, take: Take, end: Callable[[], None]) -> None:
        """From now on be given connections; `end` is called when there will be no more."""
        asyncio.get_running_loop().add_reader(self._socket, self._receive, take, end)
        self._send(READY)

    def leave(self, take: Take) -> None:
        """Be given no more connections: the other side finds this end shut and turns to other workers.

        What was given before and waits in the pair is taken.
        """
        with suppress(OSError):  # the other side is gone
            self._socket.shutdown(socket.SHUT_RD)
        self._receive(take, lambda: None)

    def closed(self) -> None:
        """Tell that a connection ended; in one go with the others that end now."""
        self._closed += 1
        if self._closed == 1:
            asyncio.get_running_loop().call_soon(self._tell_closed)

    def refuse(self, reason: str) -> None:
        """Tell why this process ends before it was ready."""
        self._send(REFUSED + reason.encode())

    def close(self) -> None:
        """The other side learns that this is over."""
        self._socket.close()

    def _tell_closed(self) -> None:
        self._closed -= self._send(CLOSED * self._closed)
        if self._closed:
            asyncio.get_running_loop().call_later(RETRY_S, self._tell_closed)

    def _send(self, news: bytes) -> int:
        """How many bytes of the news are on their way: all, where there is nobody to hear them."""
        try:
            return self._socket.send(news)
        except BlockingIOError:
            return 0
        except OSError:
            return len(news)

    def _receive(self, take: Take, end: Callable[[], None]) -> None:
        while (given := self._next()) is not None:
            data, descriptors = given
            if not data:
                asyncio.get_running_loop().remove_reader(self._socket)
                end()
                return
            if not descriptors:  # this process may open no more
                self.closed()
            for descriptor in descriptors:
                take(socket.socket(fileno=descriptor))

    def _next(self) -> tuple[bytes, list[int]] | None:
        """The byte and the descriptor that come next; None where nothing waits, no byte at the end."""
        try:
            return socket.recv_fds(self._socket, 1, 1)[:2]
        except BlockingIOError:
            return None
        except OSError:  # it went without reading all that was told
            return b"", []
