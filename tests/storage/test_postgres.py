"""The PostgreSQL store keeps the storage contract, and so do several that share a database."""

import asyncio
from pathlib import Path

from personae.storage import Store
from personae.testing.storage_contract import StorageContract
from tests.durability.writers import faults, write
from tests.storage.backends import open_postgres


class TestPostgres(StorageContract):
    async def open(self, path: Path) -> Store:
        return await open_postgres(path)


def test_stores_that_share_a_database(tmp_path: Path) -> None:
    """Stores that create and count up the same people at once make each of them once, with exact counts."""
    writers, people, rounds = 4, 40, 5

    async def run() -> list[str]:
        stores = await asyncio.gather(*(open_postgres(tmp_path) for _ in range(writers)))
        await asyncio.gather(*(write(store, writer, people, rounds) for writer, store in enumerate(stores)))
        found = await faults(stores[0], writers, people, rounds)
        await asyncio.gather(*(store.close() for store in stores))
        return found

    assert [] == asyncio.run(run())
