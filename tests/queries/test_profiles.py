"""Pages of profiles: each once, whatever is uploaded and merged meanwhile. Source: contract B 5."""

import asyncio
from collections import Counter
from collections.abc import Coroutine
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from personae.core.profile import Profile
from personae.core.query.asked import Filter, Query
from personae.queries.matching import Question, matching_owners
from personae.storage import Project
from personae.storage.events import Segment, Span
from tests.core.strategies import laws
from tests.queries.world import DAY, PROJECT, World, did, in_order, owner, person, query
from tests.storage.model import NO_SECRET, DictStore, Disk

SMALL, MIDDLE, LARGE = in_order(3)
"""Devices in the order in which their profiles come."""


def ran(scenario: Coroutine[Any, Any, None]) -> None:
    asyncio.run(scenario)


@pytest.mark.parametrize("size", [1, 3, 10, 100])
@pytest.mark.parametrize("window", [2, 5, 1000])
def test_everybody_comes_once_in_the_order_of_owners(size: int, window: int) -> None:
    """However large pages and windows are; others are left out."""

    async def scenario() -> None:
        world = World(window)
        await world.upload(*[did(objectId=device) for device in in_order(20)], did("other", "Left"))
        await world.upload(*[did(objectId=device) for device in in_order(10)])
        walk = world.open(query())
        await walk.rest(size)
        assert in_order(20) == walk.names()

    ran(scenario())


def test_nobody() -> None:
    """Without a match the first page is empty and the last."""

    async def scenario() -> None:
        walk = World().open(query())
        assert ([], None) == (await walk.page(10), walk.position)

    ran(scenario())


ASKED: list[tuple[Query, list[str]]] = [
    (query(Filter("price", "gt", 2)), ["b", "c"]),
    (query(Filter("price", "gt", 2), Filter("price", "lt", 5)), ["b"]),
    (query(first=DAY - 9, last=DAY - 9), ["old"]),
    (query(first=DAY - 9), ["a", "b", "c", "old"]),
    (query(first=DAY - 8, last=DAY - 3), []),
    (query(name="left"), ["gone"]),
    (query(profile_filters=[Filter("plan", "equals", "Gold")]), ["c"]),
    (query(did_all=["left"]), []),
    (query(first=DAY - 9, did_none=["left"]), ["a", "b", "c", "old"]),
]


@pytest.mark.parametrize(("asked", "names"), ASKED)
@pytest.mark.parametrize("window", [1, 1000])
def test_who_is_asked_for(asked: Query, names: list[str], window: int) -> None:
    """By name, days, properties of the event, and what the profile is."""

    async def scenario() -> None:
        world = World(window)
        await world.upload(
            did("a", Price=1),
            did("b", Price=3),
            did("c", Price=1),
            did("c", Price=5),
            did("old", "Viewed", (DAY - 9) * 86_400),
            did("gone", "Left"),
            person("c", profileData={"Plan": "Gold"}),
        )
        walk = world.open(asked)
        await walk.rest(2)
        assert names == sorted(walk.names())

    ran(scenario())


def test_who_is_erased_meanwhile_does_not_come() -> None:
    """Between two pages, too."""

    async def scenario() -> None:
        world = World()
        names = [f"p{number}" for number in range(9)]
        await world.upload(*map(did, names))
        walk = world.open(query())
        await walk.page(4)
        left = [name for name in names if name not in walk.names()]
        await world.delete(left[0])
        await walk.rest(4)
        assert sorted({*names} - {left[0]}) == sorted(walk.names())

    ran(scenario())


def test_new_events_are_seen_while_a_walk_goes_on() -> None:
    """A window is not used for long: who matches later, and has a place that is still to come, comes."""

    async def scenario() -> None:
        world = World()
        devices = in_order(6)
        await world.upload(*[did(objectId=device) for device in devices[:3]])
        walk = world.open(query())
        await walk.page(2)
        await world.upload(*[did(objectId=device) for device in devices[3:]])
        for _ in range(60):
            next(world.clock)
        await walk.rest(2)
        assert devices == walk.names()

    ran(scenario())


def test_a_new_walk_sees_what_was_uploaded_before_it() -> None:
    """No window of an earlier walk hides it."""

    async def scenario() -> None:
        world = World()
        for number in range(4):
            await world.upload(did(f"p{number}"))
            assert number + 1 == len(await world.open(query()).rest(2))

    ran(scenario())


