"""The tables of an SQLite database, read and written in bulk by one process that has it for itself.

Calls run on the caller's thread: nothing else goes on in a process that moves a database, and a
thread beside would have to win the interpreter lock back after every row.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any, Final

import apsw

from ..events import SEQUENCE_BITS
from ..tables import COPY_META, EVENT_OWNER, Place, Row, RowsInTheWay, Table
from .access import read_meta, write_meta
from .checkpoint import SOFT_PAGES
from .connection import WRITER_CACHE_KIB, check_library, connect, migrate
from .writer import WORLD_ERRORS, unavailable

_PAGE: Final = "SELECT {columns} FROM {read} WHERE {moved} ORDER BY {order} LIMIT ?"
_PAGE_AFTER: Final = "SELECT {columns} FROM {read} WHERE {moved} AND ({order}) > ({marks}) ORDER BY {order} LIMIT ?"
_COUNT: Final = "SELECT count(*) FROM {table} WHERE {moved}"
_APPEND: Final = "INSERT INTO {table} ({columns}{own}) VALUES ({all_marks}{own_values})"

_OWN: Final = {EVENT_OWNER: (", day", f", ?2 >> {SEQUENCE_BITS}")}
"""By table: the column only SQLite has, and what makes its value."""

_SORTED: Final = {EVENT_OWNER: "temp.event_owner_sorted"}
"""By table that is kept in another order than it is moved in: what it is read from."""

_SORT: Final = """
DROP TABLE IF EXISTS {sorted};
CREATE TABLE {sorted} ({columns}, PRIMARY KEY ({order})) WITHOUT ROWID;
INSERT INTO {sorted} SELECT {columns} FROM {table} ORDER BY {order}
"""


class SqliteTables:
    """See `storage.tables.Tables` for what each method promises."""

    def __init__(self, path: Path) -> None:
        """Open the database at `path`, creating or migrating it."""
        check_library()
        self._connection = connect(path, cache_kib=WRITER_CACHE_KIB)
        migrate(self._connection, path)
        self._connection.wal_autocheckpoint(SOFT_PAGES)
        self._connection.pragma("temp_store", "file")  # what is sorted or rewritten may be larger than memory
        self._sorted: set[Table] = set()

    @classmethod
    async def open(cls, path: Path) -> SqliteTables:
        """The tables of the database file `path`. Raises `UnusableDatabase` with one clear line."""
        return cls(path)

    async def count(self, table: Table) -> int:
        with _told():
            count: int = self._connection.execute(_sql(_COUNT, table)).get
        return count

    async def page(self, table: Table, after: Place | None, limit: int) -> list[Row]:
        sql = _sql(_PAGE if after is None else _PAGE_AFTER, table)
        with _told():
            if table in _SORTED and (after is None or table not in self._sorted):
                self._connection.execute(_sql(_SORT, table))
                self._sorted.add(table)
            rows = self._connection.execute(sql, (*(after or ()), limit)).fetchall()
        return _with_truths(table, rows)

    async def append(self, table: Table, rows: Sequence[Row], progress: bytes) -> None:
        with _told(), self._transaction():
            self._connection.executemany(_sql(_APPEND, table), rows)
            write_meta(self._connection, COPY_META, progress)

    async def progress(self) -> bytes | None:
        with _told():
            return read_meta(self._connection, COPY_META)

    async def end_progress(self) -> None:
        with _told():
            self._connection.execute("DELETE FROM meta WHERE name = ?", (COPY_META,))

    async def purge(self) -> None:
        with _told():
            self._connection.execute("VACUUM")
            self._connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)

    async def close(self) -> None:
        self._connection.close()

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._connection.execute("COMMIT")
        except BaseException:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            raise


@contextmanager
def _told() -> Iterator[None]:
    """An error of the world as `Unavailable`, a row that is there already as `RowsInTheWay`."""
    try:
        yield
    except apsw.ConstraintError as error:
        raise RowsInTheWay(str(error)) from error
    except WORLD_ERRORS as error:
        raise unavailable(error) from error


@cache
def _sql(template: str, table: Table) -> str:
    unmoved = ", ".join(f"'{name}'" for name in table.unmoved)
    own, own_values = _OWN.get(table, ("", ""))
    return template.format(
        table=table.name,
        read=_SORTED.get(table, table.name),
        sorted=_SORTED.get(table),
        own=own,
        own_values=own_values,
        columns=", ".join(table.names),
        order=", ".join(table.order),
        marks=", ".join("?" for _ in table.order),
        all_marks=", ".join("?" for _ in table.columns),
        moved=f"{table.order[0]} NOT IN ({unmoved})" if unmoved else "true",
    )


def _with_truths(table: Table, rows: list[Any]) -> list[Row]:
    """Rows with the truth values that SQLite keeps as 0 and 1."""
    truths = {index for index, column in enumerate(table.columns) if column.kind == "truth"}
    if not truths:
        return rows
    return [tuple(bool(value) if index in truths else value for index, value in enumerate(row)) for row in rows]
