"""Reading and writing rows: arrays in, arrays out, and what became of each row of a write."""

import asyncio
from collections.abc import Iterable, Iterator, Mapping, Sequence
from operator import attrgetter
from typing import Final, NamedTuple
from uuid import uuid4

import asyncpg
import msgspec
from asyncpg.pgproto.pgproto import UUID

from ...core.identity import Key, Ref
from ...core.profile import Profile, contacts
from ...core.work import Found
from .. import Project, Unavailable
from ..codec import hash_key, hashed, keys_by_hash
from ..rows import Reading, ReadRow, Rows
from . import statements
from .connections import Connections, NotSent
from .deadline import Deadline
from .failures import Remedy, remedy_of
from .shards import ShardMap

_decode = msgspec.json.Decoder(Profile).decode

PARTS: Final = 8
"""Statements that one is cut into when a bound row was lost."""

ALONE: Final = -1

CONTACT_PAGE: Final = 100
"""Profiles read at a time that an address leads to: some of them may have it no longer."""


def parse(records: Iterable[asyncpg.Record]) -> Iterator[ReadRow]:
    """The rows that `READ_NODES` gave."""
    for key, version, document, target in records:
        yield key.bytes, version, None if document is None else _decode(document), target and target.bytes


async def follow(database: Connections, deadline: Deadline, shards: ShardMap, reading: Reading) -> None:
    """Read what is behind the keys of a reading; aliases are followed, which takes a second statement."""
    wanted = list(reading.hashes.values())
    while wanted:
        pieces = [[UUID(key) for key in group] for group in shards.groups(wanted, bytes)]
        found = await asyncio.gather(*(database.rows(deadline, statements.READ_NODES, piece) for piece in pieces))
        wanted = reading.add(row for records in found for row in parse(records))
    reading.finish()


async def read(database: Connections, deadline: Deadline, shards: ShardMap, project: Project, keys: Sequence[Key]) -> Found:
    """The profiles behind these keys."""
    reading = Reading(project, hashed(project.secret, keys))
    await follow(database, deadline, shards, reading)
    return reading.found


async def read_flags(database: Connections, deadline: Deadline, secret: bytes, keys: Sequence[Key]) -> dict[Key, bool]:
    """Those of these flags that were ever set."""
    hashes = keys_by_hash(secret, keys)
    rows = await database.rows(deadline, statements.READ_FLAGS, [UUID(key) for key in hashes])
    return {hashes[ckey.bytes]: dnd for ckey, dnd in rows}


async def read_contact(
    database: Connections, deadline: Deadline, secret: bytes, contact: Key, limit: int, offset: int
) -> list[Profile]:
    """A page of the profiles that have this contact, the last updated first.

    A row of `contact` is written before the profile it speaks of, and may speak of one that came out
    otherwise: the profile itself decides.
    """
    keys = [row[0] for row in await database.rows(deadline, statements.READ_CONTACTS, UUID(hash_key(secret, contact)))]
    holders: list[Profile] = []
    start = 0
    while len(holders) < offset + limit and start < len(keys):
        rows = await database.rows(deadline, statements.READ_LAST_UPDATED, keys, CONTACT_PAGE, start)
        holders += [profile for profile in (_decode(row[0]) for row in rows) if contact in contacts(profile)]
        start += CONTACT_PAGE
    return holders[offset : offset + limit]


class Row(NamedTuple):
    """A row of `node` to write. One that is `bound` is written together with all others of its statement, or none is."""

    key: bytes
    project: str
    version: int
    target: bytes | None
    document: str | None
    updated: int
    bound: bool


class Write(NamedTuple):
    """The rows of one statement, and the profile rows that are merged away by it."""

    rows: list[Row]
    losers: list[bytes]


class Outcome(NamedTuple):
    """What became of the rows of a write: those not named here are on disk.

    `lost` rows were not written, for others were faster. Of `unknown` ones the database was lost before
    it said, and others may have changed them since. `refused` ones are of a statement the database does
    not take; `why` is what it said. `failed` ones were not written, and `failure` says why nothing more will be.
    """

    lost: frozenset[bytes] = frozenset()
    unknown: frozenset[bytes] = frozenset()
    refused: frozenset[bytes] = frozenset()
    failed: frozenset[bytes] = frozenset()
    why: Exception | None = None
    failure: Exception | None = None

    @property
    def unwritten(self) -> frozenset[bytes]:
        """The rows that are not on disk, or may not be."""
        return self.lost | self.unknown | self.refused | self.failed


def together(outcomes: Sequence[Outcome]) -> Outcome:
    """What became of all statements of a round."""
    if len(outcomes) == 1:
        return outcomes[0]
    return Outcome(
        lost=frozenset().union(*(outcome.lost for outcome in outcomes)),
        unknown=frozenset().union(*(outcome.unknown for outcome in outcomes)),
        refused=frozenset().union(*(outcome.refused for outcome in outcomes)),
        failed=frozenset().union(*(outcome.failed for outcome in outcomes)),
        why=next((outcome.why for outcome in outcomes if outcome.why), None),
        failure=next((outcome.failure for outcome in outcomes if outcome.failure), None),
    )


