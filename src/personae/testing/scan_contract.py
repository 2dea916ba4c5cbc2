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
from ..storage import ForeignPlace, Scanned, Store
from .scenario import OTHER, PROJECT, Scenario, event, on_a_directory, on_a_store, person, properties_of, upload

PEOPLE: Final = 2500
READERS: Final = 30

FOREIGN: Final = ("x", "0", "-1", "7.5", "9" * 40, "é" * 32, "٣-" + "0" * 32, "0" * 31, "0" * 33, "7-", "7-xyz", " ", "\0")
"""Texts no store gives for a place."""

ENGINES: Final = ("7-" + "0f" * 16, "0f" * 16)
"""A place of each engine, of a row that is not there."""

LARGE: Final = {f"part{part}": [f"{item}{'x' * 500}" for item in range(100)] for part in range(10)}
"""A document of half a megabyte."""

MOST_LARGE: Final = 5
"""So many of them may come at once."""


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


async def takes(store: Store, place: str) -> bool:
    """Whether a scan goes on from this place."""
    try:
        await pieces(store, place)
    except ForeignPlace:
        return False
    return True


def directory(path: Path, name: str) -> Path:
    """A new directory in another one."""
    (path / name).mkdir()
    return path / name


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
    async def test_places_of_other_engines(self, store: Store) -> None:
        """They are refused, as is what no engine gives."""
        await upload(store, person("x"))
        assert [] == [place for place in FOREIGN if await takes(store, place)]
        assert 1 == len([place for place in ENGINES if await takes(store, place)])

    @on_a_directory
    async def test_a_place_of_another_database(self, path: Path) -> None:
        """It is refused, or leads to what came after it there, though the same people are stored in another order here."""
        here, there = stores = [await self.open(directory(path, name)) for name in ("here", "there")]
        for store, order in zip(stores, (1, -1), strict=True):
            await upload(store, *(person(f"p{n}", objectId=f"d{n}") for n in range(1000)[::order]))
        found = await pieces(here)
        for number, piece in enumerate(found, 1):
            if await takes(there, piece.place):
                assert names(found[number:]) == names(await pieces(there, piece.place))
        for store in stores:
            await store.close()

    @on_a_store
    async def test_large_profiles_come_few_at_a_time(self, store: Store) -> None:
        """Also those that come after small ones."""
        await upload(store, *(person(f"p{n}", objectId=f"d{n}") for n in range(600)))
        for start in range(0, 30, 10):
            await upload(store, *(person(f"large{n}", LARGE, objectId=f"e{n}") for n in range(start, start + 10)))
        found = await pieces(store)
        assert 630 == len(profiles_in(found))
        assert max(sum(bool(profile.properties) for profile in piece.profiles) for piece in found) <= MOST_LARGE

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
