"""A server of several processes: one that accepts connections, and workers that do all the rest.

A worker is a new interpreter, not a fork. It has nothing of its parent but what it is given, so it does
not matter what threads, locks and sockets that has when it makes one, at the start or years later. The
price is a third of a second a worker. It is in a session of its own, so that Ctrl-C reaches the parent
alone, and it ends when its pair of sockets does, so that it never outlives the parent for long.

The parent's loop is the interpreter's own: processes made from uvloop inherit more than they are given.
"""

import asyncio
import fcntl
import os
import pickle
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import structlog

from .handover import Seat, Work, command
from .sharing import Channel, Sharing, room
from .startup import CannotStart

STEADY_S: Final = 10.0
"""A worker that lived that long is replaced at once."""

FIRST_PAUSE_S: Final = 0.25
LONGEST_PAUSE_S: Final = 30.0
"""The pauses before a worker is replaced that died sooner; each is twice the one before."""

END_S: Final = 9.0
"""How long workers have to end. They wait 5 s for requests in flight; the server is to be gone within ten."""

log = structlog.get_logger("personae.workers")


@contextmanager
def shared_directory() -> Iterator[Path]:
    """A private directory for what workers share, removed at the end.

    It is locked, which keeps it from systemd's removal of temporary files that are old (systemd-tmpfiles(8)).
    """
    with TemporaryDirectory(prefix="personae-", ignore_cleanup_errors=True) as name:
        descriptor = os.open(name, os.O_RDONLY)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH)
            yield Path(name)
        finally:
            os.close(descriptor)


class Worker:
    """A worker process."""

    def __init__(self, process: asyncio.subprocess.Process, channel: Channel) -> None:
        self.process = process
        self.channel = channel

    def end(self) -> None:
        """Tell it to end: at once if it is not ready, else after the requests in flight."""
        if not self.channel.ready and self.process.returncode is None:
            self.process.terminate()
        self.channel.close()


def next_pause(before_s: float, lasted_s: float) -> float:
    """How long to wait before a worker is replaced that `lasted_s`, when the last wait was `before_s`."""
    if lasted_s >= STEADY_S:
        return 0.0
    return min(max(2 * before_s, FIRST_PAUSE_S), LONGEST_PAUSE_S)


class Supervisor:
    """Keeps `count` workers at `work` on the connections of `listener` until SIGTERM or SIGINT."""

    def __init__(self, listener: socket.socket, count: int, work: Work, directory: Path) -> None:
        self._count = count
        self._work = work
        self._directory = directory
        self._sharing = Sharing(listener)
        self._workers: set[Worker] = set()
        self._announce: Callable[[], None] | None = None
        self._stop = asyncio.Event()
        self._refusal = ""

    async def run(self, announce: Callable[[], None]) -> None:
        """Return when it is all over; `announce` is called once all workers are ready.

        Raises `CannotStart` where one of them ends before that.
        """
        self._announce = announce
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stop.set)
        keepers = [asyncio.create_task(self._keep(number)) for number in range(self._count)]
        for keeper in keepers:
            keeper.add_done_callback(lambda _: self._stop.set())
        await self._stop.wait()
        await self._end(keepers)
        if self._refusal:
            raise CannotStart(self._refusal)

    async def _end(self, keepers: list[asyncio.Task[None]]) -> None:
        self._sharing.stop()
        for worker in self._workers:
            worker.end()
        await asyncio.wait(keepers, timeout=END_S)
        for worker in self._workers:
            log.error("a worker does not end and is killed", pid=worker.process.pid)
            worker.process.kill()
        await asyncio.gather(*keepers)

    async def _keep(self, number: int) -> None:
        """Have a worker of this number, one after the other, until the server stops."""
        loop = asyncio.get_running_loop()
        pause_s = 0.0
        while not self._stop.is_set():
            started = loop.time()
            how = await self._live(number)
            if self._stop.is_set():
                return
            if self._announce:
                self._refusal = f"a worker cannot start: {how}"
                return
            pause_s = next_pause(pause_s, loop.time() - started)
            log.error("a worker ended and is replaced", worker=number, how=how, pause_s=pause_s)
            await self._rest(pause_s)

    async def _live(self, number: int) -> str:
        """The life of one worker; gives how it ended."""
        try:
            worker = await self._start(number)
        except OSError as error:
            return error.strerror or str(error)
        self._workers.add(worker)
        self._sharing.add(worker.channel)
        if self._stop.is_set():
            worker.end()
        status = await worker.process.wait()
        worker.channel.hear()
        self._sharing.remove(worker.channel)
        self._workers.remove(worker)
        worker.channel.close()
        return worker.channel.refusal or ending(status)

    def _begin(self) -> None:
        """Let connections in as soon as all workers are ready for the first time."""
        announce = self._announce
        if announce and sum(worker.channel.ready for worker in self._workers) == self._count:
            self._announce = None
            self._sharing.start()
            announce()

    async def _rest(self, pause_s: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(pause_s):
                await self._stop.wait()

    async def _start(self, number: int) -> Worker:
        ours, theirs = socket.socketpair()
        with theirs:
            seat = Seat(number, self._count, self._directory, os.getpid(), theirs.fileno())
            process = await asyncio.create_subprocess_exec(
                *command(), stdin=asyncio.subprocess.PIPE, pass_fds=[theirs.fileno()], start_new_session=True
            )
        assert process.stdin
        process.stdin.write(pickle.dumps((self._work, seat)))
        process.stdin.close()
        channel = Channel(ours, room())
        channel.listen(self._begin)
        return Worker(process, channel)


def ending(status: int) -> str:
    """The status of a process that ended, in words."""
    return f"exit status {status}" if status >= 0 else f"killed by {signal.Signals(-status).name}"
