"""What a store does with events: kept with the profile's own write, read by name and day, expired by day.

Source: `storage.Store`, `storage.events`.
"""

from asyncio import gather
from collections import Counter
from collections.abc import Set
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

from ..core.work import Changes, Found
from ..storage import Store
from ..storage.events import DAY_S, NO_OWNER, Segment, Span, day_of, events_of, owners_of
from .profiles_contract import TEXTS
from .scenario import (
    EVER,
    OTHER,
    PROJECT,
    Scenario,
    event,
    events_in,
    on_a_directory,
    on_a_store,
    people_of,
    person,
    profile_of,
    upload,
)

DAY: Final = 19_675
"""The day most events here are of: 2023-11-14."""

MORNING: Final = DAY * DAY_S
UPLOADERS: Final = 30
STEPS: Final = 10


def on(day: int, second: int = 0) -> int:
    """A time so many days after `DAY`, in epoch seconds."""
    return (DAY + day) * DAY_S + second


async def pages(store: Store, name: str, span: Span, limit: int, *, bodies: bool = True) -> list[list[Segment]]:
    """All pages of a reading."""
    found: list[list[Segment]] = []
    after = span.ids[0] - 1
    while page := await store.read_segments(PROJECT, name, span, after, limit, bodies=bodies):
        found.append(page)
        after = page[-1].id
    return found


def live(segments: list[Segment]) -> int:
    return sum(segment.live for segment in segments)


