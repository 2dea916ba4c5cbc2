"""Which shard a row is in, where a cluster says so: rows of one shard are read and written by one statement.

The map is a hint. A wrong or missing one changes which rows share a statement, and never a result.
"""

from bisect import bisect_right
from collections.abc import Callable, Sequence
from typing import Final, TypeVar

from . import statements
from .connections import Connections
from .deadline import Deadline

T = TypeVar("T")

_BITS: Final = 0xFFFFFFFF
_START: Final = (0x9E3779B9 + 16 + 3923095) & _BITS
_ROTATIONS: Final = (4, 6, 8, 16, 19, 4)
_LAST_ROTATIONS: Final = (14, 11, 25, 16, 4, 14, 24)


class ShardMap:
    """The shards of `node` by the lowest hash of each, in order; without any, everything is one shard."""

    def __init__(self, lows: Sequence[int] = ()) -> None:
        self._lows = lows

    def __bool__(self) -> bool:
        """Whether there is a map."""
        return bool(self._lows)

    def groups(self, items: Sequence[T], key: Callable[[T], bytes]) -> list[list[T]]:
        """The items by the shard their key is in; their order within a shard stays."""
        if not self._lows:
            return [list(items)] if items else []
        groups: dict[int, list[T]] = {}
        for item in items:
            groups.setdefault(bisect_right(self._lows, uuid_hash(key(item))), []).append(item)
        return list(groups.values())


async def read_map(database: Connections, deadline: Deadline) -> ShardMap:
    """The map of this database, an empty one where it is not distributed."""
    ((there,),) = await database.rows(deadline, statements.FIND_SHARD_TABLE)
    return ShardMap([low for (low,) in await database.rows(deadline, statements.READ_SHARDS)] if there else ())


def uuid_hash(key: bytes) -> int:
    """PostgreSQL's 32-bit hash of a uuid, signed, which Citus distributes rows by (`uuid_hash`; Jenkins' lookup3)."""
    a = (_START + int.from_bytes(key[0:4], "little")) & _BITS
    b = (_START + int.from_bytes(key[4:8], "little")) & _BITS
    c = (_START + int.from_bytes(key[8:12], "little")) & _BITS
    for rotation in _ROTATIONS:
        a = ((a - c) & _BITS) ^ _rotated(c, rotation)
        c = (c + b) & _BITS
        a, b, c = b, c, a
    a = (a + int.from_bytes(key[12:16], "little")) & _BITS
    for rotation in _LAST_ROTATIONS:
        c = ((c ^ b) - _rotated(b, rotation)) & _BITS
        a, b, c = b, c, a
    return (b ^ 0x80000000) - 0x80000000


def _rotated(value: int, by: int) -> int:
    return ((value << by) | (value >> (32 - by))) & _BITS
