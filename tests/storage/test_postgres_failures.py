"""What the PostgreSQL store does when the database, the line to it or another writer is in the way."""

import asyncio
from collections.abc import Set
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from msgspec.structs import replace

from personae.core.faults import UNSTORED, Rejection
from personae.core.fold import fold, keys_of, screen
from personae.core.rules import Rules
from personae.core.work import Changes, Found
from personae.storage import Fold, Store, Unavailable, UnusableDatabase
from personae.storage.postgres import PostgresStore
from personae.testing.scenario import PROJECT, RULES, person, profile_of, properties_of, upload
from tests.databases import execute
from tests.engines import database_of
from tests.storage.line import Line
from tests.storage.test_shards import FOUR, distribute

BUMP = {"n": {"$incr": 1}}


NO_HISTORY = RULES._replace(max_history=0)
"""With these a write of profiles is one statement, with history a transaction."""


def folding(*records: object, now: int = 1_700_000_000, rules: Rules = RULES) -> tuple[list[Any], Fold]:
    """The keys of these records, and the fold of their upload."""
    accepted, rejected = screen(records, now, rules)
    assert rejected == []
    return keys_of(accepted), partial(fold, accepted, now_us=now * 1_000_000, seed=bytes(16), rules=rules)


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


BOTH = pytest.mark.parametrize("rules", [RULES, NO_HISTORY], ids=["transaction", "statement"])
CUTS = ({"cut_answers": 1}, {"cut_answers": 3}, {"cut_requests": 1}, {"cut_requests": 3})


@BOTH
@pytest.mark.parametrize("cuts", CUTS, ids=str)
@pytest.mark.parametrize("identities", [("x",), ("x", "new"), ("x", "y", "z", "new")], ids=len)
def test_a_line_cut_while_it_writes(rules: Rules, cuts: dict[str, int], identities: tuple[str, ...], tmp_path: Path) -> None:
    """Whether the statement was done before the cut or not, it counts once, of rows alone and of rows that are bound."""

    async def scenario() -> None:
        async with Line(database_of(tmp_path)) as line:
            store = await opened(line.url)
            await upload(store, *(person(name, {"n": 0}) for name in ("x", "y", "z")))
            keys, step = folding(*(person(name, {"n": 1} if name == "new" else BUMP) for name in identities), rules=rules)
            await store.update(PROJECT, keys, Between(step, lambda: line.__dict__.update(cuts)))
            assert line.cuts == sum(cuts.values())
            assert [1] * len(identities) == [await count(store, name) for name in identities]
            await store.close()

    asyncio.run(scenario())


@BOTH
def test_a_line_cut_while_another_writes(rules: Rules, tmp_path: Path) -> None:
    """A row that another server changed after the cut is not written again, and its record is told to be unknown."""

    async def scenario() -> None:
        url = database_of(tmp_path)
        async with Line(url) as line:
            store, other = await opened(line.url), await opened(url)
            await upload(store, person("x", {"n": 0}), person("y", {"n": 0}))
            keys, step = folding(person("x", BUMP), person("y", BUMP), rules=rules)
            before = 3 if rules.max_history else 0  # the answers to BEGIN, to the rows and to their history
            refusing = Between(step, lambda: line.__dict__.update(cut_answers=1_000, skip_answers=before))
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


def test_a_store_is_closed_in_time(tmp_path: Path) -> None:
    """Its updates do not wait for the database as long as they would otherwise, and are not said to be stored."""

    async def scenario() -> None:
        async with Line(database_of(tmp_path)) as line:
            store = await opened(line.url, timeout_s=60)
            await upload(store, person("x", {"n": 0}))
            line.cut_requests = 1_000_000
            update = asyncio.create_task(upload(store, person("x", BUMP)))
            await asyncio.sleep(0.05)
            update.cancel()
            await asyncio.wait_for(store.close(), 10)
            with pytest.raises(Unavailable):
                await update
            line.cut_requests = 0
            store = await opened(line.url)
            assert await count(store, "x") == 0
            await store.close()

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


FULL = """
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN IF NEW.doc LIKE '%full%' THEN RAISE EXCEPTION 'no space' USING ERRCODE = '53100'; END IF; RETURN NEW; END $$
"""


