"""On a cluster that shards `node`, rows of one shard share a statement; what comes of an update is the same with any map."""

import asyncio
import os
from pathlib import Path
from uuid import UUID

import pytest

from personae.storage import Store
from personae.storage.postgres import PostgresStore
from personae.storage.postgres.shards import ShardMap, uuid_hash
from personae.testing.storage_contract import StorageContract
from tests.databases import execute
from tests.engines import database_of

FOUR = (-(2**31), -(2**30), 0, 2**30)
"""The lowest hash of each of four shards, as Citus would keep them."""

WRONG = (5, 7, 9)
"""A map of a cluster that looks different by now."""

TABLE = "CREATE TABLE pg_dist_shard (logicalrelid regclass, shardid bigint, shardminvalue text, shardmaxvalue text)"


def distribute(url: str, lows: tuple[int, ...]) -> None:
    """Make a map where Citus keeps its own."""
    rows = ", ".join(f"('node'::regclass, {number}, '{low}', '0')" for number, low in enumerate(lows))
    execute(url, f"{TABLE}", f"INSERT INTO pg_dist_shard VALUES {rows}")


async def open_distributed(path: Path, lows: tuple[int, ...]) -> Store:
    """A store on a database that has this map."""
    url = database_of(path)
    await (await PostgresStore.open(url)).close()
    if execute(url, "SELECT to_regclass('pg_dist_shard') IS NULL") == [(True,)]:
        await asyncio.to_thread(distribute, url, lows)
    return await PostgresStore.open(url)


class TestFourShards(StorageContract):
    async def open(self, path: Path) -> Store:
        return await open_distributed(path, FOUR)


class TestAWrongMap(StorageContract):
    async def open(self, path: Path) -> Store:
        return await open_distributed(path, WRONG)


def test_the_hash_is_the_databases_own(tmp_path: Path) -> None:
    """For a thousand random keys it is what the database computes."""
    keys = [os.urandom(16) for _ in range(1_000)]
    listed = ", ".join(f"uuid_hash('{UUID(bytes=key)}')" for key in keys)
    (theirs,) = execute(database_of(tmp_path), f"SELECT {listed}")
    assert list(theirs) == [uuid_hash(key) for key in keys]


def test_the_map_is_read_from_the_database(tmp_path: Path) -> None:
    """Keys fall in the shard whose range has their hash; without a table of shards they are all in one."""
    keys = [os.urandom(16) for _ in range(200)]

    async def grouped() -> list[list[bytes]]:
        store = await open_distributed(tmp_path, FOUR)
        assert isinstance(store, PostgresStore)
        await store.close()
        return store.shards.groups(keys, bytes)

    groups = asyncio.run(grouped())
    assert sorted(keys) == sorted(key for group in groups for key in group)
    assert [1] * 4 == [len({(uuid_hash(key) + 2**31) // 2**30 for key in group}) for group in groups]
    assert [keys] == ShardMap().groups(keys, bytes)


@pytest.mark.parametrize("lows", [FOUR, WRONG, ()])
def test_nothing_is_left_out(lows: tuple[int, ...]) -> None:
    """Whatever the map, every item is in one group, in its order, and no group is empty."""
    items = [os.urandom(16) for _ in range(100)]
    groups = ShardMap(lows).groups(items, bytes)
    assert all(groups)
    assert all(group == [item for item in items if item in group] for group in groups)
    assert sorted(items) == sorted(item for group in groups for item in group)
    assert [] == ShardMap(lows).groups([], bytes)
