"""How many events match, and how many profiles have any that do; in one pass, in bounded memory."""

from collections.abc import Iterable
from itertools import islice
from typing import Final

from ..core.profile import Profile
from ..storage import Store
from .distinct import Distinct
from .events import profiles_of
from .matching import EVENTS_PIECE, Question, matching_owners, pieces

GATHERED: Final = 200_000
"""Owners that are gathered before their profiles are looked for: one that comes often is looked for less often."""

LOOKED_UP: Final = 500
"""Owners that are looked up at once."""


async def count_events(store: Store, question: Question) -> int:
    """How many events match. Those of erased profiles are gone."""
    if question.matches is None and question.keeps is None:
        return await store.count_events(question.project, question.query.event, question.span)
    count = 0
    async for piece in pieces(store, question, EVENTS_PIECE, bodies=True):
        owners = [event.owner for segment in piece for event in question.chosen(segment)]
        if question.keeps is not None:
            kept = await profiles_by_piece(store, question, set(owners))
            owners = [owner for owner in owners if owner in kept]
        count += len(owners)
    return count


async def count_profiles(store: Store, question: Question) -> int:
    """How many profiles have an event that matches; one that several owners' events belong to is one."""
    rows = Distinct()
    gathered: set[bytes] = set()
    async for found in matching_owners(store, question):
        gathered |= found
        if len(gathered) >= GATHERED:
            await add_rows(store, question, gathered, rows)
            gathered.clear()
    await add_rows(store, question, gathered, rows)
    return rows.count()


async def add_rows(store: Store, question: Question, owners: set[bytes], rows: Distinct) -> None:
    """Add the rows of the profiles these owners are part of now."""
    for some in chunks(owners):
        found = await store.find_owners(question.project, some)
        if question.keeps is not None:
            profiles = await store.read_profiles(question.project, list(set(found.values())))
            rows.add(row for row, profile in profiles.items() if question.keeps(profile))
        else:
            rows.add(found.values())


async def profiles_by_piece(store: Store, question: Question, owners: Iterable[bytes]) -> dict[bytes, Profile]:
    """The profiles of these owners that the question is about."""
    profiles: dict[bytes, Profile] = {}
    for some in chunks(owners):
        profiles |= await profiles_of(store, question, some)
    return profiles


def chunks(owners: Iterable[bytes]) -> Iterable[list[bytes]]:
    rest = iter(owners)
    while some := list(islice(rest, LOOKED_UP)):
        yield some
