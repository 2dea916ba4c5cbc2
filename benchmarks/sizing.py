"""What a profile takes: bytes in the database, by table and index, and bytes of log to get it there.

    python -m benchmarks.sizing --profiles 1000000
    python -m benchmarks.sizing --profiles 1000000 --database postgresql://user@host:5432/postgres

A server stores the profiles through uploads and then updates each of them once, in random order, by
records of the same size. Figures are bytes for each profile. On PostgreSQL, in a new database that is dropped afterwards, the
log is that of the whole server: nothing else may use it meanwhile. On SQLite it is all that the server
writes to the disk.
"""

import argparse
import asyncio
import sys
from collections.abc import Callable, Sequence
from random import Random
from typing import Final, NamedTuple
from urllib.parse import urlsplit

import apsw
import uvloop

from tests.databases import execute

from . import processes
from .figures import markdown
from .load import pieces, status_of, upload
from .payloads import SEED, batches, fresh
from .server import Server, Setup, running

CONCURRENCY: Final = 15
BATCH: Final = 1_000
CHUNK: Final = 100_000
"""Records made at a time."""

SETTLE_S: Final = 3

Sizes = dict[str, int]
"""Bytes by what takes them; of a name that begins with "- " they are part of what is above it."""


class Stage(NamedTuple):
    """What the database takes after a stage, and the bytes of log written in it."""

    sizes: Sizes
    log: int


class Engine(NamedTuple):
    """How an engine is asked: what its database takes now, and the bytes of log it has written so far."""

    sizes: Callable[[Server], Sizes]
    log: Callable[[Server], int]


# --- PostgreSQL

RELATIONS: Final = """
SELECT relation.relname, pg_relation_size(relation.oid) + coalesce(pg_total_relation_size(nullif(relation.reltoastrelid, 0)), 0)
FROM pg_class AS relation JOIN pg_namespace AS place ON place.oid = relation.relnamespace
WHERE place.nspname = 'public' AND relation.relkind IN ('r', 'i')
ORDER BY (relation.relname NOT LIKE 'node%'), relation.relname
"""
PARTS: Final = """
SELECT coalesce(sum(pg_column_size(node.*) + 4) FILTER (WHERE doc IS NOT NULL), 0)::bigint,
    coalesce(sum(pg_column_size(doc)), 0)::bigint,
    coalesce(sum(pg_column_size(node.*) + 4) FILTER (WHERE doc IS NULL), 0)::bigint
FROM node
"""
"""Bytes of the rows of profiles, of the documents in them, and of the rows of aliases; each row with its pointer."""

LOG: Final = "SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::bigint"


def postgres_sizes(server: Server) -> Sizes:
    ((profiles, documents, aliases),) = execute(server.database, PARTS)
    parts = {"- rows of profiles": profiles, "- documents in them": documents, "- rows of aliases": aliases}
    sizes: Sizes = {}
    for name, size in execute(server.database, RELATIONS):
        sizes |= {name: size} | (parts if name == "node" else {})
    return sizes


def postgres_log(server: Server) -> int:
    ((position,),) = execute(server.database, LOG)
    return int(position)


# --- SQLite

PAGES: Final = "SELECT name, sum(pgsize) FROM dbstat GROUP BY name ORDER BY name NOT LIKE 'node%', name"
DOCUMENTS: Final = "SELECT coalesce(sum(octet_length(doc)), 0) FROM node"


def sqlite_sizes(server: Server) -> Sizes:
    connection = apsw.Connection(str(server.folder / "data" / "personae.db"), flags=apsw.SQLITE_OPEN_READONLY)
    try:
        ((documents,),) = connection.execute(DOCUMENTS)
        sizes: Sizes = {}
        for name, size in connection.execute(PAGES):
            sizes |= {name: size} | ({"- documents": documents} if name == "node" else {})
        return sizes
    finally:
        connection.close()


def sqlite_log(server: Server) -> int:
    return processes.written_bytes(server.pid)


# --- measuring

ENGINES: Final = {
    "": Engine(sqlite_sizes, sqlite_log),
    "postgresql": Engine(postgres_sizes, postgres_log),
    "postgres": Engine(postgres_sizes, postgres_log),
}
"""By the scheme of the server's URL."""


async def measure(profiles: int, setup: Setup) -> list[Stage]:
    """The profiles stored, and then each of them updated."""
    engine = ENGINES[urlsplit(setup.database).scheme]
    with running(setup) as server:
        people = fresh(profiles, first=0)
        return [await stage(server, engine, order) for order in (people, Random(SEED).sample(people, profiles))]


async def stage(server: Server, engine: Engine, people: Sequence[int]) -> Stage:
    """What it takes to send a record about each of these people, in this order."""
    before = engine.log(server)
    for piece in pieces(people, CHUNK):
        await upload(server.target, list(batches(piece, BATCH)), CONCURRENCY)
    await asyncio.sleep(SETTLE_S)
    return Stage(engine.sizes(server), engine.log(server) - before)


def show(profiles: int, stages: Sequence[Stage]) -> None:
    names = [name for name, size in stages[0].sizes.items() if size >= profiles]
    columns = [
        [title, *cells(stage, names, profiles)] for title, stage in zip(("stored", "each updated once"), stages, strict=True)
    ]
    print(f"bytes for each of {profiles:,} profiles\n\n{markdown([['', *names, 'in all', 'log written'], *columns])}")


def cells(stage: Stage, names: Sequence[str], profiles: int) -> list[str]:
    whole = sum(size for name, size in stage.sizes.items() if not name.startswith("- "))
    sizes = [*(stage.sizes[name] for name in names), whole, stage.log]
    return [f"{size / profiles:,.0f}" for size in sizes]


def main() -> int:
    parser = argparse.ArgumentParser(prog="benchmarks.sizing", description="Measure what a profile takes.")
    parser.add_argument("--profiles", type=int, default=1_000_000)
    parser.add_argument("--database", default="", metavar="URL", help="a PostgreSQL server whose user may make databases")
    args = parser.parse_args()
    return status_of(lambda: show(args.profiles, uvloop.run(measure(args.profiles, Setup(args.database)))))


if __name__ == "__main__":
    sys.exit(main())
