"""Events, history and erasure on PostgreSQL when the line, another server or the database is in the way: all or nothing."""

import asyncio
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from personae.core.history import places_of
from personae.core.identity import Key, Ref
from personae.core.profile import Profile
from personae.core.work import Changes
from personae.storage import Store, Unavailable
from personae.storage.events import DAY_S, Segment, day_of
from personae.storage.postgres.events import RANDOM_BITS, numbered
from personae.storage.postgres.tables import PostgresTables
from personae.storage.tables import NODE
from personae.testing.life_contract import Alone, alone, erase, move
from personae.testing.scenario import (
    EVER,
    PROJECT,
    event,
    events_in,
    person,
    profile_of,
    properties_of,
    upload,
)
from tests.databases import execute
from tests.engines import database_of
from tests.storage.line import Line
from tests.storage.test_postgres_failures import BUMP, POISON, Between, folding, opened, run_elsewhere

KINDS = ["changed", "created", "created", "merged"]
"""What becomes known of a person that is made, changed and joined with a device."""

MESSAGES = 20
"""More than a mixed upload exchanges with the database."""


async def summary(store: Store, *identities: str) -> list[tuple[object, int, list[str]]]:
    """Of each person: the counter `n`, the events by its profile, the kinds of the changes in its history, in order."""
    found = []
    for identity in identities:
        profile = await profile_of(store, ("identity", identity))
        assert profile is not None
        changes = await store.read_history(places_of(profile))
        seen = sum(seen.count for seen in profile.events.values())
        found.append((profile.properties.get("n"), seen, sorted(change.kind for change in changes)))
    return found


async def names_of(store: Store, name: str = "e") -> list[str]:
    """What the events say they are, in order of the alphabet."""
    return sorted(event.data["of"] for event in await events_in(store, name))


@pytest.mark.parametrize("side", ["answers", "requests"])
def test_a_line_cut_anywhere(side: str, tmp_path: Path) -> None:
    """Wherever the line is cut, profiles, events and history of an upload are there once, and a merge is whole."""

    async def scenario() -> int:
        cuts = 0
        async with Line(database_of(tmp_path)) as line:
            store = await opened(line.url)
            for place in range(MESSAGES):
                x, y, d = f"x{place}", f"y{place}", f"d{place}"
                await upload(store, person(x, {"n": 0}), event(None, "e", {"of": d}, objectId=d))
                records = [
                    event(x, "e", {"of": x}),
                    person(x, BUMP),
                    event(y, "e", {"of": y}, objectId=y),
                    person(x, objectId=d),
                ]
                keys, step = folding(*records)
                faults = {f"skip_{side}": place, f"cut_{side}": 1}
                await store.update(PROJECT, keys, Between(step, partial(line.__dict__.update, faults)))
                line.__dict__.update(dict.fromkeys(faults, 0))
                assert [(1, 1, KINDS), (None, 1, KINDS[1:2])] == await summary(store, x, y)
                assert await profile_of(store, ("identity", x)) == await profile_of(store, ("objectId", d))
                cuts, line.cuts = cuts + line.cuts, 0
            expected = sorted(f"{kind}{place}" for place in range(MESSAGES) for kind in "xyd")
            assert expected == await names_of(store)
            assert len(expected) == await store.count_events(PROJECT, "e", EVER)
            await store.close()
        return cuts

    assert asyncio.run(scenario()) >= 6


@pytest.mark.parametrize("side", ["answers", "requests"])
def test_an_erasure_cut_anywhere(side: str, tmp_path: Path) -> None:
    """Wherever the line is cut, the profile, its events and its history are gone, and what is beside them stays."""

    async def scenario() -> int:
        url = database_of(tmp_path)
        async with Line(url) as line:
            store = await opened(line.url)
            for place in range(MESSAGES):
                x = f"x{place}"
                await upload(store, event(x, "e", {"of": x}), event("y", "e", {"of": "y"}), event(x, f"{x} alone", {"of": x}))
                faults = {f"skip_{side}": place, f"cut_{side}": 1}
                keys: list[Key] = [("identity", x), *(await profile_of(store, ("identity", x)) or Profile(0)).keys]
                step = Alone(set(keys), erase)
                await store.update(PROJECT, keys, Between(step, partial(line.__dict__.update, faults)), alone=True)
                line.__dict__.update(dict.fromkeys(faults, 0))
                assert await profile_of(store, ("identity", x)) is None
                assert not await store.has_events(PROJECT, f"{x}alone")
            assert ["y"] * MESSAGES == await names_of(store)
            await store.close()
        owners = execute(url, "SELECT count(*), count(DISTINCT owner) FROM event_owner")
        assert [(MESSAGES, 1)] == owners
        assert [(1,)] == execute(url, "SELECT count(*) FROM history")
        return line.cuts

    assert asyncio.run(scenario()) >= 8


