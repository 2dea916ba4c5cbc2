"""The embedded store: one SQLite database, one connection that writes, separate ones that read.

Point reads run on the caller's thread: they take tens of microseconds, less than a hand-over to a
thread and back. Reads by contact, which may meet many profiles, reads of events and scans run on threads
of their own.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Final, TypeVar

import apsw

from ...core.history import Change
from ...core.identity import Key
from ...core.profile import Profile
from ...core.work import Changes, Found
from .. import Fold, Passcode, Project, Scanned, Unavailable
from ..codec import name_key
from ..events import Segment, Span
from . import access, events, history, nodes
from .checkpoint import Checkpointer
from .connection import WRITER_CACHE_KIB, check_library, connect, migrate
from .readers import Readers
from .scan import scanning
from .writer import CommitObserver, Writer, unavailable

T = TypeVar("T")

EVENT_READERS: Final = 2
"""Reads of events that go on at a time: a long count leaves room for another read."""


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
        self._contacts = Readers(path, 1, "personae-contacts")
        self._events = Readers(path, EVENT_READERS, "personae-events")
        self._closed = False

    @classmethod
    async def open(cls, path: Path, observe: CommitObserver = lambda jobs, seconds: None) -> SqliteStore:
        """The store in the database file `path`. Raises `UnusableDatabase` with one clear line."""
        return cls(path, observe)

    async def find(self, project: Project, keys: Sequence[Key]) -> Found:
        return self._point(lambda connection: nodes.read(connection, project, keys))

    async def find_flags(self, project: Project, keys: Sequence[Key]) -> dict[Key, bool]:
        return self._point(lambda connection: nodes.read_flags(connection, project.secret, keys))

    async def has_flags(self) -> bool:
        return self._point(nodes.has_flags)

    async def find_by_contact(self, project: Project, contact: Key, limit: int, offset: int = 0) -> list[Profile]:
        self._require_open()
        return await self._contacts.run(
            lambda connection: nodes.read_contact(connection, project.secret, contact, limit, offset)
        )

    async def find_owners(self, project: Project, owners: Sequence[bytes]) -> dict[bytes, bytes]:
        return await self._read(lambda connection: nodes.read_owners(connection, owners))

    async def read_profiles(self, project: Project, rows: Sequence[bytes]) -> dict[bytes, Profile]:
        return await self._read(lambda connection: nodes.read_profiles(connection, rows))

    async def update(self, project: Project, keys: Sequence[Key], fold: Fold, *, alone: bool = False) -> Changes:
        return await self._writer.update(project, keys, fold, alone=alone)

    async def count_events(self, project: Project, name: str, span: Span) -> int:
        return await self._read(lambda connection: events.count(connection, name_key(project.secret, name), span))

    async def has_events(self, project: Project, name: str) -> bool:
        return self._point(lambda connection: events.has_any(connection, name_key(project.secret, name)))

    async def read_segments(
        self, project: Project, name: str, span: Span, after: int, limit: int, *, bodies: bool
    ) -> list[Segment]:
        key = name_key(project.secret, name)
        return await self._read(lambda connection: events.read(connection, key, span, after, limit, bodies=bodies))

    async def expire_events(self, before_day: int, limit: int) -> int:
        return await self._writer.run(lambda connection: events.expire(connection, before_day, limit))

    async def read_history(self, places: Sequence[int]) -> list[Change]:
        return self._point(lambda connection: history.read(connection, places))

    def scan(self, project: Project, after: str = "") -> AbstractAsyncContextManager[AsyncIterator[Scanned]]:
        self._require_open()
        return scanning(self._path, project, after)

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

    async def put_meta(self, name: str, value: bytes) -> None:
        await self._writer.run(access.put_meta(name, value))

    async def drop_meta(self, first: str, last: str) -> None:
        await self._writer.run(access.drop_meta(first, last))

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
        self._contacts.close()
        self._events.close()
        self._points.close()
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

    async def _read(self, read: Callable[[apsw.Connection], T]) -> T:
        """What may meet many rows, on a thread of the events' own."""
        self._require_open()
        return await self._events.run(read)
