"""One write, brought to disk: sent until the database says what became of it, and what that is, row by row."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple
from uuid import uuid4

import asyncpg
from asyncpg.pgproto.pgproto import UUID

from .. import Unavailable
from ..events import Segment, segments
from . import erasing, events, history, statements
from .connections import Connection, Connections, NotSent, begun
from .deadline import Deadline
from .failures import Remedy, remedy_of, told
from .writes import Row, Write, apart


class Outcome(NamedTuple):
    """What became of the rows of a write: those not named here are on disk.

    `lost` rows were not written, for others were faster. Of `unknown` ones the database was lost before
    it said, and others may have changed them since; None stands for flags of addresses. `refused` ones are
    of a statement the database does not take; `why` is what it said. `failed` ones were not written, and
    `failure` says why nothing more will be.
    """

    lost: frozenset[bytes] = frozenset()
    unknown: frozenset[bytes | None] = frozenset()
    refused: frozenset[bytes] = frozenset()
    failed: frozenset[bytes] = frozenset()
    why: Exception | None = None
    failure: Exception | None = None

    @property
    def unwritten(self) -> frozenset[bytes | None]:
        """The rows that are not on disk, or may not be."""
        return self.lost | self.unknown | self.refused | self.failed


def together(outcomes: Sequence[Outcome]) -> Outcome:
    """What became of all writes of a round."""
    if len(outcomes) == 1:
        return outcomes[0]
    return Outcome(
        lost=frozenset().union(*(outcome.lost for outcome in outcomes)),
        unknown=frozenset().union(*(outcome.unknown for outcome in outcomes)),
        refused=frozenset().union(*(outcome.refused for outcome in outcomes)),
        failed=frozenset().union(*(outcome.failed for outcome in outcomes)),
        why=next((outcome.why for outcome in outcomes if outcome.why), None),
        failure=next((outcome.failure for outcome in outcomes if outcome.failure), None),
    )


async def write(database: Connections, deadline: Deadline, attempt: Write, *, may_cut: bool = True) -> Outcome:
    """Write the rows that are still at the version read, with what goes with them; raises nothing.

    A write of which it is not known whether it was done is repeated: rows it wrote before bear its mark.
    One that a bound row undid is cut up once, so that few records go again and not all.
    """
    sending = Sending(database, deadline, attempt)
    try:
        written = await database.repeat(deadline, sending.step)
    except Exception as error:  # noqa: BLE001 - other writes of the round have an outcome of their own
        remedy = remedy_of(error)
        if remedy is Remedy.ISOLATE and attempt.rows:
            return Outcome(refused=attempt.keys, why=error)
        if remedy is Remedy.BOUND:
            if sending.unsure:
                return await _look(database, deadline, attempt, sending.marks)
            parts = apart(attempt) if may_cut else []
            if len(parts) < 2:
                return Outcome(lost=attempt.keys)
            return together(await asyncio.gather(*(write(database, deadline, part, may_cut=False) for part in parts)))
        if sending.unsure and attempt.rows:
            return Outcome(unknown=attempt.keys)
        failure = Unavailable(f"PostgreSQL: {told(error)}") if remedy is Remedy.ISOLATE else error
        return Outcome(failed=attempt.keys, failure=failure)
    left = _left(attempt, written)
    return Outcome(unknown=left) if left and sending.unsure and not _first_time(attempt, written) else Outcome(lost=left)


@dataclass(slots=True)
class Sending:
    """A write on its way. `unsure` says that an attempt may have been done of which nothing was heard."""

    database: Connections
    deadline: Deadline
    write: Write
    unsure: bool = False
    marks: tuple[UUID, UUID] = field(init=False)
    _ending: bool = field(init=False, default=False)
    _values: tuple[object, ...] = field(init=False)
    _segments: list[Segment] = field(init=False)

    def __post_init__(self) -> None:
        self.marks = (UUID(uuid4().bytes), UUID(uuid4().bytes))
        self._values = (*_arrays(self.write.rows), *self.marks, *_bonds(self.write))
        self._segments = segments(event for _, event in self.write.events)

    async def step(self) -> list[asyncpg.Record]:
        """The rows that were written, by the one statement it takes or by a transaction."""
        self._ending = False
        try:
            return await self.database.use(self.deadline, self._transaction if self.write.takes_several else self._statement)
        except NotSent:
            raise
        except Exception as error:
            self.unsure = self.unsure or (self._ending and remedy_of(error) is Remedy.RECONNECT)
            raise

    async def _statement(self, connection: Connection) -> list[asyncpg.Record]:
        self._ending = True
        return await self._nodes(connection)

    async def _transaction(self, connection: Connection) -> list[asyncpg.Record]:
        async with begun(connection, self.deadline):
            written = await self._nodes(connection) if self.write.rows else []
            if not (self.unsure and _landed(self.write, written)):
                await self._others(connection, _left(self.write, written))
            self._ending = True
            await connection.execute(statements.COMMIT, timeout=self.deadline.left_s())
        return written

    async def _nodes(self, connection: Connection) -> list[asyncpg.Record]:
        return await connection.fetch(statements.WRITE_NODES, *self._values, timeout=self.deadline.left_s())

    async def _others(self, connection: Connection, left: frozenset[bytes]) -> None:
        """What goes with the rows, but for those that were not written."""
        write, deadline = self.write, self.deadline
        if write.erased:
            await erasing.erase(connection, deadline, write.erased)
        added = [(place, change) for place, change, row in write.history if row not in left]
        await history.write(connection, deadline, added, [place for place, row in write.forgotten if row not in left])
        if write.events:
            some = segments(event for row, event in write.events if row not in left) if left else self._segments
            await events.write(connection, deadline, some)


def _arrays(rows: Sequence[Row]) -> tuple[Sequence[object], ...]:
    """One array for each column, but for the marks."""
    keys, projects, versions, targets, documents, updated, _ = zip(*rows, strict=True) if rows else ((),) * 7
    return (
        [UUID(key) for key in keys],
        projects,
        versions,
        [target and UUID(target) for target in targets],
        documents,
        updated,
    )


def _bonds(attempt: Write) -> tuple[list[bool], list[UUID]]:
    return [row.bound for row in attempt.rows], [UUID(key) for key in attempt.losers]


def _left(attempt: Write, written: Sequence[asyncpg.Record]) -> frozenset[bytes]:
    """The rows that were not written."""
    if len(written) == len(attempt.rows):
        return frozenset()
    return attempt.keys.difference(key.bytes for key, _ in written)


def _landed(attempt: Write, written: Sequence[asyncpg.Record]) -> bool:
    """Whether an earlier attempt was done: it has written a row, which is above the version of this write now.

    An alias tells nothing, it may give way at any version.
    """
    versions = {row.key: row.version for row in attempt.rows if row.target is None}
    return any(version > versions.get(key.bytes, version) for key, version in written)


def _first_time(attempt: Write, written: Sequence[asyncpg.Record]) -> bool:
    """Whether a repeated write was done only now: a row was still at the version before."""
    versions = {row.key: row.version for row in attempt.rows}
    return any(version == versions[key.bytes] for key, version in written)


async def _look(database: Connections, deadline: Deadline, attempt: Write, marks: Sequence[UUID]) -> Outcome:
    """What became of a write that was repeated and then undone, by the marks and versions the rows have now."""
    rows, everything = attempt.rows, attempt.keys
    try:
        found = await database.rows(deadline, statements.READ_VERSIONS, [UUID(row.key) for row in rows])
    except Unavailable:
        return Outcome(unknown=everything)
    marked = {key.bytes for key, _, op in found if op in marks}
    if marked:
        return Outcome(unknown=frozenset(row.key for row in rows if not row.bound and row.key not in marked))
    versions = {key.bytes: version for key, version, _ in found}
    if any(versions.get(row.key, 0) == row.version - 1 for row in rows):
        return Outcome(lost=everything)
    return Outcome(unknown=everything)