MERGES = [(anonymous, identified) for anonymous in (SMALL, LARGE) for identified in (SMALL, LARGE) if anonymous != identified]


@pytest.mark.parametrize(("anonymous", "identified"), MERGES)
@pytest.mark.parametrize("both", [True, False])
@pytest.mark.parametrize("window", [1, 1000])
def test_who_was_merged_before_comes_once(anonymous: str, identified: str, both: bool, window: int) -> None:
    """Whichever of the two has the event, and whoever comes first; a new event of the one who had none changes nothing."""

    async def scenario() -> None:
        world = World(window)
        await world.upload(did(objectId=anonymous), person("x", objectId=identified))
        if both:
            await world.upload(did("x"))
        await world.upload(person("x", objectId=anonymous))
        await world.upload(did("other", objectId=MIDDLE))
        walk = world.open(query())
        await walk.page(1)
        await world.upload(did("x"))
        for _ in range(60):
            next(world.clock)
        await walk.rest(1)
        assert ["other", "x"] == sorted(walk.names())

    ran(scenario())


def test_a_home_whose_part_was_given_does_not_come_again() -> None:
    """The part took its place, the home matched only afterwards."""

    async def scenario() -> None:
        world = World()
        await world.upload(did(objectId=SMALL), person("x", objectId=LARGE), did("other", objectId=MIDDLE))
        walk = world.open(query())
        await world.upload(person("x", objectId=SMALL))
        while "x" not in walk.names():
            await walk.page(1)
        await world.upload(did("x"))
        for _ in range(60):
            next(world.clock)
        await walk.rest(1)
        assert {"x": 1, "other": 1} == Counter(walk.names())

    ran(scenario())


def test_a_profile_that_forgot_merges_comes_once() -> None:
    """Of more merges than can be undone, the homes are among the devices."""

    async def scenario() -> None:
        world = World(3)
        await world.upload(person("x"))
        for device in in_order(30):
            await world.upload(did(objectId=device))
            await world.upload(person("x", objectId=device))
        walk = world.open(query())
        await walk.rest(2)
        assert ["x"] == walk.names()

    ran(scenario())


# --- any order of uploads, merges and pages

PEOPLE = ["a", "b", "c", "d"]
DEVICES = [f"d{number}" for number in range(6)]

step = st.one_of(
    st.tuples(st.just("event"), st.sampled_from(PEOPLE)),
    st.tuples(st.just("device event"), st.sampled_from(DEVICES)),
    st.tuples(st.just("merge"), st.sampled_from(PEOPLE), st.sampled_from(DEVICES)),
    st.tuples(st.just("page"), st.integers(1, 2)),
    st.tuples(st.just("wait")),
)
deleting = st.tuples(st.just("delete"), st.sampled_from(PEOPLE))
steps = st.lists(step, max_size=16)
deadly_steps = st.lists(step | deleting, max_size=16)


async def take(world: World, step: tuple[Any, ...]) -> None:
    """One step that is no page."""
    match step:
        case ("event", name):
            await world.upload(did(name))
        case ("device event", device):
            await world.upload(did(objectId=device))
        case ("merge", name, device):
            await world.upload(person(name, objectId=device))
        case ("delete", name):
            await world.delete(name)
        case ("wait",):
            for _ in range(60):
                next(world.clock)


async def matching(world: World) -> set[bytes]:
    """The owners that match now."""
    found: set[bytes] = set()
    async for some in matching_owners(world.store, Question(PROJECT, query())):
        found |= some
    return found


async def people(world: World, owners: set[bytes]) -> dict[bytes, Profile]:
    """The profiles these owners are part of, by owner."""
    rows = await world.store.find_owners(PROJECT, sorted(owners))
    profiles = await world.store.read_profiles(PROJECT, list(rows.values()))
    return {owner: profiles[row] for owner, row in rows.items()}


def homes(profile: Profile) -> set[bytes]:
    """The homes of a profile and of what became part of it."""
    return {owner(profile.home[1]), *(home for part in profile.merged for home in homes(part.profile))}


async def walked(before: list[Any], during: list[Any], window: int) -> tuple[World, list[Profile], set[bytes], set[bytes]]:
    """What a walk gives during which these steps are taken; the owners that matched at its start, and those that did later."""
    world = World(window)
    for step in before:
        await take(world, step)
    start = await matching(world)
    walk = world.open(query())
    for step in during:
        if step[0] != "page":
            await take(world, step)
        elif walk.position is not None:
            await walk.page(step[1])
    end = await matching(world)
    await walk.rest(2)
    return world, walk.given, start, end - start


