"""`personae database`: a copied one reads the same on any engine, a distributed one is so once, a purged one has forgotten."""

import asyncio
import subprocess
import sys
from collections.abc import Awaitable, Callable, Set
from contextlib import closing
from functools import partial
from itertools import count
from pathlib import Path
from typing import TypeVar

import apsw
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from personae.core.fold import fold, keys_of, screen
from personae.core.identity import Key
from personae.core.rules import Rules
from personae.core.work import Changes, Found
from personae.startup import alone
from personae.storage import Project, Store
from personae.storage.postgres import PostgresStore
from personae.storage.sqlite import SqliteStore
from personae.storage.url import masked
from personae.testing.scenario import PROJECT, person, upload
from tests.core.strategies import batches, laws, rules
from tests.core.world import NOW
from tests.databases import Row, execute
from tests.engines import database_of
from tests.server import environment
from tests.storage.test_model_agreement import state

from .conftest import Run

T = TypeVar("T")

SOURCE = "sqlite:///personae-data/personae.db"
BACK = "sqlite:///back/personae.db"
LATE = 4_000_000_000
"""Projects made from this second on come after all others."""


async def opened(url: str) -> Store:
    file = url.removeprefix("sqlite:///")
    return await (SqliteStore.open(Path(file)) if file != url else PostgresStore.open(url))


def on(url: str, work: Callable[[Store], Awaitable[T]]) -> T:
    """Do `work` on the store of a database, and close it."""

    async def run() -> T:
        store = await opened(url)
        try:
            return await work(store)
        finally:
            await store.close()

    return asyncio.run(run())


# --- the same before and after


async def load(store: Store, project: Project, uploads: list[list[object]], limits: Rules) -> None:
    await store.add_project(project)
    for turn, records in enumerate(uploads):
        now = NOW + turn
        accepted, _ = screen(records, now, limits)
        step = partial(fold, accepted, now_us=now * 1_000_000, seed=now.to_bytes(16), rules=limits)
        await store.update(project, keys_of(accepted), step)


def load_all_kinds(url: str) -> list[Project]:
    """Upload whatever the laws are tried on: merges, aliases, contacts, flags, hostile values; gives the projects."""
    projects: list[Project] = []
    numbers = count()
    with asyncio.Runner() as runner:
        store = runner.run(opened(url))

        @settings(laws, max_examples=40, suppress_health_check=list(HealthCheck))
        @given(st.lists(batches, min_size=1, max_size=5), rules)
        def one(uploads: list[list[object]], limits: Rules) -> None:
            n = next(numbers)
            projects.append(Project(f"project {n}", f"n {n} 🎉", n.to_bytes(16), LATE + n))
            runner.run(load(store, projects[-1], uploads, limits))

        one()
        runner.run(store.close())
    return projects


async def keys_in(store: Store, project: Project) -> list[Key]:
    """All identifiers that lead to a profile."""
    async with store.scan(project) as scan:
        return sorted([key async for piece in scan for profile in piece.profiles for key in profile.keys])


async def everything(projects: list[Project], store: Store) -> list[object]:
    """All that can be read of a store."""
    states = [await state(store, project, await keys_in(store, project)) for project in projects]
    passcodes = sorted(await store.passcodes(), key=lambda passcode: passcode.id)
    return [states, await store.projects(), passcodes, await store.get_meta("server_key_check")]


def test_a_database_reads_the_same_after_a_copy_and_back(cli: Run, tmp_path: Path) -> None:
    """Profiles by every key and address, flags, projects and passcodes are equal on all three."""
    postgres = database_of(tmp_path)
    made = cli("project", "create", "--id", "P", "--json").json
    cli("passcode", "create", "--project", "P", "--expires", "30d")
    cli("passcode", "rotate", "--project", "P")
    projects = load_all_kinds(SOURCE)
    before = on(SOURCE, partial(everything, projects))
    assert cli("database", "copy", "--from", SOURCE, "--to", postgres).status == 0
    assert before == on(postgres, partial(everything, projects))
    assert cli("database", "copy", "--from", postgres, "--to", BACK).status == 0
    assert before == on(BACK, partial(everything, projects))
    for place in (["--database", postgres], ["--database", BACK]):
        shown = cli("passcode", "list", "--project", "P", "--reveal", "--json", *place).json
        assert made["passcode"] in [row["passcode"] for row in shown]


