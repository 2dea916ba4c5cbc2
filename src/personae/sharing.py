"""Accepting connections and giving each to the worker that has fewest."""

import asyncio
import errno
import resource
import socket
import sys
from collections import deque
from collections.abc import Callable
from typing import Final

import structlog

from .handover import CLOSED, READY, REFUSED

ACCEPTS: Final = 64
"""Connections accepted in one turn of the loop, so that signals and news of workers get theirs."""

REST_S: Final = 0.05
"""How long nothing is accepted when there is nobody to give a connection to, or no descriptor left for one."""

EXHAUSTED: Final = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)
"""What `accept` says when this machine has no room; anything else is wrong with the one connection."""

KEPT_FILES: Final = 160
"""Files a worker may have open beside its connections to clients: at most 101 to the database, and what is shared."""

FULL: Final = "every worker has as many as its limit of open files allows"

log = structlog.get_logger("personae.workers")


def room() -> int:
    """How many connections a process that is started now can have open, on the safe side."""
    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return sys.maxsize if files == resource.RLIM_INFINITY else max(files - KEPT_FILES, files // 2)


class Channel:
    """The parent's end of the pair to one worker, and what is known of that. It is given `room` connections at most."""

    def __init__(self, end: socket.socket, room: int) -> None:
        self.open = 0
        self.room = room
        self.ready = False
        self.refusal = ""
        self._socket = end
        self._socket.setblocking(False)

    @property
    def full(self) -> bool:
        return self.open >= self.room

    def give(self, connection: socket.socket) -> bool:
        """Hand a connection over; False where the worker cannot take it now."""
        try:
            socket.send_fds(self._socket, [b"\0"], [connection.fileno()])
        except ConnectionError:  # it is ending
            self.ready = False
            return False
        except OSError:  # too many wait for it to take them
            return False
        self.open += 1
        return True

    def listen(self, heard: Callable[[], None]) -> None:
        """Take in news as it comes, and call `heard` after each."""
        asyncio.get_running_loop().add_reader(self._socket, self._listen, heard)

    def _listen(self, heard: Callable[[], None]) -> None:
        if self.hear():
            heard()
        else:
            asyncio.get_running_loop().remove_reader(self._socket)

    def hear(self) -> bool:
        """Take in the news that came; False where there will be no more."""
        try:
            news = self._socket.recv(65_536)
        except BlockingIOError:
            return True
        except OSError:
            news = b""
        said, _, reason = news.partition(REFUSED)
        self.ready = bool(news) and (self.ready or READY in said)
        self.open -= said.count(CLOSED)
        self.refusal += reason.decode(errors="replace")
        return bool(news)

    def close(self) -> None:
        """Give no more; the worker finds this end closed."""
        self.ready = False
        if self._socket.fileno() >= 0:
            asyncio.get_running_loop().remove_reader(self._socket)
        self._socket.close()


class Sharing:
    """Accepts what comes to a listening socket and shares it out evenly."""

    def __init__(self, listener: socket.socket) -> None:
        self._listener = listener
        self._listener.setblocking(False)
        self._turns: deque[Channel] = deque()
        self._unplaced: socket.socket | None = None
        self._resting: asyncio.TimerHandle | None = None
        self._trouble = ""

    def start(self) -> None:
        self._resting = None
        asyncio.get_running_loop().add_reader(self._listener, self._share)
        self._share()  # one that was accepted may wait for a worker

    def stop(self) -> None:
        """Accept no more; whoever waits to be accepted is refused."""
        asyncio.get_running_loop().remove_reader(self._listener)
        if self._resting:
            self._resting.cancel()
        if self._unplaced:
            self._unplaced.close()
        self._listener.close()

    def add(self, channel: Channel) -> None:
        self._turns.append(channel)

    def remove(self, channel: Channel) -> None:
        self._turns.remove(channel)

    def _share(self) -> None:
        for _ in range(ACCEPTS):
            connection = self._unplaced or self._accept()
            if connection is None:
                return
            if not self._place(connection):
                self._unplaced = connection
                self._rest()
                return
            self._unplaced = None
            connection.close()

    def _accept(self) -> socket.socket | None:
        try:
            connection, _ = self._listener.accept()
        except OSError as error:
            if error.errno in EXHAUSTED:
                self._rest()
                self._complain(str(error))
            elif error.errno == errno.EAGAIN:  # nobody waits any more
                self._trouble = ""
            return None
        return connection

    def _place(self, connection: socket.socket) -> bool:
        """Give a connection to the worker that has fewest; of several, to the one whose turn was longest ago."""
        ready = sorted((channel for channel in self._turns if channel.ready), key=lambda channel: channel.open)
        for channel in ready:
            if not channel.full and channel.give(connection):
                self._turns.remove(channel)
                self._turns.append(channel)
                return True
        if ready and all(channel.full for channel in ready):
            self._complain(FULL)
        return False

    def _rest(self) -> None:
        loop = asyncio.get_running_loop()
        loop.remove_reader(self._listener)
        self._resting = loop.call_later(REST_S, self.start)

    def _complain(self, trouble: str) -> None:
        if trouble != self._trouble:
            log.error("cannot accept connections", reason=trouble)
        self._trouble = trouble
