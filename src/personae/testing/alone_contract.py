"""What a store does with updates that are alone, beside others on the same profiles. Source: `storage.Store.update`."""

from asyncio import gather
from typing import Final

from ..core.identity import Key, Ref
from ..core.profile import Profile
from ..core.work import Changes
from ..storage import Store
from .life_contract import alone, erase, found_by, move
from .scenario import EVER, PROJECT, Scenario, event, events_in, on_a_store, person, profile_of, upload

UPLOADERS: Final = 20
STEPS: Final = 8


def count(ref: Ref, profile: Profile, changes: Changes) -> None:
    """A property counts up."""
    profile.properties["alone"] = profile.properties.get("alone", 0) + 1
    changes.profiles[ref] = profile


class AloneContract(Scenario):
    """Updates that are alone, and others that meet them."""

    @on_a_store
    async def test_a_fold_alone_that_raises(self, store: Store) -> None:
        """Nothing is written, and its neighbours lose nothing."""
        await upload(store, person("x", {"n": 0}), event("x", "e"))

        def fail(ref: Ref, profile: Profile, changes: Changes) -> None:
            erase(ref, profile, changes)
            raise ZeroDivisionError

        updates = [upload(store, person("x", {"n": {"$incr": 1}})) for _ in range(20)]
        outcomes = await gather(*updates[:10], alone(store, fail, ("identity", "x")), *updates[10:], return_exceptions=True)
        assert [n == 10 for n in range(21)] == [type(outcome) is ZeroDivisionError for outcome in outcomes]
        profile = await profile_of(store, ("identity", "x"))
        assert profile is not None
        assert {"n": 20} == profile.properties
        assert await store.count_events(PROJECT, "e", EVER) == 1

    @on_a_store
    async def test_alone_beside_others(self, store: Store) -> None:
        """Updates that are alone and others, of the same profiles at once: none is lost."""
        names = ("x", "y", "z")
        await upload(store, *(person(name, {"n": 0}, FBID=name) for name in names))

        async def send(uploader: int) -> None:
            for step in range(STEPS):
                name = names[(uploader + step) % 3]
                if uploader % 4 == 0:
                    await alone(store, count, ("FBID", name), ("identity", names[(uploader + step + 1) % 3]))
                else:
                    await upload(store, *(person(name, {"n": {"$incr": 1}}) for name in names), event(name, "e"))

        await gather(*map(send, range(UPLOADERS)))
        normal = UPLOADERS // 4 * 3 * STEPS
        profiles = [profile for profile in await found_by(store, *(("identity", name) for name in names)) if profile]
        assert [normal] * 3 == [profile.properties["n"] for profile in profiles]
        assert 2 * (UPLOADERS * STEPS - normal) == sum(profile.properties["alone"] for profile in profiles)
        assert normal == sum(profile.events["e"].count for profile in profiles) == await store.count_events(PROJECT, "e", EVER)

    @on_a_store
    async def test_reading_a_profile_that_moves(self, store: Store) -> None:
        """Whoever reads by a key it keeps finds it, whichever row it is in, and nobody else."""
        for turn in range(STEPS):
            old, device = f"old {turn}", ("objectId", f"d{turn}")
            await upload(store, person(old, {"turn": turn, "identity": f"x{turn}"}, FBID=f"f{turn}", objectId=device[1]))
            keys: list[Key] = [device, ("identity", f"x{turn}"), ("FBID", f"f{turn}")]
            reads = [store.find(PROJECT, [keys[n % 3]]) for n in range(UPLOADERS)]
            again = [upload(store, person(old, {"new": n})) for n in range(2)]
            found, *_ = await gather(gather(*reads), alone(store, move(old), ("identity", old)))
            await gather(*again)
            turns = [profile.properties.get("turn") for one in found for profile in one.profiles.values()]
            assert [turn] * UPLOADERS == turns
            assert [1] * UPLOADERS == [len(one.owners) for one in found]

    @on_a_store
    async def test_erasing_races_with_uploads(self, store: Store) -> None:
        """Each upload is whole in a profile that was erased, or whole in the one that is there."""

        async def send(uploader: int) -> None:
            for step in range(STEPS):
                name = f"{uploader}.{step}"
                record = person("x", {name: step, "Email": f"{name}@example.com"}, FBID=name, objectId="d")
                await upload(store, record, event("x", "e", {"name": name}))

        async def wipe() -> None:
            for _ in range(STEPS):
                await alone(store, erase, ("identity", "x"))

        await gather(*map(send, range(UPLOADERS)), wipe(), wipe())
        await upload(store, person("x", {"last": 0}, objectId="d"), event("x", "e", {"name": "last"}))
        profile = await profile_of(store, ("identity", "x"))
        assert profile is not None
        kept = set(profile.properties)
        assert "last" in kept
        events = await events_in(store, "e")
        assert sorted(kept) == sorted(event.data["name"] for event in events)
        assert len(kept) == profile.events["e"].count == await store.count_events(PROJECT, "e", EVER)
        assert ["d"] == list(profile.devices)
        assert kept - {"last"} == set(profile.fbids)
        names = [f"{uploader}.{step}" for uploader in range(UPLOADERS) for step in range(STEPS)]
        found = await store.find(PROJECT, [("FBID", name) for name in names])
        assert kept - {"last"} == {name for _, name in found.owners}
        assert [profile] == list(found.profiles.values()) or kept == {"last"}
        reached = [name for name in names if await store.find_by_contact(PROJECT, ("email", f"{name}@example.com"), 5)]
        assert [f"{name}@example.com" for name in reached] == [profile.email] * len(reached)
        assert len(profile.history) == len(await store.read_history(profile.history))