def test_the_summary(cli: Run, tmp_path: Path) -> None:
    """Rows and checksums of both sides, and where the server key is, as text and as JSON; no password."""
    postgres = database_of(tmp_path)
    cli("project", "create", "--id", "P")
    ran = cli("database", "copy", "--from", SOURCE, "--to", postgres)
    assert [line.split()[::5] for line in ran.out.splitlines()[1:3]] == [["project", "same"], ["passcode", "same"]]
    assert f"{tmp_path}/personae-data/server.key" in ran.out
    assert [line.split(":")[0] for line in ran.err.splitlines()[::10]] == ["copying", "comparing"]
    again = cli("database", "copy", "--from", postgres, "--to", BACK, "--json")
    assert (again.json["from"], again.json["to"]) == (masked(postgres), f"sqlite:///{tmp_path}/back/personae.db")
    first = again.json["tables"][0]
    assert (first["table"], first["rows_from"], first["rows_to"], first["result"]) == ("project", 1, 1, "same")
    assert first["checksum_from"] == first["checksum_to"]


# --- stopped and taken up again


def start(source: str, destination: str) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "personae", "database", "copy", "--from", source, "--to", destination]
    return subprocess.Popen(command, env=environment({}), stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)


def rows_in(line: str) -> int:
    """What a line of progress says is done."""
    return int(line.split()[1].replace(",", ""))


def kill_under_way(source: str, destination: str) -> tuple[int, int]:
    """Kill a copy after it has got on by a tenth; gives where it began and what it had said last."""
    with start(source, destination) as copying:
        assert copying.stderr
        begun, got_on = copying.stderr.readline(), copying.stderr.readline()
        copying.kill()
    return rows_in(begun), rows_in(got_on)


async def fill(store: Store) -> None:
    await store.add_project(PROJECT)
    for start in range(0, 6000, 1000):
        await upload(store, *(person(n, {"n": n, "Email": f"p{n}@example.com"}) for n in range(start, start + 1000)))


@pytest.mark.parametrize("to", ["sqlite", "postgresql"])
def test_a_killed_copy_goes_on(cli: Run, tmp_path: Path, to: str) -> None:
    """Killed twice on the way it begins where it was, and in the end is the same; half of it is not served."""
    destination = {"sqlite": BACK, "postgresql": database_of(tmp_path)}[to]
    cli("project", "create")
    on(SOURCE, fill)
    began, said = kill_under_way(SOURCE, destination)
    refused = cli("project", "list", "--database", destination)
    assert (began, refused.status) == (0, 1)
    assert refused.err == f"personae: {masked(destination)} has half of a copy; run the same `personae database copy` again\n"
    began, said_next = kill_under_way(SOURCE, destination)
    assert said <= began < said_next
    ran = cli("database", "copy", "--from", SOURCE, "--to", destination, "--json")
    assert rows_in(ran.err) >= said_next
    assert {row["result"] for row in ran.json["tables"]} == {"same"}
    assert cli("project", "list", "--database", destination).status == 0


def test_a_difference_is_an_error(cli: Run, tmp_path: Path) -> None:
    """What was written to the copy meanwhile is found: status 1 and the name of the table, after the summary."""
    cli("project", "create")
    on(SOURCE, fill)
    kill_under_way(SOURCE, BACK)
    with closing(apsw.Connection("back/personae.db")) as beside:
        beside.execute("UPDATE contact SET ckey = zeroblob(16) WHERE ckey = (SELECT min(ckey) FROM contact)")
    for form in ([], ["--json"]):
        status, out, err = cli("database", "copy", "--from", SOURCE, "--to", BACK, *form)
        assert status == 1
        assert err.splitlines()[-1].startswith("personae: not the same on both sides: contact; something wrote")
        assert "different" in out
    assert cli("project", "list", "--database", BACK).status == 1


def test_half_of_a_copy_is_not_copied(cli: Run) -> None:
    """One line says so, status 1, and nothing is in the destination."""
    cli("project", "create")
    on(SOURCE, fill)
    kill_under_way(SOURCE, BACK)
    status, out, err = cli("database", "copy", "--from", BACK, "--to", "sqlite:///third/personae.db")
    assert (status, out, err.count("\n")) == (1, "", 1)
    assert "/back/personae.db has only half of a copy itself; nothing was changed: " in err
    assert on("sqlite:///third/personae.db", lambda store: store.projects()) == []