def writes(parts: Sequence[Rows], versions: Sequence[Mapping[Ref, int]], shards: ShardMap) -> list[Write]:
    """The statements these rows need: one for all that are bound, and one for the others of each shard.

    Without a map of shards it is one statement in all.
    """
    rows = [row for part, read in zip(parts, versions, strict=True) for row in node_rows(part, read)]
    away = [key for part, read in zip(parts, versions, strict=True) for key in losers(part, read)]
    if not shards:
        return [Write(rows, away)] if rows else []
    bound = [row for row in rows if row.bound]
    alone = shards.groups([row for row in rows if not row.bound], attrgetter("key"))
    return [*([Write(bound, away)] if bound else []), *(Write(group, []) for group in alone)]


def node_rows(rows: Rows, versions: Mapping[Ref, int]) -> Iterator[Row]:
    """The rows of `node` that a project's changes come to, each key once.

    A profile with aliases to write is bound to them, and to the profiles merged into it: half of such a
    change would lead to nobody, or to two. An alias is new, or takes the place of the profile that was read.
    """
    aliases = dict(rows.aliases)
    targets = set(aliases.values())
    for key, version, document, updated in rows.profiles:
        if key not in aliases:
            yield Row(key, rows.project, version, None, document, updated, key in targets)
    for key, target in aliases.items():
        yield Row(key, rows.project, versions.get(key, 0) + 1, target, None, rows.updated, bound=True)


def losers(rows: Rows, versions: Mapping[Ref, int]) -> list[bytes]:
    """The stored profiles that become aliases."""
    return [key for key, _ in rows.aliases if key in versions]


def apart(attempt: Write) -> list[Write]:
    """The statement in several, rows that are bound to each other in one; a single one where it cannot be cut."""
    parts: dict[int, list[Row]] = {}
    for row in attempt.rows:
        part = (row.target or row.key)[0] % PARTS if row.bound else ALONE
        parts.setdefault(part, []).append(row)
    return [Write(rows, attempt.losers) for rows in parts.values()]


async def write(database: Connections, deadline: Deadline, attempt: Write, *, may_cut: bool = True) -> Outcome:
    """Write the rows that are still at the version read; raises nothing.

    A statement of which it is not known whether it was done is repeated: rows it wrote before bear its mark.
    One that a bound row undid is cut up once, so that few records go again and not all.
    """
    rows = attempt.rows
    bound, alone = uuid4(), uuid4()
    values = (*_arrays(rows), bound, alone, [row.bound for row in rows], [UUID(key) for key in attempt.losers])
    unsure = False

    async def step() -> list[asyncpg.Record]:
        nonlocal unsure
        try:
            return await database.fetch(deadline, statements.WRITE_NODES, *values)
        except NotSent:
            raise
        except Exception as error:
            unsure = unsure or remedy_of(error) is Remedy.RECONNECT
            raise

    try:
        written = await database.repeat(deadline, step)
    except Exception as error:  # noqa: BLE001 - other statements of the round have an outcome of their own
        remedy = remedy_of(error)
        if remedy is Remedy.ISOLATE:
            return Outcome(refused=_keys(rows), why=error)
        if remedy is Remedy.BOUND:
            if unsure:
                return await _look(database, deadline, rows, {bound, alone})
            parts = apart(attempt) if may_cut else []
            if len(parts) < 2:
                return Outcome(lost=_keys(rows))
            return together(await asyncio.gather(*(write(database, deadline, part, may_cut=False) for part in parts)))
        return Outcome(unknown=_keys(rows)) if unsure else Outcome(failed=_keys(rows), failure=error)
    if len(written) == len(rows):
        return Outcome()
    left = _keys(rows).difference(key.bytes for key, _ in written)
    return Outcome(unknown=left) if unsure and not _first_time(rows, written) else Outcome(lost=left)


def _arrays(rows: Sequence[Row]) -> tuple[Sequence[object], ...]:
    keys, projects, versions, targets, documents, updated, _ = zip(*rows, strict=True)
    return (
        [UUID(key) for key in keys],
        projects,
        versions,
        [target and UUID(target) for target in targets],
        documents,
        updated,
    )


def _keys(rows: Sequence[Row]) -> frozenset[bytes]:
    return frozenset(row.key for row in rows)


def _first_time(rows: Sequence[Row], written: Sequence[asyncpg.Record]) -> bool:
    """Whether a repeated statement was done only now: a row was still at the version before."""
    versions = {row.key: row.version for row in rows}
    return any(version == versions[key.bytes] for key, version in written)


async def _look(database: Connections, deadline: Deadline, rows: Sequence[Row], ops: set[object]) -> Outcome:
    """What became of a statement that was repeated and then undone, by the marks and versions the rows have now."""
    everything = _keys(rows)
    try:
        found = await database.rows(deadline, statements.READ_VERSIONS, [UUID(row.key) for row in rows])
    except Unavailable:
        return Outcome(unknown=everything)
    marked = {key.bytes for key, _, op in found if op in ops}
    if marked:
        return Outcome(unknown=frozenset(row.key for row in rows if not row.bound and row.key not in marked))
    versions = {key.bytes: version for key, version, _ in found}
    if any(versions.get(row.key, 0) == row.version - 1 for row in rows):
        return Outcome(lost=everything)
    return Outcome(unknown=everything)
