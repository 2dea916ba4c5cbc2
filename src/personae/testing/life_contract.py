"""What a store does when identifiers are let go: profiles that are erased, taken apart, moved to another row.

The folds here are the plainest ones that do so; what they are for is in `core.life`.
Source: `storage.Store`, `core.work.Changes`.
"""

from asyncio import gather
from collections.abc import Callable, Set
from pathlib import Path
from typing import Final

from msgspec.structs import replace

from ..core.history import Author
from ..core.identity import Key, Ref
from ..core.profile import Profile, contacts
from ..core.work import Changes, Found
from ..storage import Store
from ..storage.events import events_of
from .scenario import (
    EVER,
    PROJECT,
    Scenario,
    changes_of,
    event,
    events_in,
    on_a_directory,
    on_a_store,
    people_of,
    person,
    places_behind,
    profile_of,
    upload,
)

EMAIL: Final = ("email", "shared@example.com")

Edit = Callable[[Ref, Profile, Changes], None]
"""What is done about a profile that was found: it may change the profile, and says the rest in the changes."""


class Alone:
    """The fold of an update that lets identifiers go: it needs all keys of whom it changes, and asks for those it lacks."""

    def __init__(self, keys: set[Key], edit: Edit) -> None:
        self.keys = keys
        self.edit = edit
        self.lacking: set[Key] = set()

    def __call__(self, found: Found, *, only: Set[int] | None = None) -> Changes:
        assert only is None
        self.lacking = {key for profile in found.profiles.values() for key in profile.keys} - self.keys
        changes = Changes()
        for ref, profile in {} if self.lacking else found.profiles.items():
            changes.records[ref] = [0]
            self.edit(ref, profile, changes)
        return changes


async def alone(store: Store, edit: Edit, *keys: Key) -> None:
    """Edit everybody these keys lead to, in an update for which all their keys are known."""
    step = Alone(set(keys), edit)
    while True:
        await store.update(PROJECT, sorted(step.keys), step, alone=True)
        if not step.lacking:
            return
        step.keys |= step.lacking


def erase(ref: Ref, profile: Profile, changes: Changes) -> None:
    """Nothing is left of the profile."""
    changes.released += profile.keys
    changes.erased.append(profile)
    changes.contacts |= {(contact, ref): False for contact in contacts(profile)}


def part(device: str) -> Edit:
    """The device is a profile of its own again, in the row that led to the other one."""

    def edit(ref: Ref, profile: Profile, changes: Changes) -> None:
        del profile.devices[device]
        changes.profiles[ref] = profile
        changes.profiles["objectId", device] = Profile(created=1, devices={device: {}}, properties={"parted": True})

    return edit


def move(identity: str) -> Edit:
    """The profile whose row this identity is lives on in that of its home, without it."""

    def edit(ref: Ref, profile: Profile, changes: Changes) -> None:
        profile.identities.remove(identity)
        home = profile.home
        changes.profiles[home] = profile
        changes.aliases = {key: home for key in profile.keys if key != home}
        changes.released.append(("identity", identity))
        for contact in contacts(profile):
            changes.contacts |= {(contact, ref): False, (contact, home): True}

    return edit


async def found_by(store: Store, *keys: Key) -> list[Profile | None]:
    return [await profile_of(store, key) for key in keys]