class EventsContract(Scenario):
    """Events of profiles that stay; what becomes of those that are erased is in `life_contract`."""

    @on_a_store
    async def test_no_events_at_first(self, store: Store) -> None:
        """There is nothing to count, read or expire, and an unknown owner is nobody."""
        assert (0, False) == (await store.count_events(PROJECT, "viewed", EVER), await store.has_events(PROJECT, "viewed"))
        for bodies in (True, False):
            assert await store.read_segments(PROJECT, "viewed", EVER, -1, 10, bodies=bodies) == []
        assert await store.expire_events(EVER.last, 10) == 0
        for rows in ([], [b"x" * 16, NO_OWNER]):
            assert await store.find_owners(PROJECT, rows) == {}
            assert await store.read_profiles(PROJECT, rows) == {}

    @on_a_store
    async def test_events_come_with_their_profile(self, store: Store) -> None:
        """What the profile says of its events and the events themselves are there after one update."""
        first, second = {"price": 1.5, "n": 2**63 - 1, "yes": True}, {"tags": ["a", "b"]}
        await upload(
            store,
            event("x", "Product Viewed", first, ts=MORNING + 9),
            person("x", {"a": 1}),
            event("x", "productviewed", second, ts=MORNING),
        )
        profile = await profile_of(store, ("identity", "x"))
        assert profile is not None
        assert {"a": 1} == profile.properties
        (seen,) = profile.events.values()
        assert (2, MORNING, MORNING + 9) == (seen.count, seen.first, seen.last)
        events = await events_in(store, "productviewed")
        assert [(MORNING, second), (MORNING + 9, first)] == sorted((event.ts, event.data) for event in events)
        assert [profile, profile] == await people_of(store, events)
        assert await store.has_events(PROJECT, "productviewed")

    @on_a_store
    async def test_days(self, store: Store) -> None:
        """A span has whole days in UTC, its first and its last one included."""
        times = [on(0), on(0, DAY_S - 1), on(1), on(2, DAY_S - 1), on(3), 1, EVER.last * DAY_S]
        await upload(store, *(event("x", "e", {"ts": ts}, ts=ts) for ts in times))
        for first, last in ((0, 0), (0, 1), (1, 2), (2, 2), (3, 9), (4, 9), (-9, -1)):
            span = Span(DAY + first, DAY + last)
            expected = sorted(ts for ts in times if first <= day_of(ts) - DAY <= last)
            assert expected == sorted(event.ts for event in await events_in(store, "e", span))
            assert len(expected) == await store.count_events(PROJECT, "e", span)
        assert sorted(times) == sorted(event.data["ts"] for event in await events_in(store, "e"))

    @on_a_store
    async def test_order(self, store: Store) -> None:
        """Segments come in the order of their ids, which begin with their day, whenever they were written."""
        for day in (3, 1, 2, 1, 3):
            await upload(store, *(event(f"p{n}", "e", {"day": day}, ts=on(day, n)) for n in range(5)))
        segments = [segment for page in await pages(store, "e", EVER, 1000) for segment in page]
        assert all(one.id < next_.id for one, next_ in pairwise(segments))
        assert len({segment.name for segment in segments}) == 1
        events = [event for segment in segments for event in events_of(segment)]
        assert [1] * 10 + [2] * 5 + [3] * 10 == [event.data["day"] for event in events]
        assert len({event.place for event in events}) == len(events)
        for segment in segments:
            kept = list(events_of(segment))
            assert segment.live == len(kept) == len(owners_of(segment))
            assert {segment.id >> 40} == {day_of(event.ts) for event in kept}

    @on_a_store
    async def test_pages(self, store: Store) -> None:
        """Page after page each event comes once; a page has about `limit` of them, and at least one."""
        for day in range(12):
            await upload(store, *(event(f"p{n}", "e", {"n": 7 * day + n}, ts=on(day)) for n in range(7)))
        for limit in (1, 7, 20, 84, 1000):
            found = await pages(store, "e", EVER, limit)
            events = [event for page in found for segment in page for event in events_of(segment)]
            assert list(range(84)) == sorted(event.data["n"] for event in events)
            largest = max(segment.live for page in found for segment in page)
            assert all(0 < live(page) < limit + largest for page in found)
        middle = Span(DAY + 3, DAY + 5)
        assert sum(map(live, await pages(store, "e", middle, 4))) == 21

    @on_a_store
    async def test_without_bodies(self, store: Store) -> None:
        """The same segments, with their owners, and "" for a body."""
        for day in range(3):
            await upload(store, *(event(f"p{n}", "e", {"n": n}, ts=on(day)) for n in range(3)))
        whole = await pages(store, "e", EVER, 4)
        bare = await pages(store, "e", EVER, 4, bodies=False)
        assert [[segment._replace(body="") for segment in page] for page in whole] == bare

    @on_a_store
    async def test_names_and_projects_are_apart(self, store: Store) -> None:
        """One name or project does not see the events of another, whoever they are of."""
        await upload(store, event("x", "a", {"in": "a"}), event("x", "b", {"in": "b"}), event("x", "b", {"in": "b"}))
        await upload(store, event("x", "a", {"in": "other"}), project=OTHER)
        for project, name, expected in ((PROJECT, "a", ["a"]), (PROJECT, "b", ["b", "b"]), (OTHER, "a", ["other"])):
            events = await events_in(store, name, project=project)
            assert expected == [event.data["in"] for event in events]
            assert len(expected) == await store.count_events(project, name, EVER)
            assert [await profile_of(store, ("identity", "x"), project)] * len(expected) == await people_of(
                store, events, project
            )
        assert not await store.has_events(OTHER, "b")

    @on_a_store
    async def test_owners_through_merges(self, store: Store) -> None:
        """An event of a profile that was merged away is part of the winner, before and after it is written again."""
        await upload(store, event(None, "e", {"n": 1}, objectId="d1"), event(None, "e", {"n": 2}, objectId="d2"))
        await upload(store, event("x", "e", {"n": 3}), event("y", "e", {"n": 4}))
        await upload(store, person("x", objectId="d1"))
        await upload(store, person("x", objectId="d2"), event("x", "e", {"n": 5}), event(None, "e", {"n": 6}, objectId="d2"))
        events = sorted(await events_in(store, "e"), key=lambda event: int(event.data["n"]))
        x, y = await profile_of(store, ("identity", "x")), await profile_of(store, ("identity", "y"))
        assert [x, x, x, y, x, x] == await people_of(store, events)
        rows = await store.find_owners(PROJECT, [event.owner for event in events])
        assert len(set(rows.values())) == 2

    @on_a_store
    async def test_owners_through_chains(self, store: Store) -> None:
        """A row that leads to one that leads to another leads to that one."""
        await upload(store, event(None, "e", objectId="d0"))
        for n in range(1, 6):
            await upload(store, person(f"p{n}", objectId=f"d{n}"))

        def lead(to: int, found: Found, *, only: Set[int] | None = None) -> Changes:
            """The profile with the device before becomes an alias of this one."""
            ref = found.owners["objectId", f"d{to}"]
            changes = Changes(profiles={ref: found.profiles[ref]}, records={ref: [0]})
            own = found.profiles[found.owners["objectId", f"d{to - 1}"]]
            changes.aliases = dict.fromkeys(own.keys, ref)
            for key in own.keys:
                found.profiles[ref].attach(key)
            return changes

        for n in range(1, 6):
            keys = [("objectId", f"d{n - 1}"), ("identity", f"p{n - 1}"), ("objectId", f"d{n}"), ("identity", f"p{n}")]
            await store.update(PROJECT, keys, partial(lead, n), alone=True)
        last = await profile_of(store, ("identity", "p5"))
        assert last is not None
        assert [last] == await people_of(store, await events_in(store, "e"))
        assert last == await profile_of(store, ("objectId", "d0"))

    @on_a_store
    async def test_many_owners_of_events(self, store: Store) -> None:
        """Thousands are found and read at once; what is not a profile's row gives nothing."""
        people = 3000
        for start in range(0, people, 1000):
            await upload(store, *(event(f"p{n}", "e", {"n": n}) for n in range(start, start + 1000)))
        events = await events_in(store, "e", limit=10_000)
        rows = await store.find_owners(PROJECT, [event.owner for event in events] + [b"x" * 16, NO_OWNER])
        assert {event.owner for event in events} == set(rows)
        profiles = await store.read_profiles(PROJECT, [*rows.values(), b"y" * 16])
        assert set(rows.values()) == set(profiles)
        assert [[f"p{event.data['n']}"] for event in events] == [profiles[rows[event.owner]].identities for event in events]

    @on_a_store
    async def test_expire(self, store: Store) -> None:
        """Events of days before one go in steps, in all projects; what profiles say of them stays."""
        for project in (PROJECT, OTHER):
            for day in range(6):
                await upload(store, event("x", "a", ts=on(day)), event("x", "b", ts=on(day)), project=project)
        before = await profile_of(store, ("identity", "x"))
        steps = []
        while count := await store.expire_events(DAY + 4, 3):
            steps.append(count)
        assert all(count <= 3 for count in steps)
        for project in (PROJECT, OTHER):
            for name in "ab":
                assert [on(4), on(5)] == [event.ts for event in await events_in(store, name, project=project)]
                assert await store.count_events(project, name, EVER) == 2
        assert before == await profile_of(store, ("identity", "x"))
        await upload(store, event("x", "a", ts=on(0)))
        assert await store.count_events(PROJECT, "a", EVER) == 3
        while await store.expire_events(EVER.last, 1000):
            pass
        assert [False] * 4 == [await store.has_events(project, name) for project in (PROJECT, OTHER) for name in "ab"]
        await upload(store, event("x", "a", ts=on(9)))
        assert [on(9)] == [event.ts for event in await events_in(store, "a")]

    @on_a_store
    async def test_texts_of_events(self, store: Store) -> None:
        """Text that breaks stores comes back as it went in: in data, in names of its properties, in the event's name."""
        data: dict[str, Any] = {f"key {text[:20]}": text for text in TEXTS}
        data["list"] = [text for text in TEXTS if text and text == text.strip()]
        await upload(store, *(event(f"p{n}", "e", {**data, "n": n}) for n in range(3)))
        assert [{**data, "n": n} for n in range(3)] == [event.data for event in await events_in(store, "e")]
        names = ("a\0b", "\0", "ab", "🎉" * 30, "é", "%s ?1 $1", "\"quote'")
        await gather(*(upload(store, event("x", name, {"name": name}, ts=MORNING)) for name in names))
        for name in names:
            (kept,) = await events_in(store, name.replace(" ", "").lower())
            assert {"name": name} == kept.data
        profile = await profile_of(store, ("identity", "x"))
        assert profile is not None
        assert set(names) == {seen.name for seen in profile.events.values()}

    @on_a_store
    async def test_many_events(self, store: Store) -> None:
        """An update with events of many people, names and days keeps each of them once, under its own person."""
        names, days, people = 7, 60, 90
        records = [
            event(f"p{n % people}", f"e{n % names}", {"n": n, "person": f"p{n % people}"}, ts=on(n % days, n))
            for n in range(2500)
        ]
        await upload(store, *records)
        kept = [event for number in range(names) for event in await events_in(store, f"e{number}", limit=100)]
        assert list(range(2500)) == sorted(event.data["n"] for event in kept)
        assert all(event.ts == on(event.data["n"] % days, event.data["n"]) for event in kept)
        owners = await people_of(store, kept)
        assert all(
            owner is not None and owner.identities == [event.data["person"]] for owner, event in zip(owners, kept, strict=True)
        )
        day = Span(DAY + 5, DAY + 5)
        expected = Counter(record["evtName"] for record in records if day_of(record["ts"]) == day.first)
        assert expected == {f"e{n}": await store.count_events(PROJECT, f"e{n}", day) for n in range(names)} | {}

    @on_a_store
    async def test_counts_are_exact(self, store: Store) -> None:
        """However many updates bring events of the same new people at once, none is lost and none counts twice."""

        async def send(uploader: int) -> None:
            for step in range(STEPS):
                records = [event(f"p{n}", "e", {"of": f"{uploader}.{step}.{n}"}, ts=on(step)) for n in range(3)]
                await upload(store, *records[:: 1 if uploader % 2 else -1], person("p0", {f"u{uploader}": step}))

        await gather(*map(send, range(UPLOADERS)))
        events = await events_in(store, "e", limit=50)
        expected = {f"{uploader}.{step}.{n}" for uploader in range(UPLOADERS) for step in range(STEPS) for n in range(3)}
        assert len(expected) == len(events) == await store.count_events(PROJECT, "e", EVER)
        assert expected == {event.data["of"] for event in events}
        for n in range(3):
            profile = await profile_of(store, ("identity", f"p{n}"))
            assert profile is not None
            seen = profile.events["e"]
            assert (UPLOADERS * STEPS, on(0), on(STEPS - 1)) == (seen.count, seen.first, seen.last)

    @on_a_store
    async def test_neighbours_of_a_fold_that_raises(self, store: Store) -> None:
        """Their events are kept, each once."""

        def fail(found: Found, *, only: Set[int] | None = None) -> Changes:
            raise ZeroDivisionError

        async def run(n: int) -> None:
            if n % 3:
                await upload(store, event(f"p{n}", "e", {"n": n}))
            else:
                await store.update(PROJECT, [("identity", f"p{n}")], fail)

        await gather(*map(run, range(40)), return_exceptions=True)
        assert [n for n in range(40) if n % 3] == sorted(event.data["n"] for event in await events_in(store, "e"))

    @on_a_directory
    async def test_events_survive(self, path: Path) -> None:
        """They are there when the directory is opened again, and later ones do not get in their way."""
        store = await self.open(path)
        await upload(store, event("x", "e", {"n": 1}, ts=on(0)), event("y", "e", {"n": 2}, ts=on(1)))
        await store.close()
        for n in (3, 4):
            store = await self.open(path)
            await upload(store, event("x", "e", {"n": n}, ts=on(0)))
            await store.close()
        store = await self.open(path)
        events = await events_in(store, "e")
        assert [1, 3, 4, 2] == [event.data["n"] for event in events]
        x, y = await profile_of(store, ("identity", "x")), await profile_of(store, ("identity", "y"))
        assert [x, x, x, y] == await people_of(store, events)
        await store.close()
