"""Every backend gives what the dict model gives, whatever is uploaded in whatever order."""

import asyncio
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from personae.core.fold import fold, keys_of, screen
from personae.core.identity import Key
from personae.core.rules import Rules
from personae.core.work import Found
from personae.storage import Project, Store
from tests.core.strategies import batches, laws, rules
from tests.core.world import NOW
from tests.storage.backends import BACKENDS
from tests.storage.model import DictStore, Disk

KEYS: list[Key] = [
    *(("identity", value) for value in ("a", "b", "me@b.co", "Me@b.co", "c@d.co", "1")),
    *(("FBID", value) for value in "fg"),
    *(("GPID", value) for value in "hi"),
    *(("objectId", value) for value in ("d", "e", "__k")),
]
ADDRESSES: list[Key] = [*(("email", value) for value in ("a@b.co", "c@d.co", "me@b.co")), ("phone", "+14155551234")]
FLAGS: list[Key] = [(flag, address[1]) for flag in ("dndemail", "dndphone") for address in ADDRESSES]

_projects = count()


def groups(found: Found) -> dict[frozenset[Key], str]:
    """The profiles by all keys that lead to each; a store's own references are left out."""
    keys: dict[Any, list[Key]] = {}
    for key, ref in found.owners.items():
        keys.setdefault(ref, []).append(key)
    return {frozenset(held): repr(found.profiles[ref]) for ref, held in keys.items()}


async def state(store: Store, project: Project) -> tuple[object, ...]:
    """All that can be read of a project."""
    by_address = {address: repr(await store.find_by_contact(project, address, 100)) for address in ADDRESSES}
    return groups(await store.find(project, KEYS)), by_address, await store.find_flags(project, FLAGS)


async def agree(store: Store, uploads: list[list[object]], limits: Rules) -> None:
    """Upload to the store and to the model; both say and hold the same after each."""
    model = DictStore(Disk())
    name = f"project {next(_projects)}"
    project = Project(name, name, name.encode(), 0)
    for turn, records in enumerate(uploads):
        now = NOW + turn
        accepted, _ = screen(records, now, limits)
        step = partial(fold, accepted, now_us=now * 1_000_000, seed=now.to_bytes(16), rules=limits)
        expected = await model.update(project, keys_of(accepted), step)
        actual = await store.update(project, keys_of(accepted), step)
        assert (expected.rejected, expected.warnings) == (actual.rejected, actual.warnings)
        assert await state(model, project) == await state(store, project)


@pytest.mark.parametrize("backend", BACKENDS)
def test_agreement(backend: str, tmp_path: Path) -> None:
    """After every upload the same keys lead to the same profiles, addresses and flags to the same answers."""
    with asyncio.Runner() as runner:

        async def opened() -> Store:
            return await BACKENDS[backend](tmp_path)

        store = runner.run(opened())

        @settings(laws, suppress_health_check=list(HealthCheck))
        @given(st.lists(batches, max_size=5), rules)
        def law(uploads: list[list[object]], limits: Rules) -> None:
            runner.run(agree(store, uploads, limits))

        law()
        runner.run(store.close())
