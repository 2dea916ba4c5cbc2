"""Counting events and profiles. Source: contract B 6.7."""

import asyncio
from random import Random

import pytest

from personae.core.query.asked import Filter, Query
from personae.queries.counts import count_events, count_profiles
from personae.queries.distinct import Distinct
from personae.queries.matching import Question
from tests.queries.world import DAY, PROJECT, World, did, person, query

ASKED: list[Query] = [
    query(),
    query(name="left"),
    query(name="nothing"),
    query(first=DAY - 9, last=DAY - 9),
    query(Filter("n", "gt", 4)),
    query(profile_filters=[Filter("identity", "in", ["p1", "p2", "p3"])]),
    query(Filter("n", "gt", 2), profile_filters=[Filter("identity", "in", ["p1", "p2", "p3"])]),
    query(did_all=["left"]),
]


@pytest.mark.parametrize("asked", ASKED)
@pytest.mark.parametrize("gathered", [2, 1000])
def test_counts_are_what_the_pages_have(asked: Query, gathered: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Profiles and events, with merges and deletions, however few are gathered at once."""
    monkeypatch.setattr("personae.queries.counts.GATHERED", gathered)
    monkeypatch.setattr("personae.queries.counts.LOOKED_UP", 3)

    async def scenario() -> None:
        world = World()
        for number in range(8):
            await world.upload(did(f"p{number}", n=number), did(f"p{number}", n=9), did(objectId=f"d{number}", n=1))
        await world.upload(did("p2", "Left"), did("p3", "Viewed", (DAY - 9) * 86_400))
        await world.upload(*[person(f"p{number}", objectId=f"d{number}") for number in range(4)])
        await world.delete("p5")
        walk = world.open(asked)
        events = await world.events(asked, 5)
        question = Question(PROJECT, asked)
        assert len(await walk.rest(3)) == await count_profiles(world.store, question)
        assert sum(map(len, events)) == await count_events(world.store, question)

    asyncio.run(scenario())


def test_distinct_keys_are_counted() -> None:
    """However often and in whatever order they come."""
    random = Random(1)
    keys = [random.randbytes(16) for _ in range(5_000)] + [bytes([1]) + random.randbytes(15) for _ in range(5_000)]
    distinct = Distinct()
    for _ in range(4):
        distinct.add(random.sample(keys, len(keys)))
    assert len(keys) == distinct.count()


def test_no_keys_are_none() -> None:
    """Nothing added is nothing counted."""
    assert Distinct().count() == 0
