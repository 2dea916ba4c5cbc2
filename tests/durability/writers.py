"""Processes that create and count up the same people at the same moment, each with a store of its own on one database.

python -m tests.durability.writers --writers 8 --people 300 --rounds 40
"""

import argparse
import asyncio
import os
import random
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import Final

from personae.core.identity import Key
from personae.core.rules import Rules
from personae.ingest import upload
from personae.storage import Project, Store
from personae.storage.postgres import PostgresStore
from tests.databases import execute
from tests.postgres import Cluster
from tests.server import Json, profile

PROJECT: Final = Project("TST-123-456Z", "Test", b"secret" * 5, 1_700_000_000)
BATCH_SIZES: Final = (1, 10, 50, 150)
AT_ONCE: Final = 4
"""Batches of one writer under way at a time."""

PROFILES: Final = "SELECT count(*) FROM node WHERE doc IS NOT NULL"
DEADLOCKS: Final = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"


def names(people: int) -> list[str]:
    return [f"person-{number}" for number in range(people)]


def record_of(writer: int, person: str, turn: int) -> Json:
    """Writers share the person; each has a counter there, which it creates in the first round, and a device."""
    count = 1 if turn == 0 else {"$incr": 1}
    return profile(person, {f"writer-{writer}": count}, objectId=f"{person}-{writer}")


async def write(store: Store, writer: int, people: int, rounds: int) -> None:
    """Write every person once a round, in an order and in batches of this writer's own."""
    rng = random.Random(writer)
    places = asyncio.Semaphore(AT_ONCE)

    async def send(records: Sequence[Json]) -> None:
        async with places:
            outcome = await upload(store, PROJECT, records, now_us=time.time_ns() // 1000, seed=os.urandom(32), rules=Rules())
        assert outcome.rejected == []

    for turn in range(rounds):
        order = rng.sample(names(people), k=people)
        size = rng.choice(BATCH_SIZES)
        batches = [order[start : start + size] for start in range(0, people, size)]
        await asyncio.gather(*(send([record_of(writer, person, turn) for person in batch]) for batch in batches))


async def faults(store: Store, writers: int, people: int, rounds: int) -> list[str]:
    """What is wrong with what all of them came to."""
    keys: list[Key] = [("identity", name) for name in names(people)]
    devices: list[list[Key]] = [[("objectId", f"{name}-{writer}") for writer in range(writers)] for name in names(people)]
    found = await store.find(PROJECT, [*keys, *(device for own in devices for device in own)])
    expected = {f"writer-{writer}": rounds for writer in range(writers)}

    def wrong() -> Iterator[str]:
        for key, own in zip(keys, devices, strict=True):
            owners = {found.owners.get(each) for each in (key, *own)}
            properties = [found.profiles[owner].properties for owner in owners if owner is not None]
            if properties != [expected] or None in owners:
                yield f"{key[1]}: {len(owners)} profiles, {properties}"

    return list(wrong())


def write_alone(url: str, writer: int, people: int, rounds: int) -> None:
    """One process of several."""

    async def run() -> None:
        store = await PostgresStore.open(url, timeout_s=120)
        await write(store, writer, people, rounds)
        await store.close()

    asyncio.run(run())


def write_together(url: str, writers: int, people: int, rounds: int) -> list[str]:
    """All processes on one database that is empty at first; tells what is wrong in the end."""
    with ProcessPoolExecutor(writers, mp_context=get_context("spawn")) as pool:
        for done in [pool.submit(write_alone, url, writer, people, rounds) for writer in range(writers)]:
            done.result()

    async def look() -> list[str]:
        store = await PostgresStore.open(url)
        found = await faults(store, writers, people, rounds)
        await store.close()
        return found

    counted = [(execute(url, PROFILES), [(people,)], "profiles"), (execute(url, DEADLOCKS), [(0,)], "deadlocks")]
    return [*asyncio.run(look()), *(f"{is_} {what}, not {should}" for is_, should, what in counted if is_ != should)]


def main() -> int:
    """Run the writers, print what was found, and return 1 if anything was wrong."""
    parser = argparse.ArgumentParser(description="Write the same people from several processes, and look for what was lost.")
    parser.add_argument("--writers", type=int, default=8)
    parser.add_argument("--people", type=int, default=300)
    parser.add_argument("--rounds", type=int, default=40)
    args = parser.parse_args()
    with Cluster(durable=True) as cluster:
        began_s = time.monotonic()
        wrong = write_together(cluster.create_database(), args.writers, args.people, args.rounds)
        seconds = time.monotonic() - began_s
    records = args.writers * args.people * args.rounds
    print(f"{args.writers} processes, {records} records of {args.people} people in {seconds:.1f} s; {len(wrong)} faults")
    for fault in wrong[:100]:
        print(fault)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
