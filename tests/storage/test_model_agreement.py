"""Every backend gives what the dict model gives, whatever is uploaded, deleted, taken apart or released in whatever order."""

import asyncio
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from personae.core.history import places_of
from personae.core.identity import Key
from personae.core.profile import Profile
from personae.core.properties import normal_form
from personae.core.rules import Rules
from personae.core.work import Found
from personae.storage import Project, Store
from personae.testing.scenario import EVER, events_in, people_of
from tests.core.strategies import laws, rules
from tests.core.world import NOW
from tests.storage.backends import BACKENDS
from tests.storage.model import DictStore, Disk
from tests.storage.steps import EVENTS, KEYS, Step, steps, take

ADDRESSES: list[Key] = [*(("email", value) for value in ("a@b.co", "c@d.co", "me@b.co")), ("phone", "+14155551234")]
FLAGS: list[Key] = [(flag, address[1]) for flag in ("dndemail", "dndphone", "dndwhatsapp") for address in ADDRESSES]
NAMES = sorted(set(map(normal_form, EVENTS)))

_projects = count()


def placeless(profile: Profile) -> Profile:
    """The profile without the places of its history, which are a store's own; they are as many."""
    merged = [replace(part, profile=placeless(part.profile)) for part in profile.merged]
    return replace(profile, merged=merged, history=[0] * len(profile.history))


def shown(*profiles: Profile | None) -> str:
    return repr([profile and placeless(profile) for profile in profiles])


def groups(found: Found) -> dict[frozenset[Key], str]:
    """The profiles by all keys that lead to each; a store's own references are left out."""
    keys: dict[Any, list[Key]] = {}
    for key, ref in found.owners.items():
        keys.setdefault(ref, []).append(key)
    return {frozenset(held): shown(found.profiles[ref]) for ref, held in keys.items()}


async def raw_events(store: Store, project: Project, name: str) -> tuple[int, bool, list[str]]:
    """What is kept of a name: how many, whether any, and each event with the profile it is part of."""
    events = await events_in(store, name, project=project, limit=5)
    people = await people_of(store, events, project)
    kept = sorted(repr((event.ts, event.data, shown(person))) for event, person in zip(events, people, strict=True))
    return await store.count_events(project, name, EVER), await store.has_events(project, name), kept


async def everybody(store: Store, project: Project) -> list[Profile]:
    async with store.scan(project) as scanned:
        return [profile async for piece in scanned for profile in piece.profiles]


async def state(store: Store, project: Project, keys: list[Key]) -> tuple[object, ...]:
    """All that can be read of a project, if nobody ever had other keys than these."""
    people = await everybody(store, project)
    return (
        groups(await store.find(project, keys)),
        sorted([(shown(profile), repr(await store.read_history(places_of(profile)))) for profile in people]),
        {address: shown(*await store.find_by_contact(project, address, 100)) for address in ADDRESSES},
        await store.find_flags(project, FLAGS),
        {name: await raw_events(store, project, name) for name in NAMES},
    )


class Pair:
    """A store, and the model that has to agree with it, in a project of their own."""

    def __init__(self, store: Store) -> None:
        name = f"project {next(_projects)}"
        self.store = store
        self.model = DictStore(Disk())
        self.project = Project(name, name, name.encode(), 0)
        self.keys = dict.fromkeys(KEYS)
        self.places: set[int] = set()

    async def take(self, step: Step, now: int, limits: Rules) -> None:
        """Take a step on both; they say and hold the same, and history that nobody has any more is forgotten."""
        expected = await take(self.model, self.project, step, now, limits)
        assert expected == await take(self.store, self.project, step, now, limits)
        people = await everybody(self.store, self.project)
        self.keys |= dict.fromkeys(key for profile in people for key in profile.keys)
        keys = list(self.keys)
        assert await state(self.model, self.project, keys) == await state(self.store, self.project, keys)
        places = {place for profile in people for place in places_of(profile)}
        assert await self.store.read_history(sorted(self.places - places)) == []
        self.places |= places


async def agree(store: Store, taken: list[Step], limits: Rules) -> None:
    pair = Pair(store)
    for turn, step in enumerate(taken):
        await pair.take(step, NOW + turn, limits)


@pytest.mark.parametrize("backend", BACKENDS)
def test_agreement(backend: str, tmp_path: Path) -> None:
    """After every step keys lead to the same profiles, addresses, flags, events and history to the same answers."""
    with asyncio.Runner() as runner:

        async def opened() -> Store:
            return await BACKENDS[backend](tmp_path)

        store = runner.run(opened())

        @settings(laws, suppress_health_check=list(HealthCheck))
        @given(st.lists(steps, max_size=6), rules)
        def law(taken: list[Step], limits: Rules) -> None:
            runner.run(agree(store, taken, limits))

        try:
            law()
        finally:
            runner.run(store.close())
