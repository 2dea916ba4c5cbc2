"""A page of events, in the order of their segments: by day, and within a day as they came."""

from typing import Final, NamedTuple

import msgspec

from ..core.profile import Profile
from ..storage import Store
from ..storage.events import Event
from .matching import EVENTS_PIECE, Question, pieces

MAX_LOOKED_AT: Final = 100_000
"""Events one page looks at; if they do not fill it, it is short."""


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
    events, then = await next_events(store, question, place, size)
    profiles = await profiles_of(store, question, [event.owner for event in events])
    return Page([(event, profiles[event.owner]) for event in events if event.owner in profiles], then)


async def next_events(store: Store, question: Question, place: Place, size: int) -> tuple[list[Event], Place | None]:
    """The next events that match, and the place after the last one that was looked at."""
    found: list[Event] = []
    looked_at = 0
    limit = size if question.matches is None else EVENTS_PIECE
    async for piece in pieces(store, question, limit, bodies=True, after=max(place.segment, question.span.ids[0]) - 1):
        for segment in piece:
            for event in question.chosen(segment):
                if event.place <= (place.segment, place.index):
                    continue
                if len(found) == size:
                    return found, Place(*found[-1].place)
                found.append(event)
            looked_at += segment.live
        if looked_at >= MAX_LOOKED_AT:
            return found, Place(piece[-1].id + 1, -1)
    return found, None


async def profiles_of(store: Store, question: Question, owners: list[bytes]) -> dict[bytes, Profile]:
    """The profiles that own these events now, if the question is about them."""
    rows = await store.find_owners(question.project, list(dict.fromkeys(owners)))
    profiles = await store.read_profiles(question.project, list(dict.fromkeys(rows.values())))
    kept = {row: profile for row, profile in profiles.items() if question.keeps is None or question.keeps(profile)}
    return {owner: kept[row] for owner, row in rows.items() if row in kept}
