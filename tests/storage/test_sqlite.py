"""The SQLite store keeps the storage contract."""

from pathlib import Path

from personae.storage import Store
from personae.testing.storage_contract import StorageContract
from tests.storage.backends import open_sqlite


class TestSqlite(StorageContract):
    async def open(self, path: Path) -> Store:
        return await open_sqlite(path)
