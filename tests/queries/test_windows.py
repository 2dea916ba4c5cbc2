"""Windows on owners: what they hold, how much, and how long they are used."""

import asyncio
from random import Random

import pytest

from personae.queries.matching import Question
from personae.queries.windows import WINDOW_AGE_US, Keys, Window, Windows, look
from tests.queries.world import PROJECT, World, did, in_order, owner, query

DEVICES = in_order(40)
OWNERS = [owner(device) for device in DEVICES]


async def world() -> World:
    """One in which all these devices have an event, uploaded in another order."""
    world = World()
    for device in Random(1).sample(DEVICES, len(DEVICES)):
        await world.upload(did(objectId=device))
    return world


@pytest.mark.parametrize("size", [1, 2, 7, 19, 20, 100])
@pytest.mark.parametrize("place", [b"", OWNERS[0], OWNERS[17], OWNERS[38], OWNERS[39], b"\xff" * 16])
def test_a_window_has_all_there_is_between_its_bounds(size: int, place: bytes) -> None:
    """It reaches the place, and has at least `size` owners above it, if there are so many, and no more than twice as many."""

    async def scenario() -> Window:
        return await look((await world()).store, Question(PROJECT, query()), place, 0, size)

    window = asyncio.run(scenario())
    inside = [owner for owner in OWNERS if window.covers(owner)]
    above = [owner for owner in OWNERS if owner > place]
    assert inside == window.keys[:]
    assert window.reaches(place)
    assert above[:size] == window.above(place, size)
    assert len(inside) <= 2 * size
    assert [owner in inside for owner in OWNERS] == [window.has(owner) for owner in OWNERS]


def test_keys_are_a_sequence() -> None:
    """By index, by slice, and how many."""
    keys = Keys(OWNERS[:5])
    assert (5, OWNERS[3], OWNERS[1:3], OWNERS[:5]) == (len(keys), keys[3], keys[1:3], list(keys))


class Counted(Windows):
    """Tells whether a window was made anew."""

    async def made(self, world: World, place: bytes, start_us: int, now_us: int) -> bool:
        window = await self.reach(world.store, Question(PROJECT, query()), place, start_us, now_us)
        return window.made == now_us


def test_a_window_is_used_again() -> None:
    """While it reaches the place, is not older than the cursor, and not a minute old."""

    async def scenario() -> list[bool]:
        windows, start = Counted(10), 1_000_000_000
        tries = [
            (b"", start, start),
            (OWNERS[8], start, start + 1),
            (OWNERS[9], start, start + 2),  # the end of the window
            (b"", start, start + 3),  # before its beginning
            (b"", start + 4, start + 5),  # a newer cursor
            (b"", start + 4, start + 5 + WINDOW_AGE_US),
            (b"", start + 4, start + 6 + WINDOW_AGE_US),
        ]
        small = await world()
        return [await windows.made(small, *row) for row in tries]

    assert [True, False, True, True, True, False, True] == asyncio.run(scenario())


def test_windows_of_other_questions_do_not_matter() -> None:
    """Each question has its own."""

    async def scenario() -> list[int]:
        windows, small = Windows(), await world()
        questions = [Question(PROJECT, query(name=name)) for name in ("viewed", "left", "viewed")]
        return [len((await windows.reach(small.store, question, b"", 0, 1)).keys) for question in questions]

    assert [40, 0, 40] == asyncio.run(scenario())


def test_what_is_kept_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """The oldest windows go first."""
    monkeypatch.setattr("personae.queries.windows.KEPT_BYTES", 3000)

    async def scenario() -> list[bool]:
        windows, small = Windows(), await world()
        questions = [Question(PROJECT, query(name="viewed", first=day)) for day in (1, 2, 3, 1)]
        made = [await windows.reach(small.store, question, b"", 0, now) for now, question in enumerate(questions)]
        return [window.made == now for now, window in enumerate(made)]

    assert [True] * 4 == asyncio.run(scenario())
