"""The embedded store: one SQLite database, one connection that writes, separate ones that read.

Point reads run on the caller's thread: they take tens of microseconds, less than a hand-over to a
thread and back. Reads by contact, which may meet many profiles, run on a thread of their own.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

import apsw

from ...core.identity import Key
from ...core.profile import Profile
from ...core.work import Changes, Found
from .. import Fold, Passcode, Project, Unavailable
from . import access, nodes
from .checkpoint import Checkpointer
from .connection import WRITER_CACHE_KIB, check_library, connect, migrate
from .writer import CommitObserver, Writer, unavailable

T = TypeVar("T")


class SqliteStore:
    """Profiles in one SQLite database; see `storage.Store` for what each method promises."""

    def __init__(self, path: Path, observe: CommitObserver) -> None:
        """Open the database at `path`, creating or migrating it; inside a running event loop."""
        check_library()
        writing = connect(path, cache_kib=WRITER_CACHE_KIB)
        migrate(writing, path)
        self._path = path
        self._checkpointer = Checkpointer(path)
        self._checkpointer.watch(writing)
        self._writer = Writer(writing, self._checkpointer, observe)
        self._writing = writing
        self._points = connect(path, read_only=True)
        self._scans = connect(path, read_only=True)
        self._scanner = ThreadPoolExecutor(1, thread_name_prefix="personae-reader")
        self._closed = False

    @classmethod
    async def open(cls, path: Path, observe: CommitObserver = lambda jobs, seconds: None) -> SqliteStore:
        """The store in the database file `path`. Raises `UnusableDatabase` with one clear line."""
        return cls(path, observe)

    async def find(self, project: Project, keys: Sequence[Key]) -> Found:
        return self._point(lambda connection: nodes.read(connection, project, keys))

    async def find_flags(self, project: Project, keys: Sequence[Key]) -> dict[Key, bool]:
        return self._point(lambda connection: nodes.read_flags(connection, project.secret, keys))

    async def find_by_contact(self, project: Project, contact: Key, limit: int, offset: int = 0) -> list[Profile]:
        def scan() -> list[Profile]:
            return nodes.read_contact(self._scans, project.secret, contact, limit, offset)

        self._require_open()
        try:
            return await asyncio.get_running_loop().run_in_executor(self._scanner, scan)
        except apsw.Error as error:
            raise unavailable(error) from error

    async def update(self, project: Project, keys: Sequence[Key], fold: Fold) -> Changes:
        return await self._writer.update(project, keys, fold)

    async def projects(self) -> list[Project]:
        return self._point(access.read_projects)

    async def passcodes(self) -> list[Passcode]:
        return self._point(access.read_passcodes)

    async def add_project(self, project: Project) -> bool:
        return await self._writer.run(access.add_project(project))

    async def put_passcodes(self, passcodes: Sequence[Passcode]) -> None:
        await self._writer.run(access.put_passcodes(passcodes))

    async def touch_passcodes(self, used: Mapping[str, int]) -> None:
        await self._writer.run(access.touch_passcodes(used))

    async def access_version(self) -> int:
        return self._point(access.read_version)

    async def get_meta(self, name: str) -> bytes | None:
        return self._point(lambda connection: access.read_meta(connection, name))

    async def set_meta(self, name: str, value: bytes) -> bytes:
        return await self._writer.run(access.set_meta(name, value))

    async def check_writable(self) -> None:
        await self._writer.run(access.probe)

    async def size_bytes(self) -> int:
        """What the database and its log take on disk."""
        files = (self._path, self._path.with_name(f"{self._path.name}-wal"))
        return sum(file.stat().st_size for file in files if file.exists())

    async def close(self) -> None:
        self._closed = True
        await self._writer.close()
        await asyncio.to_thread(self._checkpointer.close)
        self._scanner.shutdown()
        self._points.close()
        self._scans.close()
        self._writing.close()  # last, so that it moves the log into the database

    def _require_open(self) -> None:
        if self._closed:
            raise Unavailable("the store is closed")

    def _point(self, read: Callable[[apsw.Connection], T]) -> T:
        self._require_open()
        try:
            return read(self._points)
        except apsw.Error as error:
            raise unavailable(error) from error
