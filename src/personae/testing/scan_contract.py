"""What a store gives who reads all of its profiles: each once, as they were when the reading began.

Source: `storage.Store.scan`.
"""

from asyncio import gather
from collections.abc import Set
from pathlib import Path
from typing import Final

from ..core.identity import Key
from ..core.profile import Profile
from ..core.work import Changes, Found
from ..storage import Scanned, Store
from .scenario import OTHER, PROJECT, Scenario, event, on_a_directory, on_a_store, person, properties_of, upload

PEOPLE: Final = 2500
READERS: Final = 30


async def fill(store: Store, people: int = PEOPLE) -> None:
    """People with aliases, some of them merged, and some in another project."""
    for start in range(0, people, 500):
        names = range(start, min(start + 500, people))
        await upload(store, *(person(f"p{n}", {"n": n, "turn": 0}, objectId=f"d{n}") for n in names))
    await upload(store, *({"type": "profile", "objectId": f"more{n}"} for n in range(10)))
    await upload(store, *(person(f"p{n}", objectId=f"more{n}") for n in range(10)))
    await upload(store, *(person(f"p{n}", {"who": "other"}) for n in range(20)), project=OTHER)


async def pieces(store: Store, after: str = "") -> list[Scanned]:
    """All that a scan gives."""
    async with store.scan(PROJECT, after) as scanned:
        return [piece async for piece in scanned]


def profiles_in(found: list[Scanned]) -> list[Profile]:
    return [profile for piece in found for profile in piece.profiles]


def names(found: list[Scanned]) -> list[str]:
    return sorted(profile.identities[0] for profile in profiles_in(found))


def everybody(people: int = PEOPLE) -> list[str]:
    return sorted(f"p{n}" for n in range(people))


def vanish(found: Found, *, only: Set[int] | None = None) -> Changes:
    """Forget whom the keys lead to."""
    changes = Changes(erased=list(found.profiles.values()), records={ref: [0] for ref in found.profiles})
    changes.released = [key for profile in changes.erased for key in profile.keys]
    return changes


async def change_everything(store: Store) -> None:
    """Write some again, add some, and erase some."""
    await upload(store, *(person(f"p{n}", {"turn": 1}) for n in range(0, PEOPLE, 5)))
    await upload(store, *(person(f"new{n}", {"turn": 1}) for n in range(300)))
    gone: list[Key] = [key for n in range(100, 110) for key in (("identity", f"p{n}"), ("objectId", f"d{n}"))]
    await store.update(PROJECT, gone, vanish, alone=True)


class ScanContract(Scenario):
    """Reading everything."""

    @on_a_store
    async def test_an_empty_project(self, store: Store) -> None:
        """It has no profiles, whatever another one has."""
        assert profiles_in(await pieces(store)) == []
        await upload(store, person("x"), project=OTHER)
        assert profiles_in(await pieces(store)) == []
        await upload(store, person("y"))
        assert names(await pieces(store)) == ["y"]

    @on_a_store
    async def test_all_profiles_once(self, store: Store) -> None:
        """Each whole, whatever leads to it, and no other project's."""
        await fill(store)
        found = await pieces(store)
        assert everybody() == names(found)
        assert len({piece.place for piece in found}) == len(found)
        keys = [("identity", f"p{n}") for n in range(PEOPLE)]
        stored = (await store.find(PROJECT, keys)).profiles.values()
        assert sorted(map(repr, stored)) == sorted(map(repr, profiles_in(found)))

    @on_a_store
    async def test_a_place_resumes(self, store: Store) -> None:
        """From the place of a piece on come those that came after it, and no other."""
        await fill(store, 400)
        found = await pieces(store)
        for number, piece in enumerate(found):
            rest = await pieces(store, piece.place)
            assert list(map(repr, profiles_in(found[number + 1 :]))) == list(map(repr, profiles_in(rest)))

    @on_a_directory
    async def test_a_place_outlives_the_store(self, path: Path) -> None:
        """It resumes after the directory was opened again, and after its profile was erased; who came later may be there."""
        store = await self.open(path)
        await fill(store, 1500)
        found = await pieces(store)
        await store.close()
        store = await self.open(path)
        first = found[0].profiles
        await store.update(PROJECT, first[-1].keys, vanish, alone=True)
        rest = await pieces(store, found[0].place)
        assert everybody(1500) == sorted(names(found[:1]) + names(rest))
        await store.close()

    @on_a_store
    async def test_what_is_written_meanwhile(self, store: Store) -> None:
        """Nothing of it is seen, whether it was written before the first piece or after it; a later scan sees it all."""
        await fill(store)
        async with store.scan(PROJECT) as scanned:
            await change_everything(store)
            found = [await anext(scanned)]
            await upload(store, *(person(f"p{n}", {"turn": 2}) for n in range(1000)))
            found += [piece async for piece in scanned]
        assert everybody() == names(found)
        assert {0} == {profile.properties["turn"] for profile in profiles_in(found)}
        assert await properties_of(store, "p0") == {"n": 0, "turn": 2}
        later = {name for name in names(await pieces(store)) if name.startswith("new")}
        assert later == {f"new{n}" for n in range(300)}
        assert len(names(await pieces(store))) == PEOPLE - 10 + 300 + 10

    @on_a_store
    async def test_scans_at_once(self, store: Store) -> None:
        """Each has everything, as it was for it, and uploads go on beside them."""
        await fill(store, 600)
        async with store.scan(PROJECT) as first:
            one = [await anext(first)]
            await upload(store, person("late"))
            async with store.scan(PROJECT) as second:
                two = [await anext(second)]
                await upload(store, person("later"), event("late", "e"))
                one += [piece async for piece in first]
                two += [piece async for piece in second]
        assert everybody(600) == names(one)
        assert sorted([*everybody(600), "late"]) == names(two)

    @on_a_store
    async def test_leaving_early(self, store: Store) -> None:
        """Who stops reading, at once or in the middle, leaves nothing behind that is in the way of others."""
        await fill(store, 600)

        async def leave(number: int) -> None:
            async with store.scan(PROJECT) as scanned:
                for _ in range(number % 3):
                    await anext(scanned, None)
                if number % 5 == 0:
                    raise ZeroDivisionError

        for _ in range(3):
            outcomes = await gather(*map(leave, range(READERS)), return_exceptions=True)
            assert [number % 5 == 0 for number in range(READERS)] == [type(is_) is ZeroDivisionError for is_ in outcomes]
        await upload(store, person("late"))
        assert sorted([*everybody(600), "late"]) == names(await pieces(store))
