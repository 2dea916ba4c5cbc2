"""The store on PostgreSQL, and on what speaks its SQL: any number of servers may use one database.

Every write is one statement that commits by itself and names the versions it has read; nothing is
locked between a read and a write. Source: design 4, 6.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

import asyncpg

from ...core.identity import Key
from ...core.profile import Profile
from ...core.work import Changes, Found
from .. import Fold, Passcode, Project, Unavailable, UnusableDatabase
from ..url import masked
from . import access, nodes, statements
from .connections import Connections, NotSent
from .deadline import Deadline
from .failures import told
from .migration import migrate
from .shards import ShardMap, read_map
from .writer import GroupObserver, Writer


class PostgresStore:
    """Profiles in a PostgreSQL database; see `storage.Store` for what each method promises."""

    def __init__(self, database: Connections, access: Connections, shards: ShardMap, observe: GroupObserver) -> None:
        """`access` is a connection for what must not wait behind uploads: who may use the server."""
        self._database = database
        self._access = access
        self.shards = shards
        self._writer = Writer(database, shards, observe)

    @classmethod
    async def open(
        cls,
        url: str,
        *,
        timeout_s: float = 10.0,
        connections: int = 8,
        observe: GroupObserver = lambda requests, seconds: None,
    ) -> PostgresStore:
        """The store in this database, its schema made or brought up to date.

        `timeout_s` is what one request may wait for the database in all. Raises `UnusableDatabase` with
        one clear line.
        """
        database = Connections(url, connections, timeout_s)
        try:
            await migrate(database, database.deadline())
            shards = await read_map(database, database.deadline())
            return cls(database, Connections(url, 1, timeout_s), shards, observe)
        except UnusableDatabase:
            await database.close()
            raise
        except (Unavailable, NotSent, asyncpg.PostgresError, asyncpg.InterfaceError, OSError) as error:
            await database.close()
            raise UnusableDatabase(f"cannot use the database {masked(url)}: {told(error)}") from None

    async def find(self, project: Project, keys: Sequence[Key]) -> Found:
        if not keys:
            self._database.require_open()
            return Found({}, {})
        return await nodes.read(self._database, self._deadline(), self.shards, project, keys)

    async def find_flags(self, project: Project, keys: Sequence[Key]) -> dict[Key, bool]:
        return await nodes.read_flags(self._database, self._deadline(), project.secret, keys)

    async def find_by_contact(self, project: Project, contact: Key, limit: int, offset: int = 0) -> list[Profile]:
        return await nodes.read_contact(self._database, self._deadline(), project.secret, contact, limit, offset)

    async def update(self, project: Project, keys: Sequence[Key], fold: Fold) -> Changes:
        return await self._writer.update(project, keys, fold)

    async def projects(self) -> list[Project]:
        return await access.read_projects(self._access)

    async def passcodes(self) -> list[Passcode]:
        return await access.read_passcodes(self._access)

    async def add_project(self, project: Project) -> bool:
        return await access.add_project(self._access, project)

    async def put_passcodes(self, passcodes: Sequence[Passcode]) -> None:
        await access.put_passcodes(self._access, passcodes)

    async def touch_passcodes(self, used: Mapping[str, int]) -> None:
        await access.touch_passcodes(self._access, used)

    async def access_version(self) -> int:
        return await access.read_version(self._access)

    async def get_meta(self, name: str) -> bytes | None:
        return await access.read_meta(self._access, name)

    async def set_meta(self, name: str, value: bytes) -> bytes:
        return await access.set_meta(self._access, name, value)

    async def check_writable(self) -> None:
        await access.probe(self._access)

    async def size_bytes(self) -> int:
        ((size,),) = await self._database.rows(self._deadline(), statements.READ_SIZE)
        return int(size)

    async def close(self) -> None:
        await self._writer.close()
        await asyncio.gather(self._database.close(), self._access.close())

    def _deadline(self) -> Deadline:
        return self._database.deadline()
