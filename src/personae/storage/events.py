"""Raw events as they are stored: segments, one for all events of a name and a day that one commit brings.

A segment is appended and never added to, so an event costs a share of a row. Its id begins with the
day, so that segments lie in the order of time and old ones go in one piece. Source: docs, events.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final, NamedTuple

import msgspec

from .codec import KEY_BYTES

DAY_S: Final = 86_400

SEQUENCE_BITS: Final = 40
"""Bits of a segment's id below its day."""

NO_OWNER: Final = bytes(KEY_BYTES)
"""In place of the owner of an event that was erased; the places of the others stay."""


class EventRow(NamedTuple):
    """An event to write: whose it is (a row key), its name (`codec.name_key`), epoch seconds, its data."""

    owner: bytes
    name: int
    ts: int
    data: dict[str, Any]


class Segment(NamedTuple):
    """Events of one name and day. `owners` has a row key for each, `body` is JSON: [[ts, data] or null, ...].

    `live` is how many of them there are still.
    """

    id: int
    name: int
    live: int
    owners: bytes
    body: str


class Event(NamedTuple):
    """An event that was read. `place` is where it stands: the id of its segment, its index in it."""

    place: tuple[int, int]
    owner: bytes
    ts: int
    data: dict[str, Any]


class Span(NamedTuple):
    """Whole days from `first` to `last`, both included, counted from 1970-01-01 in UTC."""

    first: int
    last: int

    @property
    def ids(self) -> tuple[int, int]:
        """The ids of its segments: from the one up to, not including, the other."""
        return self.first << SEQUENCE_BITS, (self.last + 1) << SEQUENCE_BITS


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(list[tuple[int, dict[str, Any]] | None]).decode


def day_of(ts: int) -> int:
    """The day of a time in epoch seconds."""
    return ts // DAY_S


def segments(events: Iterable[EventRow]) -> list[Segment]:
    """The segments of these events, each with its day alone for an id: the engine adds the rest."""
    groups: dict[tuple[int, int], list[EventRow]] = {}
    for event in events:
        groups.setdefault((event.ts // DAY_S, event.name), []).append(event)
    return [
        Segment(
            day << SEQUENCE_BITS,
            name,
            len(group),
            b"".join([event.owner for event in group]),
            _encode([(event.ts, event.data) for event in group]).decode(),
        )
        for (day, name), group in groups.items()
    ]


def owners_of(segment: Segment) -> list[bytes]:
    """The owner of each event, `NO_OWNER` for erased ones."""
    owners = segment.owners
    return [owners[start : start + KEY_BYTES] for start in range(0, len(owners), KEY_BYTES)]


def events_of(segment: Segment) -> Iterator[Event]:
    """The events that are still there."""
    for index, (owner, kept) in enumerate(zip(owners_of(segment), _decode(segment.body), strict=True)):
        if kept is not None:
            yield Event((segment.id, index), owner, *kept)


def without(segment: Segment, owners: Sequence[bytes]) -> Segment:
    """The segment after the events of these owners are erased."""
    gone = frozenset(owners)
    body = _decode(segment.body)
    kept = owners_of(segment)
    for index, owner in enumerate(kept):
        if owner in gone:
            kept[index], body[index] = NO_OWNER, None
    live = sum(event is not None for event in body)
    return segment._replace(live=live, owners=b"".join(kept), body=_encode(body).decode())
