"""Segments of events in the database: added by a write, read by name and day, taken away when they are old."""

from collections.abc import Iterator, Sequence
from random import getrandbits
from time import time_ns
from typing import Final

from asyncpg.pgproto.pgproto import UUID

from ..events import DAY_S, NO_OWNER, SEQUENCE_BITS, Segment, Span, owners_of
from . import statements
from .connections import Connection, Connections
from .deadline import Deadline

RANDOM_BITS: Final = 13
"""Bits of a sequence below its milliseconds: two writes of one millisecond and day seldom meet, and then one goes again."""


async def write(connection: Connection, deadline: Deadline, segments: Sequence[Segment]) -> None:
    """Add these segments, each under an id of its day that is drawn here. A taken one is a unique violation."""
    if not segments:
        return
    rows = list(numbered(segments, time_ns() // 1_000_000, getrandbits(RANDOM_BITS)))
    await connection.execute(statements.WRITE_EVENTS, *zip(*rows, strict=True), timeout=deadline.left_s())
    pairs = [(UUID(owner), row.id) for row in rows for owner in set(owners_of(row))]
    await connection.execute(statements.WRITE_OWNERS, *zip(*pairs, strict=True), timeout=deadline.left_s())


def numbered(segments: Sequence[Segment], now_ms: int, start: int) -> Iterator[Segment]:
    """The segments with their ids: below the day the millisecond of the day it is now, below that numbers from `start` on."""
    sequence = (now_ms % (DAY_S * 1_000) << RANDOM_BITS) + start
    return (segment._replace(id=segment.id + sequence + number) for number, segment in enumerate(segments))


async def count(database: Connections, name: int, span: Span) -> int:
    """How many events of a name there are in these days."""
    ((events,),) = await database.rows(database.deadline(), statements.COUNT_EVENTS, name, *span.ids)
    return int(events)


async def is_there(database: Connections, name: int) -> bool:
    """Whether there is any event of this name."""
    return bool(await database.rows(database.deadline(), statements.HAS_EVENTS, name))


async def read(database: Connections, name: int, span: Span, after: int, limit: int, *, bodies: bool) -> list[Segment]:
    """Segments above `after`, as many as have `limit` events together; how many those are is read first."""
    deadline = database.deadline()
    first, end = span.ids
    sizes = await database.rows(deadline, statements.READ_LIVE, name, max(after, first - 1), end, limit)
    sql = statements.READ_SEGMENTS if bodies else statements.READ_SEGMENTS_BARE
    ids = enough([(id, live) for id, live in sizes], limit)
    return [Segment(*row) for row in await database.rows(deadline, sql, ids)] if ids else []


def enough(sizes: Sequence[tuple[int, int]], limit: int) -> list[int]:
    """The first ids, of (id, events), up to the one with which `limit` events are reached."""
    ids: list[int] = []
    events = 0
    for id, live in sizes:
        if events >= limit:
            break
        ids.append(id)
        events += live
    return ids


async def expire(database: Connections, before_day: int, limit: int) -> int:
    """Take away at most `limit` segments of days before this one, and gives how many."""
    deadline = database.deadline()
    old = await database.rows(deadline, statements.READ_OLD_SEGMENTS, before_day << SEQUENCE_BITS, limit)
    if not old:
        return 0
    ids = [id for id, _ in old]
    owners = {owner for id, packed in old for owner in owners_of(Segment(id, 0, 0, packed, ""))} - {NO_OWNER}

    async def delete(connection: Connection) -> None:
        await connection.execute(statements.DELETE_OWNERS_OF, [UUID(owner) for owner in sorted(owners)], ids)
        await connection.execute(statements.DELETE_SEGMENTS, ids)

    await database.transaction(deadline, delete)
    return len(ids)
