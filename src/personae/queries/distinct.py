"""How many different row keys there are among many."""

from collections.abc import Iterable
from typing import Final

PREFIX: Final = 8
"""Bytes of a key that are kept. Keys are hashes: of ten million, two agree in these once in three hundred thousand times."""

FIRST_BYTES: Final = 4096 * PREFIX
"""Size of a bucket before what comes twice in it is first looked for."""


class Distinct:
    """Counts different keys in at most twice `PREFIX` bytes for each; a set takes ten times as much."""

    def __init__(self) -> None:
        self._buckets = [bytearray() for _ in range(256)]
        self._limits = [FIRST_BYTES] * 256

    def add(self, keys: Iterable[bytes]) -> None:
        for key in keys:
            bucket = self._buckets[key[0]]
            bucket += key[:PREFIX]
            if len(bucket) >= self._limits[key[0]]:
                self._compact(key[0])

    def count(self) -> int:
        return sum(len(different(bucket)) for bucket in self._buckets)

    def _compact(self, first: int) -> None:
        bucket = self._buckets[first]
        bucket[:] = b"".join(different(bucket))
        self._limits[first] = max(FIRST_BYTES, 2 * len(bucket))


def different(bucket: bytearray) -> set[bytes]:
    packed = bytes(bucket)
    return {packed[start : start + PREFIX] for start in range(0, len(packed), PREFIX)}
