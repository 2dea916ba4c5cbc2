"""Delete leaves nothing behind: no file of the database has a byte of what was deleted, once it is purged."""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from secrets import token_hex
from typing import NamedTuple

import pytest

from personae.core.history import Author
from personae.core.identity import Key
from personae.life import delete
from personae.storage import Store
from personae.storage.postgres import PostgresStore
from personae.storage.postgres.tables import PostgresTables
from personae.storage.sqlite import SqliteStore
from personae.storage.sqlite.tables import SqliteTables
from personae.storage.tables import Tables
from personae.testing.scenario import PROJECT, event, events_in, person, profile_of, upload
from tests.databases import execute
from tests.postgres import Cluster

OTHERS = 5
"""People whose events and rows lie beside those of whom is deleted."""

KEYS: list[Key] = [("identity", "x"), ("objectId", "__d"), ("identity", "y")]


class Database(NamedTuple):
    """A database that is empty at first.

    `analyse` makes it keep samples of what it has, if it ever does; `files` gives all bytes of its files.
    """

    open: Callable[[], Awaitable[Store]]
    open_tables: Callable[[], Awaitable[Tables]]
    analyse: Callable[[], object]
    files: Callable[[], bytes]


@contextmanager
def sqlite(directory: Path) -> Iterator[Database]:
    path = directory / "personae.db"
    yield Database(
        lambda: SqliteStore.open(path), lambda: SqliteTables.open(path), lambda: None, lambda: bytes_below(directory)
    )


@contextmanager
def postgres(directory: Path) -> Iterator[Database]:
    """A cluster of its own, whose files can be read; its log of writes is not looked at."""
    with Cluster() as cluster:
        url = cluster.create_database()

        def files() -> bytes:
            execute(url, "CHECKPOINT")
            return bytes_below(cluster.data / "base")

        yield Database(
            lambda: PostgresStore.open(url), lambda: PostgresTables.open(url), lambda: execute(url, "ANALYZE"), files
        )


ENGINES: dict[str, Callable[[Path], AbstractContextManager[Database]]] = {"sqlite": sqlite, "postgresql": postgres}


def bytes_below(directory: Path) -> bytes:
    return b"\n".join(path.read_bytes() for path in sorted(directory.rglob("*")) if path.is_file())


class Marks(defaultdict[str, str]):
    """Random texts by what they are in, made when they are asked for."""

    def __init__(self) -> None:
        super().__init__(lambda: token_hex(12))

    def found_in(self, data: bytes) -> set[str]:
        """Which of them are in these bytes."""
        return {name for name, mark in self.items() if mark.encode() in data}


async def live(store: Store, mine: Marks, others: Marks) -> None:
    """Somebody has of everything there is, and another very little, beside others who have something of it too."""
    author = Author(mine["request"], mine["passcode"])
    await upload(
        store,
        *(event(f"p{n}", "seen", {"with": others[f"event {n}"]}) for n in range(OTHERS)),
        event("x", "seen", {mine["event's property"]: mine["event's value"]}),
        event(None, mine["event's name"], {"with": mine["event of a device"]}, objectId="__d"),
        person("x", {"Name": mine["name"], "Email": f"{mine['email']}@example.com", "list": [mine["item"]]}, author=author),
    )
    await upload(store, *(person(f"p{n}", {"of": others[f"person {n}"]}) for n in range(OTHERS)))
    await upload(store, {"type": "token", "objectId": "__d", "tokenData": {"id": mine["token"], "type": "fcm"}})
    await upload(store, {"type": "profile", "objectId": "__d", "profileData": {"device": mine["device's property"]}})
    await upload(
        store,
        person("x", {"identity": mine["identity"], "GPID": mine["GPID"]}, FBID=mine["FBID"], source=mine["source"]),
        author=author,
    )
    await upload(store, person("x", {mine["property"]: mine["value"], "nested": {"in": mine["nested"]}}, objectId="__d"))
    await upload(store, person("y", {"of": mine["another person"]}))
    await upload(store, person("x", {"category-unsubscribe": {"email": [mine["group"]]}, "list": {"$add": [mine["added"]]}}))


async def forget(store: Store) -> None:
    """Delete the two of them."""
    assert len((await store.find(PROJECT, KEYS)).profiles) == 2
    await delete(store, PROJECT, KEYS)


async def purge(database: Database) -> None:
    tables = await database.open_tables()
    await tables.purge()
    await tables.close()


@pytest.mark.parametrize("kind", ENGINES)
def test_delete_leaves_nothing_behind(tmp_path: Path, kind: str) -> None:
    """Identifiers, properties, tokens, events and history: every mark was in the files, and none is; others' are."""
    mine, others = Marks(), Marks()

    async def work(database: Database, task: Callable[[Store], Awaitable[None]]) -> bytes:
        """The files after something was done to the store, which is closed by then."""
        store = await database.open()
        await task(store)
        await store.close()
        return database.files()

    async def look(store: Store) -> None:
        """The others are as they were, to whoever asks the store."""
        assert [await profile_of(store, key) for key in KEYS] == [None] * 3
        kept = [event.data["with"] for event in await events_in(store, "seen")]
        assert [others[f"event {n}"] for n in range(OTHERS)] == kept
        for n in range(OTHERS):
            profile = await profile_of(store, ("identity", f"p{n}"))
            assert profile is not None
            assert {"of": others[f"person {n}"]} == profile.properties

    async def run(database: Database) -> None:
        files = await work(database, lambda store: live(store, mine, others))
        assert set(mine) == mine.found_in(files)
        database.analyse()
        await work(database, forget)
        await purge(database)
        files = await work(database, look)
        assert mine.found_in(files) == set()
        assert set(others) == others.found_in(files)

    with ENGINES[kind](tmp_path) as database:
        asyncio.run(run(database))
