"""Taking what erased profiles own out of the events, in the transaction that releases their rows."""

from collections.abc import Sequence
from typing import Final

from asyncpg.pgproto.pgproto import UUID

from ..events import Segment, without
from . import statements
from .connections import Connection
from .deadline import Deadline
from .failures import Overtaken

PIECE: Final = 100
"""Segments that are read and written again at a time."""


async def erase(connection: Connection, deadline: Deadline, owners: Sequence[bytes]) -> None:
    """Leave nothing of these owners. Raises `Overtaken` where another one rewrites the same segments."""
    keys = [UUID(owner) for owner in sorted(set(owners))]
    found = await connection.fetch(statements.READ_SEGMENTS_OF, keys, timeout=deadline.left_s())
    ids = sorted({id for (id,) in found})
    for start in range(0, len(ids), PIECE):
        piece = ids[start : start + PIECE]
        rows = await connection.fetch(statements.READ_SEGMENTS, piece, timeout=deadline.left_s())
        await _rewrite(connection, deadline, [Segment(*row) for row in rows], owners)
    if ids:
        await connection.execute(statements.DELETE_OWNERS, keys, timeout=deadline.left_s())


async def _rewrite(connection: Connection, deadline: Deadline, segments: Sequence[Segment], owners: Sequence[bytes]) -> None:
    """These segments without the events of these owners, unless they are not what was read any more."""
    pairs = [(segment, without(segment, owners)) for segment in segments]
    kept = [(old.id, old.owners, new.live, new.owners, new.body) for old, new in pairs if new.live]
    emptied = [(old.id, old.owners) for old, new in pairs if not new.live]
    for sql, rows in ((statements.REWRITE_SEGMENT, kept), (statements.DELETE_SEGMENT, emptied)):
        if rows and len(await connection.fetchmany(sql, rows, timeout=deadline.left_s())) < len(rows):
            raise Overtaken
