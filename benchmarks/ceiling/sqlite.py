"""The ceiling on SQLite: the documents alone, under their keys, in the fastest table known.

For each batch: begin, read the rows behind the keys, write the new ones, commit. The log is synced at
every commit. The table has an integer row id and a unique index on the 16-byte key; keys are sorted,
with a checkpoint every 20,000 pages.

Beside it stands what the engine takes for every row a server has to write, the aliases and contacts a
profile is found by among them, in the server's own schema and statements.
"""

import gc
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from time import perf_counter
from typing import Final, TypeVar, cast

import apsw

from personae.storage.rows import Rows
from personae.storage.sqlite import history, nodes
from personae.storage.sqlite.connection import WRITER_CACHE_KIB, connect, migrate

from .work import Load, Rates, prepare

T = TypeVar("T")

Row = tuple[bytes, bytes]
"""Key and document."""

PRAGMAS: Final[tuple[tuple[str, object, object], ...]] = (
    ("journal_mode", "wal", "wal"),
    ("synchronous", "full", 2),
    ("wal_autocheckpoint", 20_000, 20_000),
    ("cache_size", -65_536, -65_536),
    ("temp_store", "memory", 2),
)
"""Name, what to set, what it must read afterwards."""

# --- the ways to write

Write = Callable[[apsw.Connection, list[Row]], None]
_UPSERT: Final = "INSERT INTO profile (key, doc) VALUES {} ON CONFLICT (key) DO UPDATE SET doc = excluded.doc"
_READ: Final = "SELECT key, id, doc FROM profile WHERE key IN {}"


def read(connection: apsw.Connection, rows: list[Row]) -> list[tuple[bytes, int, bytes]]:
    keys = apsw.carray(tuple(key for key, _ in rows), flags=apsw.SQLITE_CARRAY_BLOB)
    return cast(list[tuple[bytes, int, bytes]], connection.execute(_READ.format("carray(?)"), (keys,)).fetchall())


def by_row_id(connection: apsw.Connection, rows: list[Row]) -> None:
    """Rows that were found are updated by row id, in its order; the others are inserted."""
    ids = {key: row_id for key, row_id, _ in read(connection, rows)}
    known = sorted((ids[key], doc) for key, doc in rows if key in ids)
    if known:
        connection.executemany("UPDATE profile SET doc = ?2 WHERE id = ?1", known)
    if len(known) < len(rows):
        connection.executemany("INSERT INTO profile (key, doc) VALUES (?, ?)", [row for row in rows if row[0] not in ids])


def upsert_each(connection: apsw.Connection, rows: list[Row]) -> None:
    """One upsert per row."""
    read(connection, rows)
    connection.executemany(_UPSERT.format("(?, ?)"), rows)


def upsert_all(connection: apsw.Connection, rows: list[Row]) -> None:
    """One statement reads all, one upserts all."""
    keys = [key for key, _ in rows]
    connection.execute(_READ.format(f"({', '.join(['?'] * len(keys))})"), keys).fetchall()
    connection.execute(_UPSERT.format(", ".join(["(?, ?)"] * len(rows))), [value for row in rows for value in row])


WRITES: Final[dict[str, Write]] = {"by row id": by_row_id, "upsert each": upsert_each, "upsert all": upsert_all}


# --- measuring


class SqliteCeiling:
    """One database for each way to write, and one for the server's own rows."""

    def __init__(self, folder: Path) -> None:
        self.databases = {name: open_database(folder / f"{name}.db") for name in WRITES}
        self.own = connect(folder / "every row.db", cache_kib=WRITER_CACHE_KIB)
        migrate(self.own, folder / "every row.db")
        self.own.pragma("wal_autocheckpoint", 20_000)

    async def measure(self, load: Load) -> Rates:
        (every_row,) = prepare(load)
        records = len(load.numbers)
        commits = [sorted((key, doc.encode()) for key, _, doc, _ in rows.profiles) for rows in every_row]
        ways = {name: records / seconds(self.databases[name], commits, write) for name, write in WRITES.items()}
        return Rates(ways, records / seconds(self.own, every_row, write_every_row))

    def close(self) -> None:
        self.own.close()
        for connection in self.databases.values():
            connection.close()


@asynccontextmanager
async def opened(folder: Path, server: str) -> AsyncIterator[SqliteCeiling]:
    """The ceiling, with its databases in this folder."""
    ceiling = SqliteCeiling(folder)
    try:
        yield ceiling
    finally:
        ceiling.close()


def open_database(path: Path) -> apsw.Connection:
    connection = apsw.Connection(str(path), statementcachesize=256)
    for name, value, then in PRAGMAS:
        connection.pragma(name, value)
        assert connection.pragma(name) == then, name
    connection.execute("CREATE TABLE profile (id INTEGER PRIMARY KEY, key BLOB NOT NULL, doc BLOB NOT NULL)")
    connection.execute("CREATE UNIQUE INDEX profile_key ON profile (key)")
    return connection


def write_every_row(connection: apsw.Connection, rows: Rows) -> None:
    nodes.fetch(connection, [row[0] for row in rows.profiles])
    assert nodes.write(connection, rows)
    history.write(connection, rows)


def seconds(connection: apsw.Connection, commits: Sequence[T], write: Callable[[apsw.Connection, T], None]) -> float:
    """How long these commits take, all of them on disk at the end."""
    gc.disable()
    try:
        start = perf_counter()
        for rows in commits:
            connection.execute("BEGIN IMMEDIATE")
            write(connection, rows)
            connection.execute("COMMIT")
        return perf_counter() - start
    finally:
        gc.enable()
