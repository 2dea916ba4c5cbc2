"""All profiles of a project as they are at one moment, on a connection of its own that no request waits for."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Final, NamedTuple
from uuid import UUID

import asyncpg

from .. import Project, Scanned, Unavailable
from . import statements
from .connections import GIVE_UP_S, Connection, connect
from .deadline import Deadline
from .failures import OUTSIDE, Remedy, remedy_of, told
from .nodes import decode

PIECE: Final = 500
"""Profiles read at a time, at most."""

PIECE_BYTES: Final = 1024 * 1024
"""About how large a piece is where documents are large; the one before it tells how large they are."""

FIRST_PIECE: Final = 50

NO_LIMIT_S: Final = 0.0


class Read(NamedTuple):
    """A piece, None behind the last one, and how many profiles the next one is to have."""

    piece: Scanned | None
    next: int


@asynccontextmanager
async def scan(url: str, timeout_s: float, project: Project, after: str) -> AsyncIterator[AsyncIterator[Scanned]]:
    """A stream over the snapshot that is taken here, in key order; a place is a key in hex. Raises `Unavailable`.

    Connecting may take `timeout_s`, the rest any time: it is the reader who makes it slow.
    """
    with _told():
        connection = await connect(url, Deadline(timeout_s), NO_LIMIT_S)
    try:
        with _told():
            await connection.fetch(statements.SET_UP_SNAPSHOT)
            await connection.execute(statements.BEGIN_SNAPSHOT)
            first = await _piece(connection, project, after or bytes(16).hex(), FIRST_PIECE)
        yield _pieces(connection, project, first)
    finally:
        await _end(connection)


async def _pieces(connection: Connection, project: Project, read: Read) -> AsyncIterator[Scanned]:
    while read.piece is not None:
        yield read.piece
        with _told():
            read = await _piece(connection, project, read.piece.place, read.next)


async def _piece(connection: Connection, project: Project, after: str, limit: int) -> Read:
    """The profiles behind this place, none where there are none."""
    rows = await connection.fetch(statements.READ_AFTER, UUID(after), project.id, limit)
    if not rows:
        return Read(None, 0)
    size = sum(len(document) for _, document in rows)
    piece = Scanned([decode(document) for _, document in rows], rows[-1][0].hex)
    return Read(piece, max(1, min(PIECE, PIECE_BYTES * len(rows) // size)))


async def _end(connection: Connection) -> None:
    """Close the connection, whatever is under way on it."""
    try:
        await connection.close(timeout=GIVE_UP_S)
    except (*OUTSIDE, asyncpg.PostgresError):
        connection.terminate()


@contextmanager
def _told() -> Iterator[None]:
    """What the database refuses, and that it is gone, as `Unavailable`."""
    try:
        yield
    except (asyncpg.PostgresError, *OUTSIDE) as error:
        if remedy_of(error) is Remedy.BUG:
            raise
        raise Unavailable(f"PostgreSQL: {told(error)}") from error