def test_servers_that_share_people(tmp_path: Path) -> None:
    """Servers that send events of the same people at once: what profiles count and what there is are the same."""
    servers, people, turns = 3, 12, 8

    async def scenario() -> None:
        stores = await asyncio.gather(*(opened(database_of(tmp_path)) for _ in range(servers)))
        names = [f"p{n}" for n in range(people)]
        await upload(stores[0], *map(person, names))

        async def send(number: int) -> None:
            for turn in range(turns):
                records = [event(name, "e", {"of": f"{name} {number} {turn}"}) for name in names]
                records += [person(name, {f"server {number}": turn}) for name in names]
                await upload(stores[number], *records[:: 1 if (number + turn) % 2 else -1])

        await asyncio.gather(*map(send, range(servers)))
        expected = [f"p{n} {number} {turn}" for n in range(people) for number in range(servers) for turn in range(turns)]
        assert sorted(expected) == await names_of(stores[0])
        found = await summary(stores[0], *names)
        assert [servers * turns] * people == [seen for _, seen, _ in found]
        assert [["changed"] * (servers * turns) + ["created"]] * people == [kinds for _, _, kinds in found]
        await asyncio.gather(*(store.close() for store in stores))

    asyncio.run(scenario())


TAKEN = """
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN IF NEW.id % 4 <> 0 THEN RAISE unique_violation; END IF; RETURN NEW; END $$
"""
ON_EVENT = "CREATE TRIGGER refuse BEFORE INSERT ON event FOR EACH ROW EXECUTE FUNCTION refuse()"


def test_ids_that_are_taken(tmp_path: Path) -> None:
    """Others are drawn until one is free, and the event is there once."""

    async def scenario() -> None:
        url = database_of(tmp_path)
        store = await opened(url)
        execute(url, TAKEN, ON_EVENT)
        for n in range(10):
            await upload(store, event("x", "e", {"of": str(n)}), person("x", {"n": n}))
        assert [str(n) for n in range(10)] == await names_of(store)
        assert [(9, 10, ["changed"] * 10 + ["created"])] == await summary(store, "x")
        assert all(place[0] % 4 == 0 for place in [event.place for event in await events_in(store, "e")])
        await store.close()

    asyncio.run(scenario())


def test_ids_stay_within_their_day() -> None:
    """The ids of a write are of the day of their segments, one by one, in the last millisecond of a day too."""
    last_ms = 20_000 * DAY_S * 1_000 - 1
    segments = [Segment(day << 40, 1, 1, b"", "") for day in (5, 5, 20_000, 0) for _ in range(1_000)]
    for now_ms in (0, last_ms, last_ms + 1):
        for start in (0, 2**RANDOM_BITS - 1):
            ids = [segment.id for segment in numbered(segments, now_ms, start)]
            assert len(set(ids)) == len(ids)
            assert [segment.id >> 40 for segment in segments] == [id >> 40 for id in ids]


def elsewhere(url: str, *works: Any) -> Any:
    """Something for `Between`: works on a store of another server, one after the other."""

    async def act() -> None:
        other = await opened(url)
        for work in works:
            await work(other)
        await other.close()

    return lambda: run_elsewhere(lambda: asyncio.run(act()))


async def gone(store: Store) -> None:
    await alone(store, erase, ("identity", "x"))


async def anew(store: Store) -> None:
    await upload(store, person("x", {"new": 1}, objectId="d"), event("x", "e", {"of": "new"}))


MEANWHILE = (
    ((gone,), {"up": 1}, ["up"]),
    ((gone, anew), {"new": 1, "up": 1}, ["new", "up"]),
    ((gone, anew, gone), {"up": 1}, ["up"]),
    ((gone, anew, gone, anew), {"new": 1, "up": 1}, ["new", "up"]),
)


