"""Reading and writing rows: arrays in, arrays out, and what became of each row of a write."""

import asyncio
from collections.abc import Iterable, Iterator, Mapping, Sequence
from operator import attrgetter
from typing import NamedTuple
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

CONTACT_PAGE = 100
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
    not take; `why` is what it said.
    """

    lost: frozenset[bytes] = frozenset()
    unknown: frozenset[bytes] = frozenset()
    refused: frozenset[bytes] = frozenset()
    why: Exception | None = None


def together(outcomes: Sequence[Outcome]) -> Outcome:
    """What became of all statements of a round."""
    if len(outcomes) == 1:
        return outcomes[0]
    lost, unknown, refused = (
        (frozenset[bytes]().union(*sets) for sets in zip(*(outcome[:3] for outcome in outcomes), strict=True))
        if outcomes
        else (frozenset[bytes](),) * 3
    )
    return Outcome(lost, unknown, refused, next((outcome.why for outcome in outcomes if outcome.why), None))


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


async def write(database: Connections, deadline: Deadline, write: Write) -> Outcome:
    """Write the rows that are still at the version read.

    A statement of which it is not known whether it was done is repeated: rows it wrote before bear its mark.
    Raises `Unavailable` where nothing was written.
    """
    together, alone = uuid4(), uuid4()
    values = (*_arrays(write.rows), together, alone, [row.bound for row in write.rows], [UUID(key) for key in write.losers])
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
    except Unavailable:
        if not unsure:
            raise
        return Outcome(unknown=_keys(write.rows))
    except Exception as error:
        remedy = remedy_of(error)
        if remedy is Remedy.ISOLATE:
            return Outcome(refused=_keys(write.rows), why=error)
        if remedy is not Remedy.BOUND:
            raise
        return await _look(database, deadline, write.rows, {together, alone}) if unsure else Outcome(lost=_keys(write.rows))
    if len(written) == len(write.rows):
        return Outcome()
    left = _keys(write.rows).difference(key.bytes for key, _ in written)
    if not unsure or _first_time(write.rows, written):
        return Outcome(lost=left)
    return Outcome(unknown=left)


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
