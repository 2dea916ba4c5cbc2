"""Moving every table of one database into another: in order, in pages, resumable, compared at the end.

Rows are moved as they are, so a profile reads the same before and after. The destination keeps how far
the copy is, in the same commit as the rows; whatever ends the process, the next run goes on from there.
"""

from collections.abc import AsyncIterator, Sequence
from hashlib import blake2b
from typing import Any, Final, NamedTuple, Protocol

import msgspec

from .secret_key import CHECK_META
from .storage.tables import META, TABLES, Place, Row, RowsInTheWay, Table, Tables

PAGE_ROWS: Final = 5000
PAGE_BYTES: Final = 16 * 1024 * 1024
"""A page has about this many bytes at most, which large documents reach before `PAGE_ROWS`."""

FIRST_PAGE_ROWS: Final = 50
"""The first page tells how large the rows of a table are."""

CHECKSUM_BYTES: Final = 16

_encode = msgspec.msgpack.Encoder().encode


class NotCopied(Exception):  # noqa: N818 - its text is the one line the user reads
    """The databases cannot be copied, or are not the same; the text says why and what to do."""


class Progress(msgspec.Struct, frozen=True):
    """What a destination keeps: the source, by name and by the check of its server key, and the last row moved."""

    source: str
    key_check: bytes
    table: str = TABLES[0].name
    after: tuple[Any, ...] | None = None


_decode_progress = msgspec.msgpack.Decoder(Progress).decode


class Side(NamedTuple):
    """A database that is copied from or to, and what it is called when the user reads of it."""

    name: str
    tables: Tables


class Digest(NamedTuple):
    """What a table comes to: the number of its rows, and a checksum over them in order, as hexadecimal digits."""

    rows: int
    checksum: str


class Compared(NamedTuple):
    """One table as it is on both sides."""

    table: str
    source: Digest
    destination: Digest

    @property
    def same(self) -> bool:
        return self.source == self.destination


class Watch(Protocol):
    """Who is told how a copy gets on."""

    def begin(self, step: str, total: int, done: int) -> None:
        """A step begins, or is taken up where `done` of its `total` rows were."""
        ...

    def advance(self, rows: int) -> None:
        """So many rows more are done."""
        ...


async def copy(source: Side, destination: Side, watch: Watch) -> list[Compared]:
    """Make the destination what the source is, or go on with that, and give every table of both.

    The copy is whole if all of them are the same; else the destination is still marked as unfinished.
    Raises `NotCopied` before anything is written where the destination has other data.
    """
    sizes = [await source.tables.count(table) for table in TABLES]
    there = [await destination.tables.count(table) for table in TABLES]
    progress = await _begun(source, destination, sizes, there)
    watch.begin("copying", sum(sizes), sum(there))
    try:
        await _move(source.tables, destination.tables, progress, watch)
    except RowsInTheWay as error:
        raise NotCopied(f"something else wrote to {destination.name} ({error}); copy into an empty database") from error
    watch.begin("comparing", 2 * sum(sizes), 0)
    compared = [await _compare(source.tables, destination.tables, table, watch) for table in TABLES]
    if all(table.same for table in compared):
        await destination.tables.end_progress()
    return compared


def require_same(compared: Sequence[Compared]) -> None:
    """Raise `NotCopied` naming the tables that differ, if any do."""
    if different := [table.table for table in compared if not table.same]:
        raise NotCopied(
            f"not the same on both sides: {', '.join(different)}; something wrote to one of them during the copy: "
            "stop the servers, empty the destination and copy again"
        )


async def _begun(source: Side, destination: Side, sizes: list[int], there: list[int]) -> Progress:
    """The progress to go on from; a new copy needs an empty destination, and every one a whole source."""
    if await source.tables.progress() is not None:
        raise NotCopied(f"{source.name} has only half of a copy itself; nothing was changed: finish that copy first")
    new = Progress(source.name, await _key_check(source.tables))
    stored = await destination.tables.progress()
    if stored is None:
        if not any(sizes):
            raise NotCopied(f"there is nothing in {source.name}; look at --from")
        if any(there):
            raise NotCopied(f"{destination.name} has data already; nothing was changed: copy into an empty database")
        return new
    progress = _decode_progress(stored)
    if (progress.source, progress.key_check) != (new.source, new.key_check):
        raise NotCopied(
            f"{destination.name} has an unfinished copy of {progress.source}, which is not this source; nothing was changed: "
            "go on with that one, or copy into an empty database"
        )
    return progress


async def _key_check(tables: Tables) -> bytes:
    """The check of the server key a database was made with, b"" for one that never had a server."""
    values = {name: value async for rows in _pages(tables, META) for name, value in rows}
    check = values.get(CHECK_META)
    return check if isinstance(check, bytes) else b""


async def _move(source: Tables, destination: Tables, progress: Progress, watch: Watch) -> None:
    names = [table.name for table in TABLES]
    after: Place | None = progress.after
    for table in TABLES[names.index(progress.table) :]:
        place = table.placer()
        async for rows in _pages(source, table, after):
            progress = msgspec.structs.replace(progress, table=table.name, after=place(rows[-1]))
            await destination.append(table, rows, _encode(progress))
            watch.advance(len(rows))
        after = None


async def _compare(source: Tables, destination: Tables, table: Table, watch: Watch) -> Compared:
    return Compared(table.name, await _digest(source, table, watch), await _digest(destination, table, watch))


async def _digest(tables: Tables, table: Table, watch: Watch) -> Digest:
    checksum = blake2b(digest_size=CHECKSUM_BYTES)
    count = 0
    async for rows in _pages(tables, table):
        checksum.update(b"".join(map(_encode, rows)))
        count += len(rows)
        watch.advance(len(rows))
    return Digest(count, checksum.hexdigest())


async def _pages(tables: Tables, table: Table, after: Place | None = None) -> AsyncIterator[list[Row]]:
    """The rows of a table in its order, page by page; the rows of a page decide the size of the next one."""
    place = table.placer()
    limit = FIRST_PAGE_ROWS
    while rows := await tables.page(table, after, limit):
        yield rows
        after = place(rows[-1])
        limit = max(1, min(PAGE_ROWS, PAGE_BYTES * len(rows) // len(_encode(rows))))
