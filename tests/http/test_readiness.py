"""Readiness: one question to the store for all who ask, and an end to waiting for its answer."""

import asyncio

from personae.http.readiness import Readiness
from personae.storage import Unavailable


def test_many_who_ask_at_once_cost_one_probe() -> None:
    """Concurrent callers share a probe, and those of the next moment have its result."""
    probes: list[None] = []

    async def check() -> None:
        probes.append(None)
        await asyncio.sleep(0)

    async def ask() -> list[bool]:
        readiness = Readiness(check)
        return [*await asyncio.gather(*(readiness.ready() for _ in range(100))), await readiness.ready()]

    assert [True] * 101 == asyncio.run(ask())
    assert 1 == len(probes)


def test_a_store_that_cannot_write_is_not_ready() -> None:
    """`Unavailable` is a no."""

    async def check() -> None:
        raise Unavailable("disk full")

    async def ask() -> bool:
        return await Readiness(check).ready()

    assert asyncio.run(ask()) is False


def test_a_store_that_does_not_answer_is_not_ready() -> None:
    """Whoever asks while a write hangs gets a no, the probe is not asked again, and its late answer counts."""
    probes: list[None] = []

    async def ask() -> list[bool]:
        free = asyncio.Event()

        async def check() -> None:
            probes.append(None)
            await free.wait()

        readiness = Readiness(check)
        answers = await asyncio.gather(readiness.ready(), readiness.ready())
        free.set()
        return [*answers, await readiness.ready()]

    assert [False, False, True] == asyncio.run(ask())
    assert 1 == len(probes)
