"""All profiles of a project as one snapshot has them: a connection and a thread of their own, piece by piece."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Final

import apsw
import msgspec

from ...core.profile import Profile
from .. import ForeignPlace, Project, Scanned, Unavailable, UnusableDatabase
from . import statements
from .connection import connect
from .writer import unavailable

PIECE_PROFILES: Final = 500
PIECE_BYTES: Final = 1024 * 1024
"""A piece ends with the document that reaches this, which large ones do before `PIECE_PROFILES`."""

SCAN_CACHE_KIB: Final = 1024
"""Each page is read once."""

_PLACE = re.compile("([0-9]{1,18})-([0-9a-f]{32})")
"""The last row that was read, and its key: another database has another order of rows."""

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
            yield Pieces(connection, thread, project, await call(row_at, connection, after))
        finally:
            connection.interrupt()
            await call(connection.close)


def begin(path: Path) -> apsw.Connection:
    """A connection in a transaction that sees the database as it is now."""
    connection = connect(path, read_only=True, cache_kib=SCAN_CACHE_KIB)
    connection.execute("BEGIN")
    connection.execute("SELECT max(id) FROM node").get  # noqa: B018 - the first read makes the snapshot
    return connection


def row_at(connection: apsw.Connection, place: str) -> int:
    """The row of a place, 0 for the start. Raises `ForeignPlace`; a row that is there no more may be anybody's."""
    if not place:
        return 0
    parts = _PLACE.fullmatch(place)
    if parts is None:
        raise ForeignPlace
    row, key = int(parts[1]), bytes.fromhex(parts[2])
    if connection.execute(statements.READ_ROW, (key,)).get not in (None, row):
        raise ForeignPlace
    return row


class Pieces:
    """What is left of a scan. The next piece is read while the caller works on the last one."""

    def __init__(self, connection: apsw.Connection, thread: ThreadPoolExecutor, project: Project, after: int) -> None:
        self._connection = connection
        self._thread = thread
        self._project = project.id
        self._after = after
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
        values = (self._after, self._project, PIECE_PROFILES, PIECE_BYTES)
        last, key, lines = self._connection.execute(statements.SCAN, values).get
        if lines is None:
            return Scanned([], "")
        self._after = last
        return Scanned(_decode_profiles(lines), f"{last}-{key.hex()}")
