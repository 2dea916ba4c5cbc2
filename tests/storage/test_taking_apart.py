"""A merge can be undone on every backend: both profiles are again what they were, with what came later besides."""

import asyncio
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from personae.core.events import summary
from personae.core.identity import Key
from personae.core.profile import Profile
from personae.core.properties import normal_form
from personae.core.rules import Rules
from personae.storage import Project, Store
from personae.testing.scenario import events_in
from tests.core.strategies import laws, profile_data, sensible_data
from tests.core.world import NOW
from tests.storage.backends import BACKENDS
from tests.storage.steps import EVENTS, TOKENS, Step, event_data, take, times

IDENTITY: Key = ("identity", "x")
OWN: Key = ("objectId", "d")
OTHERS: list[Key] = [("objectId", "e"), ("objectId", "__k")]
NAMES = sorted(set(map(normal_form, EVENTS)))
RULES = Rules()

_projects = count()

contents = st.one_of(
    st.builds(lambda data: {"type": "profile", "profileData": data}, st.one_of(profile_data, sensible_data)),
    st.builds(
        lambda name, data, ts: {"type": "event", "evtName": name, "evtData": data, "ts": ts},
        st.sampled_from(EVENTS),
        event_data,
        times,
    ),
    st.just({"type": "token"}),
)
lives = st.lists(contents, max_size=5)
"""What happens to one profile, but for whose it is."""


def records_of(life: list[dict[str, Any]], key: Key) -> list[dict[str, Any]]:
    """The records by which this happens to the profile of a device: they attach no other identifiers."""
    device = key[1]
    return [
        {**record, "objectId": device}
        | ({"tokenData": {"id": f"token of {device}", **TOKENS[device]}} if record["type"] == "token" else {})
        | ({"profileData": without_identifiers(record["profileData"])} if record["type"] == "profile" else {})
        for record in life
    ]


def without_identifiers(data: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in data.items() if normal_form(key) not in ("identity", "fbid", "gpid")}


def timeless(profile: Profile | None) -> Profile | None:
    """The profile without what every write of it changes."""
    return None if profile is None else replace(profile, updated=0, ts=0, history=[])


class Law:
    """A project of its own, and what is read of it."""

    def __init__(self, store: Store) -> None:
        name = f"project {next(_projects)}"
        self.store = store
        self.project = Project(name, name, name.encode(), 0)
        self.clock = count(NOW)

    async def upload(self, *records: dict[str, Any]) -> None:
        await take(self.store, self.project, Step("upload", list(records), []), next(self.clock), RULES)

    async def demerge(self) -> None:
        await take(self.store, self.project, Step("demerge", [], [IDENTITY]), next(self.clock), RULES)

    async def profile(self, key: Key) -> Profile | None:
        found = await self.store.find(self.project, [key])
        return found.profiles[found.owners[key]] if key in found.owners else None

    async def state(self) -> tuple[object, ...]:
        """The profiles as they are, with their addresses and the events each of them owns."""
        profiles = {key: timeless(await self.profile(key)) for key in (IDENTITY, OWN, *OTHERS)}
        email = [timeless(each) for each in await self.store.find_by_contact(self.project, ("email", "a@b.co"), 10)]
        return profiles, sorted(map(repr, email)), {name: await self.owned(name) for name in NAMES}

    async def owned(self, name: str) -> list[tuple[int, str, str]]:
        """Time, data and owner of each event of a name."""
        events = await events_in(self.store, name, project=self.project)
        rows = await self.store.find_owners(self.project, [event.owner for event in events])
        people = await self.store.read_profiles(self.project, list(rows.values()))
        return sorted((event.ts, repr(event.data), repr(timeless(people[rows[event.owner]]))) for event in events)

    async def merge_and_demerge(self, life: list[Any], others: list[list[Any]]) -> None:
        """Nothing tells afterwards that they were ever one."""
        await self.upload({"type": "profile", "identity": "x", "objectId": OWN[1]}, *records_of(life, OWN))
        for key, other in zip(OTHERS, others, strict=False):
            await self.upload({"type": "profile", "objectId": key[1]}, *records_of(other, key))
        before = await self.state()
        alone = [await self.profile(key) for key in (IDENTITY, *OTHERS)]
        for key, _ in zip(OTHERS, others, strict=False):
            await self.upload({"type": "profile", "identity": "x", "objectId": key[1]})
        one = await self.profile(IDENTITY)
        assert one is not None
        assert [one] * len(others) == [await self.profile(key) for key, _ in zip(OTHERS, others, strict=False)]
        apart = [summary(profile) for profile in alone if profile]
        counts = {name: sum(events[name].count for events in apart if name in events) for name in NAMES}
        assert {name: n for name, n in counts.items() if n} == {name: seen.count for name, seen in summary(one).items()}
        assert counts == {name: len(await self.owned(name)) for name in NAMES}
        await self.demerge()
        assert before == await self.state()


@pytest.mark.parametrize("backend", BACKENDS)
def test_demerge_restores_both(backend: str, tmp_path: Path) -> None:
    """Profiles, addresses, summaries of events and the events' owners are as they were before the merge."""
    with asyncio.Runner() as runner:

        async def opened() -> Store:
            return await BACKENDS[backend](tmp_path)

        store = runner.run(opened())

        @settings(laws, suppress_health_check=list(HealthCheck))
        @given(lives, st.lists(lives, min_size=1, max_size=2))
        def law(life: list[Any], others: list[list[Any]]) -> None:
            runner.run(Law(store).merge_and_demerge(life, others))

        try:
            law()
        finally:
            runner.run(store.close())
