"""The SQLite store keeps the storage contract, and what is its own beside it."""

import asyncio
from collections.abc import Set
from pathlib import Path

import apsw
import pytest

from personae.core.history import Change, Entry
from personae.core.profile import Profile
from personae.core.work import Changes, Found, Happened
from personae.storage import Fold, Store, Unavailable
from personae.storage.events import DAY_S, SEQUENCE_BITS
from personae.storage.sqlite import SqliteStore
from personae.storage.sqlite.tables import SqliteTables
from personae.storage.tables import EVENT, EVENT_OWNER, Row
from personae.testing.scenario import OTHER, PROJECT, events_in, profile_of
from personae.testing.storage_contract import StorageContract
from tests.storage.backends import open_sqlite


class TestSqlite(StorageContract):
    async def open(self, path: Path) -> Store:
        return await open_sqlite(path)


def profile(name: str, text: str = "") -> Profile:
    """A profile with an identity and a device, both called so."""
    return Profile(1, 1, 1, identities=[name], devices={name: {}}, properties={"text": text})


def writing(changes: Changes) -> Fold:
    def fold(found: Found, *, only: Set[int] | None = None) -> Changes:
        return changes

    return fold


def written(*profiles: Profile, days: int = 1) -> Changes:
    """These profiles, with their text in an event on each of so many days and in their history."""
    changes = Changes()
    for one in profiles:
        ref = ("identity", one.identities[0])
        changes.profiles[ref] = one
        changes.aliases[one.home] = ref
        changes.events += [Happened(one.home, "seen", day * DAY_S, one.properties) for day in range(days)]
        changes.history.append(Entry(one, Change("changed", 1, properties={"text": (None, one.properties["text"])}), 9))
    return changes


def erased(*profiles: Profile) -> Changes:
    return Changes(erased=list(profiles), released=[key for one in profiles for key in one.keys])


def files_with(path: Path, text: bytes) -> list[str]:
    """The names of the files that have this text in them."""
    return [file.name for file in path.iterdir() if text in file.read_bytes()]


def test_alone(tmp_path: Path) -> None:
    """An update that is alone shares its commit with no other; those before and after it share theirs."""

    async def commits() -> list[int]:
        sizes: list[int] = []
        store = await SqliteStore.open(tmp_path / "personae.db", lambda jobs, seconds: sizes.append(jobs))
        alone = (False, False, False, True, True, False, False)
        await asyncio.gather(*(store.update(PROJECT, [], writing(Changes()), alone=each) for each in alone))
        await store.close()
        return sizes

    assert asyncio.run(commits()) == [3, 1, 1, 2]


def test_ids_of_segments(tmp_path: Path) -> None:
    """On each day they count up from the first one, whatever days and names a commit brings, past those of other projects."""

    async def ids() -> list[tuple[int, int]]:
        store = await open_sqlite(tmp_path)
        for days, names in (((3, 1), "ab"), ((1, 2), "a"), ((3,), "ba")):
            happened = [Happened(("objectId", "d"), name, day * DAY_S, {}) for day in days for name in names]
            for project in (PROJECT, OTHER):
                await store.update(project, [], writing(Changes(events=happened)))
        await store.close()
        tables = await SqliteTables.open(tmp_path / "personae.db")
        rows = await tables.page(EVENT, None, 100)
        await tables.close()
        return [divmod(id, 1 << SEQUENCE_BITS) for id, *_ in rows if isinstance(id, int)]

    places = [(1, n) for n in range(1, 7)] + [(2, n) for n in range(1, 3)] + [(3, n) for n in range(1, 9)]
    assert asyncio.run(ids()) == places


def test_what_was_deleted_is_overwritten(tmp_path: Path) -> None:
    """Once the log is gone, the database file has nothing of an erased person, not even in pages it no longer uses."""
    forgotten = profile("forgotten", "forget me " * 1000)

    async def erase() -> None:
        store = await open_sqlite(tmp_path)
        await store.update(PROJECT, [], writing(written(forgotten, profile("kept", "keep me"), days=3)))
        await store.update(PROJECT, forgotten.keys, writing(erased(forgotten)), alone=True)
        await store.close()

    asyncio.run(erase())
    assert files_with(tmp_path, b"forget me") == []
    assert files_with(tmp_path, b"keep me") == ["personae.db"]


