"""Nobody waits long for a request that is at work, and none reads more at once than it may."""

import asyncio
from itertools import count

import pytest

from personae.core.query.asked import Filter
from personae.queries.matching import Question, chosen
from personae.queries.pace import PAGE_S, PORTION_BYTES, TURN_S, Pace, Portion
from personae.storage.events import EventRow, segments
from tests.queries.world import PROJECT, query


def test_turns_and_pages_end_by_time() -> None:
    """A turn is due after `TURN_S`, and again as long after it was taken; a page is late after `PAGE_S`."""
    now = [0.0]
    pace = Pace(lambda: now[0])
    found = []
    for now[0] in (TURN_S / 2, TURN_S, PAGE_S):
        found.append((pace.due(), pace.late()))
    asyncio.run(pace.turn())
    assert [(False, False), (True, False), (True, True), (False, True)] == [*found, (pace.due(), pace.late())]


def test_others_have_their_turn_while_events_are_judged() -> None:
    """As often as the time comes, however few events were judged in it."""

    async def scenario() -> tuple[int, int]:
        others = 0

        async def other() -> None:
            nonlocal others
            while True:
                others += 1
                await asyncio.sleep(0)

        values = [f"no {number}" for number in range(100)]
        filters = [Filter(f"tags{number}", "not_in", values) for number in range(20)]
        data = {f"Tags {number}": [f"item {place}" for place in range(100)] for number in range(20)}
        [segment] = segments([EventRow(bytes(16), 1, 0, data)] * 60)
        clock = count()
        task = asyncio.create_task(other())
        found = await chosen(Question(PROJECT, query(*filters)), segment, Pace(lambda: next(clock) * TURN_S / 2))
        task.cancel()
        return len(found), others

    found, others = asyncio.run(scenario())
    assert 60 == found
    assert others >= 20


PORTIONS: list[tuple[list[tuple[int, int]], int]] = [
    ([], 10),
    ([(10, 1000)], 40),
    ([(10, 1000), (40, 1000)], 100),
    ([(0, 0)], 40),
    ([(10, 2 * PORTION_BYTES)], 5),
    ([(10, 100 * PORTION_BYTES)], 1),
    ([(10, 100 * PORTION_BYTES), (1, 10)], 4),
]


@pytest.mark.parametrize(("learned", "expected"), PORTIONS)
def test_large_things_are_read_in_small_portions(learned: list[tuple[int, int]], expected: int) -> None:
    """More at once only step by step, and never more than `most`."""
    portion = Portion(10, 100)
    for things, size_bytes in learned:
        portion.learn(things, size_bytes)
    assert expected == portion.count
