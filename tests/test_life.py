"""Changing whole profiles while others change them, over the dict model (contract B 6.3)."""

import asyncio
from collections.abc import Sequence

import pytest

from personae.core.identity import Key
from personae.core.rules import Rules
from personae.core.work import Changes
from personae.ingest import upload
from personae.life import MAX_ATTEMPTS, delete, demerge
from personae.storage import Fold, Project, Unavailable
from tests.storage.model import DictStore, Disk

PROJECT = Project("TST-123-456Z", "test", b"secret", 1)


class Busy(DictStore):
    """A store in which a profile gets another identity before each of the first so many updates that are alone."""

    def __init__(self, times: int) -> None:
        super().__init__(Disk())
        self.left = times

    async def update(self, project: Project, keys: Sequence[Key], fold: Fold, *, alone: bool = False) -> Changes:
        if alone and self.left:
            self.left -= 1
            await send(self, {"identity": f"x-{self.left}"})
        return await super().update(project, keys, fold, alone=alone)


async def send(store: DictStore, data: dict[str, object], **keys: object) -> None:
    """Upload a record of the identity x."""
    record = {"type": "profile", "identity": "x", "profileData": data, **keys}
    outcome = await upload(store, PROJECT, [record], now_us=1_700_000_000_000_000, seed=b"seed", rules=Rules())
    assert 1 == outcome.processed


def test_identifiers_that_come_meanwhile_are_deleted_too() -> None:
    """The profile is read again until all it has is known."""

    async def scenario() -> list[Key]:
        store = Busy(MAX_ATTEMPTS - 1)
        await send(store, {})
        await delete(store, PROJECT, [("identity", "x")])
        names = ["x", *(f"x-{number}" for number in range(MAX_ATTEMPTS))]
        return list((await store.find(PROJECT, [("identity", name) for name in names])).owners)

    assert [] == asyncio.run(scenario())


def test_a_profile_that_never_rests_is_left_whole() -> None:
    """After so many attempts the request is given up, and nothing of it was done."""

    async def scenario() -> None:
        store = Busy(MAX_ATTEMPTS)
        await send(store, {"a": 1})
        with pytest.raises(Unavailable):
            await delete(store, PROJECT, [("identity", "x")])
        (profile,) = (await store.find(PROJECT, [("identity", "x")])).profiles.values()
        assert ({"a": 1}, 1 + MAX_ATTEMPTS) == (profile.properties, len(profile.identities))

    asyncio.run(scenario())


def test_a_dry_run_writes_nothing() -> None:
    """Neither a deletion nor a demerge does."""

    async def scenario() -> None:
        store = Busy(0)
        await send(store, {}, objectId="d")
        await send(store, {}, objectId="e")
        before = await store.find(PROJECT, [("identity", "x")])
        await delete(store, PROJECT, [("identity", "x")], dry_run=True)
        await demerge(store, PROJECT, [("identity", "x")], now_us=1, rules=Rules(), dry_run=True)
        assert before == await store.find(PROJECT, [("identity", "x")])

    asyncio.run(scenario())
