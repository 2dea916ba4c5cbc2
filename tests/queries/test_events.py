"""Pages of events. Source: contract B 6.1."""

import asyncio
from itertools import chain

import pytest

from personae.core.query.asked import Filter, Query
from personae.queries.events import FIRST, next_events
from personae.queries.matching import Question
from personae.queries.pace import Pace
from tests.queries.world import DAY, PROJECT, World, did, person, query


async def world() -> World:
    world = World()
    for number in range(6):
        day = (DAY - number) * 86_400
        await world.upload(*[did(f"p{place}", "Viewed", day, n=number * 3 + place, objectId=f"d{place}") for place in range(3)])
    await world.upload(did("p0", "Left", objectId="d0"))
    return world


ASKED: list[tuple[Query, list[int]]] = [
    (query(first=DAY - 9), [15, 16, 17, 12, 13, 14, 9, 10, 11, 6, 7, 8, 3, 4, 5, 0, 1, 2]),
    (query(first=DAY - 2, last=DAY - 1), [6, 7, 8, 3, 4, 5]),
    (query(Filter("n", "gte", 10), first=DAY - 9), [15, 16, 17, 12, 13, 14, 10, 11]),
    (query(first=DAY - 1, profile_filters=[Filter("identity", "equals", "p1")]), [4, 1]),
    (query(first=DAY - 1, did_none=["left"]), [4, 5, 1, 2]),
    (query(name="bought"), []),
]


@pytest.mark.parametrize(("asked", "expected"), ASKED)
@pytest.mark.parametrize("size", [1, 2, 3, 100])
def test_all_events_come_once_by_day(asked: Query, expected: list[int], size: int) -> None:
    """Each with its profile, whatever the size of the pages; none has more than that."""

    async def scenario() -> None:
        pages = await (await world()).events(asked, size)
        found = list(chain.from_iterable(pages))
        assert expected == [data["n"] for _, data in found]
        assert [f"d{number % 3}" for number in expected] == [device for device, _ in found]
        assert max(map(len, pages)) <= size

    asyncio.run(scenario())


def test_events_of_erased_profiles_do_not_come() -> None:
    """Also where the page begins in the middle of what was there."""

    async def scenario() -> None:
        small = await world()
        question = Question(PROJECT, query(first=DAY - 9))
        _, place = await next_events(small.store, question, FIRST, 4, Pace())
        await small.delete("p1")
        assert place is not None
        events, _ = await next_events(small.store, question, place, 100, Pace())
        assert [14, 9, 11, 6, 8, 3, 5, 0, 2] == [event.data["n"] for event in events]

    asyncio.run(scenario())


def test_events_move_with_a_merge() -> None:
    """They belong to whom their device belongs to now."""

    async def scenario() -> None:
        small = World()
        await small.upload(did(objectId="d1", n=1), person("x", objectId="d2"))
        await small.upload(person("x", objectId="d1"))
        assert [[("d2", {"n": 1})]] == await small.events(query(), 9)

    asyncio.run(scenario())


@pytest.mark.parametrize("most", [1, 4])
def test_a_page_that_finds_little_is_short(monkeypatch: pytest.MonkeyPatch, most: int) -> None:
    """It ends where enough was looked at, and the next one goes on from there."""
    monkeypatch.setattr("personae.queries.events.MAX_LOOKED_AT", most)
    monkeypatch.setattr("personae.queries.matching.EVENTS_PIECE", most)
    monkeypatch.setattr("personae.queries.events.EVENTS_PIECE", most)

    async def scenario() -> None:
        pages = await (await world()).events(query(Filter("n", "equals", 1), first=DAY - 9), 10)
        assert len(pages) > 3
        assert [("d1", {"n": 1})] == list(chain.from_iterable(pages))

    asyncio.run(scenario())


def test_a_page_of_large_events_is_short(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each counts with its profile; nothing is left out."""
    monkeypatch.setattr("personae.queries.events.PAGE_BYTES", 900)

    async def scenario() -> None:
        small = World()
        await small.upload(person("x", profileData={"a": "x" * 400}), *[did("x", n=number) for number in range(7)])
        pages = await small.events(query(), 100)
        assert [[0, 1], [2, 3], [4, 5], [6]] == [[data["n"] for _, data in page] for page in pages]

    asyncio.run(scenario())