@pytest.mark.parametrize(("works", "properties", "events"), MEANWHILE, ids=["gone", "anew", "gone again", "anew again"])
def test_an_upload_does_not_bring_back_what_was_erased(
    works: tuple[Any, ...], properties: dict[str, int], events: list[str], tmp_path: Path
) -> None:
    """What another server erased, or made anew, while an upload was under way stays so; the upload is part of what is there."""

    async def scenario() -> None:
        url = database_of(tmp_path)
        store = await opened(url)
        await upload(store, person("x", {"old": 1}, objectId="d"), event("x", "e", {"of": "old"}))
        keys, step = folding(person("x", {"up": 1}, objectId="d"), event("x", "e", {"of": "up"}), person("y"))
        await store.update(PROJECT, keys, Between(step, elsewhere(url, *works)))
        assert properties == await properties_of(store, "x")
        assert await profile_of(store, ("identity", "x")) == await profile_of(store, ("objectId", "d"))
        assert events == await names_of(store)
        await store.close()

    asyncio.run(scenario())


def test_a_row_that_leads_elsewhere_by_now(tmp_path: Path) -> None:
    """An upload of a profile that moved to another row meanwhile follows it; one of the key that was left makes a new one."""

    async def scenario() -> None:
        url = database_of(tmp_path)
        store = await opened(url)
        await upload(store, person("x", {"a": 1}, FBID="f", objectId="d"), event("x", "e", {"of": "old"}))
        keys, step = folding(
            {"type": "profile", "FBID": "f", "profileData": {"b": 2}}, person("x", {"c": 3}), event("x", "e", {"of": "up"})
        )
        await store.update(
            PROJECT, keys, Between(step, elsewhere(url, lambda other: alone(other, move("x"), ("identity", "x"))))
        )
        moved = await profile_of(store, ("objectId", "d"))
        assert moved is not None
        assert {"a": 1, "b": 2} == moved.properties
        assert {"c": 3} == await properties_of(store, "x")
        assert ["old", "up"] == await names_of(store)
        await store.close()

    asyncio.run(scenario())


def test_two_that_erase_from_one_segment(tmp_path: Path) -> None:
    """Servers that erase different people at once, whose events lie side by side, leave exactly the others'."""

    async def scenario() -> None:
        url = database_of(tmp_path)
        stores = await asyncio.gather(*(opened(url) for _ in range(4)))
        names = [f"p{n}" for n in range(12)]
        for _ in range(5):
            await upload(stores[0], *(event(name, "e", {"of": name}) for name in names))
        await asyncio.gather(*(alone(stores[n % 4], erase, ("identity", names[n])) for n in range(8)))
        assert sorted(names[8:] * 5) == await names_of(stores[0])
        assert await stores[0].count_events(PROJECT, "e", EVER) == 20
        assert [(20,)] == execute(url, "SELECT count(*) FROM event_owner")
        await asyncio.gather(*(store.close() for store in stores))

    asyncio.run(scenario())


def count_up(ref: Ref, profile: Profile, changes: Changes) -> None:
    profile.properties["n"] = profile.properties.get("n", 0) + 1
    changes.profiles[ref] = profile


def test_alone_is_whole_or_not_at_all(tmp_path: Path) -> None:
    """Of many profiles one of which the database does not take, or another server changes meanwhile, none is half done."""

    async def scenario() -> None:
        url = database_of(tmp_path)
        store = await opened(url)
        names = [f"p{n}" for n in range(20)]
        await upload(store, *(person(name, {"n": 0}, FBID=name) for name in names))
        keys: list[Key] = [("identity", name) for name in names]
        everything = {key for key in keys for key in (await profile_of(store, key) or Profile(0)).keys}
        step = Between(Alone(everything, count_up), elsewhere(url, lambda other: upload(other, person("p7", {"theirs": 1}))))
        await store.update(PROJECT, sorted(everything), step, alone=True)
        assert [None, None] == step.folds
        assert [1] * 20 == [seen for seen, _, _ in await summary(store, *names)]
        await upload(store, person("p3", {"x": "poison"}))
        execute(url, f"{POISON} NOT VALID")
        with pytest.raises(Unavailable, match="SQLSTATE 23514"):
            await store.update(PROJECT, sorted(everything), Alone(everything, count_up), alone=True)
        assert [1] * 20 == [seen for seen, _, _ in await summary(store, *names)]
        await store.close()

    asyncio.run(scenario())


@pytest.mark.parametrize("alone", [True, False])
def test_a_fold_without_records(alone: bool, tmp_path: Path) -> None:
    """An update that is about no record of an upload is folded again when it lost, and `Unavailable` when nobody knows."""

    async def scenario() -> None:
        url = database_of(tmp_path)
        async with Line(url) as line:
            store, other = await opened(line.url), await opened(url)
            await upload(store, person("x", {"n": 0}))
            profile = await profile_of(store, ("identity", "x"))
            assert profile is not None
            step = Without(count_up)
            between = Between(step, elsewhere(url, lambda other: upload(other, person("x", BUMP))))
            await store.update(PROJECT, profile.keys, between, alone=alone)
            assert [None, None] == between.folds
            assert await properties_of(store, "x") == {"n": 2}
            refusing = Between(step, partial(line.__dict__.update, cut_answers=1_000))
            update = asyncio.create_task(store.update(PROJECT, profile.keys, refusing, alone=alone))
            await line.cut_often.wait()
            await upload(other, person("x", BUMP))
            line.cut_answers = 0
            with pytest.raises(Unavailable):
                await update
            await store.close()
            await other.close()

    asyncio.run(scenario())


