"""Reading and writing events: segments, and which of them have events of an owner."""

from collections.abc import Iterable, Sequence
from typing import Final

import apsw
import msgspec

from ..events import NO_OWNER, SEQUENCE_BITS, Segment, Span, owners_of, without
from . import statements
from .nodes import execute_keys, execute_rows

ERASED_AT_ONCE: Final = 16
"""Segments that are read, rewritten and written back together: one may have megabytes."""


class Line(msgspec.Struct, array_like=True):
    """A segment as a line of JSON; without its body where that was not read."""

    id: int
    name: int
    live: int
    owners: str
    body: msgspec.Raw = msgspec.Raw(b"")


_decode_lines = msgspec.json.Decoder(Line).decode_lines
_decode_ids = msgspec.json.Decoder(list[int]).decode
_decode_last_ids = msgspec.json.Decoder(list[tuple[int, int | None]]).decode


def parse(lines: str | None) -> list[Segment]:
    """The segments in these lines; None stands for none."""
    read = _decode_lines(lines or "")
    return [Segment(line.id, line.name, line.live, bytes.fromhex(line.owners), bytes(line.body).decode()) for line in read]


def count(connection: apsw.Connection, name: int, span: Span) -> int:
    """How many events of a name there are in these days."""
    events: int = connection.execute(statements.COUNT_EVENTS, (name, *span.ids)).get
    return events


def has_any(connection: apsw.Connection, name: int) -> bool:
    return bool(connection.execute(statements.HAS_EVENTS, (name,)).get)


def read(connection: apsw.Connection, name: int, span: Span, after: int, limit: int, *, bodies: bool) -> list[Segment]:
    """Segments with ids above `after` that have about `limit` events together."""
    first, end = span.ids
    sql = statements.READ_SEGMENTS if bodies else statements.READ_OWNERS
    segments = parse(connection.execute(sql, (name, max(first, after + 1), end, limit)).get)
    return sorted(segments)


def write(connection: apsw.Connection, segments: Sequence[Segment]) -> None:
    """Add segments, each behind the last one of its day."""
    placed = in_place(segments, last_ids(connection, segments))
    execute_rows(connection, statements.write_segments, (), placed)
    execute_rows(connection, statements.write_event_owners, (), pairs(placed))


def last_ids(connection: apsw.Connection, segments: Iterable[Segment]) -> dict[int, int]:
    """The last id that is taken on each of these days, or before it, by the first one of the day."""
    found: dict[int, int] = {}
    for piece in statements.padded(list(dict.fromkeys(segment.id for segment in segments))):
        read = _decode_last_ids(connection.execute(statements.read_last_ids(len(piece)), piece).get)
        found.update((first, -1 if last is None else last) for first, last in read)
    return found


def in_place(segments: Iterable[Segment], last: dict[int, int]) -> list[Segment]:
    """The segments with ids of their own, in order; `last` is brought up to date.

    The first one of a day has sequence 1: every id is above 0, from which reading begins.
    """
    placed = []
    for segment in segments:
        id = last[segment.id] = max(segment.id, last[segment.id]) + 1
        placed.append(segment._replace(id=id))
    return sorted(placed)


def pairs(segments: Iterable[Segment]) -> list[tuple[bytes, int]]:
    """The owners of each segment, each once, with its id."""
    found = [(owner, segment.id) for segment in segments for owner in set(owners_of(segment))]
    return [pair for pair in found if pair[0] != NO_OWNER]


def erase(connection: apsw.Connection, owners: Sequence[bytes]) -> None:
    """Forget all events of these owners; a segment that has no other events goes whole."""
    ids: set[int] = set()
    for piece in statements.padded(owners):
        ids.update(_decode_ids(connection.execute(statements.read_owned(len(piece)), piece).get))
    for some in statements.padded(sorted(ids), ERASED_AT_ONCE):
        segments = parse(connection.execute(statements.read_segments(len(some)), some).get)
        left = [without(segment, owners) for segment in segments]
        execute_keys(connection, statements.delete_segments, [segment.id for segment in left if not segment.live])
        kept = [(segment.id, segment.live, segment.owners, segment.body) for segment in left if segment.live]
        execute_rows(connection, statements.rewrite_segments, (), kept)
    execute_keys(connection, statements.delete_owned, owners)


def expire(connection: apsw.Connection, before_day: int, limit: int) -> int:
    """Forget the first `limit` segments of days before this one; gives how many there were."""
    old = parse(connection.execute(statements.READ_FIRST_SEGMENTS, (before_day << SEQUENCE_BITS, limit)).get)
    execute_rows(connection, statements.delete_event_owners, (), pairs(old))
    execute_keys(connection, statements.delete_segments, [segment.id for segment in old])
    return len(old)
