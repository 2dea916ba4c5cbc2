"""The dict model keeps the storage contract: it may serve as the reference."""

from collections import Counter
from pathlib import Path

from personae.storage import Store
from personae.testing.storage_contract import StorageContract
from tests.storage.backends import open_model


class TestModel(StorageContract):
    async def open(self, path: Path) -> Store:
        return await open_model(path)


def test_no_test_hides_another() -> None:
    """The suite is put together from classes: each of their tests has a name of its own."""
    names = Counter(name for part in StorageContract.__mro__ for name in vars(part) if name.startswith("test_"))
    assert [name for name, times in names.items() if times > 1] == []
