"""All profiles of a project as they are at one moment, on a connection of its own that no request waits for."""

import re
from bisect import bisect_left
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from itertools import accumulate
from typing import Final
from uuid import UUID

import asyncpg

from .. import ForeignPlace, Project, Scanned, Unavailable
from . import statements
from .connections import GIVE_UP_S, Connection, connect
from .deadline import Deadline
from .failures import OUTSIDE, Remedy, remedy_of, told
from .nodes import decode

PIECE: Final = 500
"""Profiles read at a time, at most."""

PIECE_BYTES: Final = 1024 * 1024
"""A piece ends with the document that reaches this, which large ones do before `PIECE`."""

NO_LIMIT_S: Final = 0.0

START: Final = bytes(16).hex()

_PLACE = re.compile("[0-9a-f]{32}")


@asynccontextmanager
async def scan(url: str, timeout_s: float, project: Project, after: str) -> AsyncIterator[AsyncIterator[Scanned]]:
    """A stream over the snapshot that is taken here, in key order; a place is a key in hex.

    Raises `ForeignPlace` and `Unavailable`.

    Connecting may take `timeout_s`, the rest any time: it is the reader who makes it slow.
    """
    if _PLACE.fullmatch(after or START) is None:
        raise ForeignPlace
    with _told():
        connection = await connect(url, Deadline(timeout_s), NO_LIMIT_S)
    try:
        with _told():
            await connection.fetch(statements.SET_UP_SNAPSHOT)
            await connection.execute(statements.BEGIN_SNAPSHOT)
            first = await _piece(connection, project, after or START)
        yield _pieces(connection, project, first)
    finally:
        await _end(connection)


async def _pieces(connection: Connection, project: Project, piece: Scanned | None) -> AsyncIterator[Scanned]:
    while piece is not None:
        yield piece
        with _told():
            piece = await _piece(connection, project, piece.place)


async def _piece(connection: Connection, project: Project, after: str) -> Scanned | None:
    """The profiles behind this place, None where there are none."""
    found = await connection.fetch(statements.READ_SIZES, UUID(after), project.id, PIECE)
    if not found:
        return None
    last: UUID = found[length([size for _, size in found]) - 1][0]
    rows = await connection.fetch(statements.READ_UP_TO, UUID(after), last, project.id)
    return Scanned([decode(document) for (document,) in rows], last.hex)


def length(sizes: Sequence[int]) -> int:
    """How many of the documents with these sizes make a piece."""
    return min(bisect_left(list(accumulate(sizes)), PIECE_BYTES) + 1, len(sizes))


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
