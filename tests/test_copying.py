"""A copy is the same database: moved, stopped anywhere and taken up again, and compared at the end."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from personae.copying import Compared, NotCopied, Side, copy, require_same
from personae.life import delete
from personae.storage import Store
from personae.storage.postgres import PostgresStore
from personae.storage.postgres.tables import PostgresTables
from personae.storage.sqlite import SqliteStore
from personae.storage.sqlite.tables import SqliteTables
from personae.storage.tables import NODE, PROJECT, TABLES, Row, Tables
from personae.testing.scenario import PROJECT as FIRST_PROJECT
from personae.testing.scenario import changes_of, event, events_in, person, upload
from personae.testing.tables_contract import fill, kept_of
from tests.engines import database_of

Open = Callable[[Path], Awaitable[Tables]]


async def open_sqlite(path: Path) -> Tables:
    return await SqliteTables.open(path.with_suffix(".db"))


async def open_postgres(path: Path) -> Tables:
    return await PostgresTables.open(database_of(path))


ENGINES: dict[str, Open] = {"sqlite": open_sqlite, "postgresql": open_postgres}
BOTH_WAYS = [("sqlite", "postgresql"), ("postgresql", "sqlite"), ("sqlite", "sqlite")]
ROWS = 70
"""Two pages: the first one is of 50 rows."""

FIRST = 1000


class Stopped(Exception):  # noqa: N818 - says what became of the copy
    """Ends a copy from within."""


class Watch:
    """Remembers what it is told; ends the copy once so many rows are done."""

    def __init__(self, stop_at: float = float("inf")) -> None:
        self.steps: list[tuple[str, int, int]] = []
        self.rows = 0
        self._stop_at = stop_at

    def begin(self, step: str, total: int, done: int) -> None:
        self.steps.append((step, total, done))

    def advance(self, rows: int) -> None:
        self.rows += rows
        if self.rows >= self._stop_at:
            raise Stopped


def node(n: int, doc: str = "{}") -> Row:
    return ((FIRST + n).to_bytes(16), "P", 1, None, doc, n)


def run(path: Path, engines: tuple[str, str], work: Callable[[Side, Side], Awaitable[None]]) -> None:
    """Do `work` on a source with some rows and an empty destination."""

    async def opened() -> None:
        source, destination = [await ENGINES[engine](path / str(n)) for n, engine in enumerate(engines)]
        await source.append(PROJECT, [("P", "name", b"secret", 1)], b"")
        await source.append(NODE, [node(n) for n in range(ROWS)], b"")
        await source.end_progress()
        try:
            await work(Side("the source", source), Side("the destination", destination))
        finally:
            await source.close()
            await destination.close()

    asyncio.run(opened())


async def stopped(source: Side, destination: Side, rows: int) -> None:
    """A copy that ends after so many rows."""
    try:
        await copy(source, destination, Watch(rows))
    except Stopped:
        return
    raise AssertionError("the copy came to its end")


async def nodes(side: Side) -> list[Row]:
    return await side.tables.page(NODE, None, 2 * ROWS)


def shown(compared: list[Compared]) -> list[tuple[str, int, bool]]:
    return [(table.table, table.destination.rows, table.same) for table in compared]


WHOLE = [(table.name, {"project": 1, "node": ROWS}.get(table.name, 0), True) for table in TABLES]


@pytest.mark.parametrize("engines", BOTH_WAYS)
def test_a_copy_is_the_same(tmp_path: Path, engines: tuple[str, str]) -> None:
    """All rows are there, every table compares as the same, and what is to do is told before it is done."""

    async def work(source: Side, destination: Side) -> None:
        watch = Watch()
        assert shown(await copy(source, destination, watch)) == WHOLE
        assert await nodes(source) == await nodes(destination)
        assert watch.steps == [("copying", ROWS + 1, 0), ("comparing", 2 * ROWS + 2, 0)]
        assert watch.rows == 3 * (ROWS + 1)
        assert await destination.tables.progress() is None

    run(tmp_path, engines, work)


@pytest.mark.parametrize("engines", BOTH_WAYS)
def test_a_copy_goes_on_where_it_was(tmp_path: Path, engines: tuple[str, str]) -> None:
    """Stopped after every page, and while it compares, it needs no row twice and comes out the same."""

    async def work(source: Side, destination: Side) -> None:
        for done in (1, 51, 71, 71):
            await stopped(source, destination, 1)
            assert sum([await destination.tables.count(table) for table in TABLES]) == done
        watch = Watch()
        assert shown(await copy(source, destination, watch)) == WHOLE
        assert watch.steps[0] == ("copying", ROWS + 1, ROWS + 1)
        assert watch.rows == 2 * (ROWS + 1)
        assert await destination.tables.progress() is None

    run(tmp_path, engines, work)


@pytest.mark.parametrize("engines", BOTH_WAYS)
def test_a_destination_with_data_is_refused(tmp_path: Path, engines: tuple[str, str]) -> None:
    """Nothing is written to it; so is one that holds part of another copy."""

    async def work(source: Side, destination: Side) -> None:
        await destination.tables.append(NODE, [node(10**6)], b"")
        await destination.tables.end_progress()
        with pytest.raises(NotCopied, match="the destination has data already; nothing was changed"):
            await copy(source, destination, Watch())
        assert await nodes(destination) == [node(10**6)]
        assert await destination.tables.progress() is None

    run(tmp_path, engines, work)


def test_part_of_another_copy_is_refused(tmp_path: Path) -> None:
    """The source is known by its name and by the server key it was made with."""

    async def work(source: Side, destination: Side) -> None:
        await stopped(source, destination, 1)
        with pytest.raises(NotCopied, match="the destination has an unfinished copy of the source, which is not this source"):
            await copy(source._replace(name="another"), destination, Watch())
        await source.tables.append(TABLES[2], [("server_key_check", b"another")], b"")
        await source.tables.end_progress()
        with pytest.raises(NotCopied, match="unfinished copy of the source, which is not this source"):
            await copy(source, destination, Watch())
        assert await nodes(destination) == []

    run(tmp_path, ("sqlite", "postgresql"), work)


def test_a_source_that_is_half_of_a_copy_is_refused(tmp_path: Path) -> None:
    """It would be moved as if it were whole; a copy that was begun from it does not go on either."""

    async def work(source: Side, destination: Side) -> None:
        await stopped(source, destination, 1)
        await source.tables.append(PROJECT, [("Q", "name", b"secret", 2)], b"some progress")
        for other in (destination, Side("an empty one", await open_sqlite(tmp_path / "empty"))):
            with pytest.raises(NotCopied, match="the source has only half of a copy itself; nothing was changed: "):
                await copy(source, other, Watch())
            assert await nodes(other) == []
        await other.tables.close()

    run(tmp_path, ("sqlite", "postgresql"), work)


def test_an_empty_source_is_refused(tmp_path: Path) -> None:
    """It is more likely a mistake in its name than a database to copy."""

    async def work(source: Side, destination: Side) -> None:
        with pytest.raises(NotCopied, match="there is nothing in the destination"):
            await copy(destination, source, Watch())

    run(tmp_path, ("sqlite", "postgresql"), work)


@pytest.mark.parametrize("engines", BOTH_WAYS)
def test_rows_that_appear_meanwhile_are_told(tmp_path: Path, engines: tuple[str, str]) -> None:
    """Rows another program has added are not overwritten."""

    async def work(source: Side, destination: Side) -> None:
        await stopped(source, destination, 1)
        await destination.tables.append(NODE, [node(5, "another")], await destination.tables.progress() or b"")
        with pytest.raises(NotCopied, match="something else wrote to the destination"):
            await copy(source, destination, Watch())
        assert await nodes(destination) == [node(5, "another")]

    run(tmp_path, engines, work)


STORES: dict[str, Callable[[Path], Awaitable[Store]]] = {
    "sqlite": lambda path: SqliteStore.open(path.with_suffix(".db")),
    "postgresql": lambda path: PostgresStore.open(database_of(path)),
}


@pytest.mark.parametrize("engines", [*BOTH_WAYS, ("postgresql", "postgresql")])
def test_a_copy_is_a_store(tmp_path: Path, engines: tuple[str, str]) -> None:
    """Events and history are what they were, further ones come beside them, and who is deleted takes theirs along."""
    paths = [tmp_path / str(n) for n in range(2)]

    async def work() -> None:
        store = await STORES[engines[0]](paths[0])
        await fill(store)
        before = await kept_of(store)
        await store.close()
        source, destination = [await ENGINES[engine](path) for engine, path in zip(engines, paths, strict=True)]
        require_same(await copy(Side("the source", source), Side("the destination", destination), Watch()))
        await source.close()
        await destination.close()
        store = await STORES[engines[1]](paths[1])
        assert before == await kept_of(store)
        for turn in range(3):
            old = [await changes_of(store, ("identity", f"p{n}")) for n in range(20)]
            await upload(store, *(person(f"p{n}", {"turn": turn}) for n in range(20)), event("p1", "seen"))
            new = [await changes_of(store, ("identity", f"p{n}")) for n in range(20)]
            assert [len(changes) + 1 for changes in old] == [len(changes) for changes in new]
            assert old == [changes[1:] for changes in new]
        events = await events_in(store, "seen")
        await delete(store, FIRST_PROJECT, [("identity", f"p{n}") for n in range(20)])
        assert events
        assert await events_in(store, "seen") == []
        await store.close()

    asyncio.run(work())


CHANGES = [(0, node(-1)), (1, node(-1)), (1, node(5000))]
"""The side that changes, 0 for the source, and the row it has more than the other."""


@pytest.mark.parametrize(("side", "row"), CHANGES)
@pytest.mark.parametrize("engines", BOTH_WAYS)
def test_a_difference_is_found(tmp_path: Path, engines: tuple[str, str], side: int, row: Row) -> None:
    """A table that changed on one side during the copy is named, as often as it is asked for."""

    async def work(source: Side, destination: Side) -> None:
        await stopped(source, destination, ROWS + 1)
        progress = await destination.tables.progress()
        await (source, destination)[side].tables.append(NODE, [row], progress or b"")
        await source.tables.end_progress()
        for _ in range(2):
            compared = await copy(source, destination, Watch())
            assert [table.table for table in compared if not table.same] == ["node"]
            with pytest.raises(NotCopied, match="not the same on both sides: node; "):
                require_same(compared)
        assert await destination.tables.progress() == progress

    run(tmp_path, engines, work)


def test_large_documents_are_moved_few_at_a_time(tmp_path: Path) -> None:
    """The first page shows how large they are; from then on a page is of about 16 MiB at most."""
    sizes: list[int] = []

    class Pages(Watch):
        def advance(self, rows: int) -> None:
            sizes.append(rows)

    async def work(source: Side, destination: Side) -> None:
        for n in range(-100, 0):
            await source.tables.append(NODE, [node(n, "x" * 2**20)], b"")
        await source.tables.end_progress()
        await copy(source, destination, Pages())

    run(tmp_path, ("sqlite", "sqlite"), work)
    assert sizes[:5] == [1, 50, 15, 15, 15]