def parts_since(profile: Profile, start_us: int) -> int:
    """How many profiles became part of this one in the second of `start_us` or later."""
    return sum(part.at * 1_000_000 >= start_us for part in profile.merged)


@laws
@given(deadly_steps, deadly_steps, st.sampled_from([1, 2, 1000]))
def test_nobody_comes_twice(before: list[Any], during: list[Any], window: int) -> None:
    """Whatever happens between the pages, but who took in others meanwhile: once as what it was, once with them."""
    world, given, _, _ = asyncio.run(walked(before, during, window))
    times = Counter(profile.home for profile in given)
    latest = {profile.home: profile for profile in given}
    twice = [home for home, count in times.items() if count > 1 + bool(parts_since(latest[home], world.started_us))]
    assert [] == twice


@laws
@given(steps, steps, st.sampled_from([1, 2, 1000]))
def test_everybody_comes(before: list[Any], during: list[Any], window: int) -> None:
    """Where nobody is deleted, who matched at the start was given, as the profile it is now or as it was then."""
    world, given, start, _ = asyncio.run(walked(before, during, window))
    shown = {home for profile in given for home in homes(profile)}
    for part, profile in asyncio.run(people(world, start)).items():
        assert homes(profile) & shown or part in shown


def test_who_becomes_part_of_one_that_was_passed_by_comes() -> None:
    """Devices that matched, of people who match only after the pages went by their homes."""

    async def scenario() -> None:
        world = World()
        devices, names = [f"d{number}" for number in range(300)], [f"p{number}" for number in range(300)]
        await world.upload(*[did(objectId=device) for device in devices], *map(person, names))
        walk = world.open(query())
        first = {device for profile in await walk.page(150) for device in profile.devices}
        left = [(device, name) for device, name in zip(devices, names, strict=True) if device not in first]
        await world.upload(*[person(name, objectId=device) for device, name in left], *[did(name) for _, name in left])
        for _ in range(60):
            next(world.clock)
        await walk.rest(150)
        assert {device for device, _ in left} <= {device for profile in walk.given[150:] for device in profile.devices}
        assert 300 == len(walk.given)

    ran(scenario())


def test_who_takes_in_another_after_its_place_comes_again() -> None:
    """Two matched when the cursor began. Whether the first one did cannot be told any more when the second comes up."""

    async def scenario() -> None:
        world = World()
        await world.upload(did("x", objectId=SMALL), did(objectId=MIDDLE), did(objectId=LARGE))
        walk = world.open(query())
        await walk.page(1)
        await world.upload(person("x", objectId=MIDDLE), person("x", objectId=LARGE))
        await walk.rest(1)
        assert ["x", "x"] == walk.names()

    ran(scenario())


class Passes(DictStore):
    """Counts the passes over segments."""

    passes = 0

    async def read_segments(
        self, project: Project, name: str, span: Span, after: int, limit: int, *, bodies: bool
    ) -> list[Segment]:
        self.passes += after < span.ids[0]
        return await super().read_segments(project, name, span, after, limit, bodies=bodies)


def test_a_page_costs_two_passes_at_most() -> None:
    """One for its window, one for all owners outside of it that decide who has a place in it."""

    async def scenario() -> None:
        world = World(30)
        world.store = store = Passes(Disk())
        await world.upload(*[did(objectId=device) for device in in_order(120)])
        await world.upload(*[person(f"p{number // 3}", objectId=f"d{number}") for number in range(120)])
        walk = world.open(query())
        while walk.position is not None:
            before = store.passes
            await walk.page(10)
            assert store.passes - before <= 2
        assert 40 == len(set(walk.names())) == len(walk.given)

    ran(scenario())


def test_a_page_of_large_profiles_is_short(monkeypatch: pytest.MonkeyPatch) -> None:
    """It ends where its records have enough bytes; nobody is left out."""
    monkeypatch.setattr("personae.queries.profiles.PAGE_BYTES", 1000)

    async def scenario() -> None:
        world = World()
        for device in in_order(9):
            await world.upload(did(objectId=device), {"type": "profile", "objectId": device, "profileData": {"a": "x" * 400}})
        walk = world.open(query())
        assert 2 == len(await walk.page(100))
        await walk.rest(100)
        assert in_order(9) == walk.names()

    ran(scenario())


def test_the_model_hashes_as_the_project_does() -> None:
    """The owners of this file are those of the store."""
    assert NO_SECRET == PROJECT.secret
