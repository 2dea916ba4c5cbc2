"""Counts that take longer than a request may (contract B 6.7)."""

import asyncio
import time
from collections.abc import Callable, Coroutine
from typing import Any

import msgspec
import pytest

from personae.queries.running import KEPT_S, LONGEST_S, MOST_RUNNING, NUMBERS, Answer, Counts, Standing, TooMany, name_of
from personae.storage import Project
from tests.queries.world import PROJECT
from tests.storage.model import DictStore, Disk

OTHER = Project("TST-222-222Z", "Two", b"", 0)

Scenario = Callable[[Counts, DictStore], Coroutine[Any, Any, None]]


def ran(scenario: Scenario, patience_s: float = 0) -> None:
    """Run it with counts that are not waited for."""

    async def run() -> None:
        store = DictStore(Disk())
        await scenario(Counts(store, patience_s), store)

    asyncio.run(run())


async def number(value: int, after: asyncio.Event | None = None) -> int:
    if after:
        await after.wait()
    return value


async def failing(after: asyncio.Event) -> int:
    await after.wait()
    raise ValueError("hidden0815")


async def result(counts: Counts, req_id: int) -> Standing:
    """What a count came to."""
    while True:
        standing = await counts.poll(PROJECT, "events", req_id)
        assert standing is not None
        if standing.lost or standing.count is not None:
            return standing
        await asyncio.sleep(0)


def test_a_short_count_is_answered_at_once() -> None:
    """And nothing of it is kept."""

    async def scenario(counts: Counts, store: DictStore) -> None:
        assert Answer(7) == await counts.ask(PROJECT, "events", number(7))
        assert {} == store.disk.meta

    ran(scenario, patience_s=5)


def test_a_long_count_is_found_later() -> None:
    """By an id of 15 digits, of this project and of this kind alone, by any server."""

    async def scenario(counts: Counts, store: DictStore) -> None:
        done = asyncio.Event()
        found, req_id = await counts.ask(PROJECT, "events", number(7, done))
        assert (None, 15) == (found, len(str(req_id)))
        other = Counts(store)
        assert Standing("events", req_id // NUMBERS) == await other.poll(PROJECT, "events", req_id)
        assert [None] * 3 == [
            await other.poll(project, kind, id)
            for project, kind, id in [(OTHER, "events", req_id), (PROJECT, "profiles", req_id), (PROJECT, "events", req_id + 1)]
        ]
        done.set()
        assert (await result(other, req_id)).count == 7

    ran(scenario)


def test_a_count_that_fails_is_lost() -> None:
    """Whoever asks is told, and the log has its type only."""

    async def scenario(counts: Counts, store: DictStore) -> None:
        ends = asyncio.Event()
        _, req_id = await counts.ask(PROJECT, "events", failing(ends))
        ends.set()
        assert (await result(counts, req_id)).lost

    ran(scenario)


def test_a_count_that_fails_at_once_is_an_error_of_the_request() -> None:
    """It is raised where it was asked for."""

    async def scenario(counts: Counts, store: DictStore) -> None:
        ends = asyncio.Event()
        ends.set()
        with pytest.raises(ValueError, match="hidden"):
            await counts.ask(PROJECT, "events", failing(ends))

    ran(scenario, patience_s=5)


def test_counts_end_with_the_server() -> None:
    """Those that run are lost, and that is written down."""

    async def scenario(counts: Counts, store: DictStore) -> None:
        _, req_id = await counts.ask(PROJECT, "events", number(7, asyncio.Event()))
        await counts.close()
        assert (await result(Counts(store), req_id)).lost
        assert {asyncio.current_task()} == asyncio.all_tasks()

    ran(scenario)


def test_a_count_nobody_finished_is_lost_after_a_while() -> None:
    """Its server was killed."""

    async def scenario(counts: Counts, store: DictStore) -> None:
        for age, lost in ((LONGEST_S - 60, False), (LONGEST_S + 60, True)):
            await store.put_meta(name_of(PROJECT, 5), msgspec.json.encode(Standing("events", int(time.time() - age))))
            standing = await counts.poll(PROJECT, "events", 5)
            assert standing is not None
            assert lost is standing.lost

    ran(scenario)


def test_old_counts_are_dropped() -> None:
    """After a day, by the next count that takes long."""

    async def scenario(counts: Counts, store: DictStore) -> None:
        now = int(time.time())
        ids = [(now - KEPT_S + offset) * NUMBERS for offset in (-10, 10)]
        for req_id in ids:
            await store.put_meta(name_of(PROJECT, req_id), msgspec.json.encode(Standing("events", now, 1)))
        await store.put_meta("other", b"x")
        await counts.ask(PROJECT, "events", number(7, asyncio.Event()))
        found = [await counts.poll(PROJECT, "events", req_id) is not None for req_id in ids]
        assert [False, True, True] == [*found, await store.get_meta("other") == b"x"]
        await counts.close()

    ran(scenario)


def test_a_project_has_a_few_counts_at_a_time() -> None:
    """One more is refused; another project is not touched; when one ends there is room again."""

    async def scenario(counts: Counts, store: DictStore) -> None:
        done = asyncio.Event()
        ids = [(await counts.ask(PROJECT, "events", number(7, done))).req_id for _ in range(MOST_RUNNING)]
        with pytest.raises(TooMany):
            await counts.ask(PROJECT, "events", number(7))
        assert (await counts.ask(OTHER, "events", number(7, done))).req_id
        done.set()
        for req_id in ids:
            await result(counts, req_id)
        assert Answer(7) == await counts.ask(PROJECT, "events", number(7))
        await counts.close()

    ran(scenario)
