"""Threads that read what may take long, each with a connection of its own."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue
from typing import TypeVar

import apsw

from .. import Unavailable
from .connection import connect
from .writer import unavailable

T = TypeVar("T")


class Readers:
    """So many threads that read the database at `path`, and their connections."""

    def __init__(self, path: Path, threads: int, name: str) -> None:
        self._connections = [connect(path, read_only=True) for _ in range(threads)]
        self._idle: SimpleQueue[apsw.Connection] = SimpleQueue()
        for connection in self._connections:
            self._idle.put(connection)
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix=name)

    async def run(self, read: Callable[[apsw.Connection], T]) -> T:
        """What `read` gives, on one of the threads. Raises `Unavailable`."""
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, self._read, read)
        except apsw.InterruptError as error:
            raise Unavailable("the store is closed") from error
        except apsw.Error as error:
            raise unavailable(error) from error

    def _read(self, read: Callable[[apsw.Connection], T]) -> T:
        connection = self._idle.get()
        try:
            return read(connection)
        finally:
            self._idle.put(connection)

    def close(self) -> None:
        """Break off what is being read, and let go."""
        for connection in self._connections:
            connection.interrupt()
        self._threads.shutdown()
        for connection in self._connections:
            connection.close()
