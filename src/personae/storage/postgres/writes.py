"""What is to be written, cut into writes that are done one by one: rows of `node`, and what goes with them. Pure."""

from collections.abc import Iterator, Sequence
from operator import attrgetter
from time import time_ns
from typing import Final, NamedTuple

from ..events import EventRow
from ..rows import Reading, Rows
from .shards import ShardMap

PARTS: Final = 8
"""Writes that one is cut into when a bound row was lost."""

UNBOUND: Final = -1


class Row(NamedTuple):
    """A row of `node` to write: a profile, an alias, or, with neither document nor target, what a released one leaves.

    One that is `bound` is written together with all others of its write, or none is.
    """

    key: bytes
    project: str
    version: int
    target: bytes | None
    document: str | None
    updated: int
    bound: bool


class Write(NamedTuple):
    """Rows to write by one statement, and what is written in one transaction with them.

    `losers` are those of these rows that were profiles and are merged away. Events have the row of their profile in
    front, history behind (`Rows`); they are written if that is. Of `erased` owners the events go. An `alone` write is not cut.
    """

    rows: list[Row]
    losers: list[bytes]
    events: list[tuple[bytes, EventRow]]
    history: list[tuple[int, str, bytes]]
    forgotten: list[tuple[int, bytes]]
    erased: list[bytes]
    alone: bool = False

    @property
    def takes_several(self) -> bool:
        """Whether it takes more than the one statement."""
        return bool(self.events or self.history or self.forgotten or self.erased)

    @property
    def keys(self) -> frozenset[bytes]:
        """Its rows."""
        return frozenset(row.key for row in self.rows)


def writes(parts: Sequence[Rows], readings: Sequence[Reading], shards: ShardMap, *, alone: bool) -> list[Write]:
    """The writes these rows need: one for all that are bound or bring events, and one for the others of each shard.

    Without a map of shards, or where it is written `alone`, it is one in all.
    """
    pairs = list(zip(parts, readings, strict=True))
    whole = Write(
        [row for part, reading in pairs for row in node_rows(part, reading, alone)],
        [key for part, reading in pairs for key in losers(part, reading)],
        [(part.homes.get(event.owner, event.owner), event) for part in parts for event in part.events],
        [row for part in parts for row in part.history],
        [row for part in parts for row in part.forgotten],
        [owner for part in parts for owner in part.erased],
        alone,
    )
    if not shards or alone or not whole.rows:
        return [whole] if whole.rows or whole.takes_several else []
    bringing = {row for row, _ in whole.events}
    together = [row for row in whole.rows if row.bound or row.key in bringing]  # else there would be a segment for each shard
    others = [row for row in whole.rows if not row.bound and row.key not in bringing]
    return cut(whole, [*([together] if together else []), *shards.groups(others, attrgetter("key"))])


def node_rows(rows: Rows, reading: Reading, alone: bool) -> Iterator[Row]:
    """The rows of `node` that a project's changes come to, each key once.

    A profile with aliases to write is bound to them, and to the profiles merged into it: half of such a
    change would lead to nobody, or to two. An alias is new, or takes the place of what was read.
    """
    versions = reading.versions
    aliases = dict(rows.aliases)
    targets = set(aliases.values())
    for key, version, document, updated in rows.profiles:
        if key not in aliases:
            yield Row(key, rows.project, version, None, document, updated, alone or key in targets)
    for key, target in aliases.items():
        yield Row(key, rows.project, versions.get(key, 0) + 1, target, None, rows.updated, bound=True)
    if rows.released:
        kept = aliases.keys() | {row[0] for row in rows.profiles}
        for key in dict.fromkeys(rows.released):
            if key in versions and key not in kept:
                yield Row(key, rows.project, versions[key] + 1, None, None, time_ns() // 1_000, bound=True)


def losers(rows: Rows, reading: Reading) -> list[bytes]:
    """The stored profiles that become aliases."""
    return [key for key, _ in rows.aliases if key in reading.stored]


def apart(attempt: Write) -> list[Write]:
    """The write in several, rows that are bound to each other in one; a single one where it cannot be cut."""
    parts: dict[int, list[Row]] = {}
    for row in attempt.rows:
        part = (row.target or row.key)[0] % PARTS if row.bound else UNBOUND
        parts.setdefault(part, []).append(row)
    return [attempt] if attempt.alone else cut(attempt, list(parts.values()))


def cut(attempt: Write, groups: Sequence[list[Row]]) -> list[Write]:
    """A write for each of these groups of its rows, with what goes with them; the first has what goes with none.

    A profile that is merged away counts as such only where its own row is written: to take its aliases is
    right if that row is still as it was read, which no other write looks at.
    """
    place = {row.key: number for number, rows in enumerate(groups) for row in rows}
    merged_away: list[list[bytes]] = [[] for _ in groups]
    events: list[list[tuple[bytes, EventRow]]] = [[] for _ in groups]
    history: list[list[tuple[int, str, bytes]]] = [[] for _ in groups]
    forgotten: list[list[tuple[int, bytes]]] = [[] for _ in groups]
    for loser in attempt.losers:
        merged_away[place[loser]].append(loser)
    for event in attempt.events:
        events[place.get(event[0], 0)].append(event)
    for entry in attempt.history:
        history[place.get(entry[-1], 0)].append(entry)
    for gone in attempt.forgotten:
        forgotten[place.get(gone[-1], 0)].append(gone)
    return [
        Write(
            rows,
            merged_away[number],
            events[number],
            history[number],
            forgotten[number],
            [] if number else attempt.erased,
        )
        for number, rows in enumerate(groups)
    ]
