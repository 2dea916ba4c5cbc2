"""What is forgotten of events, and when. Source: docs, events."""

import asyncio

import pytest

from personae.retention import STEP_SEGMENTS, Retention
from personae.storage.events import DAY_S
from personae.testing.scenario import event, events_in, upload
from tests.storage.model import DictStore, Disk

TODAY = 20_000
"""Days since 1970 of the clock."""

NAME = "viewed"

KEPT: list[tuple[int, float, list[int]]] = [
    (0, 0, [0, 1, 2, 3, 4]),
    (2, 0, [0, 1, 2]),
    (2, DAY_S - 0.5, [0, 1, 2]),
    (3, 0, [0, 1, 2, 3]),
    (9, 0, [0, 1, 2, 3, 4]),
]


@pytest.mark.parametrize(("days", "into_the_day_s", "kept"), KEPT)
def test_whole_days_are_kept(days: int, into_the_day_s: float, kept: list[int]) -> None:
    """With n, events of today and of the n days before it are kept; with 0 all are."""

    async def ages() -> list[int]:
        store = DictStore(Disk())
        ages = [age for age in range(5) for _ in range(STEP_SEGMENTS // 2)]
        await upload(store, *(event("x", NAME, ts=(TODAY - age) * DAY_S + 5) for age in ages))
        await Retention(store, days, lambda: TODAY * DAY_S + into_the_day_s).expire()
        return sorted({TODAY - found.ts // DAY_S for found in await events_in(store, NAME)})

    assert kept == asyncio.run(ages())
