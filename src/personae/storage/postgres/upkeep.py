"""Work on a whole database by one process: its schema, and a connection that takes as long as it takes."""

from typing import Final

import asyncpg

from .. import Unavailable, UnusableDatabase
from ..url import masked
from . import PostgresStore
from .connections import Connection, connect
from .deadline import Deadline
from .failures import OUTSIDE, told

CONNECT_S: Final = 5.0
NO_LIMIT_S: Final = 0.0

BY_KEY: Final = "SELECT set_config('enable_sort', 'off', false)"
"""A page of a large table is read along its key, whatever a plan for any number of rows would cost."""


async def make_schema(url: str) -> None:
    """The schema is there and up to date. Raises `UnusableDatabase` with one clear line."""
    store = await PostgresStore.open(url, timeout_s=CONNECT_S, connections=1)
    await store.close()


async def connect_for_upkeep(url: str) -> Connection:
    """A connection whose statements may take any time. Raises `UnusableDatabase` with one clear line."""
    try:
        connection = await connect(url, Deadline(CONNECT_S), NO_LIMIT_S)
        await connection.fetch(BY_KEY)
    except (Unavailable, asyncpg.PostgresError, *OUTSIDE) as error:
        raise UnusableDatabase(f"cannot use the database {masked(url)}: {told(error)}") from None
    return connection


async def end(connection: Connection) -> None:
    """Close a connection; one that is lost, or does not answer within a second, too."""
    try:
        await connection.close(timeout=1)
    except (*OUTSIDE, asyncpg.PostgresError):
        connection.terminate()
