"""A page of events, in the order of their segments: by day, and within a day as they came."""

from collections.abc import Sequence
from typing import Final, NamedTuple

import msgspec

from ..core.profile import Profile
from ..storage import Store
from ..storage.events import Event
from .matching import EVENTS_PIECE, Question, Sized, chosen, pieces, read_kept
from .pace import PAGE_BYTES, Pace, Portion

MAX_LOOKED_AT: Final = 100_000
"""Events one page looks at; if they do not fill it, it is short."""

FIRST_READ: Final = 50
MOST_READ: Final = 500
"""Events whose profiles are read at once, at first and at most."""

_encode = msgspec.json.Encoder().encode


class Place(msgspec.Struct, frozen=True, array_like=True):
    """What a page begins after: the id of a segment, the index of an event in it, -1 for before the first."""

    segment: int
    index: int


FIRST: Final = Place(-1, -1)
"""Before every event."""


class Page(NamedTuple):
    """Some events, each with the profile it belongs to now, and the place of the next page, None after the last one."""

    events: list[tuple[Event, Profile]]
    place: Place | None


async def page_of_events(store: Store, question: Question, place: Place, size: int) -> Page:
    """The next events, at most `size`. There may be fewer; only one without a place is the last."""
    pace, portion = Pace(), Portion(FIRST_READ, MOST_READ)
    events, then = await next_events(store, question, place, size, pace)
    given: list[tuple[Event, Profile]] = []
    start, room = 0, PAGE_BYTES
    while start < len(events):
        some = events[start : start + portion.count]
        start += len(some)
        profiles = await profiles_of(store, question, some, pace, portion)
        for event in some:
            owner = profiles.get(event.owner)
            if owner is not None:
                given.append((event, owner.profile))
                room -= owner.bytes + size_of(event)
            if room <= 0:
                return Page(given, then if event is events[-1] else Place(*event.place))
    return Page(given, then)


async def next_events(
    store: Store, question: Question, place: Place, size: int, pace: Pace
) -> tuple[list[Event], Place | None]:
    """The next events that match, and the place after the last one that was looked at."""
    found: list[Event] = []
    looked_at, room = 0, PAGE_BYTES
    limit = size if question.matches is None else EVENTS_PIECE
    async for piece in pieces(store, question, limit, bodies=True, after=max(place.segment, question.span.ids[0]) - 1):
        for segment in piece:
            for event in await chosen(question, segment, pace):
                if event.place <= (place.segment, place.index):
                    continue
                if len(found) == size or room <= 0:
                    return found, Place(*found[-1].place)
                found.append(event)
                room -= size_of(event)
                if pace.due():
                    await pace.turn()
            looked_at += segment.live
        if looked_at >= MAX_LOOKED_AT or pace.late():
            return found, Place(piece[-1].id + 1, -1)
    return found, None


async def profiles_of(
    store: Store, question: Question, events: Sequence[Event], pace: Pace, portion: Portion
) -> dict[bytes, Sized]:
    """The profiles these events belong to now, by owner, if the question is about them."""
    rows = await store.find_owners(question.project, list(dict.fromkeys(event.owner for event in events)))
    kept = await read_kept(store, question, rows.values(), pace, portion)
    return {owner: kept[row] for owner, row in rows.items() if row in kept}


def size_of(event: Event) -> int:
    """The bytes of an event's properties in an answer."""
    return len(_encode(event.data))
