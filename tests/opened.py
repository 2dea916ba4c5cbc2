"""A data directory, opened for one test."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

from personae.projects import Access, Grant
from personae.secret_key import ServerKey, load_or_create
from personae.storage.sqlite import SqliteStore

NOW = 1_800_000_000
T = TypeVar("T")
Work = Callable[[SqliteStore, ServerKey], Awaitable[T]]


def run(data: Path, work: Work[T]) -> T:
    """Do `work` on the store and the key of a data directory, and close the store."""

    async def opened() -> T:
        database = data / "test.db"
        key = load_or_create(data, database)
        store = await SqliteStore.open(database)
        try:
            return await work(store, key)
        finally:
            await store.close()

    return asyncio.run(opened())


async def granted(store: SqliteStore, key: ServerKey, project: str, passcode: str, now: float = NOW) -> Grant | None:
    """What a server that has just looked grants these credentials."""
    access = Access(store, key)
    await access.refresh()
    return access.authenticate(project.encode(), passcode.encode(), now)
