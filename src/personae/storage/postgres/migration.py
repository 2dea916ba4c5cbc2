"""The numbered migrations, each done exactly once however many servers start at a time."""

from importlib import resources
from typing import Final

import asyncpg

from .. import Unavailable, UnusableDatabase
from . import statements
from .connections import Connection, Connections
from .deadline import Deadline

VERSION_META: Final = "schema_version"
NONE_YET: Final = b"0"


def migrations() -> list[tuple[int, str]]:
    """The migrations, in order, each with its SQL."""
    files = (resources.files(__package__) / "migrations").iterdir()
    found = [(int(file.name[:4]), file.read_text("utf-8")) for file in files if file.name.endswith(".sql")]
    return sorted(found)


async def migrate(database: Connections, deadline: Deadline) -> None:
    """Bring the schema to the newest version. Raises `UnusableDatabase` for one a newer program has made.

    One row of `meta` is locked meanwhile: who comes second waits, and finds it done.
    """
    if await _standing(database, deadline) == migrations()[-1][0]:
        return
    await database.run(deadline, statements.CREATE_META)
    await database.run(deadline, statements.ADD_META, VERSION_META, NONE_YET)
    await database.transaction(deadline, _migrate)


async def _standing(database: Connections, deadline: Deadline) -> int | None:
    """The version of the schema, None where there is none: a role that may only read and write can start a server."""
    try:
        rows = await database.repeat(deadline, lambda: database.fetch(deadline, statements.READ_META, VERSION_META))
    except Unavailable as error:
        if isinstance(error.__cause__, asyncpg.UndefinedTableError):
            return None
        raise
    return int(rows[0][0]) if rows else None


async def _migrate(connection: Connection) -> None:
    version = int(await connection.fetchval(statements.LOCK_META, VERSION_META))
    steps = migrations()
    newest = steps[-1][0]
    if version > newest:
        raise UnusableDatabase(
            f"the database has schema version {version}, this program knows up to {newest}; run a newer personae"
        )
    for number, sql in steps:
        if number > version:
            await connection.execute(sql)
            await connection.execute(statements.PUT_META, VERSION_META, str(number).encode())