def test_one_shard_that_fails(tmp_path: Path) -> None:
    """Where other shards have stored their part, the answer names the records that are not stored, and is no 503."""

    async def scenario() -> None:
        url = database_of(tmp_path)
        await (await opened(url)).close()
        distribute(url, FOUR)
        store = await opened(url)
        names = [f"p{n}" for n in range(12)]
        await upload(store, *(person(name, {"n": 0}) for name in names))
        execute(url, FULL, ON_NODE)
        changes = await upload(store, *(person(name, BUMP | ({"x": "full"} if name == "p3" else {})) for name in names))
        refused = {rejection.index for rejection in changes.rejected}
        assert 3 in refused
        assert len(refused) < len(names)
        assert {UNSTORED} == {rejection.fault for rejection in changes.rejected}
        assert [0 if n in refused else 1 for n in range(12)] == [await count(store, name) for name in names]
        with pytest.raises(Unavailable):
            await upload(store, person("p3", BUMP | {"x": "full"}))
        assert await count(store, "p3") == 0
        await store.close()

    asyncio.run(scenario())


def test_a_refused_record_flags_nobody(tmp_path: Path) -> None:
    """The do-not-disturb flag of a record the database does not take is not set; that of its neighbour is."""

    async def scenario() -> None:
        url = database_of(tmp_path)
        store = await opened(url)
        execute(url, POISON)
        bad = person("x", {"Email": "x@b.co", "MSG-dndEmail": True, "y": "poison"})
        await upload(store, bad, person("z", {"Email": "z@b.co", "MSG-dndEmail": True}))
        flags = [("dndemail", "x@b.co"), ("dndemail", "z@b.co")]
        assert {flags[1]: True} == await store.find_flags(PROJECT, flags)
        await store.close()

    asyncio.run(scenario())


def test_a_lost_bound_row_costs_few_a_second_fold(tmp_path: Path) -> None:
    """Of many new profiles, one of which another server makes meanwhile, most are written the first time."""

    async def scenario() -> None:
        url = database_of(tmp_path)
        store = await opened(url)
        names = [f"p{n}" for n in range(100)]
        keys, step = folding(*(person(name, {"n": 1}) for name in names))

        def interfere() -> None:
            async def make() -> None:
                other = await opened(url)
                await upload(other, person("p50", {"theirs": True}))
                await other.close()

            run_elsewhere(lambda: asyncio.run(make()))

        between = Between(step, interfere)
        await store.update(PROJECT, keys, between)
        first, again = between.folds
        assert first is None
        assert again is not None
        assert 50 in again
        assert len(again) < 50
        assert [1] * 100 == [await count(store, name) for name in names]
        assert {"theirs": True, "n": 1} == await properties_of(store, "p50")
        await store.close()

    asyncio.run(scenario())


def test_a_project_whose_commit_was_not_heard_of(tmp_path: Path) -> None:
    """It is there once, and who added it is told so."""

    async def scenario() -> None:
        async with Line(database_of(tmp_path)) as line:
            store = await opened(line.url)
            await store.projects()
            for lost in range(1, 5):
                project = replace(PROJECT, id=f"p{lost}")
                line.skip_answers, line.cut_answers = lost - 1, 1
                assert await store.add_project(project)
                assert not await store.add_project(replace(project, secret=b"another"))
            assert [f"p{lost}" for lost in range(1, 5)] == [project.id for project in await store.projects()]
            await store.close()

    asyncio.run(scenario())


def test_a_role_that_may_only_read_and_write(tmp_path: Path) -> None:
    """Once the tables are there, a server needs no right to make any."""

    async def scenario() -> None:
        url = database_of(tmp_path)
        await (await opened(url)).close()
        role = f"reader_{url.rpartition('_')[2]}"
        execute(
            url,
            f"CREATE ROLE {role} LOGIN PASSWORD 'x'",
            "REVOKE CREATE ON SCHEMA public FROM PUBLIC",
            f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role}",
        )
        parts = urlsplit(url)
        store = await opened(parts._replace(netloc=f"{role}:x@{parts.netloc.rpartition('@')[2]}").geturl())
        await upload(store, person("x", {"n": 1}))
        assert await count(store, "x") == 1
        await store.close()
        execute(url, f"DROP OWNED BY {role}", f"DROP ROLE {role}")

    asyncio.run(scenario())


BAD_URLS = (
    "postgresql://u@a..b/db",
    f"postgresql://u@{'a' * 70}.example/db",
    "postgresql://u@127.0.0.1:1/db?sslmode=bogus",
    "postgresql://u@/db?host=h&port=abc",
)


@pytest.mark.parametrize("url", BAD_URLS)
def test_a_url_nothing_can_be_made_of(url: str) -> None:
    """It is refused with one line, at once."""

    async def scenario() -> None:
        with pytest.raises(UnusableDatabase, match=r"^cannot use the database [^\n]*$"):
            await PostgresStore.open(url)

    asyncio.run(asyncio.wait_for(scenario(), 5))