# --- refusals


REFUSED = [
    (("nowhere/personae.db", BACK), "there is no database "),
    ((SOURCE, SOURCE), "--from and --to are the same database\n"),
    ((SOURCE, "sqlite:///other/personae.db"), "sqlite:///"),
    (("sqlite:///empty.db", BACK), "there is nothing in sqlite:///"),
    ((SOURCE, "postgresql://u:hush@h/db?sslmode=x"), "cannot use the database postgresql://u:********@h/db?sslmode=x: "),
]


@pytest.mark.parametrize(("sides", "expected"), REFUSED)
def test_a_refusal_is_one_line(cli: Run, sides: tuple[str, str], expected: str) -> None:
    """Status 1 and one line, and data that is there stays; a password is not shown."""
    cli("project", "create", "--id", "P")
    cli("project", "create", "--id", "Q", data="other")
    Path("empty.db").touch()
    source, destination = (side if ":" in side else f"sqlite:///{side}" for side in sides)
    status, out, err = cli("database", "copy", "--from", source, "--to", destination)
    assert (status, out, err.count("\n")) == (1, "", 1)
    assert err.startswith(f"personae: {expected}")
    assert "hush" not in err
    assert [row["project_id"] for row in cli("project", "list", "--json").json] == ["P"]
    assert [row["project_id"] for row in cli("project", "list", "--json", data="other").json] == ["Q"]
    assert not Path("nowhere").exists()


@pytest.mark.parametrize("url", ["mysql://u:hush@h/db", "hush", "postgresql://u:hu@sh@h/db", "sqlite://hush"])
def test_a_bad_url_is_not_repeated(cli: Run, url: str) -> None:
    """Status 2 and one line that says what is allowed."""
    status, out, err = cli("database", "copy", "--from", SOURCE, "--to", url)
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert "sqlite:///path" in err
    assert [word for word in ("hush", "hu@sh") if word in err] == []


@pytest.mark.parametrize("held", ["personae-data", "back"])
def test_a_database_that_is_served_is_refused(cli: Run, tmp_path: Path, held: str) -> None:
    """A copy neither reads nor writes a file that a server has."""
    cli("project", "create")
    with alone(tmp_path / held / "personae.db"):
        status, out, err = cli("database", "copy", "--from", SOURCE, "--to", BACK)
    assert (status, out, err.count("\n")) == (1, "", 1)
    assert f"/{held} is in use by process " in err
    assert not Path("back/personae.db").exists()


def test_two_files_in_one_directory(cli: Run) -> None:
    """One may be copied to the other."""
    cli("project", "create")
    assert cli("database", "copy", "--from", SOURCE, "--to", "sqlite:///personae-data/second.db").status == 0


# --- distributed

CITUS = (
    "CREATE TABLE pg_dist_partition (logicalrelid regclass PRIMARY KEY, call text)",
    """CREATE FUNCTION create_distributed_table(name regclass, key text, colocate_with text) RETURNS void LANGUAGE sql AS
    $$ INSERT INTO pg_dist_partition VALUES (name, key || ' ' || colocate_with) $$""",
    """CREATE FUNCTION create_reference_table(name regclass) RETURNS void LANGUAGE sql AS
    $$ INSERT INTO pg_dist_partition VALUES (name, 'reference') $$""",
)
"""As much of Citus as records the calls."""

CALLS: list[Row] = [
    ("address_flag", "ckey none"),
    ("contact", "ckey none"),
    ("event", "id none"),
    ("event_owner", "owner none"),
    ("history", "id none"),
    ("meta", "reference"),
    ("node", "key none"),
    ("passcode", "reference"),
    ("project", "reference"),
]


def test_a_database_is_distributed_once(cli: Run, tmp_path: Path) -> None:
    """Each table is handed to Citus with its column; what is distributed is left and told."""
    url = database_of(tmp_path)
    execute(url, *CITUS)
    calls = "SELECT logicalrelid::text, call FROM pg_dist_partition ORDER BY 1"
    for told in ("done now", "was done before"):
        ran = cli("database", "distribute", "--database", url, "--json")
        assert (ran.status, {row["state"] for row in ran.json}) == (0, {told})
        assert execute(url, calls) == CALLS
    execute(url, "DELETE FROM pg_dist_partition WHERE call = 'key none'")
    again = cli("database", "distribute", database=url).out.splitlines()
    assert [line.split()[0] for line in again if "done now" in line] == ["node"]
    assert execute(url, calls) == CALLS


