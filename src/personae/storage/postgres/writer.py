"""Updates that wait share a round: one read, their folds, one write; rows that others changed meanwhile go again.

An update waits while another one of this process has one of its keys in hand, so that a busy profile is
serialised and not raced for; those that wait for it then go together. Between processes the version of
each row decides. Source: design 4, 6.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from random import random
from time import perf_counter
from typing import Final, NamedTuple, TypeVar

import structlog

from ...core.faults import UNSTORED, Rejection
from ...core.identity import Key, Ref
from ...core.work import Changes
from .. import Fold, Project, Unavailable
from ..codec import hashed
from ..rows import Reading, prepare_all, row_keys_by
from . import commit, contacts, nodes
from .commit import Outcome
from .connections import Connections
from .contacts import Astray
from .deadline import Deadline
from .failures import told
from .history import Places
from .shards import ShardMap
from .writes import writes

T = TypeVar("T")

MAX_GROUP_KEYS: Final = 4_000
"""Keys from which on a group takes no more updates; bounds how long its first one waits."""

GROUPS: Final = 2
"""Groups under way at a time. More would split what waits into smaller ones, each with a read and a write."""

APART: Final = 0.25
"""How far the deadlines of a group may be apart, as a part of the whole time: at the first one all of it is given up."""

STOP_S: Final = 2.0
"""How long updates that have begun or wait may still take once the store is closed."""

LAST_ANSWER_S: Final = 0.5

LOST_PAUSE_S: Final = 0.002
"""How long one waits, at most, who lost a row for the second time; it grows with each further one."""

LATE: Final = "PostgreSQL did not take it in time; send it again"
UNKNOWN: Final = "PostgreSQL was lost while it was written; it may have been stored or not"
NOT_TAKEN: Final = "PostgreSQL does not take it"

GroupObserver = Callable[[int, float], None]
"""Called after each write with the number of requests in it and the seconds it took."""

log = structlog.get_logger("personae.storage")


@dataclass(slots=True, eq=False)
class Update:
    """One request's update and how far it is. One that is `alone` shares a round with no other.

    `left` are the records not settled yet, None for all; `kept` says that some are stored, or may be.
    """

    project: Project
    hashes: Mapping[Key, bytes]
    rows: Set[bytes]
    fold: Fold
    deadline: Deadline
    done: asyncio.Future[Changes]
    alone: bool = False
    left: Set[int] | None = None
    kept: bool = False
    outcome: Changes = field(default_factory=Changes)

    def take(self, changes: Changes, again: Set[int] = frozenset(), unknown: Set[int] = frozenset()) -> None:
        """Take in what a round came to. Of these records, `again` ones are still to be written, `unknown` ones are given up."""
        if not again and not unknown and self.left is None:
            self.left, self.kept, self.outcome = frozenset(), True, changes
            return
        records = {index for indices in changes.records.values() for index in indices}
        settled = records - again
        self.left = (records if self.left is None else self.left) - settled
        out = self.outcome
        rejected = [rejection for rejection in changes.rejected if rejection.index in settled - unknown]
        self.kept = self.kept or len(settled) > len(rejected)
        out.rejected += rejected
        out.warnings += [warning for warning in changes.warnings if warning.index in settled - unknown]
        self.refuse(unknown, UNKNOWN)

    def refuse(self, indices: Set[int], why: str) -> None:
        """Answer these records with `UNSTORED`."""
        self.outcome.rejected += [Rejection(index, UNSTORED, why) for index in sorted(indices)]
        self.left = (self.left or frozenset()) - indices

    def finish(self) -> None:
        """Let the caller have the outcome, if it is whole."""
        if not self.done.done() and self.left is not None and not self.left:
            self.done.set_result(self.outcome)

    def give_up(self, error: Exception) -> None:
        """Fail, or, where other records of it may be stored, refuse those that are left."""
        if self.done.done():
            return
        if self.kept and isinstance(error, Unavailable):
            self.refuse(self.left or frozenset(), LATE)
            self.finish()
        else:
            self.done.set_exception(error)


class Job(NamedTuple):
    """An update in a round, and which of its records are in it, None for all."""

    update: Update
    only: Set[int] | None


class Writer:
    """Takes updates and has each on disk, or says why not."""

    def __init__(self, database: Connections, shards: ShardMap, observe: GroupObserver) -> None:
        self._database = database
        self._shards = shards
        self._observe = observe
        self._waiting: list[Update] = []
        self._in_hand: set[bytes] = set()
        self._groups: set[asyncio.Task[None]] = set()
        self._deadlines: set[Deadline] = set()
        self._closing = False
        self._apart_s = database.timeout_s * APART
        self._places = Places(database)

    async def update(self, project: Project, keys: Sequence[Key], fold: Fold, *, alone: bool = False) -> Changes:
        """What the fold says, once it is on disk. Raises what the fold raises, or `Unavailable`.

        A caller that is cancelled learns the truth: either nothing was or will be written, and the
        cancellation goes on, or the update has begun, and its outcome is waited for.
        """
        if self._closing:
            raise Unavailable("the store is closed")
        hashes = hashed(project.secret, keys)
        done: asyncio.Future[Changes] = asyncio.get_running_loop().create_future()
        update = Update(project, hashes, frozenset(hashes.values()), fold, self._database.deadline(), done, alone)
        self._waiting.append(update)
        self._start()
        try:
            return await asyncio.shield(done)
        except asyncio.CancelledError:
            if update in self._waiting:
                self._waiting.remove(update)
                raise
            return await asyncio.shield(done)

    async def close(self) -> None:
        """Finish the updates that wait, as far as that takes no longer than `STOP_S`; later ones are refused."""
        self._closing = True
        end = Deadline(STOP_S)
        while self._groups and end.left() > 0:
            for deadline in self._deadlines:
                deadline.hurry(end)
            await asyncio.wait(self._groups, timeout=end.left() + LAST_ANSWER_S)
        for task in self._groups:
            task.cancel()
        if self._groups:
            await asyncio.wait(self._groups)

    def _start(self) -> None:
        """Begin as many groups as may be under way."""
        while len(self._groups) < GROUPS and (group := self._next_group()):
            task = asyncio.create_task(self._settle_group(group))
            self._groups.add(task)

    def _next_group(self) -> list[Update]:
        """The updates, in the order they came, whose keys nobody has in hand; their keys are in hand from now on."""
        group: list[Update] = []
        passed: list[Update] = []
        taken: set[bytes] = set()
        barred = set(self._in_hand)
        for number, update in enumerate(self._waiting):
            if group and (group[0].alone or len(taken) >= MAX_GROUP_KEYS or self._far_apart(group[0], update)):
                passed += self._waiting[number:]
                break
            if barred.isdisjoint(update.rows) and not (group and update.alone):
                taken |= update.rows
                group.append(update)
            else:
                barred |= update.rows  # a later one must not overtake it
                passed.append(update)
        self._waiting = passed
        self._in_hand |= taken
        return group

    def _far_apart(self, first: Update, update: Update) -> bool:
        return update.deadline.after_s(first.deadline) > self._apart_s

    async def _settle_group(self, group: list[Update]) -> None:
        """Bring each update of the group to its outcome."""
        deadline = min((update.deadline for update in group), key=Deadline.left).copy()
        self._deadlines.add(deadline)
        try:
            await self._settle([Job(update, None) for update in group], deadline)
        except Exception as error:  # noqa: BLE001 - whatever it is, each update must get its answer
            for update in group:
                update.give_up(error)
        finally:
            self._deadlines.discard(deadline)
            for update in group:
                update.done.cancel()  # where there is no outcome, which only the end of the loop can bring about
                self._in_hand -= update.rows
            self._groups.discard(asyncio.current_task())
            self._start()

    async def _settle(self, jobs: Sequence[Job], deadline: Deadline) -> None:
        """Round by round, until none of these records is left. Raises `Unavailable` at the deadline."""
        attempt = 0
        astray: set[Astray] = set()
        while jobs:
            if attempt > 1:
                await asyncio.sleep(min(deadline.left_s(), random() * LOST_PAUSE_S * min(attempt, 25)))  # noqa: S311 - jitter
            jobs, refused, why = await self._round(jobs, deadline, astray)
            if why is not None:
                await self._isolate(refused, why, deadline)
            attempt += 1
        if astray:  # only now: a row that lost because of others may still have been at the version before
            await contacts.tidy(self._database, deadline, astray)

    async def _isolate(self, jobs: Sequence[Job], why: Exception, deadline: Deadline) -> None:
        """Store these records without the one that the database does not take, which is refused by itself."""
        if len(jobs) > 1:
            for some in halves(jobs):
                await self._settle(some, deadline)
            return
        (job,) = jobs
        if job.only is None:
            job.update.give_up(Unavailable(f"PostgreSQL: {told(why)}"))
            return
        if len(job.only) == 1:
            log.error("PostgreSQL does not take a record", project=job.update.project.id, reason=told(why))
            job.update.refuse(job.only, NOT_TAKEN)
            job.update.finish()
            return
        for indices in halves(sorted(job.only)):
            await self._settle([Job(job.update, frozenset(indices))], deadline)

    async def _round(
        self, jobs: Sequence[Job], deadline: Deadline, astray: set[Astray]
    ) -> tuple[list[Job], list[Job], Exception | None]:
        """Read, fold and write once.

        Gives the records that have to go again, and those in a statement the database does not take, with the reason.
        Contacts that were announced of rows which then were lost are added to those astray.
        """
        readings = await self._read(jobs, deadline)
        folded: list[Changes] = []
        for job in jobs:
            update = job.update
            try:
                folded.append(update.fold(readings[update.project.id].found, only=job.only))
            except Exception as error:  # noqa: BLE001 - the fold's own; it may have left its mark on what was read
                update.give_up(error)
                return [other for other in jobs if other is not job], [], None
            await asyncio.sleep(0)  # let reads be answered between two folds
        outcome = await self._write(jobs, folded, readings, deadline, astray)
        if outcome.unknown:
            log.error("PostgreSQL was lost during a write, rows may be stored or not", rows=len(outcome.unknown))
        again: list[Job] = []
        refused: list[Job] = []
        for job, changes in zip(jobs, folded, strict=True):
            divided = bool(changes.records) and not job.update.alone
            lost, poisoned = (settle_records if divided else settle_whole)(job, changes, outcome)
            again += lost
            refused += poisoned
        if outcome.failure is not None:
            raise outcome.failure
        return again, refused, outcome.why

    async def _read(self, jobs: Sequence[Job], deadline: Deadline) -> dict[str, Reading]:
        """What is behind the keys of these updates, by project ID."""
        hashes: dict[str, dict[Key, bytes]] = {}
        projects = {update.project.id: update.project for update, _ in jobs}
        for update, _ in jobs:
            hashes.setdefault(update.project.id, {}).update(update.hashes)
        readings = {name: Reading(project, hashes[name]) for name, project in projects.items()}
        for reading in readings.values():
            await nodes.follow(self._database, deadline, self._shards, reading)
        return readings

    async def _write(
        self,
        jobs: Sequence[Job],
        folded: Sequence[Changes],
        readings: Mapping[str, Reading],
        deadline: Deadline,
        astray: set[Astray],
    ) -> Outcome:
        """Write what the folds of a round come to, and say what became of it."""
        places = await self._places.reserve(deadline, sum(len(changes.history) for changes in folded))
        pairs = [(job.update.project.id, changes) for job, changes in zip(jobs, folded, strict=True)]
        parts = prepare_all(readings, pairs, places)
        attempts = writes(parts, list(readings.values()), self._shards, alone=jobs[0].update.alone)
        versions = {row.key: row.version for attempt in attempts for row in attempt.rows}
        await contacts.announce(self._database, deadline, parts, versions)
        started = perf_counter()
        outcome = commit.together(
            await asyncio.gather(*(commit.write(self._database, deadline, attempt) for attempt in attempts))
        )
        self._observe(len(jobs), perf_counter() - started)
        unflagged = await contacts.flag(self._database, deadline, parts, outcome.unwritten)
        await contacts.withdraw(self._database, deadline, parts, versions, outcome.unwritten)
        if outcome.lost:
            astray |= contacts.announced(parts, readings, outcome.lost)
        return outcome._replace(unknown=outcome.unknown | unflagged)


def halves(items: Sequence[T]) -> tuple[Sequence[T], Sequence[T]]:
    middle = len(items) // 2
    return items[:middle], items[middle:]


def settle_records(job: Job, changes: Changes, outcome: Outcome) -> tuple[list[Job], list[Job]]:
    """Let the update know what became of its records; gives what is to go again, and what the database does not take."""
    update = job.update
    lost = records_of(job, changes, outcome.lost)
    poisoned = records_of(job, changes, outcome.refused)
    failed = records_of(job, changes, outcome.failed)
    update.take(changes, lost | poisoned | failed, records_of(job, changes, outcome.unknown))
    update.finish()
    return [Job(update, lost)] if lost else [], [Job(update, poisoned)] if poisoned else []


def settle_whole(job: Job, changes: Changes, outcome: Outcome) -> tuple[list[Job], list[Job]]:
    """As `settle_records`, of an update that has one outcome: what became of any of its rows."""
    rows = rows_of(job, changes)
    if rows & outcome.unknown:
        job.update.give_up(Unavailable(UNKNOWN))
    elif rows & outcome.lost:
        return [job], []
    elif rows & outcome.refused:
        return [], [job]
    elif outcome.failure is None or (rows and not rows & outcome.failed):
        job.update.take(changes)
        job.update.finish()
    return [], []


def rows_of(job: Job, changes: Changes) -> frozenset[bytes | None]:
    """The rows an update writes; None stands for a flag that goes with no profile."""
    refs: list[Ref] = [*changes.profiles, *changes.aliases, *changes.released]
    rows = row_keys_by(job.update.project.secret, refs, job.update.hashes)
    return frozenset([*rows, *(None for _, ref in changes.flags.values() if ref is None)])


def records_of(job: Job, changes: Changes, rows: Set[bytes | None]) -> Set[int]:
    """The records of a job that had to do with these rows."""
    if not rows:
        return frozenset()
    refs = list(changes.records)
    keys = dict(zip(refs, row_keys_by(job.update.project.secret, refs, job.update.hashes), strict=True))
    return frozenset(index for ref, indices in changes.records.items() if keys[ref] in rows for index in indices)