class Without(Alone):
    """A fold that names no records."""

    def __init__(self, edit: Any) -> None:
        super().__init__(set(), edit)

    def __call__(self, found: Any, *, only: Any = None) -> Changes:
        changes = Changes()
        for ref, profile in found.profiles.items():
            self.edit(ref, profile, changes)
        return changes


def test_what_expires_leaves_nothing(tmp_path: Path) -> None:
    """With the segments go the rows that say who is in them, those of erased people too; other days' stay."""

    async def scenario() -> None:
        url = database_of(tmp_path)
        store = await opened(url)
        records = [event(f"p{n % 5}", "e", {"of": str(n)}, ts=n * DAY_S) for n in range(100, 120)]
        await upload(store, *records)
        await alone(store, erase, ("identity", "p0"))
        kept = [record for record in records if day_of(record["ts"]) >= 110 and record["identity"] != "p0"]
        while await store.expire_events(110, 3):
            pass
        assert sorted(record["evtData"]["of"] for record in kept) == await names_of(store)
        assert [(len(kept), len(kept))] == execute(url, "SELECT count(*), sum(live) FROM event")
        assert [(len(kept),)] == execute(url, "SELECT count(*) FROM event_owner")
        await store.close()

    asyncio.run(scenario())


def test_tombstones(tmp_path: Path) -> None:
    """They are not moved, and go with a purge once no write can be under way that read what they were."""

    async def scenario() -> None:
        url = database_of(tmp_path)
        store = await opened(url)
        await upload(store, person("x", FBID="f", objectId="d"), person("y"))
        await alone(store, erase, ("identity", "x"))
        await store.close()
        tables = await PostgresTables.open(url)
        assert await tables.count(NODE) == len(await tables.page(NODE, None, 10)) == 2
        for age_s, left in ((0, 3), (3_700, 0)):
            execute(url, f"UPDATE node SET updated = updated - {age_s * 1_000_000} WHERE doc IS NULL AND target IS NULL")
            await tables.purge()
            assert [(left,)] == execute(url, "SELECT count(*) FROM node WHERE doc IS NULL AND target IS NULL")
        assert await tables.count(NODE) == 2
        await tables.close()

    asyncio.run(scenario())


IMPATIENT = (
    "ALTER DATABASE {name} SET statement_timeout = '50ms'",
    "ALTER DATABASE {name} SET idle_in_transaction_session_timeout = '50ms'",
)


def test_a_scan_takes_as_long_as_its_reader(tmp_path: Path) -> None:
    """It is not cut off by the limits of other statements, and has let go of its connection once it is left."""

    async def scenario() -> None:
        url = database_of(tmp_path)
        execute(url, *(statement.format(name=url.rpartition("/")[2]) for statement in IMPATIENT))
        store = await opened(url)
        for start in range(0, 1_200, 600):
            await upload(store, *(person(f"p{n}") for n in range(start, start + 600)))
        read = 0
        async with store.scan(PROJECT) as scanned:
            async for piece in scanned:
                read += len(piece.profiles)
                await asyncio.sleep(0.1)
        assert read == 1_200
        assert [(0,)] == execute(url, "SELECT count(*) FROM pg_stat_activity WHERE state LIKE 'idle in transaction%'")
        await store.close()

    asyncio.run(scenario())


def test_a_scan_of_a_database_that_goes_away(tmp_path: Path) -> None:
    """It is `Unavailable`, at its beginning and in the middle."""

    async def scenario() -> None:
        async with Line(database_of(tmp_path)) as line:
            store = await opened(line.url)
            await upload(store, *(person(f"p{n}") for n in range(600)))
            async with store.scan(PROJECT) as scanned:
                await anext(scanned)
                line.cut_requests = 1_000
                with pytest.raises(Unavailable):
                    await anext(scanned)
            with pytest.raises(Unavailable):
                async with store.scan(PROJECT):
                    pass
            line.cut_requests = 0
            await store.close()

    asyncio.run(scenario())
