"""How a contract test runs: a store in a fresh directory, an event loop, and uploads into it."""

import asyncio
from collections.abc import Callable, Coroutine
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any, Final, TypeVar

from ..core.fold import fold, keys_of, screen
from ..core.identity import Key
from ..core.profile import Profile
from ..core.rules import Rules
from ..core.work import Changes
from ..storage import Project, Store

RULES: Final = Rules()
PROJECT: Final = Project("TST-111-111Z", "One", b"one" * 10, 1_700_000_000)
OTHER: Final = Project("TST-222-222Z", "Two", b"two" * 10, 1_700_000_001)

_clock = count(1_700_000_000)
"""Epoch seconds of each upload, one later than the last, so that "last updated" has one answer."""


class Scenario:
    """What a backend's test class inherits. `open` is the one thing it has to give."""

    async def open(self, path: Path) -> Store:
        """A store in the directory `path`; the same path again, after `close`, is the same store."""
        raise NotImplementedError


S = TypeVar("S", bound=Scenario)
Test = Callable[[S, Path], None]


def on_a_directory(scenario: Callable[[S, Path], Coroutine[Any, Any, None]]) -> Test[S]:
    """Run a scenario, which opens stores itself, with a fresh directory."""

    def test(self: S, tmp_path: Path) -> None:
        asyncio.run(scenario(self, tmp_path))

    test.__name__ = scenario.__name__
    test.__doc__ = scenario.__doc__
    return test


def on_a_store(scenario: Callable[[S, Store], Coroutine[Any, Any, None]]) -> Test[S]:
    """Run a scenario on an open store, and close it."""

    async def opened(self: S, path: Path) -> None:
        store = await self.open(path)
        try:
            await scenario(self, store)
        finally:
            await store.close()

    opened.__name__ = scenario.__name__
    opened.__doc__ = scenario.__doc__
    return on_a_directory(opened)


def person(identity: object, data: dict[str, Any] | None = None, **more: object) -> dict[str, Any]:
    """A profile record."""
    return {"type": "profile", "identity": identity, "profileData": data or {}, **more}


async def upload(store: Store, *records: object, project: Project = PROJECT) -> Changes:
    """One upload, as a server does it; each record has to be acceptable."""
    now = next(_clock)
    accepted, rejected = screen(records, now, RULES)
    assert rejected == []
    step = partial(fold, accepted, now_us=now * 1_000_000, seed=now.to_bytes(16), rules=RULES)
    return await store.update(project, keys_of(accepted), step)


async def profile_of(store: Store, key: Key, project: Project = PROJECT) -> Profile | None:
    """The profile this key leads to, if any."""
    found = await store.find(project, [key])
    return found.profiles[found.owners[key]] if key in found.owners else None


async def properties_of(store: Store, identity: str, project: Project = PROJECT) -> dict[str, Any] | None:
    """The custom properties of this identity's profile, if there is one."""
    profile = await profile_of(store, ("identity", identity), project)
    return None if profile is None else profile.properties