def test_purge(tmp_path: Path) -> None:
    """Nothing of what was deleted is left in any file, though another program has the database open, and the rest is there."""
    forgotten = profile("forgotten", "forget me")
    bystander = apsw.Connection(str(tmp_path / "personae.db"))

    async def purge() -> tuple[list[str], list[str], Profile | None, int]:
        store = await open_sqlite(tmp_path)
        await store.update(PROJECT, [], writing(written(forgotten, profile("kept", "keep me"), days=3)))
        await store.update(PROJECT, forgotten.keys, writing(erased(forgotten)), alone=True)
        bystander.execute("SELECT count(*) FROM node").fetchall()
        await store.close()
        before = files_with(tmp_path, b"forget me")
        tables = await SqliteTables.open(tmp_path / "personae.db")
        await tables.purge()
        await tables.close()
        after = files_with(tmp_path, b"forget me")
        store = await open_sqlite(tmp_path)
        kept, events = await profile_of(store, ("identity", "kept")), await events_in(store, "seen")
        await store.close()
        return before, after, kept, len(events)

    before, after, kept, events = asyncio.run(purge())
    assert (bool(before), after, events) == (True, [], 3)
    assert kept is not None
    bystander.close()


def test_purge_beside_a_reader(tmp_path: Path) -> None:
    """Where somebody reads, the files cannot be rewritten, and it says so."""

    async def purge() -> None:
        tables = await SqliteTables.open(tmp_path / "personae.db")
        reader = apsw.Connection(str(tmp_path / "personae.db"))
        reader.execute("BEGIN; SELECT count(*) FROM node").fetchall()
        try:
            with pytest.raises(Unavailable):
                await tables.purge()
        finally:
            reader.close()
            await tables.close()

    asyncio.run(purge())


def test_events_that_were_moved(tmp_path: Path) -> None:
    """Rows that came from another database, in its order, are found for erasing, and go."""
    people = [profile(f"person {number}") for number in range(50)]

    async def left() -> list[list[Row]]:
        (tmp_path / "from").mkdir()
        store = await open_sqlite(tmp_path / "from")
        await store.update(PROJECT, [], writing(written(*people, days=3)))
        await store.close()
        source = await SqliteTables.open(tmp_path / "from" / "personae.db")
        tables = await SqliteTables.open(tmp_path / "personae.db")
        for table in (EVENT, EVENT_OWNER):
            rows = await source.page(table, None, 1000)
            assert sorted(rows) == rows
            await tables.append(table, rows, b"")
        await source.close()
        await tables.close()
        store = await open_sqlite(tmp_path)
        await store.update(PROJECT, [], writing(erased(*people[1:])), alone=True)
        assert [event.place[1] for event in await events_in(store, "seen")] == [0, 0, 0]
        await store.update(PROJECT, [], writing(erased(people[0])), alone=True)
        await store.close()
        tables = await SqliteTables.open(tmp_path / "personae.db")
        rest = [await tables.page(table, None, 1000) for table in (EVENT, EVENT_OWNER)]
        await tables.close()
        return rest

    assert asyncio.run(left()) == [[], []]


def test_large_documents_come_in_small_pieces(tmp_path: Path) -> None:
    """A scan takes fewer profiles at a time where they are large, so that its memory stays the same."""

    async def sizes() -> list[int]:
        store = await open_sqlite(tmp_path)
        await store.update(PROJECT, [], writing(written(*(profile(f"{n}") for n in range(510)))))
        await store.update(PROJECT, [], writing(written(*(profile(f"large{n}", "x" * 100_000) for n in range(50)))))
        async with store.scan(PROJECT) as pieces:
            found = [len(piece.profiles) async for piece in pieces]
        await store.close()
        return found

    assert asyncio.run(sizes()) == [500, 21, 11, 11, 11, 6]
