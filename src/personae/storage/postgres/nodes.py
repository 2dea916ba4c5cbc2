"""Reading profiles, by their keys, their rows and their addresses: arrays in, arrays out."""

import asyncio
from collections.abc import Iterable, Iterator, Mapping, Sequence
from random import random
from typing import Final

import asyncpg
import msgspec
from asyncpg.pgproto.pgproto import UUID

from ...core.identity import Key
from ...core.profile import Profile, contacts
from ...core.work import Found
from .. import Project
from ..codec import hash_key, hashed, keys_by_hash
from ..rows import Reading, ReadRow
from . import statements
from .connections import Connections
from .deadline import Deadline
from .shards import ShardMap

decode = msgspec.json.Decoder(Profile).decode

PIECE: Final = 5_000
"""Keys of one statement that reads: the loop has to come to other things between two."""

READS: Final = 6
"""How often all is read anew because what was read is of different moments."""

PAUSE_S: Final = 0.005

CONTACT_PAGE: Final = 100
"""Profiles read at a time that an address leads to: some of them may have it no longer."""


def parse(records: Iterable[asyncpg.Record]) -> Iterator[ReadRow]:
    """The rows that `READ_NODES` gave."""
    for key, version, document, target in records:
        yield key.bytes, version, None if document is None else decode(document), target and target.bytes


async def follow(database: Connections, deadline: Deadline, shards: ShardMap, reading: Reading) -> None:
    """Read what is behind the keys of a reading; aliases are followed, which takes a second statement.

    Where a profile has moved between two statements, all is read anew. An alias that leads nowhere each time
    is nobody's.
    """
    for attempt in range(READS):
        wanted = list(reading.hashes.values())
        while wanted:
            wanted = reading.add(parse(await _behind(database, deadline, shards, statements.READ_NODES, wanted)))
        if reading.finish() or attempt == READS - 1:
            return
        reading.restart()
        await asyncio.sleep(random() * PAUSE_S * attempt)  # noqa: S311 - jitter


async def _behind(
    database: Connections, deadline: Deadline, shards: ShardMap, sql: str, keys: Sequence[bytes], *values: object
) -> list[asyncpg.Record]:
    """The rows a statement reads by these keys, a statement for each shard."""
    groups = [[UUID(key) for key in group] for group in shards.groups(keys, bytes)]
    found = await asyncio.gather(*(database.rows(deadline, sql, group, *values) for group in groups))
    return [row for rows in found for row in rows]


async def read(database: Connections, deadline: Deadline, shards: ShardMap, project: Project, keys: Sequence[Key]) -> Found:
    """The profiles behind these keys."""
    reading = Reading(project, hashed(project.secret, keys))
    await follow(database, deadline, shards, reading)
    return reading.found


async def find_owners(
    database: Connections, deadline: Deadline, shards: ShardMap, project: Project, owners: Sequence[bytes]
) -> dict[bytes, bytes]:
    """The rows of the profiles these rows are, or lead to as aliases, however many stand between."""
    found: dict[bytes, bytes] = {}
    for _ in range(READS):
        targets = await _targets(database, deadline, shards, project, owners)
        found = {owner: row for owner in owners if (row := _end(targets, owner)) is not None}
        if all(owner in found or targets.get(owner) is None for owner in owners):
            break
    return found


async def _targets(
    database: Connections, deadline: Deadline, shards: ShardMap, project: Project, rows: Sequence[bytes]
) -> dict[bytes, bytes | None]:
    """Where these rows, and those they lead to, lead: a profile to itself, None is nowhere."""
    targets: dict[bytes, bytes | None] = {}
    wanted = list(dict.fromkeys(rows))
    while wanted:
        for piece in pieces(wanted):
            for key, target, is_profile in await _behind(
                database, deadline, shards, statements.READ_TARGETS, piece, project.id
            ):
                targets[key.bytes] = key.bytes if is_profile else target and target.bytes
        wanted = list({target for target in targets.values() if target is not None and target not in targets})
    return targets


def _end(targets: Mapping[bytes, bytes | None], row: bytes) -> bytes | None:
    """Where a row leads to in the end: a profile leads to itself, None is nowhere."""
    for _ in targets:
        target = targets.get(row)
        if target is None or target == row:
            return target
        row = target
    return None  # rows of different moments can lead round in a circle


async def read_profiles(
    database: Connections, deadline: Deadline, shards: ShardMap, project: Project, rows: Sequence[bytes]
) -> dict[bytes, Profile]:
    """The profiles in these rows."""
    found: dict[bytes, Profile] = {}
    for piece in pieces(list(dict.fromkeys(rows))):
        records = await _behind(database, deadline, shards, statements.READ_PROFILES, piece, project.id)
        found |= {key.bytes: decode(document) for key, document in records}
    return found


def pieces(keys: Sequence[bytes]) -> Iterator[Sequence[bytes]]:
    return (keys[start : start + PIECE] for start in range(0, len(keys), PIECE))


async def read_flags(database: Connections, deadline: Deadline, secret: bytes, keys: Sequence[Key]) -> dict[Key, bool]:
    """Those of these flags that were ever set."""
    hashes = keys_by_hash(secret, keys)
    rows = await database.rows(deadline, statements.READ_FLAGS, [UUID(key) for key in hashes])
    return {hashes[ckey.bytes]: dnd for ckey, dnd in rows}


async def has_flags(database: Connections, deadline: Deadline) -> bool:
    """Whether any flag was ever set."""
    return bool(await database.rows(deadline, statements.HAS_FLAGS))


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
        holders += [profile for profile in (decode(row[0]) for row in rows) if contact in contacts(profile)]
        start += CONTACT_PAGE
    return holders[offset : offset + limit]
