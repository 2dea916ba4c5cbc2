"""The history of profiles: rows that are added, each in a place that no other server takes."""

from collections.abc import Iterator, Sequence
from itertools import chain, islice
from typing import Final

import msgspec

from ...core.history import Change
from ..tables import PLACES_META
from . import statements
from .connections import Connection, Connections
from .deadline import Deadline

BLOCK: Final = 20_000
"""Places that a server takes for itself at a time: small numbers, in documents, and a row of `meta` written seldom."""

_decode = msgspec.json.Decoder(Change).decode


class Places:
    """The places this server may write to."""

    def __init__(self, database: Connections) -> None:
        self._database = database
        self._left: Iterator[int] = iter(())
        self._number = 0

    async def reserve(self, deadline: Deadline, number: int) -> Iterator[int]:
        """So many places that nobody else has or gets. Raises `Unavailable`."""
        if number > self._number:
            block = await self._taken(deadline, max(number, BLOCK))
            self._left = chain(self._left, block)
            self._number += len(block)
        self._number -= number
        return iter(list(islice(self._left, number)))

    async def _taken(self, deadline: Deadline, number: int) -> range:
        async def take(connection: Connection) -> int:
            standing = await connection.fetchval(statements.LOCK_META, PLACES_META)
            first = int(standing) or await connection.fetchval(statements.LAST_HISTORY) + 1
            await connection.execute(statements.PUT_META, PLACES_META, str(first + number).encode())
            return int(first)

        await self._database.run(deadline, statements.ADD_META, PLACES_META, b"0")
        first = await self._database.transaction(deadline, take)
        return range(first, first + number)


async def write(connection: Connection, deadline: Deadline, rows: Sequence[tuple[int, str]], forgotten: Sequence[int]) -> None:
    """Put changes in their places, and empty those that are forgotten."""
    if rows:
        places, documents = zip(*rows, strict=True)
        await connection.execute(statements.WRITE_HISTORY, places, documents, timeout=deadline.left_s())
    if forgotten:
        await connection.execute(statements.DELETE_HISTORY, sorted(forgotten), timeout=deadline.left_s())


async def read(database: Connections, places: Sequence[int]) -> list[Change]:
    """The changes in these places, the last one first."""
    rows = await database.rows(database.deadline(), statements.READ_HISTORY, sorted(places))
    return sorted((_decode(row[0]) for row in rows), key=lambda change: change.at, reverse=True)
