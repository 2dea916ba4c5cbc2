"""What the PostgreSQL store does when the database, the line to it or another writer is in the way."""

import asyncio
from collections.abc import Set
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from personae.core.faults import UNSTORED, Rejection
from personae.core.fold import fold, keys_of, screen
from personae.core.work import Changes, Found
from personae.storage import Fold, Store, Unavailable, UnusableDatabase
from personae.storage.postgres import PostgresStore
from personae.testing.scenario import PROJECT, RULES, person, profile_of, properties_of, upload
from tests.databases import execute
from tests.engines import database_of
from tests.storage.line import Line

BUMP = {"n": {"$incr": 1}}


def folding(*records: object, now: int = 1_700_000_000) -> tuple[list[Any], Fold]:
    """The keys of these records, and the fold of their upload."""
    accepted, rejected = screen(records, now, RULES)
    assert rejected == []
    return keys_of(accepted), partial(fold, accepted, now_us=now * 1_000_000, seed=bytes(16), rules=RULES)


class Between:
    """A fold that does something else between the reading and the writing, the first few times."""

    def __init__(self, step: Fold, *actions: Any) -> None:
        self._step = step
        self._actions = list(actions)
        self.folds: list[Set[int] | None] = []

    def __call__(self, found: Found, *, only: Set[int] | None = None) -> Changes:
        self.folds.append(only)
        if self._actions:
            self._actions.pop(0)()
        return self._step(found, only=only)


async def count(store: Store, identity: str) -> object:
    return ((await properties_of(store, identity)) or {}).get("n")


async def opened(url: str, timeout_s: float = 10.0) -> PostgresStore:
    return await PostgresStore.open(url, timeout_s=timeout_s)


CUTS = ({"cut_answers": 1}, {"cut_answers": 3}, {"cut_requests": 1}, {"cut_requests": 3})


@pytest.mark.parametrize("cuts", CUTS, ids=str)
@pytest.mark.parametrize("identities", [("x",), ("x", "new"), ("x", "y", "z", "new")], ids=len)
def test_a_line_cut_while_it_writes(cuts: dict[str, int], identities: tuple[str, ...], tmp_path: Path) -> None:
    """Whether the statement was done before the cut or not, it counts once, of rows alone and of rows that are bound."""

    async def scenario() -> None:
        async with Line(database_of(tmp_path)) as line:
            store = await opened(line.url)
            await upload(store, *(person(name, {"n": 0}) for name in ("x", "y", "z")))
            keys, step = folding(*(person(name, {"n": 1} if name == "new" else BUMP) for name in identities))
            await store.update(PROJECT, keys, Between(step, lambda: line.__dict__.update(cuts)))
            assert line.cuts == sum(cuts.values())
            assert [1] * len(identities) == [await count(store, name) for name in identities]
            await store.close()

    asyncio.run(scenario())


def test_a_line_cut_while_another_writes(tmp_path: Path) -> None:
    """Rows that another server changed after the cut are not written again: they are counted once, or told to be unknown."""

    async def scenario() -> None:
        url = database_of(tmp_path)
        async with Line(url) as line:
            store, other = await opened(line.url), await opened(url)
            await upload(store, person("x", {"n": 0}), person("y", {"n": 0}))
            keys, step = folding(person("x", BUMP), person("y", BUMP))
            refusing = Between(step, lambda: line.__dict__.update(cut_answers=1_000))
            update = asyncio.create_task(store.update(PROJECT, keys, refusing))
            await line.cut_often.wait()
            await upload(other, person("x", {"n": {"$incr": 10}}))
            line.cut_answers = 0
            changes = await update
            assert [Rejection(0, UNSTORED, "PostgreSQL was lost while it was written; it may have been stored or not")] == (
                changes.rejected
            )
            assert [11, 1] == [await count(store, name) for name in ("x", "y")]
            await store.close()
            await other.close()

    asyncio.run(scenario())