def test_without_citus_nothing_is_done(cli: Run, tmp_path: Path) -> None:
    """One line says what is missing; the database stays as empty as it was."""
    url = database_of(tmp_path)
    status, out, err = cli("database", "distribute", database=url)
    assert (status, out, err.count("\n")) == (1, "", 1)
    assert err.startswith(f"personae: the database {masked(url)} has no Citus extension; nothing was changed: ")
    assert execute(url, "SELECT count(*) FROM pg_class WHERE relname = 'node'") == [(0,)]


LOSING = (
    "DELETE FROM meta WHERE name = 'schema_version'",
    """CREATE FUNCTION lose() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    PERFORM pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid();
    RETURN NEW; END $$""",
    "CREATE TRIGGER losing BEFORE INSERT ON meta FOR EACH ROW EXECUTE FUNCTION lose()",
)
"""Ends the connection of the command while it is idle, when another one brings the schema up to date."""


def test_a_connection_that_is_lost_is_one_line(cli: Run, tmp_path: Path) -> None:
    """Status 1, and run again the command goes on."""
    url = database_of(tmp_path)
    cli("project", "create", database=url)
    execute(url, *CITUS, *LOSING)
    status, out, err = cli("database", "distribute", database=url)
    assert (status, out, err.count("\n")) == (1, "", 1)
    assert err.startswith(f"personae: the database {masked(url)} cannot be distributed: ")
    assert cli("database", "distribute", database=url).status == 0


def test_sqlite_cannot_be_distributed(cli: Run) -> None:
    """One line, and no file is made."""
    status, out, err = cli("database", "distribute")
    assert (status, out, err.count("\n")) == (1, "", 1)
    assert err.startswith("personae: an SQLite database is on one machine; ")
    assert list(Path().iterdir()) == []


# --- purged


async def fill_up(store: Store) -> None:
    await store.add_project(PROJECT)
    for start in range(0, 2000, 500):
        await upload(store, *(person(f"p{number}", {"Note": "x" * 200}) for number in range(start, start + 500)))


async def forget(store: Store) -> None:
    """Delete all but the last hundred."""
    for number in range(1900):
        found = await store.find(PROJECT, [("identity", f"p{number}")])
        [profile] = found.profiles.values()
        await store.update(PROJECT, profile.keys, erasing, alone=True)


def erasing(found: Found, *, only: Set[int] | None = None) -> Changes:
    erased = list(found.profiles.values())
    return Changes(erased=erased, released=[key for profile in erased for key in profile.keys])


async def people_in(store: Store) -> list[str]:
    async with store.scan(PROJECT) as scan:
        return sorted([profile.identities[0] async for piece in scan for profile in piece.profiles])


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_a_purged_database_is_smaller_and_the_same(cli: Run, tmp_path: Path, kind: str) -> None:
    """It says what it took before and takes now; what was not deleted is there."""
    url = database_of(tmp_path) if kind == "postgresql" else SOURCE
    variables = {"database": url} if kind == "postgresql" else {}
    cli("project", "create", **variables)
    on(url, fill_up)
    on(url, forget)
    told = cli("database", "purge", "--json", **variables).json
    assert (masked(url) if variables else "personae-data") == told["database"]
    assert told["bytes_before"] - told["bytes_after"] > 500_000
    assert [f"p{number}" for number in range(1900, 2000)] == on(url, people_in)
    again = cli("database", "purge", **variables)
    assert (0, 2) == (again.status, again.out.count("\n"))
    assert f"{told['bytes_after']:,} bytes before, " in again.out


def test_a_database_in_use_is_not_purged(cli: Run) -> None:
    """While a server has the file nothing is done, and one line says who has it."""
    cli("project", "create")
    with alone(Path(SOURCE.removeprefix("sqlite:///"))):
        status, out, err = cli("database", "purge")
    assert (status, out, err.count("\n")) == (1, "", 1)
    assert err.startswith("personae: the data directory personae-data is in use by process ")


def test_where_there_is_no_database_nothing_is_purged(cli: Run) -> None:
    """One line, and no file is made."""
    status, out, err = cli("database", "purge")
    assert (status, out, err.count("\n")) == (1, "", 1)
    assert err.startswith("personae: there is no data in personae-data; ")
    assert list(Path().iterdir()) == []
