"""How many events match, and how many profiles have any that do; in one pass, in bounded memory."""

from collections.abc import AsyncIterator, Iterable
from itertools import islice
from typing import Final

from ..storage import Store
from .distinct import Distinct
from .matching import EVENTS_PIECE, Question, chosen, matching_owners, pieces, read_kept
from .pace import Pace, Portion

GATHERED: Final = 200_000
"""Owners that are gathered before their profiles are looked for: one that comes often is looked for less often."""

LOOKED_UP: Final = 500
"""Owners that are looked up at once; fewer where their profiles are read and are large."""

FIRST_READ: Final = 50
"""Profiles that are read at first, when it is not known yet how large they are."""


async def count_events(store: Store, question: Question) -> int:
    """How many events match. Those of erased profiles are gone."""
    if question.matches is None and question.keeps is None:
        return await store.count_events(question.project, question.query.event, question.span)
    look_up, pace, count = LookUp(store, question), Pace(), 0
    async for piece in pieces(store, question, EVENTS_PIECE, bodies=True):
        owners = [event.owner for segment in piece for event in await chosen(question, segment, pace)]
        if question.keeps is not None:
            kept = {owner async for rows in look_up.rows(set(owners)) for owner in rows}
            owners = [owner for owner in owners if owner in kept]
        count += len(owners)
    return count


async def count_profiles(store: Store, question: Question) -> int:
    """How many profiles have an event that matches; one that several owners' events belong to is one."""
    look_up, distinct = LookUp(store, question), Distinct()
    gathered: set[bytes] = set()
    async for found in matching_owners(store, question):
        gathered |= found
        if len(gathered) >= GATHERED:
            await add_rows(look_up, gathered, distinct)
            gathered.clear()
    await add_rows(look_up, gathered, distinct)
    return distinct.count()


async def add_rows(look_up: "LookUp", owners: set[bytes], distinct: Distinct) -> None:
    """Add the rows of the profiles these owners are part of now."""
    async for rows in look_up.rows(owners):
        distinct.add(rows.values())


class LookUp:
    """Looks up whom owners belong to now, for one count."""

    def __init__(self, store: Store, question: Question) -> None:
        self._store = store
        self._question = question
        self._pace = Pace()
        self._portion = Portion(LOOKED_UP if question.keeps is None else FIRST_READ, LOOKED_UP)

    async def rows(self, owners: Iterable[bytes]) -> AsyncIterator[dict[bytes, bytes]]:
        """The rows of the profiles the question is about, by owner, some at a time."""
        rest = iter(owners)
        while some := list(islice(rest, self._portion.count)):
            rows = await self._store.find_owners(self._question.project, some)
            yield rows if self._question.keeps is None else await self._kept(rows)
            if self._pace.due():
                await self._pace.turn()

    async def _kept(self, rows: dict[bytes, bytes]) -> dict[bytes, bytes]:
        kept = await read_kept(self._store, self._question, rows.values(), self._pace, self._portion)
        return {owner: row for owner, row in rows.items() if row in kept}