def test_a_database_that_stays_away(tmp_path: Path) -> None:
    """After the deadline an update is `Unavailable`, and so is a read; both work again when the database does."""

    async def scenario() -> None:
        async with Line(database_of(tmp_path)) as line:
            store = await opened(line.url, timeout_s=0.5)
            await upload(store, person("x", {"n": 0}))
            line.cut_requests = 1_000_000
            for attempt in (upload(store, person("x", BUMP)), profile_of(store, ("identity", "x"))):
                with pytest.raises(Unavailable):
                    await attempt
            line.cut_requests = 0
            await upload(store, person("x", BUMP))
            assert await count(store, "x") == 1
            await store.close()

    asyncio.run(scenario())


def test_a_cancelled_update_ends_in_time(tmp_path: Path) -> None:
    """An update whose caller is gone does not wait for the database as long as one whose caller is there."""

    async def scenario() -> None:
        async with Line(database_of(tmp_path)) as line:
            store = await opened(line.url, timeout_s=60)
            await upload(store, person("x", {"n": 0}))
            line.cut_requests = 1_000_000
            update = asyncio.create_task(upload(store, person("x", BUMP)))
            await asyncio.sleep(0.05)
            update.cancel()
            with pytest.raises(Unavailable):
                await asyncio.wait_for(update, 10)
            await asyncio.wait_for(store.close(), 10)

    asyncio.run(scenario())


def test_backends_that_are_ended(tmp_path: Path) -> None:
    """A server that ends all connections again and again under load loses and doubles nothing."""

    async def scenario() -> None:
        url = database_of(tmp_path)
        store = await opened(url)
        await upload(store, person("x", {"n": 0}))

        async def count_up() -> None:
            for _ in range(50):
                await upload(store, person("x", BUMP))

        async def end() -> None:
            for _ in range(10):
                await asyncio.to_thread(execute, url, ENDING)
                await asyncio.sleep(0.02)

        await asyncio.gather(end(), *(count_up() for _ in range(10)))
        assert await count(store, "x") == 500
        await store.close()

    asyncio.run(scenario())


ENDING = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()
"""
POISON = "ALTER TABLE node ADD CONSTRAINT no_poison CHECK (doc NOT LIKE '%poison%')"
TRIGGER = """
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN IF NEW.doc LIKE '%poison%' THEN RAISE EXCEPTION 'no' USING ERRCODE = '22P05'; END IF; RETURN NEW; END $$
"""
ON_NODE = "CREATE TRIGGER refuse BEFORE INSERT OR UPDATE ON node FOR EACH ROW EXECUTE FUNCTION refuse()"


@pytest.mark.parametrize("refusing", [(POISON,), (TRIGGER, ON_NODE)], ids=["constraint", "data exception"])
@pytest.mark.parametrize("known", [True, False])
def test_a_record_the_database_does_not_take(refusing: tuple[str, ...], known: bool, tmp_path: Path) -> None:
    """It is refused by itself; the others of its batch, and the updates beside it, are stored."""

    async def scenario() -> None:
        url = database_of(tmp_path)
        store = await opened(url)
        execute(url, *refusing)
        names = [f"p{n}" for n in range(20)]
        if known:
            await upload(store, *(person(name, {"n": 0}) for name in names))
        bad = {3, 4, 11}
        bump = BUMP if known else {"n": 1}
        records = [person(name, bump | ({"x": "poison"} if n in bad else {})) for n, name in enumerate(names)]
        neighbours = [person(f"q{n}", {"n": 1}) for n in range(5)]
        changes, *_ = await asyncio.gather(upload(store, *records), *(upload(store, record) for record in neighbours))
        assert [Rejection(n, UNSTORED, "PostgreSQL does not take it") for n in sorted(bad)] == changes.rejected
        expected = [(0 if known else None) if n in bad else 1 for n in range(20)]
        assert expected == [await count(store, name) for name in names]
        assert [1] * 5 == [await count(store, f"q{n}") for n in range(5)]
        await store.close()

    asyncio.run(scenario())


def test_only_records_that_lost_go_again(tmp_path: Path) -> None:
    """Of a batch of which another server changed one profile meanwhile, that profile's records alone are folded again."""

    async def scenario() -> None:
        url = database_of(tmp_path)
        store = await opened(url)
        await upload(store, *(person(f"p{n}", {"n": 0}) for n in range(5)))
        records = [person(f"p{n}", BUMP) for n in (0, 1, 2, 1, 3)]
        keys, step = folding(*records)

        def interfere() -> None:
            execute(url, "UPDATE node SET ver = ver + 1 WHERE doc LIKE '%\"p1\"%'")

        between = Between(step, interfere, interfere)
        await store.update(PROJECT, keys, between)
        assert [None, {1, 3}, {1, 3}] == between.folds
        assert [1, 2, 1, 1, 0] == [await count(store, f"p{n}") for n in range(5)]
        await store.close()

    asyncio.run(scenario())


