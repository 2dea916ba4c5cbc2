"""The ceiling on PostgreSQL: every row a server writes, by the store's own statements over bare connections.

For each batch one read of the rows behind the keys, one write of the contacts and one of the profiles
with their aliases; all values are made beforehand. Several connections at a time have people of their
own each, in batches as large, so that none waits for another one's rows.
"""

import asyncio
import gc
from collections.abc import AsyncIterator, Sequence
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path
from time import perf_counter
from typing import Final, NamedTuple
from uuid import uuid4

from asyncpg.pgproto.pgproto import UUID

from personae.storage.postgres import PostgresStore, statements
from personae.storage.postgres.connections import Connection, connect
from personae.storage.postgres.deadline import Deadline
from personae.storage.postgres.writes import node_rows
from personae.storage.rows import Reading, Rows

from ..databases import fresh_database
from .work import PROJECT, Load, Rates, prepare

NAMES: Final = {1: "1 connection", 2: "2 connections", 4: "4 connections"}
STATEMENT_S: Final = 60.0

NOTHING_READ: Final = Reading(PROJECT, {})

Values = Sequence[object]


class Commit(NamedTuple):
    """What a batch comes to: the keys to read, and the values of the statements that write; contacts may be none."""

    keys: list[UUID]
    contacts: Values
    nodes: Values
    written: int


class PostgresCeiling:
    """One database for each number of connections."""

    def __init__(self, databases: dict[int, str]) -> None:
        self.databases = databases

    async def measure(self, load: Load) -> Rates:
        ways = {NAMES[number]: await rate(url, load, number) for number, url in self.databases.items()}
        return Rates(ways, float("nan"))


@asynccontextmanager
async def opened(folder: Path, server: str) -> AsyncIterator[PostgresCeiling]:
    """The ceiling, with databases of its own on this server."""
    with ExitStack() as databases:
        urls = {number: databases.enter_context(fresh_database(server)) for number in NAMES}
        for url in urls.values():
            await (await PostgresStore.open(url)).close()
        yield PostgresCeiling(urls)


async def rate(url: str, load: Load, connections: int) -> float:
    """Records a second over so many connections, all of them committed at the end."""
    streams = [[commit_of(rows) for rows in stream] for stream in prepare(load, connections)]
    opened = [await connect(url, Deadline(STATEMENT_S), STATEMENT_S) for _ in streams]
    gc.disable()
    try:
        start = perf_counter()
        await asyncio.gather(*map(write, opened, streams))
        return len(load.numbers) / (perf_counter() - start)
    finally:
        gc.enable()
        await asyncio.gather(*(connection.close() for connection in opened))


async def write(connection: Connection, commits: Sequence[Commit]) -> None:
    for commit in commits:
        await connection.fetch(statements.READ_NODES, commit.keys)
        if commit.contacts:
            await connection.execute(statements.WRITE_CONTACTS, *commit.contacts)
        written = await connection.fetch(statements.WRITE_NODES, *commit.nodes)
        assert len(written) == commit.written


def commit_of(rows: Rows) -> Commit:
    """The values for these rows. The load merges nobody and nobody leaves an address."""
    assert not rows.left_contacts
    keys, projects, versions, targets, documents, updated, bound = zip(*node_rows(rows, NOTHING_READ, alone=False), strict=True)
    values = (uuids(keys), projects, versions, [target and UUID(target) for target in targets], documents, updated)
    return Commit(
        uuids([key for key, _, _, _ in rows.profiles]),
        contact_values(rows),
        (*values, uuid4(), uuid4(), bound, []),
        len(keys),
    )


def contact_values(rows: Rows) -> Values:
    if not rows.contacts:
        return ()
    versions = {key: version for key, version, _, _ in rows.profiles}
    contacts, profiles = zip(*rows.contacts, strict=True)
    return uuids(contacts), uuids(profiles), [versions[profile] for profile in profiles]


def uuids(keys: Sequence[bytes]) -> list[UUID]:
    return [UUID(key) for key in keys]
