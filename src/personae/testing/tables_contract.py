"""The suite for the tables of every engine: what is read in order, page by page, can be written elsewhere.

A backend's tests are one class that says how a store and its tables are opened:

    class TestMine(TablesContract):
        async def open(self, path: Path) -> Store:
            return await MyStore.open(path / "data")

        async def open_tables(self, path: Path) -> Tables:
            return await MyTables.open(path / "data")
"""

from asyncio import gather
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, Final, TypeVar

from ..core.identity import Key
from ..storage import Passcode, Project, Store
from ..storage.tables import (
    ADDRESS_FLAG,
    COPY_META,
    EVENT,
    EVENT_OWNER,
    HISTORY,
    META,
    NODE,
    PROJECT,
    TABLES,
    Kind,
    Row,
    RowsInTheWay,
    Table,
    Tables,
)
from .life_contract import alone, erase
from .scenario import OTHER, Scenario, changes_of, event, events_in, on_a_directory, people_of, person, profile_of, upload
from .scenario import PROJECT as FIRST

TYPES: Final[dict[Kind, type]] = {"key": bytes, "text": str, "integer": int, "bytes": bytes, "truth": bool}
NULLABLE: Final = {"target", "doc"}

PROJECTS: Final[list[Row]] = [
    ("b", "late in the alphabet", b"\0secret\xff", 1),
    ("B", "🎉", b"", 1),
    ("a", "", b"x" * 32, 1),
    ("_", "as old as the others", b"y", 1),
    ("A", "the oldest", b"z", 0),
]
IN_ORDER: Final = ["A", "B", "_", "a", "b"]
PROFILE: Final[Row] = (b"\x80" * 16, "a", 7, None, '{"created":1,"name":"\\u0000🎉"}', 2**53)
ALIAS: Final[Row] = (b"\x7f" * 16, "a", 1, b"\x80" * 16, None, 0)
FLAGS: Final[list[Row]] = [(b"\0" * 16, True, 1), (b"\xff" * 16, False, 2)]
VALUES: Final[list[Row]] = [("name", b"\0")]
CHANGES: Final[list[Row]] = [(1, "{}"), (2**53, '{"kind":"\\u0000🎉"}')]
SEGMENTS: Final[list[Row]] = [
    (1, 2**63 - 1, 1, b"\x01" * 16, '[[1,{"a":"\\u0000🎉"}]]'),
    ((2_932_896 << 40) + 7, -(2**63), 0, b"\0" * 32, "[null,null]"),
]
OWNERS: Final[list[Row]] = [(b"\x01" * 16, 1), (b"\x01" * 16, (2_932_896 << 40) + 7), (b"\xff" * 16, 1)]
OTHERS: Final = [
    (NODE, [ALIAS, PROFILE]),
    (ADDRESS_FLAG, FLAGS),
    (META, VALUES),
    (HISTORY, CHANGES),
    (EVENT, SEGMENTS),
    (EVENT_OWNER, OWNERS),
]

C = TypeVar("C", bound="TablesContract")


def on_tables(scenario: Callable[[C, Tables], Coroutine[Any, Any, None]]) -> Callable[[C, Path], None]:
    """Run a scenario on the tables of an empty database, and close them."""

    async def opened(self: C, path: Path) -> None:
        tables = await self.open_tables(path)
        try:
            await scenario(self, tables)
        finally:
            await tables.close()

    opened.__name__ = scenario.__name__
    opened.__doc__ = scenario.__doc__
    return on_a_directory(opened)


async def read(tables: Tables, table: Table, limit: int = 1000) -> list[Row]:
    """All rows, page by page."""
    place = table.placer()
    rows: list[Row] = []
    while page := await tables.page(table, place(rows[-1]) if rows else None, limit):
        assert len(page) <= limit
        rows += page
    return rows