def test_rows_that_belong_together_are_written_together(tmp_path: Path) -> None:
    """A new profile whose device another server gave to somebody else meanwhile is not half written: it joins that one."""

    async def scenario() -> None:
        url = database_of(tmp_path)
        store = await opened(url)
        keys, step = folding(person("x", {"n": 1}, objectId="d"), person("y", {"n": 1}))
        theirs = folding(person("z", objectId="d"))

        def interfere() -> None:
            async def claim() -> None:
                other = await opened(url)
                await other.update(PROJECT, *theirs)
                await other.close()

            asyncio.run(claim())

        between = Between(step, lambda: run_elsewhere(interfere))
        await store.update(PROJECT, keys, between)
        found = await store.find(PROJECT, [("identity", "x"), ("identity", "z"), ("objectId", "d"), ("identity", "y")])
        owners = found.owners
        assert owners["identity", "x"] == owners["identity", "z"] == owners["objectId", "d"] != owners["identity", "y"]
        assert ["z", "x"] == found.profiles[owners["identity", "x"]].identities
        assert await count(store, "x") == 1
        assert await count(store, "y") == 1
        await store.close()

    asyncio.run(scenario())


def run_elsewhere(work: Any) -> None:
    """Run something that has an event loop of its own, on a thread, and wait for it."""
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(1) as pool:
        pool.submit(work).result()


def test_stores_that_start_at_once_migrate_once(tmp_path: Path) -> None:
    """Of many that open an empty database at the same time each finds the schema whole, made by one of them."""

    async def scenario() -> None:
        url = database_of(tmp_path)
        stores = await asyncio.gather(*(opened(url) for _ in range(8)))
        await asyncio.gather(*(upload(store, person("x", {f"k{n}": n})) for n, store in enumerate(stores)))
        assert {f"k{n}": n for n in range(8)} == await properties_of(stores[0], "x")
        await asyncio.gather(*(store.close() for store in stores))

    asyncio.run(scenario())


def test_a_schema_of_a_newer_program(tmp_path: Path) -> None:
    """It is refused with one line, and stays as it is."""

    async def scenario() -> None:
        url = database_of(tmp_path)
        await (await opened(url)).close()
        execute(url, "UPDATE meta SET value = '99' WHERE name = 'schema_version'")
        with pytest.raises(UnusableDatabase, match="schema version 99, this program knows up to"):
            await opened(url)
        assert [(b"99",)] == execute(url, "SELECT value FROM meta WHERE name = 'schema_version'")

    asyncio.run(scenario())


def test_a_commit_waits_for_the_disk(tmp_path: Path) -> None:
    """A database whose commits do not wait by default is told to for ours."""

    async def scenario() -> None:
        url = database_of(tmp_path)
        name = url.rpartition("/")[2]
        execute(url, f"ALTER DATABASE {name} SET synchronous_commit = off")
        store = await opened(url)
        assert "on" == await store._database.use(
            store._database.deadline(), lambda connection: connection.fetchval("SHOW synchronous_commit")
        )
        await store.close()

    asyncio.run(scenario())
