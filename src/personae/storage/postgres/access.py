"""Projects, passcodes and facts about the database itself: small tables, read whole."""

import os
from collections.abc import Mapping, Sequence
from typing import Final

from .. import Passcode, Project
from . import statements
from .connections import Connection, Connections

ACCESS_VERSION: Final = "access_version"
PROBE: Final = "probe"


async def read_projects(database: Connections) -> list[Project]:
    return [Project(*row) for row in await database.rows(database.deadline(), statements.READ_PROJECTS)]


async def read_passcodes(database: Connections) -> list[Passcode]:
    return [Passcode(*row) for row in await database.rows(database.deadline(), statements.READ_PASSCODES)]


async def read_meta(database: Connections, name: str) -> bytes | None:
    rows = await database.rows(database.deadline(), statements.READ_META, name)
    return rows[0][0] if rows else None


async def read_version(database: Connections) -> int:
    return int.from_bytes(await read_meta(database, ACCESS_VERSION) or b"")


async def changed(connection: Connection) -> None:
    """Let every server on this database see that projects or passcodes are not what they were."""
    await connection.execute(statements.PUT_META, ACCESS_VERSION, os.urandom(8))


async def add_project(database: Connections, project: Project) -> bool:
    async def add(connection: Connection) -> bool:
        values = (project.id, project.name, project.secret, project.created)
        added = await connection.fetchval(statements.ADD_PROJECT, *values) is not None
        if added:
            await changed(connection)
        return added

    added = await database.transaction(database.deadline(), add)
    return added or project in await read_projects(database)  # the answer to the commit may have been lost, and it was repeated


async def put_passcodes(database: Connections, passcodes: Sequence[Passcode]) -> None:
    rows = sorted(
        (p.id, p.project, p.name, p.digest, p.sealed, p.created, p.expires, p.revoked, p.last_used) for p in passcodes
    )

    async def put(connection: Connection) -> None:
        await connection.executemany(statements.PUT_PASSCODE, rows)
        await changed(connection)

    await database.transaction(database.deadline(), put)


async def touch_passcodes(database: Connections, used: Mapping[str, int]) -> None:
    async def touch(connection: Connection) -> None:
        await connection.executemany(statements.TOUCH_PASSCODE, sorted(used.items()))

    if used:
        await database.transaction(database.deadline(), touch)


async def set_meta(database: Connections, name: str, value: bytes) -> bytes:
    await database.run(database.deadline(), statements.ADD_META, name, value)
    standing = await read_meta(database, name)
    assert standing is not None
    return standing


async def put_meta(database: Connections, name: str, value: bytes) -> None:
    await database.run(database.deadline(), statements.PUT_META, name, value)


async def drop_meta(database: Connections, first: str, last: str) -> None:
    await database.run(database.deadline(), statements.DELETE_META_BETWEEN, first.encode(), last.encode())


async def probe(database: Connections) -> None:
    """Write something, so that a full disk or a standby shows."""
    await database.run(database.deadline(), statements.PUT_META, PROBE, os.urandom(8))
