"""The rows a server would write for a load, and what a ceiling says of writing them."""

from collections.abc import Iterator, Sequence
from itertools import count
from typing import Final, NamedTuple, Protocol

from personae.core.fold import fold, screen
from personae.core.rules import Rules
from personae.core.work import Found
from personae.storage import Project
from personae.storage.rows import Rows
from personae.storage.rows import prepare as prepare_rows

from ..payloads import FIRST_TS, Record, records

PROJECT: Final = Project("ABC-123-456Z", "ceiling", bytes(32), 0)
RULES: Final = Rules()


class Load(NamedTuple):
    """Records of the people with these numbers, in this order, in batches of this size."""

    numbers: Sequence[int]
    batch: int


class Rates(NamedTuple):
    """Records a second by way to write; `own` is that of every row a server writes, where the ways write fewer."""

    ways: dict[str, float]
    own: float

    @property
    def highest(self) -> float:
        return max(self.ways.values())


class Ceiling(Protocol):
    """Databases of one engine, kept from one `measure` to the next as a server keeps its own."""

    async def measure(self, load: Load) -> Rates: ...


def prepare(load: Load, parts: int = 1) -> list[list[Rows]]:
    """What servers would write for the load, batch by batch, where each of `parts` has people of its own."""
    dealt: list[list[Record]] = [[] for _ in range(parts)]
    for number, record in zip(load.numbers, records(load.numbers), strict=True):
        dealt[number % parts].append(record)
    return [rows_of(stream, load.batch) for stream in dealt]


def rows_of(stream: Sequence[Record], size: int) -> list[Rows]:
    """The rows that each batch of this stream leaves to write."""
    found = Found({}, {})
    versions: dict[bytes, int] = {}
    places = count(1)
    return [
        rows_of_batch(stream[start : start + size], start, found, versions, places) for start in range(0, len(stream), size)
    ]


def rows_of_batch(batch: Sequence[Record], start: int, found: Found, versions: dict[bytes, int], places: Iterator[int]) -> Rows:
    """The rows of one batch; `found` and `versions` go on holding everyone so far."""
    accepted, rejected = screen(batch, FIRST_TS, RULES)
    assert not rejected
    seed = f"{batch[0]['identity']} {start}".encode()
    changes = fold(accepted, found, (FIRST_TS + start) * 1_000_000, seed, RULES)
    rows = prepare_rows(PROJECT, changes, versions, {}, places)
    versions.update((key, version) for key, version, _, _ in rows.profiles)
    return rows
