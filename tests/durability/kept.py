"""What a database itself has, beside what a server shows of it: every event has its profile, every change its place."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Final

from personae.core.events import summary
from personae.core.history import places_of
from personae.core.profile import Profile
from personae.core.properties import normal_form
from personae.storage import Project, Store
from personae.storage.postgres import PostgresStore
from personae.storage.postgres.tables import PostgresTables
from personae.storage.sqlite import SqliteStore
from personae.storage.sqlite.tables import SqliteTables
from personae.storage.tables import HISTORY, Tables
from personae.testing.scenario import events_in
from tests.server import Json

AT_ONCE: Final = 1000
"""Changes that are read together."""


def faults_kept(data: Path, settings: Json, names: Sequence[str]) -> list[str]:
    """What is wrong in the database of a server with this data and these settings, which is idle or gone.

    `names` are those of events. Nobody uses another project.
    """

    async def look() -> list[str]:
        store = await open_store(data, settings)
        try:
            (project,) = await store.projects()
            async with store.scan(project) as scanned:
                profiles = [profile async for piece in scanned for profile in piece.profiles]
            wrong = [fault async for fault in event_faults(store, project, names, profiles)]
            wrong += [fault async for fault in history_faults(store, profiles)]
        finally:
            await store.close()
        return wrong + [fault async for fault in left_over(data, settings, profiles)]

    return asyncio.run(look())


async def open_store(data: Path, settings: Json) -> Store:
    url = settings.get("database")
    return await (PostgresStore.open(url) if url else SqliteStore.open(data / "personae.db"))


async def open_tables(data: Path, settings: Json) -> Tables:
    url = settings.get("database")
    return await (PostgresTables.open(url) if url else SqliteTables.open(data / "personae.db"))


async def event_faults(store: Store, project: Project, names: Sequence[str], profiles: Sequence[Profile]) -> AsyncIterator[str]:
    """Each event that is kept is somebody's, and everybody has as many as their profile says."""
    for name in map(normal_form, names):
        owners = [event.owner for event in await events_in(store, name, project=project)]
        rows = await store.find_owners(project, owners)
        people = await store.read_profiles(project, list(rows.values()))
        if nobody := [owner for owner in owners if owner not in rows]:
            yield f"{name}: {len(nobody)} of {len(owners)} events are nobody's"
        kept = Counter(people[rows[owner]].home for owner in owners if owner in rows)
        said = {profile.home: events[name].count for profile in profiles if name in (events := summary(profile))}
        if kept != said:
            yield f"{name}: kept {dict(kept)}, said {said}"


async def history_faults(store: Store, profiles: Sequence[Profile]) -> AsyncIterator[str]:
    """Every place a profile names has a change in it."""
    places = [place for profile in profiles for place in places_of(profile)]
    if len(set(places)) != len(places):
        yield f"history: {len(places) - len(set(places))} places have two owners"
    for start in range(0, len(places), AT_ONCE):
        some = places[start : start + AT_ONCE]
        if len(kept := await store.read_history(some)) != len(some):
            yield f"history: {len(kept)} changes are kept, {len(some)} are said to be"


async def left_over(data: Path, settings: Json, profiles: Sequence[Profile]) -> AsyncIterator[str]:
    """There is no change that no profile names."""
    tables = await open_tables(data, settings)
    kept = await tables.count(HISTORY)
    await tables.close()
    said = sum(len(places_of(profile)) for profile in profiles)
    if kept != said:
        yield f"history: there are {kept} changes, profiles say {said}"
