"""The connections to the database: opened when they are needed, dropped when they fail, tried again until a deadline.

asyncpg's own pool costs as much as a short query, for it resets a connection and starts a task each
time one is given back; nothing here leaves a state behind that would have to be reset.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from random import random
from typing import Final, TypeAlias, TypeVar
from urllib.parse import unquote, urlsplit

import asyncpg
from asyncpg.connect_utils import SessionAttribute
from asyncpg.exceptions import TargetServerAttributeNotMatched

from .. import Unavailable
from . import statements
from .deadline import Deadline
from .failures import OUTSIDE, Overtaken, Remedy, remedy_of, told

T = TypeVar("T")
Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"

CONNECT_S: Final = 2.0
"""How long one host is tried before the next one."""

GIVE_UP_S: Final = 1.0
"""How long the cancellation of a statement may take that did not answer in time."""

PAUSE_S: Final = 0.005
LONGEST_PAUSE_S: Final = 0.25
DEFAULT_PORT: Final = 5432

LOSSES: Final = (Remedy.RECONNECT, Remedy.ELSEWHERE)
"""What is done about errors after which a connection is of no use."""

_UNANSWERED: Final = (*OUTSIDE, asyncpg.PostgresError)
"""How a host that is not to be had shows."""

_HOST: Final = re.compile(r"(?:\[(?P<six>[^]]*)]|(?P<name>[^:]*))(?::(?P<port>[0-9]+))?")


class NotSent(Exception):  # noqa: N818 - the fact it states
    """There was no connection to be had, so the statement was not sent; the cause says why."""

    def __init__(self, cause: BaseException) -> None:
        super().__init__(told(cause))
        self.cause = cause


class Connections:
    """Up to `size` connections to whichever host of `url` takes writes now."""

    def __init__(self, url: str, size: int, timeout_s: float) -> None:
        self._url = url
        self.timeout_s = timeout_s
        self._free = asyncio.Semaphore(size)
        self._idle: list[Connection] = []
        self._closed = False

    def deadline(self) -> Deadline:
        return Deadline(self.timeout_s)

    async def fetch(self, deadline: Deadline, sql: str, *values: object) -> list[asyncpg.Record]:
        """The rows a statement gives, in a transaction of its own.

        Raises `NotSent`, or what asyncpg raises; after that the statement may have been done.
        """
        return await self.use(deadline, lambda connection: connection.fetch(sql, *values, timeout=deadline.left_s()))

    async def execute(self, deadline: Deadline, sql: str, *values: object) -> None:
        """As `fetch`, of a statement that gives no rows."""
        await self.use(deadline, lambda connection: connection.execute(sql, *values, timeout=deadline.left_s()))

    async def use(self, deadline: Deadline, work: Callable[[Connection], Awaitable[T]]) -> T:
        """What `work` comes to on a connection; one that failed is not used again."""
        connection = await self._take(deadline)
        try:
            done = await work(connection)
        except BaseException as error:
            self._settle(connection, error)
            raise
        self._give(connection)
        return done

    async def repeat(self, deadline: Deadline, step: Callable[[], Awaitable[T]]) -> T:
        """What `step` comes to, which is taken again as long as the table of remedies says so.

        Raises `Unavailable` when the deadline is there first, or the database refuses to be used; errors
        about what was sent as they are.
        """
        attempt = 0
        while True:
            try:
                return await step()
            except Exception as error:
                cause = error.cause if isinstance(error, NotSent) else error
                remedy = remedy_of(cause)
                if remedy is Remedy.REFUSE:
                    raise Unavailable(f"PostgreSQL: {told(cause)}") from cause
                if remedy not in (Remedy.AGAIN, Remedy.RECONNECT, Remedy.ELSEWHERE):
                    raise
                reason = f"PostgreSQL: {told(cause)}"
            pause_s = random() * min(LONGEST_PAUSE_S, PAUSE_S * 2**attempt)  # noqa: S311 - full jitter, no secret
            if deadline.left() <= pause_s:
                raise Unavailable(reason)
            attempt += 1
            await asyncio.sleep(pause_s)

    async def rows(self, deadline: Deadline, sql: str, *values: object) -> list[asyncpg.Record]:
        """The rows of a statement that may be repeated, until the deadline. Raises `Unavailable`."""
        return await self._taken(deadline, lambda: self.fetch(deadline, sql, *values))

    async def run(self, deadline: Deadline, sql: str, *values: object) -> None:
        """As `rows`, of a statement that gives none."""
        await self._taken(deadline, lambda: self.execute(deadline, sql, *values))

    async def transaction(self, deadline: Deadline, work: Callable[[Connection], Awaitable[T]]) -> T:
        """What `work` comes to in a transaction, which has to be one that may be repeated. Raises `Unavailable`."""

        async def inside(connection: Connection) -> T:
            async with asyncio.timeout(deadline.left_s()), begun(connection, deadline):
                done = await work(connection)
                await connection.execute(statements.COMMIT)
            return done

        return await self._taken(deadline, lambda: self.use(deadline, inside))

    async def _taken(self, deadline: Deadline, step: Callable[[], Awaitable[T]]) -> T:
        """As `repeat`, where the database has to take what is sent."""
        try:
            return await self.repeat(deadline, step)
        except asyncpg.PostgresError as error:
            raise Unavailable(f"PostgreSQL: {told(error)}") from None

    async def close(self) -> None:
        """Close the idle connections, within a second; those in use are closed when they are given back."""
        self._closed = True
        idle, self._idle = self._idle, []
        await asyncio.gather(*(connection.close(timeout=GIVE_UP_S) for connection in idle), return_exceptions=True)
        for connection in idle:
            connection.terminate()

    def require_open(self) -> None:
        if self._closed:
            raise Unavailable("the store is closed")

    async def _take(self, deadline: Deadline) -> Connection:
        self.require_open()
        try:
            if self._free.locked():
                async with asyncio.timeout(deadline.left_s()):
                    await self._free.acquire()
            else:
                await self._free.acquire()
        except TimeoutError:
            raise Unavailable(
                "all connections to PostgreSQL are in use; database_connections says how many there are"
            ) from None
        try:
            while self._idle:
                connection = self._idle.pop()
                if not connection.is_closed():
                    return connection
            return await self._connect(deadline)
        except BaseException:
            self._free.release()
            raise

    def _give(self, connection: Connection) -> None:
        self._free.release()
        if self._closed:
            connection.terminate()
        else:
            self._idle.append(connection)

    def _settle(self, connection: Connection, error: BaseException) -> None:
        """Keep a connection whose statement was refused or not sent; drop one that failed, with its idle neighbours.

        One that did not answer in time is dropped by itself, and not at once: asyncpg tells the server to give up.
        """
        kept = isinstance(error, asyncpg.PostgresError | Overtaken) and remedy_of(error) not in LOSSES
        if kept or isinstance(error, Unavailable):
            self._give(connection)
            return
        self._free.release()
        if isinstance(error, TimeoutError):
            asyncio.get_running_loop().call_later(GIVE_UP_S, connection.terminate)
            return
        connection.terminate()
        if isinstance(error, Exception):
            while self._idle:
                self._idle.pop().terminate()

    async def _connect(self, deadline: Deadline) -> Connection:
        """A new connection to the first host that takes writes. Raises `NotSent`."""
        try:
            return await connect(self._url, deadline, self.timeout_s)
        except Exception as error:
            if isinstance(error, Unavailable) or remedy_of(error) is Remedy.BUG:
                raise
            raise NotSent(error) from None


@asynccontextmanager
async def begun(connection: Connection, deadline: Deadline) -> AsyncIterator[None]:
    """A transaction for the caller to commit; undone where the connection stays in use after an error."""
    await connection.execute(statements.BEGIN, timeout=deadline.left_s())
    try:
        yield
    except (asyncpg.PostgresError, Unavailable, Overtaken):
        if connection.is_in_transaction():
            await connection.execute(statements.ROLLBACK, timeout=GIVE_UP_S)
        raise


async def connect(url: str, deadline: Deadline, statement_s: float) -> Connection:
    """A connection to the host of `url` that takes writes, ready for use; its statements end after `statement_s`.

    Raises what asyncpg raises: of several hosts, what one said that is not merely a standby.
    """
    errors: list[Exception] = []
    for host, port in hosts(url):
        if errors and deadline.left() <= 0:
            break
        try:
            connection: Connection = await asyncpg.connect(
                url,
                host=host,
                port=port,
                target_session_attrs=SessionAttribute.read_write,
                timeout=min(CONNECT_S, deadline.left_s()),
            )
        except _UNANSWERED as error:
            errors.append(error)
            continue
        except ValueError as error:  # a host name or an option that nothing can be made of
            raise Unavailable(f"the URL cannot be used: {told(error)}") from None
        try:
            await connection.fetch(
                statements.SET_UP_SESSION, f"{int(statement_s * 1000)}ms", timeout=min(CONNECT_S, deadline.left_s())
            )
        except BaseException:
            connection.terminate()
            raise
        return connection
    raise next((error for error in errors if not isinstance(error, TargetServerAttributeNotMatched)), errors[-1])


def hosts(url: str) -> list[tuple[str | None, int | None]]:
    """Host and port of each that a URL names, to be tried one by one: each has a time of its own to answer in.

    A URL that names none has one entry that leaves both to asyncpg's defaults.
    """
    listed = urlsplit(url).netloc.rpartition("@")[2]
    found = [_HOST.fullmatch(unquote(part)) for part in listed.split(",") if part]
    return [(host["six"] or host["name"] or "localhost", int(host["port"] or DEFAULT_PORT)) for host in found if host] or [
        (None, None)
    ]