async def fill(store: Store) -> None:
    """Profiles, aliases, a merge, contacts, flags, events, history, projects, passcodes, values of every kind."""
    await gather(store.add_project(FIRST), store.add_project(OTHER))
    passcode = Passcode("p", FIRST.id, "first", b"\0digest\xff", b"", 1_700_000_000)
    await store.put_passcodes([passcode])
    await store.set_meta("name", b"\0value\xff")
    await store.check_writable()
    reached = {"Email": "a@example.com", "MSG-dndEmail": True, "Phone": "+14155551234", "MSG-dndPhone": False}
    await upload(store, *(person(f"p{n}", {"n": n, "text": "\0🎉"} | reached, objectId=f"d{n}") for n in range(20)))
    await upload(store, {"type": "profile", "objectId": "anonymous", "profileData": {"extra": 1}})
    await upload(store, person("p1", objectId="anonymous"), person("p2", {"identity": "second"}))
    await upload(store, person("p1", {"who": "other"}), project=OTHER)
    for day in range(5):
        await upload(store, *(event(f"p{n}", "seen", {"n": n, "text": "\0🎉"}, ts=1 + day * 86_400) for n in range(0, 20, 3)))
    await upload(store, event("p1", "seen", {"in": "other"}), project=OTHER)
    await alone(store, erase, ("identity", "p3"))


async def kept_of(store: Store) -> tuple[object, ...]:
    """What a store has of the people in it, their events and their history."""
    keys: list[Key] = [
        ("identity", "p1"),
        ("identity", "second"),
        ("objectId", "anonymous"),
        ("objectId", "d7"),
        ("identity", "p3"),
    ]
    events = await events_in(store, "seen")
    people = await people_of(store, events)
    history = await changes_of(store, *(("objectId", f"d{n}") for n in range(20)), project=FIRST)
    emails = await store.find_by_contact(FIRST, ("email", "a@example.com"), 100)
    others = [event.data for event in await events_in(store, "seen", project=OTHER)]
    profiles = [repr(await profile_of(store, key)) for key in keys]
    return profiles, emails, events, people, history, others


