"""What a store keeps beside profiles: projects, passcodes, facts about itself. Source: `storage.Store`."""

from asyncio import gather
from pathlib import Path
from typing import Final

from msgspec.structs import replace

from ..storage import Passcode, Store
from .scenario import OTHER, PROJECT, Scenario, on_a_directory, on_a_store

FIRST: Final = Passcode("p1", PROJECT.id, "first", b"\0digest" * 4, b"sealed\xff\0", 1_700_000_000)
SECOND: Final = Passcode("p2", PROJECT.id, "zweite 🎉", b"other", b"", 1_700_000_001, expires=1_800_000_000)
THIRD: Final = Passcode("p3", OTHER.id, "first", b"third", b"", 1_700_000_002)


class AccessContract(Scenario):
    """Projects, passcodes and meta values."""

    @on_a_store
    async def test_an_empty_store(self, store: Store) -> None:
        """There are no projects, passcodes or values at first, and it can be written."""
        assert await store.projects() == []
        assert await store.passcodes() == []
        assert await store.get_meta("x") is None
        await store.check_writable()
        assert await store.size_bytes() >= 0

    @on_a_store
    async def test_projects(self, store: Store) -> None:
        """They come oldest first, whole; an id that is taken is refused and nothing changes."""
        assert await store.add_project(PROJECT)
        assert await store.add_project(OTHER)
        version = await store.access_version()
        assert not await store.add_project(replace(PROJECT, name="another", secret=b"another"))
        assert await store.projects() == [PROJECT, OTHER]
        assert version == await store.access_version()

    @on_a_store
    async def test_one_project_of_many_with_its_id(self, store: Store) -> None:
        """Of those that add the same id at once, one is told that it did."""
        projects = [replace(PROJECT, name=str(n)) for n in range(20)]
        added = await gather(*map(store.add_project, projects))
        assert sum(added) == 1
        assert [projects[added.index(True)]] == await store.projects()

    @on_a_store
    async def test_passcodes(self, store: Store) -> None:
        """They come oldest first, whole, of all projects; putting one with a known id replaces it in its place."""
        await store.put_passcodes([FIRST])
        await store.put_passcodes([SECOND, THIRD])
        assert await store.passcodes() == [FIRST, SECOND, THIRD]
        revoked = replace(FIRST, name="renamed", revoked=1_700_000_500, expires=1_700_000_600)
        await store.put_passcodes([revoked])
        assert [revoked, SECOND, THIRD] == await store.passcodes()
        await store.put_passcodes([])
        assert [revoked, SECOND, THIRD] == await store.passcodes()

    @on_a_store
    async def test_last_use(self, store: Store) -> None:
        """It moves forward only, and putting a passcode as it was before does not forget it; unknown ids do nothing."""
        await store.put_passcodes([FIRST, SECOND])
        await store.touch_passcodes({"p1": 1_700_000_100, "unknown": 1_700_000_100})
        await store.touch_passcodes({"p1": 1_700_000_050})
        await store.touch_passcodes({})
        await store.put_passcodes([replace(FIRST, revoked=1_700_000_200)])
        expected = [replace(FIRST, revoked=1_700_000_200, last_used=1_700_000_100), SECOND]
        assert expected == await store.passcodes()

    @on_a_store
    async def test_the_version_changes(self, store: Store) -> None:
        """Adding a project, adding a passcode and replacing one each give another version."""
        versions = [await store.access_version()]
        await store.add_project(PROJECT)
        versions.append(await store.access_version())
        for passcode in (FIRST, replace(FIRST, revoked=1_700_000_500)):
            await store.put_passcodes([passcode])
            versions.append(await store.access_version())
        assert len(set(versions)) == 4
        assert versions[-1] == await store.access_version()

    @on_a_store
    async def test_meta(self, store: Store) -> None:
        """The first value set stands, also among many at once."""
        assert await store.set_meta("name", b"\0one") == b"\0one"
        assert await store.set_meta("name", b"two") == b"\0one"
        assert await store.get_meta("name") == b"\0one"
        values = [str(n).encode() for n in range(20)]
        stood = await gather(*(store.set_meta("raced", value) for value in values))
        assert {await store.get_meta("raced")} == set(stood)

    @on_a_store
    async def test_meta_that_is_replaced(self, store: Store) -> None:
        """The value put last stands, whether or not there was one; what was dropped may be set anew."""
        for value in (b"one", b"\0two\xff", b""):
            await store.put_meta("name", value)
            assert await store.get_meta("name") == value
        assert await store.set_meta("name", b"three") == b""
        await gather(*(store.put_meta("raced", str(n).encode()) for n in range(20)))
        assert await store.get_meta("raced") in {str(n).encode() for n in range(20)}
        await store.drop_meta("name", "name\0")
        assert await store.get_meta("name") is None
        assert await store.set_meta("name", b"three") == b"three"

    @on_a_store
    async def test_meta_that_is_dropped(self, store: Store) -> None:
        """Of values by name, those from the first name up to the last are gone, in the order of their bytes."""
        names = ("a", "a:", "a:1", "a:12", "a:2", "a:É", "a:é", "a:🎉", "a;", "A:1", "b", "Ä")
        for first, last in (("a:", "a;"), ("a:1", "a:2"), ("a", "a"), ("z", "a"), ("Z", "b"), ("a:É", "a:🎉"), ("b", "🎉")):
            await gather(*(store.put_meta(name, name.encode()) for name in names))
            await store.drop_meta(first, last)
            left = [name for name in names if await store.get_meta(name) is not None]
            assert [name for name in names if not first.encode() <= name.encode() < last.encode()] == left

    @on_a_directory
    async def test_access_survives(self, path: Path) -> None:
        """Projects, passcodes, the version and values are there when the directory is opened again."""
        store = await self.open(path)
        await store.add_project(PROJECT)
        await store.put_passcodes([FIRST, SECOND])
        await store.touch_passcodes({"p2": 1_700_000_300})
        await store.set_meta("name", b"value")
        await store.put_meta("other", b"put")
        version = await store.access_version()
        await store.close()
        store = await self.open(path)
        assert await store.projects() == [PROJECT]
        assert [FIRST, replace(SECOND, last_used=1_700_000_300)] == await store.passcodes()
        assert (version, b"value") == (await store.access_version(), await store.get_meta("name"))
        assert await store.get_meta("other") == b"put"
        await store.close()
