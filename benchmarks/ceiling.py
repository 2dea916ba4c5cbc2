"""What the bare engine can do: the documents of a load run written by a loop with nothing else to do.

    python -m benchmarks.ceiling --records 100000 --batch 1000

No HTTP, no JSON, no rules: the documents a server would store and their keys are made before the clock
starts, with the people of one batch who come several times already folded into one row, as a server
does. Then, for each batch: begin, read the rows behind the keys, write the new ones, commit. The log is
synced at every commit. The table is the fastest one known: an integer row id, a unique index on the
16-byte key, keys sorted, a checkpoint every 20,000 pages. Of several ways to write, the fastest counts.

Beside it stands what the engine takes for every row a server has to write, the aliases and contacts a
profile is found by among them, in the server's own schema and statements.
"""

import argparse
import gc
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Final, NamedTuple, TypeVar, cast

import apsw

from personae.core.fold import fold, screen
from personae.core.identity import Ref
from personae.core.rules import Rules
from personae.core.work import Found
from personae.storage import Project
from personae.storage.sqlite import nodes
from personae.storage.sqlite.connection import WRITER_CACHE_KIB, connect, migrate

from .payloads import FIRST_TS, records, repeating

T = TypeVar("T")

Row = tuple[bytes, bytes]
"""Key and document."""

PROJECT: Final = Project("ABC-123-456Z", "ceiling", bytes(32), 0)
RULES: Final = Rules()

PRAGMAS: Final[tuple[tuple[str, object, object], ...]] = (
    ("journal_mode", "wal", "wal"),
    ("synchronous", "full", 2),
    ("wal_autocheckpoint", 20_000, 20_000),
    ("cache_size", -65_536, -65_536),
    ("temp_store", "memory", 2),
)
"""Name, what to set, what it must read afterwards."""


class Work(NamedTuple):
    """The rows of each commit, sorted by key, and how many records they hold the outcome of."""

    records: int
    commits: list[list[Row]]
    every_row: list[nodes.Rows]


def prepare(numbers: Sequence[int], batch: int) -> Work:
    """What a server would write for the load of these numbers, batch by batch."""
    stream = list(records(numbers))
    found = Found({}, {})
    versions: dict[Ref, int] = {}
    every_row = [rows_of(stream[start : start + batch], start, found, versions) for start in range(0, len(stream), batch)]
    commits = [sorted((key, doc.encode()) for key, _, doc, _ in rows.profiles) for rows in every_row]
    return Work(len(stream), commits, every_row)


def rows_of(batch: Sequence[object], start: int, found: Found, versions: dict[Ref, int]) -> nodes.Rows:
    """The rows one batch leaves to write; `found` and `versions` go on holding everyone so far."""
    accepted, rejected = screen(batch, FIRST_TS, RULES)
    assert not rejected
    changes = fold(accepted, found, (FIRST_TS + start) * 1_000_000, start.to_bytes(16), RULES)
    rows = nodes.prepare(PROJECT, changes, versions)
    versions.update((ref, versions.get(ref, 0) + 1) for ref in changes.profiles)
    return rows


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


class Ceiling:
    """One database for each way to write, kept from one `measure` to the next as a server keeps its own."""

    def __init__(self, folder: Path) -> None:
        self.databases = {name: open_database(folder / f"{name}.db") for name in WRITES}
        self.own = connect(folder / "every row.db", cache_kib=WRITER_CACHE_KIB)
        migrate(self.own, folder / "every row.db")
        self.own.pragma("wal_autocheckpoint", 20_000)

    def measure(self, work: Work) -> dict[str, float]:
        """Records a second, for each way to write."""
        return {name: work.records / seconds(self.databases[name], work.commits, write) for name, write in WRITES.items()}

    def measure_every_row(self, work: Work) -> float:
        """Records a second, where every row a server has to write is written by its own statements."""
        return work.records / seconds(self.own, work.every_row, write_every_row)

    def close(self) -> None:
        self.own.close()
        for connection in self.databases.values():
            connection.close()


def open_database(path: Path) -> apsw.Connection:
    connection = apsw.Connection(str(path), statementcachesize=256)
    for name, value, then in PRAGMAS:
        connection.pragma(name, value)
        assert connection.pragma(name) == then, name
    connection.execute("CREATE TABLE profile (id INTEGER PRIMARY KEY, key BLOB NOT NULL, doc BLOB NOT NULL)")
    connection.execute("CREATE UNIQUE INDEX profile_key ON profile (key)")
    return connection


def write_every_row(connection: apsw.Connection, rows: nodes.Rows) -> None:
    nodes.fetch(connection, [row[0] for row in rows.profiles])
    assert nodes.write(connection, rows)


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


def main() -> None:
    parser = argparse.ArgumentParser(prog="benchmarks.ceiling", description="Measure the bare engine.")
    parser.add_argument("--records", type=int, default=100_000)
    parser.add_argument("--batch", type=int, default=1_000)
    args = parser.parse_args()
    work = prepare(repeating(args.records, 0), args.batch)
    rows = sum(map(len, work.commits))
    size = sum(len(doc) for commit in work.commits for _, doc in commit) / rows
    print(f"{args.records} records in batches of {args.batch}: {rows} rows, {size:.0f} bytes a document")
    with TemporaryDirectory(prefix="personae-ceiling-") as folder:
        ceiling = Ceiling(Path(folder))
        for name, rate in ceiling.measure(work).items():
            print(f"{name:12} {rate:>10,.0f} records a second")
        print(f"{'every row':12} {ceiling.measure_every_row(work):>10,.0f} records a second")
        ceiling.close()


if __name__ == "__main__":
    main()
