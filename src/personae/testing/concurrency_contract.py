"""What a store does with many updates at a time: none is lost, doubled or half done. Source: `storage.Store`."""

from asyncio import create_task, gather, sleep
from collections.abc import Set
from pathlib import Path
from typing import Final

from ..core.work import Changes, Found
from ..storage import Store
from .scenario import PROJECT, Scenario, on_a_directory, on_a_store, person, profile_of, properties_of, upload

CREATORS: Final = 200
WRITERS: Final = 50
STEPS: Final = 20


class ConcurrencyContract(Scenario):
    """Updates that meet."""

    @on_a_store
    async def test_many_creators_make_one_profile(self, store: Store) -> None:
        """However many create an identity at once, one profile comes of it, and has what each of them said."""
        await gather(*(upload(store, person("x", {f"key {n}": n})) for n in range(CREATORS)))
        profile = await profile_of(store, ("identity", "x"))
        assert profile is not None
        assert {f"key {n}": n for n in range(CREATORS)} == profile.properties
        assert len(profile.devices) == 1

    @on_a_store
    async def test_many_creators_with_devices_of_their_own(self, store: Store) -> None:
        """Every device leads to the one profile."""
        await gather(*(upload(store, person("x", objectId=f"d{n}")) for n in range(CREATORS)))
        profile = await profile_of(store, ("identity", "x"))
        found = await store.find(PROJECT, [("objectId", f"d{n}") for n in range(CREATORS)])
        assert len(found.owners) == CREATORS
        assert [profile] == list(found.profiles.values())

    @on_a_store
    async def test_increments_are_exact(self, store: Store) -> None:
        """No `$incr` is lost and none counts twice."""
        await upload(store, person("x", {"n": 0}))

        async def count_up() -> None:
            for _ in range(STEPS):
                await upload(store, person("x", {"n": {"$incr": 1}}))

        await gather(*(count_up() for _ in range(WRITERS)))
        assert await properties_of(store, "x") == {"n": WRITERS * STEPS}

    @on_a_store
    async def test_batches_that_overlap(self, store: Store) -> None:
        """Updates of the same keys in opposite orders all come through."""
        names = [f"p{n}" for n in range(40)]
        batches = [names if turn % 2 else names[::-1] for turn in range(20)]
        await upload(store, *(person(name, {"n": 0}) for name in names))
        await gather(*(upload(store, *(person(name, {"n": {"$incr": 1}}) for name in batch)) for batch in batches))
        found = await store.find(PROJECT, [("identity", name) for name in names])
        assert [len(batches)] * len(names) == [profile.properties["n"] for profile in found.profiles.values()]

    @on_a_store
    async def test_addresses_that_change_at_once(self, store: Store) -> None:
        """Of many addresses set at once, the one the profile ends up with finds it, and no other does."""
        addresses = [f"a{n}@example.com" for n in range(40)]
        await gather(*(upload(store, person("x", {"Email": address})) for address in addresses * 2))
        profile = await profile_of(store, ("identity", "x"))
        assert profile is not None
        found = [address for address in addresses if await store.find_by_contact(PROJECT, ("email", address), 10)]
        assert [profile.email] == found

    @on_a_store
    async def test_merges_that_race(self, store: Store) -> None:
        """Of many identities that claim one anonymous device, one has it; nothing is doubled."""
        await upload(store, {"type": "profile", "objectId": "d", "profileData": {"extra": 1}})
        names = [f"p{n}" for n in range(40)]
        await upload(store, *(person(name) for name in names))
        await gather(*(upload(store, person(name, objectId="d")) for name in names))
        found = await store.find(PROJECT, [("identity", name) for name in names])
        holders = [profile for profile in found.profiles.values() if "d" in profile.devices]
        assert len(holders) == 1
        assert holders[0].properties == {"extra": 1}
        assert holders[0] == await profile_of(store, ("objectId", "d"))

    @on_a_store
    async def test_a_fold_that_raises_leaves_its_neighbours(self, store: Store) -> None:
        """Among many updates at once, those whose fold raises write nothing, the others everything."""

        def fail(found: Found, *, only: Set[int] | None = None) -> Changes:
            raise ZeroDivisionError

        async def run(n: int) -> None:
            if n % 3:
                await upload(store, person(f"p{n}", {"n": n}))
            else:
                await store.update(PROJECT, [("identity", f"p{n}")], fail)

        outcomes = await gather(*(run(n) for n in range(60)), return_exceptions=True)
        assert [n % 3 == 0 for n in range(60)] == [isinstance(outcome, ZeroDivisionError) for outcome in outcomes]
        expected = [{"n": n} if n % 3 else None for n in range(60)]
        assert expected == [await properties_of(store, f"p{n}") for n in range(60)]

    @on_a_store
    async def test_reads_see_what_was_answered(self, store: Store) -> None:
        """After `update` returns, every read has it, whatever else is going on."""

        async def write_and_read(n: int) -> None:
            for step in range(STEPS):
                address = f"{n}-{step}@example.com"
                await upload(store, person(f"p{n}", {"step": step, "Email": address, "MSG-dndEmail": True}))
                assert {"step": step} == await properties_of(store, f"p{n}")
                assert len(await store.find_by_contact(PROJECT, ("email", address), 2)) == 1
                assert len(await store.find_flags(PROJECT, [("dndemail", address)])) == 1

        await gather(*(write_and_read(n) for n in range(10)))

    @on_a_directory
    async def test_close_finishes_what_was_accepted(self, path: Path) -> None:
        """Updates under way when `close` is called are answered, and are there afterwards."""
        store = await self.open(path)
        updates = [create_task(upload(store, person(f"p{n}", {"n": n}))) for n in range(100)]
        await sleep(0)
        await store.close()
        await gather(*updates)
        store = await self.open(path)
        assert [{"n": n} for n in range(100)] == [await properties_of(store, f"p{n}") for n in range(100)]
        await store.close()
