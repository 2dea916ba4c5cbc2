"""The store on PostgreSQL, and on what speaks its SQL: any number of servers may use one database.

Every write names the versions it has read; nothing is locked between a read and a write. It is one
statement, or one transaction where events or history go with it. Source: design 4, 6.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager

import asyncpg

from ...core.history import Change
from ...core.identity import Key
from ...core.profile import Profile
from ...core.work import Changes, Found
from .. import Fold, Passcode, Project, Scanned, Unavailable, UnusableDatabase
from ..codec import name_key
from ..events import Segment, Span
from ..url import masked
from . import access, events, history, nodes, statements
from .connections import Connections, NotSent
from .deadline import Deadline
from .failures import told
from .migration import migrate
from .scanning import scan
from .shards import ShardMap, read_map
from .writer import GroupObserver, Writer


class PostgresStore:
    """Profiles in a PostgreSQL database; see `storage.Store` for what each method promises."""

    def __init__(self, url: str, database: Connections, access: Connections, shards: ShardMap, observe: GroupObserver) -> None:
        """`access` is a connection for what must not wait behind uploads: who may use the server."""
        self._url = url
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
            return cls(url, database, Connections(url, 1, timeout_s), shards, observe)
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

    async def has_flags(self) -> bool:
        return await nodes.has_flags(self._database, self._deadline())

    async def find_by_contact(self, project: Project, contact: Key, limit: int, offset: int = 0) -> list[Profile]:
        return await nodes.read_contact(self._database, self._deadline(), project.secret, contact, limit, offset)

    async def find_owners(self, project: Project, owners: Sequence[bytes]) -> dict[bytes, bytes]:
        return await nodes.find_owners(self._database, self._deadline(), self.shards, project, owners)

    async def read_profiles(self, project: Project, rows: Sequence[bytes]) -> dict[bytes, Profile]:
        return await nodes.read_profiles(self._database, self._deadline(), self.shards, project, rows)

    async def update(self, project: Project, keys: Sequence[Key], fold: Fold, *, alone: bool = False) -> Changes:
        return await self._writer.update(project, keys, fold, alone=alone)

    async def count_events(self, project: Project, name: str, span: Span) -> int:
        return await events.count(self._database, name_key(project.secret, name), span)

    async def has_events(self, project: Project, name: str) -> bool:
        return await events.is_there(self._database, name_key(project.secret, name))

    async def read_segments(
        self, project: Project, name: str, span: Span, after: int, limit: int, *, bodies: bool
    ) -> list[Segment]:
        return await events.read(self._database, name_key(project.secret, name), span, after, limit, bodies=bodies)

    async def expire_events(self, before_day: int, limit: int) -> int:
        return await events.expire(self._database, before_day, limit)

    async def read_history(self, places: Sequence[int]) -> list[Change]:
        return await history.read(self._database, places)

    def scan(self, project: Project, after: str = "") -> AbstractAsyncContextManager[AsyncIterator[Scanned]]:
        self._database.require_open()
        return scan(self._url, self._database.timeout_s, project, after)

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

    async def put_meta(self, name: str, value: bytes) -> None:
        await access.put_meta(self._access, name, value)

    async def drop_meta(self, first: str, last: str) -> None:
        await access.drop_meta(self._access, first, last)

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
