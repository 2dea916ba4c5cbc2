"""A data directory and its store, opened for one test."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypeVar

from personae.projects import Access, Grant
from personae.secret_key import ServerKey, load_or_create
from personae.storage import Store
from personae.storage.sqlite import SqliteStore

NOW = 1_800_000_000
T = TypeVar("T")
Work = Callable[[Any, ServerKey], Awaitable[T]]
"""What is done with a store, of whatever backend it was opened on, and the key."""


async def open_embedded(data: Path) -> Store:
    return await SqliteStore.open(data / "test.db")


def run(data: Path, work: Work[T], open_store: Callable[[Path], Awaitable[Store]] = open_embedded) -> T:
    """Do `work` on the store and the key of a data directory, and close the store."""

    async def opened() -> T:
        key = load_or_create(data, data / "test.db")
        store = await open_store(data)
        try:
            return await work(store, key)
        finally:
            await store.close()

    return asyncio.run(opened())


async def granted(store: Store, key: ServerKey, project: str, passcode: str, now: float = NOW) -> Grant | None:
    """What a server that has just looked grants these credentials."""
    access = Access(store, key)
    await access.refresh()
    return access.authenticate(project.encode(), passcode.encode(), now)
