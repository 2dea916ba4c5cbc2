"""How a contract test runs: a store in a fresh directory, an event loop, and uploads into it."""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any, Final, TypeVar

from ..core.fold import fold, keys_of, screen
from ..core.history import NOBODY, Author, Change, places_of
from ..core.identity import Key
from ..core.profile import Profile
from ..core.rules import Rules
from ..core.work import Changes
from ..storage import Project, Store
from ..storage.events import Event, Span, events_of

RULES: Final = Rules()
PROJECT: Final = Project("TST-111-111Z", "One", b"one" * 10, 1_700_000_000)
OTHER: Final = Project("TST-222-222Z", "Two", b"two" * 10, 1_700_000_001)

EVER: Final = Span(0, 2_932_896)
"""All days an event can be of: the last one is that of the year 9999."""

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


def event(identity: object, name: str, data: dict[str, Any] | None = None, **more: object) -> dict[str, Any]:
    """An event record; None as `identity` leaves it out."""
    record: dict[str, Any] = {"type": "event", "evtName": name, "evtData": data or {}, **more}
    return record if identity is None else {"identity": identity, **record}


async def upload(store: Store, *records: object, project: Project = PROJECT, author: Author = NOBODY) -> Changes:
    """One upload, as a server does it; each record has to be acceptable."""
    now = next(_clock)
    accepted, rejected = screen(records, now, RULES)
    assert rejected == []
    step = partial(fold, accepted, now_us=now * 1_000_000, seed=now.to_bytes(16), rules=RULES, author=author)
    return await store.update(project, keys_of(accepted), step)


async def profile_of(store: Store, key: Key, project: Project = PROJECT) -> Profile | None:
    """The profile this key leads to, if any."""
    found = await store.find(project, [key])
    return found.profiles[found.owners[key]] if key in found.owners else None


async def places_behind(store: Store, key: Key, project: Project = PROJECT) -> list[int]:
    """The places of history of this key's profile."""
    profile = await profile_of(store, key, project)
    return places_of(profile) if profile else []


async def changes_of(store: Store, *keys: Key, project: Project = PROJECT) -> list[Change]:
    """What is kept of the changes of these keys' profiles together, the last one first."""
    profiles = [await profile_of(store, key, project) for key in keys]
    return await store.read_history([place for profile in profiles if profile for place in places_of(profile)])


async def properties_of(store: Store, identity: str, project: Project = PROJECT) -> dict[str, Any] | None:
    """The custom properties of this identity's profile, if there is one."""
    profile = await profile_of(store, ("identity", identity), project)
    return None if profile is None else profile.properties


async def events_in(store: Store, name: str, span: Span = EVER, project: Project = PROJECT, limit: int = 1000) -> list[Event]:
    """The events of a normal name and some days, read page by page, in the order they are kept in."""
    found: list[Event] = []
    after = span.ids[0] - 1
    while page := await store.read_segments(project, name, span, after, limit, bodies=True):
        after = page[-1].id
        found += [event for segment in page for event in events_of(segment)]
    return found


async def people_of(store: Store, events: Sequence[Event], project: Project = PROJECT) -> list[Profile | None]:
    """The profile each of these events is part of now, None where that is erased."""
    rows = await store.find_owners(project, [event.owner for event in events])
    profiles = await store.read_profiles(project, list(rows.values()))
    return [profiles[rows[event.owner]] if event.owner in rows else None for event in events]
