"""All profiles of a project as one snapshot has them: a connection and a thread of their own, piece by piece."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Final

import apsw
import msgspec

from ...core.profile import Profile
from .. import Project, Scanned, Unavailable, UnusableDatabase
from . import statements
from .connection import connect
from .writer import unavailable

PIECE_PROFILES: Final = 500
PIECE_BYTES: Final = 1024 * 1024
"""A piece has about this many bytes at most, which large documents reach before `PIECE_PROFILES`."""

FIRST_PIECE_PROFILES: Final = 20
"""The first piece tells how large the documents are."""

SCAN_CACHE_KIB: Final = 1024
"""Each page is read once."""

_decode_profiles = msgspec.json.Decoder(Profile).decode_lines


@asynccontextmanager
async def scanning(path: Path, project: Project, after: str) -> AsyncIterator[Pieces]:
    """The profiles after a place, as they are now; the snapshot is held until the context ends."""
    with ThreadPoolExecutor(1, thread_name_prefix="personae-scan") as thread:
        call = partial(asyncio.get_running_loop().run_in_executor, thread)
        try:
            connection = await call(begin, path)
        except UnusableDatabase as error:
            raise Unavailable(str(error)) from error
        try:
            yield Pieces(connection, thread, project, int(after or 0))
        finally:
            connection.interrupt()
            await call(connection.close)


def begin(path: Path) -> apsw.Connection:
    """A connection in a transaction that sees the database as it is now."""
    connection = connect(path, read_only=True, cache_kib=SCAN_CACHE_KIB)
    connection.execute("BEGIN")
    connection.execute("SELECT max(id) FROM node").get  # noqa: B018 - the first read makes the snapshot
    return connection


class Pieces:
    """What is left of a scan. The next piece is read while the caller works on the last one."""

    def __init__(self, connection: apsw.Connection, thread: ThreadPoolExecutor, project: Project, after: int) -> None:
        self._connection = connection
        self._thread = thread
        self._project = project.id
        self._after = after
        self._limit = FIRST_PIECE_PROFILES
        self._coming = thread.submit(self._next)

    def __aiter__(self) -> Pieces:
        return self

    async def __anext__(self) -> Scanned:
        try:
            piece = await asyncio.wrap_future(self._coming)
        except apsw.Error as error:
            raise unavailable(error) from error
        if not piece.profiles:
            raise StopAsyncIteration
        self._coming = self._thread.submit(self._next)
        return piece

    def _next(self) -> Scanned:
        """The next piece, without profiles at the end."""
        last, lines = self._connection.execute(statements.SCAN, (self._after, self._project, self._limit)).get
        if lines is None:
            return Scanned([], str(self._after))
        profiles = _decode_profiles(lines)
        self._after = last
        self._limit = max(1, min(PIECE_PROFILES, PIECE_BYTES * len(profiles) // len(lines)))
        return Scanned(profiles, str(last))
