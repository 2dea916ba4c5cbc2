"""Reading and writing what is kept of profiles' changes: rows that are added, each in the next place."""

from collections.abc import Iterator, Sequence
from itertools import count

import apsw
import msgspec

from ...core.history import Change
from ..rows import Rows
from . import statements
from .nodes import execute_keys, execute_rows

_decode_changes = msgspec.json.Decoder(Change).decode_lines


def places(connection: apsw.Connection) -> Iterator[int]:
    """The places that are free, one after the other; only one process writes, so they stay free until they are taken."""
    return count(connection.execute(statements.LAST_HISTORY).get + 1)


def read(connection: apsw.Connection, places: Sequence[int]) -> list[Change]:
    """The changes in these places, the last one first."""
    changes: list[Change] = []
    for piece in statements.padded(places):
        changes += _decode_changes(connection.execute(statements.read_history(len(piece)), piece).get or "")
    return sorted(changes, key=lambda change: change.at, reverse=True)


def write(connection: apsw.Connection, rows: Rows) -> None:
    """Put changes in their places, and empty those that are forgotten."""
    execute_rows(connection, statements.write_history, (), [(place, change) for place, change, _ in rows.history])
    execute_keys(connection, statements.delete_history, [place for place, _ in rows.forgotten])
