"""One pass over the segments of a query, piece by piece, so that the event loop and memory are never taken for long."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Set
from functools import cached_property
from itertools import chain
from typing import Final

import msgspec

from ..core.query.asked import Query
from ..core.query.operators import Matches, matcher
from ..core.query.profiles import Keeps, keeper
from ..storage import Project, Store
from ..storage.events import NO_OWNER, Event, Segment, Span, events_of, owners_of

OWNERS_PIECE: Final = 20_000
"""Events of a piece of which only the owners are read."""

EVENTS_PIECE: Final = 4_000
"""Events of a piece that are decoded and judged."""

_encode = msgspec.msgpack.Encoder().encode


class Question:
    """A query put to one project."""

    def __init__(self, project: Project, query: Query) -> None:
        self.project = project
        self.query = query

    @cached_property
    def key(self) -> tuple[str, bytes]:
        """The same for the same question."""
        return self.project.id, _encode(self.query)

    @cached_property
    def span(self) -> Span:
        return Span(self.query.first, self.query.last)

    @cached_property
    def matches(self) -> Matches | None:
        """Whether an event's properties are those asked for; None where any are."""
        return matcher(self.query.filters) if self.query.filters else None

    @cached_property
    def keeps(self) -> Keeps | None:
        """Whether a profile is one of those asked for; None where any is."""
        return keeper(self.query)

    def chosen(self, segment: Segment) -> Iterator[Event]:
        """The events of a segment that match."""
        matches = self.matches
        return (event for event in events_of(segment) if matches is None or matches(event.data))


async def pieces(
    store: Store, question: Question, limit: int, *, bodies: bool, after: int | None = None
) -> AsyncIterator[list[Segment]]:
    """The segments of a question, from above the id `after` on, with about `limit` events in each piece."""
    place = question.span.ids[0] - 1 if after is None else after
    while piece := await store.read_segments(
        question.project, question.query.event, question.span, place, limit, bodies=bodies
    ):
        yield piece
        place = piece[-1].id
        await asyncio.sleep(0)


async def matching_owners(store: Store, question: Question) -> AsyncIterator[set[bytes]]:
    """The owners of events that match, piece by piece; one may come in several pieces."""
    if question.matches is None:
        async for piece in pieces(store, question, OWNERS_PIECE, bodies=False):
            yield set(chain.from_iterable(map(owners_of, piece))) - {NO_OWNER}
    else:
        async for piece in pieces(store, question, EVENTS_PIECE, bodies=True):
            yield {event.owner for segment in piece for event in question.chosen(segment)}


async def matching_among(store: Store, question: Question, owners: Set[bytes]) -> set[bytes]:
    """Those of these owners that have an event that matches."""
    found: set[bytes] = set()
    if owners:
        async for some in matching_owners(store, question):
            found |= some & owners
    return found
