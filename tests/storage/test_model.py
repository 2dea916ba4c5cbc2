"""The dict model keeps the storage contract: it may serve as the reference."""

from pathlib import Path

from personae.storage import Store
from personae.testing.storage_contract import StorageContract
from tests.storage.backends import open_model


class TestModel(StorageContract):
    async def open(self, path: Path) -> Store:
        return await open_model(path)
