"""Every backend there is, by name: how its store is opened in a directory."""

from collections.abc import Awaitable, Callable
from pathlib import Path

from personae.storage import Store
from personae.storage.postgres import PostgresStore
from personae.storage.sqlite import SqliteStore
from tests.engines import database_of
from tests.storage.model import DictStore, Disk

_disks: dict[Path, Disk] = {}


async def open_model(path: Path) -> Store:
    return DictStore(_disks.setdefault(path, Disk()))


async def open_sqlite(path: Path) -> Store:
    return await SqliteStore.open(path / "personae.db")


async def open_postgres(path: Path) -> Store:
    return await PostgresStore.open(database_of(path))


BACKENDS: dict[str, Callable[[Path], Awaitable[Store]]] = {
    "model": open_model,
    "sqlite": open_sqlite,
    "postgresql": open_postgres,
}
