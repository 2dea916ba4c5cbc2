"""The tables of a PostgreSQL database, read by key range and written by arrays, over one connection of their own."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from time import time_ns
from typing import Final, NamedTuple
from uuid import uuid4

import asyncpg
from asyncpg.pgproto.pgproto import UUID

from .. import Unavailable
from ..tables import COPY_META, TABLES, Kind, Place, Row, RowsInTheWay, Table, Value
from . import statements
from .connections import Connection
from .failures import OUTSIDE, Remedy, remedy_of, told
from .upkeep import connect_for_upkeep, end, make_schema

_PAGE: Final = "SELECT {columns} FROM {table} WHERE {moved} ORDER BY {order} LIMIT $1"
_PAGE_AFTER: Final = "SELECT {columns} FROM {table} WHERE {moved} AND ({order}) > ({marks}) ORDER BY {order} LIMIT $1"
_APPEND: Final = """
INSERT INTO {table} ({names}{own})
SELECT {names}{own_values} FROM unnest({arrays}) AS moved ({names}) ORDER BY {order}
"""
_COUNT: Final = "SELECT count(*) FROM {table} WHERE {moved}"
_REWRITE: Final = "VACUUM FULL {table}"
_FORGET_SAMPLES: Final = "ALTER TABLE {table} ALTER COLUMN {column} TYPE {type}"
"""To the type it has: that drops the samples of values that PostgreSQL keeps, which an analysis of an empty table does not."""

STATISTICS: Final = "pg_statistic"
"""Where PostgreSQL notes samples of values; who may not rewrite it is warned and no more."""

TYPES: Final[dict[Kind, str]] = {
    "key": "uuid",
    "text": "text",
    "integer": "bigint",
    "bytes": "bytea",
    "truth": "boolean",
}
READ_AS: Final[dict[Kind, str]] = {"key": "uuid_send({})"}
"""How a value is read, where it is not as it is: the bytes of a key."""

ORDERED_AS: Final[dict[Kind, str]] = {"text": '{} COLLATE "C"'}
"""How a value is ordered: text by its bytes, as on every engine, whatever the collation of the database."""


class Own(NamedTuple):
    """A column only PostgreSQL has: its name, its type, and what makes the value of rows that are moved here."""

    name: str
    type: str
    make: Callable[[], object]


OWN: Final = {"node": [Own("op", "uuid", uuid4)], "contact": [Own("seen", "bigint", lambda: 0)]}
"""By table: the rows of a page are one write, and a contact was seen at no version yet."""


NOT_MOVED: Final = {"node": "doc IS NULL AND target IS NULL"}
"""By table: rows that only PostgreSQL has. A tombstone speaks to writers that are under way."""

TOMBSTONE_S: Final = 3_600
"""How long a released row is remembered; no write takes as long."""


class PostgresTables:
    """See `storage.tables.Tables` for what each method promises."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    @classmethod
    async def open(cls, url: str) -> PostgresTables:
        """The tables of this database, made or brought up to date. Raises `UnusableDatabase` with one clear line."""
        await make_schema(url)
        return cls(await connect_for_upkeep(url))

    async def count(self, table: Table) -> int:
        with _told():
            count: int = await self._connection.fetchval(_sql(_COUNT, table))
        return count

    async def page(self, table: Table, after: Place | None, limit: int) -> list[Row]:
        sql = _sql(_PAGE if after is None else _PAGE_AFTER, table)
        with _told():
            records = await self._connection.fetch(sql, limit, *map(_sent, after or ()))
        return list(map(tuple, records))

    async def append(self, table: Table, rows: Sequence[Row], progress: bytes) -> None:
        with _told():
            async with self._connection.transaction():
                if rows:
                    values = [*_arrays(table, rows), *(own.make() for own in OWN.get(table.name, ()))]
                    await self._connection.execute(_sql(_APPEND, table), *values)
                await self._connection.execute(statements.PUT_META, COPY_META, progress)

    async def progress(self) -> bytes | None:
        with _told():
            progress: bytes | None = await self._connection.fetchval(statements.READ_META, COPY_META)
        return progress

    async def end_progress(self) -> None:
        with _told():
            await self._connection.execute(statements.DELETE_META, COPY_META)

    async def purge(self) -> None:
        """Each table is locked while it is rewritten: servers wait."""
        with _told():
            before = time_ns() // 1_000 - TOMBSTONE_S * 1_000_000
            await self._connection.execute(statements.DELETE_TOMBSTONES, before)
            for table in TABLES:
                for column in table.columns:
                    if column.kind in ("text", "bytes"):
                        forget = _FORGET_SAMPLES.format(table=table.name, column=column.name, type=TYPES[column.kind])
                        await self._connection.execute(forget)
                await self._connection.execute(_REWRITE.format(table=table.name))
            await self._connection.execute(_REWRITE.format(table=STATISTICS))

    async def close(self) -> None:
        await end(self._connection)


def _arrays(table: Table, rows: Sequence[Row]) -> list[list[object]]:
    """The values of each column, as asyncpg takes them."""
    return [
        list(map(_sent, values) if column.kind == "key" else values)
        for column, values in zip(table.columns, zip(*rows, strict=True), strict=True)
    ]


def _sent(value: Value) -> object:
    return UUID(value) if type(value) is bytes else value


@contextmanager
def _told() -> Iterator[None]:
    """What the database refuses as `Unavailable`, a row that is there already as `RowsInTheWay`."""
    try:
        yield
    except asyncpg.UniqueViolationError as error:
        raise RowsInTheWay(told(error)) from error
    except (asyncpg.PostgresError, *OUTSIDE) as error:
        if remedy_of(error) is Remedy.BUG:
            raise
        raise Unavailable(f"PostgreSQL: {told(error)}") from error


@cache
def _sql(template: str, table: Table) -> str:
    unmoved = [f"{table.order[0]} = '{name}'" for name in table.unmoved]
    if table.name in NOT_MOVED:
        unmoved.append(NOT_MOVED[table.name])
    kinds = {column.name: column.kind for column in table.columns}
    own = OWN.get(table.name, [])
    return template.format(
        table=table.name,
        names=", ".join(table.names),
        arrays=", ".join(f"${number}::{TYPES[column.kind]}[]" for number, column in enumerate(table.columns, 1)),
        own="".join(f", {column.name}" for column in own),
        own_values="".join(f", ${number}::{column.type}" for number, column in enumerate(own, len(table.columns) + 1)),
        columns=", ".join(READ_AS.get(column.kind, "{}").format(column.name) for column in table.columns),
        order=", ".join(ORDERED_AS.get(kinds[name], "{}").format(name) for name in table.order),
        marks=", ".join(f"${number}::{TYPES[kinds[name]]}" for number, name in enumerate(table.order, 2)),
        moved=" AND ".join(f"NOT ({condition})" for condition in unmoved) or "true",
    )
