"""One pass over the segments of a query, piece by piece, so that the event loop and memory are never taken for long."""

from collections.abc import AsyncIterator, Iterable, Set
from functools import cached_property
from itertools import chain
from typing import Final, NamedTuple

import msgspec

from ..core.profile import Profile
from ..core.query.asked import Query
from ..core.query.operators import Matches, matcher
from ..core.query.profiles import Keeps, keeper
from ..storage import Project, Store
from ..storage.events import NO_OWNER, Event, Segment, Span, events_of, owners_of
from .pace import Pace, Portion

OWNERS_PIECE: Final = 20_000
"""Events of a piece of which only the owners are read."""

EVENTS_PIECE: Final = 4_000
"""Events of a piece that are decoded and judged; fewer if they are large."""

FIRST_EVENTS: Final = 250
"""Events of the first such piece, when it is not known yet how large they are."""

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


class Sized(NamedTuple):
    """A profile, and the bytes of its document: about those it has in an answer."""

    profile: Profile
    bytes: int


async def pieces(
    store: Store, question: Question, limit: int, *, bodies: bool, after: int | None = None
) -> AsyncIterator[list[Segment]]:
    """The segments of a question, from above the id `after` on, with about `limit` events in each piece, or fewer."""
    place = question.span.ids[0] - 1 if after is None else after
    portion = Portion(FIRST_EVENTS if bodies else limit, limit)
    pace = Pace()
    while piece := await store.read_segments(
        question.project, question.query.event, question.span, place, portion.count, bodies=bodies
    ):
        yield piece
        place = piece[-1].id
        portion.learn(sum(segment.live for segment in piece), sum(len(segment.body) for segment in piece))
        await pace.turn()


async def chosen(question: Question, segment: Segment, pace: Pace) -> list[Event]:
    """The events of a segment that match."""
    matches = question.matches
    if matches is None:
        return list(events_of(segment))
    found = []
    for event in events_of(segment):
        if matches(event.data):
            found.append(event)
        if pace.due():
            await pace.turn()
    return found


async def matching_owners(store: Store, question: Question) -> AsyncIterator[set[bytes]]:
    """The owners of events that match, piece by piece; one may come in several pieces."""
    pace = Pace()
    if question.matches is None:
        async for piece in pieces(store, question, OWNERS_PIECE, bodies=False):
            yield set(chain.from_iterable(map(owners_of, piece))) - {NO_OWNER}
    else:
        async for piece in pieces(store, question, EVENTS_PIECE, bodies=True):
            yield {event.owner for segment in piece for event in await chosen(question, segment, pace)}


async def matching_among(store: Store, question: Question, owners: Set[bytes]) -> set[bytes]:
    """Those of these owners that have an event that matches."""
    found: set[bytes] = set()
    if owners:
        async for some in matching_owners(store, question):
            found |= some & owners
    return found


async def read_kept(
    store: Store, question: Question, rows: Iterable[bytes], pace: Pace, portion: Portion
) -> dict[bytes, Sized]:
    """The profiles in these rows that the question is about; `portion` learns how large all of them are."""
    profiles = await store.read_profiles(question.project, list(dict.fromkeys(rows)))
    kept, total = {}, 0
    for row, profile in profiles.items():
        sized = Sized(profile, len(_encode(profile)))
        total += sized.bytes
        if question.keeps is None or question.keeps(profile):
            kept[row] = sized
        if pace.due():
            await pace.turn()
    portion.learn(len(profiles), total)
    return kept