class LifeContract(Scenario):
    """Updates that are alone."""

    @on_a_store
    async def test_an_erased_profile_is_gone(self, store: Store) -> None:
        """No key and no address leads to it; its events and its history are gone, in every segment and day."""
        keys: list[Key] = [("identity", "x"), ("identity", "second"), ("FBID", "f"), ("objectId", "d"), ("objectId", "e")]
        await upload(store, person("x", {"Email": EMAIL[1], "a": 1}, FBID="f", objectId="d"), event("x", "a"), event("x", "b"))
        await upload(store, person("x", {"identity": "second"}), event("x", "a", ts=1))
        await upload(store, person("x", objectId="e"))
        places = await places_behind(store, ("identity", "x"))
        await alone(store, erase, ("identity", "x"))
        assert [None] * len(keys) == await found_by(store, *keys)
        assert await store.find_by_contact(PROJECT, EMAIL, 10) == []
        assert await store.read_history(places) == []
        for name in "ab":
            assert (0, []) == (await store.count_events(PROJECT, name, EVER), await events_in(store, name))
            assert not await store.has_events(PROJECT, name)

    @on_a_store
    async def test_what_was_merged_is_erased_too(self, store: Store) -> None:
        """The events and history of an anonymous profile go with the one it became part of."""
        await upload(store, event(None, "e", {"n": 1}, objectId="d"), event("x", "e", {"n": 2}), event("y", "e", {"n": 3}))
        await upload(store, person("x", objectId="d"))
        places = await places_behind(store, ("identity", "x"))
        await alone(store, erase, ("identity", "x"))
        assert [{"n": 3}] == [event.data for event in await events_in(store, "e")]
        assert await store.count_events(PROJECT, "e", EVER) == 1
        assert [None, None] == await found_by(store, ("identity", "x"), ("objectId", "d"))
        assert await store.read_history(places) == []

    @on_a_store
    async def test_others_stay(self, store: Store) -> None:
        """Events beside those erased keep their places; profiles with the same address and their history are as before."""
        people = [f"p{n}" for n in range(9)]
        await upload(store, *(person(name, {"Email": EMAIL[1]}) for name in people))
        await upload(store, *(event(name, "e", {"by": name, "n": n}) for n in range(3) for name in people))
        before = {event.place: event for event in await events_in(store, "e") if event.data["by"] not in ("p0", "p4")}
        others = people[1:4] + people[5:]
        profiles = await found_by(store, *(("identity", name) for name in others))
        history = await changes_of(store, *(("identity", name) for name in others))
        await alone(store, erase, ("identity", "p0"), ("identity", "p4"))
        kept = await events_in(store, "e")
        assert before == {event.place: event for event in kept}
        assert len(before) == await store.count_events(PROJECT, "e", EVER)
        assert profiles == await found_by(store, *(("identity", name) for name in others))
        assert {tuple(profile.identities) for profile in await people_of(store, kept) if profile} == {
            (name,) for name in others
        }
        assert len(others) == len(await store.find_by_contact(PROJECT, EMAIL, 100))
        assert history == await changes_of(store, *(("identity", name) for name in others))
        for bodies in (True, False):
            segments = await store.read_segments(PROJECT, "e", EVER, -1, 1000, bodies=bodies)
            assert len(before) == sum(segment.live for segment in segments)
            assert not bodies or len(before) == sum(len(list(events_of(segment))) for segment in segments)

    @on_a_directory
    async def test_released_keys_are_free(self, path: Path) -> None:
        """They make a new profile, at once and again after the directory was opened anew; nothing of the old one is in it."""
        keys: list[Key] = [("identity", "x"), ("FBID", "f"), ("objectId", "d")]
        store = await self.open(path)
        for turn in range(4):
            record = person("x", {f"turn {turn}": turn, "Email": EMAIL[1]}, FBID="f", objectId="d")
            await upload(store, event("x", "e", {"turn": turn}, objectId="d"), record)
            profile, *others = await found_by(store, *keys)
            assert profile is not None
            assert [profile, profile] == others
            assert {f"turn {turn}": turn} == profile.properties
            assert [{"turn": turn}] == [event.data for event in await events_in(store, "e")]
            assert [profile] == await store.find_by_contact(PROJECT, EMAIL, 10)
            assert len(await changes_of(store, ("identity", "x"))) == 2
            await alone(store, erase, ("objectId", "d"))
            if turn % 2:
                await store.close()
                store = await self.open(path)
            assert [None] * 3 == await found_by(store, *keys)
        await store.close()

    @on_a_store
    async def test_keys_of_one_become_others(self, store: Store) -> None:
        """The identifiers of an erased profile may belong to different ones from then on."""
        await upload(store, person("x", {"who": "old"}, FBID="f", objectId="d"))
        await alone(store, erase, ("FBID", "f"))
        await upload(store, person("y", {"who": "y"}, objectId="d"))
        await upload(store, {"type": "profile", "FBID": "f", "profileData": {"who": "f"}})
        await upload(store, person("x", {"who": "x"}))
        keys: list[Key] = [("identity", "x"), ("identity", "y"), ("FBID", "f"), ("objectId", "d")]
        assert ["x", "y", "f", "y"] == [profile.properties["who"] for profile in await found_by(store, *keys) if profile]

    @on_a_store
    async def test_nobody_to_erase(self, store: Store) -> None:
        """Keys that lead nowhere are fine, and so is an update that finds everybody gone."""
        await alone(store, erase, ("identity", "x"), ("objectId", "d"))
        await upload(store, person("x"))
        await gather(*(alone(store, erase, ("identity", "x")) for _ in range(5)))
        assert await profile_of(store, ("identity", "x")) is None

    @on_a_store
    async def test_erasing_many(self, store: Store) -> None:
        """A hundred profiles with all they have are erased in one update; the others' events stay in their places."""
        names = [f"p{n}" for n in range(300)]
        for turn in range(3):
            await upload(store, *(event(name, f"e{turn}", {"by": name}, FBID=name) for name in names))
        await upload(store, *(event(names[n % 100], "e0", {"by": names[n % 100]}, ts=1 + n * 40_000) for n in range(1000)))
        await alone(store, erase, *(("identity", name) for name in names[:100]))
        found = await store.find(PROJECT, [(kind, name) for name in names for kind in ("identity", "FBID")])
        assert {key[1] for key in found.owners} == set(names[100:])
        for turn in range(3):
            assert names[100:] == [event.data["by"] for event in await events_in(store, f"e{turn}")]

    @on_a_store
    async def test_an_alias_becomes_a_profile(self, store: Store) -> None:
        """A device that was merged is taken out again: both are there, and its events are its own."""
        await upload(
            store, event(None, "e", {"n": 1}, objectId="d"), person("x", {"a": 1}, objectId="own"), event("x", "e", {"n": 2})
        )
        await upload(store, person("x", objectId="d"))
        await alone(store, part("d"), ("identity", "x"))
        x, own, device = await found_by(store, ("identity", "x"), ("objectId", "own"), ("objectId", "d"))
        assert x is not None
        assert device is not None
        assert (x, {"a": 1}, {"parted": True}) == (own, x.properties, device.properties)
        assert [device, x] == await people_of(store, await events_in(store, "e"))
        await upload(store, {"type": "profile", "objectId": "d", "profileData": {"later": 1}}, person("x", {"later": 2}))
        x, device = await found_by(store, ("identity", "x"), ("objectId", "d"))
        assert [{"a": 1, "later": 2}, {"parted": True, "later": 1}] == [each.properties for each in (x, device) if each]
        await upload(store, person("x", objectId="d"))
        x, device = await found_by(store, ("identity", "x"), ("objectId", "d"))
        assert x == device

    @on_a_store
    async def test_a_profile_moves_to_another_row(self, store: Store) -> None:
        """All that led to the old row leads to the new one; the identity that was the old row is free."""
        await upload(store, person("x", {"a": 1, "Email": EMAIL[1]}, FBID="f"), event("x", "e", {"n": 1}))
        await upload(store, person("x", {"identity": "second"}, objectId="d2"), author=Author("r", "p"))
        before = await profile_of(store, ("identity", "x"))
        assert before is not None
        history = await changes_of(store, ("identity", "x"))
        await alone(store, move("x"), ("identity", "x"))
        keys: list[Key] = [("identity", "second"), ("FBID", "f"), *(("objectId", device) for device in before.devices)]
        after = replace(before, identities=["second"])
        assert [None] + [after] * 4 == await found_by(store, ("identity", "x"), *keys)
        assert [after] == await store.find_by_contact(PROJECT, EMAIL, 10)
        assert [after] == await people_of(store, await events_in(store, "e"))
        assert history == await changes_of(store, ("identity", "second"))
        await upload(store, person("x", {"new": 1}), event("x", "e", {"n": 2}), person("second", {"b": 2}))
        x, *others = await found_by(store, ("identity", "x"), *keys)
        assert x is not None
        assert {"new": 1} == x.properties
        assert [{"a": 1, "b": 2}] * 4 == [profile.properties for profile in others if profile]
        assert [["second"], ["x"]] == [
            profile.identities for profile in await people_of(store, await events_in(store, "e")) if profile
        ]

    @on_a_store
    async def test_a_flag_of_an_address_alone(self, store: Store) -> None:
        """A do-not-disturb flag may be set for an address nobody has."""
        flag: Key = ("dndemail", EMAIL[1])
        for dnd in (True, False, True):
            changes = Changes(flags={flag: (dnd, None)})
            await store.update(PROJECT, [], lambda found, only=None: changes)  # noqa: B023 - is called at once
            assert {flag: dnd} == await store.find_flags(PROJECT, [flag])

    @on_a_directory
    async def test_what_was_erased_stays_erased(self, path: Path) -> None:
        """Profiles, events and history are gone, and the rest is there, when the directory is opened again."""
        store = await self.open(path)
        await upload(store, event("x", "e", {"n": 1}, FBID="f", objectId="d"), event("y", "e", {"n": 2}, objectId="dy"))
        places = await places_behind(store, ("identity", "x"))
        await alone(store, erase, ("identity", "x"))
        await store.close()
        store = await self.open(path)
        assert [None] * 3 == await found_by(store, ("identity", "x"), ("FBID", "f"), ("objectId", "d"))
        assert [{"n": 2}] == [event.data for event in await events_in(store, "e")]
        assert await store.read_history(places) == []
        assert len(await changes_of(store, ("objectId", "dy"))) == 1
        await store.close()