class TablesContract(Scenario):
    """Everything `storage.tables.Tables` promises."""

    async def open_tables(self, path: Path) -> Tables:
        """The tables of the store in the directory `path`, which is not open."""
        raise NotImplementedError

    @on_tables
    async def test_an_empty_database(self, tables: Tables) -> None:
        """There is no row to move and no copy under way."""
        for table in TABLES:
            assert (0, []) == (await tables.count(table), await tables.page(table, None, 10))
        assert await tables.progress() is None

    @on_a_directory
    async def test_rows_come_in_order(self, path: Path) -> None:
        """Each row once, in the order of its place, whatever the size of a page, in the shared form."""
        store = await self.open(path)
        await fill(store)
        await store.close()
        tables = await self.open_tables(path)
        for table in TABLES:
            rows = await read(tables, table)
            assert rows
            assert sorted(rows, key=table.placer()) == rows
            assert len(set(map(table.placer(), rows))) == len(rows) == await tables.count(table)
            for limit in (1, 3, len(rows)):
                assert rows == await read(tables, table, limit)
            assert [row for row in rows if not in_form(table, row)] == []
        assert all(doc is not None or target is not None for _, _, _, target, doc, _ in await read(tables, NODE))
        names = [name for name, _ in await read(tables, META)]
        assert ["access_version", "name"] == names
        await tables.close()

    @on_tables
    async def test_rows_are_added(self, tables: Tables) -> None:
        """They read as they were written, and the progress is what came with the last of them."""
        await tables.append(PROJECT, PROJECTS[:3], b"one")
        await tables.append(PROJECT, PROJECTS[3:], b"two")
        assert await tables.progress() == b"two"
        rows = await read(tables, PROJECT, 2)
        assert IN_ORDER == [row[0] for row in rows]
        assert sorted(PROJECTS, key=repr) == sorted(rows, key=repr)
        for table, added in OTHERS:
            await tables.append(table, added, b"\0three")
            assert added == await read(tables, table)
        assert await tables.progress() == b"\0three"
        await tables.end_progress()
        assert await tables.progress() is None
        assert VALUES == await read(tables, META)

    @on_tables
    async def test_rows_in_the_way(self, tables: Tables) -> None:
        """Where one of the rows is there already none is added, and the progress stays as it was."""
        await tables.append(NODE, [PROFILE], b"one")
        failed = False
        try:
            await tables.append(NODE, [ALIAS, PROFILE], b"two")
        except RowsInTheWay:
            failed = True
        assert failed
        assert [PROFILE] == await read(tables, NODE)
        assert await tables.progress() == b"one"

    @on_a_directory
    async def test_a_store_on_rows_that_were_added(self, path: Path) -> None:
        """What a store wrote, added to another database, reads the same there, and can be updated."""
        store = await self.open(path)
        await fill(store)
        email, flag = ("email", "a@example.com"), ("dndemail", "a@example.com")
        before, reached = await kept_of(store), await store.find_by_contact(FIRST, email, 100)
        access = await store.projects(), await store.passcodes(), await store.access_version()
        await store.close()
        tables = await self.open_tables(path)
        moved = {table: await read(tables, table) for table in TABLES}
        await tables.close()
        copied = path / "copied"
        copied.mkdir()
        tables = await self.open_tables(copied)
        for table, rows in moved.items():
            await tables.append(table, rows, b"progress")
        await tables.end_progress()
        await tables.close()
        store = await self.open(copied)
        assert before == await kept_of(store)
        assert access == (await store.projects(), await store.passcodes(), await store.access_version())
        assert await store.get_meta(COPY_META) is None
        await upload(store, person("second", {"n": {"$incr": 40}, "Email": "b@example.com", "MSG-dndEmail": False}))
        found = await store.find(FIRST, [("identity", "p2")])
        assert [42] == [profile.properties["n"] for profile in found.profiles.values()]
        assert len(reached) - 1 == len(await store.find_by_contact(FIRST, email, 100))
        assert {flag: True} == await store.find_flags(FIRST, [flag])
        assert await store.add_project(Project("new", "", b"new", 1_800_000_000))
        assert access[2] != await store.access_version()
        events = await events_in(store, "seen")
        await upload(store, event("p4", "seen", ts=1), person("p3", {"new": 1}, objectId="d3"))
        assert len(events) + 1 == len(await events_in(store, "seen"))
        await alone(store, erase, ("identity", "p0"), ("identity", "p3"))
        assert len(events) + 1 - 5 == len(await events_in(store, "seen"))
        await store.close()

    @on_a_directory
    async def test_purge(self, path: Path) -> None:
        """Every row and all that a store reads is as before, and it can be written as before; again changes nothing."""
        store = await self.open(path)
        await fill(store)
        before = await kept_of(store)
        await store.close()
        tables = await self.open_tables(path)
        rows = [await read(tables, table) for table in TABLES]
        for _ in range(2):
            await tables.purge()
            assert rows == [await read(tables, table) for table in TABLES]
        await tables.close()
        store = await self.open(path)
        assert before == await kept_of(store)
        await upload(store, event("p0", "seen"), person("p3", {"new": 1}))
        await alone(store, erase, ("identity", "p6"))
        assert 6 * 5 + 1 - 5 == len(await events_in(store, "seen"))
        await store.close()

    @on_tables
    async def test_purge_of_nothing(self, tables: Tables) -> None:
        """An empty database stays one."""
        await tables.purge()
        assert [0] * len(TABLES) == [await tables.count(table) for table in TABLES]


def in_form(table: Table, row: Row) -> bool:
    """Whether each value is of its column's type, or null where that is allowed; keys have 16 bytes."""
    pairs = list(zip(table.columns, row, strict=True))
    typed = all(type(value) is TYPES[column.kind] or (value is None and column.name in NULLABLE) for column, value in pairs)
    return typed and all(len(value) == 16 for column, value in pairs if column.kind == "key" and type(value) is bytes)
