"""`personae project`."""

import re
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import apsw
import pytest

from .conftest import Run


def test_a_project_is_made_with_a_passcode(cli: Run) -> None:
    """ID and passcode are generated and printed, and the data directory is made."""
    ran = cli("project", "create", "--json")
    assert re.fullmatch(r"[A-Z]{3}-\d{3}-\d{3}[A-Z]", ran.json["project_id"])
    assert len(ran.json["passcode"]) == 32
    assert (ran.status, ran.err) == (0, "")
    assert sorted(path.name for path in Path().iterdir()) == ["personae-data"]


def test_given_id_and_name_are_kept(cli: Run) -> None:
    """`show` gives back what `create` was given, as text and as JSON."""
    made = cli("project", "create", "--id", "P-1", "--name", "Shop", "--data", "here", "--json").json
    text = cli("project", "show", "P-1", "--data", "here").out
    assert [line.split()[-1] for line in text.splitlines()[:2]] == ["P-1", "Shop"]
    shown = cli("project", "show", "P-1", "--json", data="here").json
    assert (shown["project_id"], shown["name"], shown["created"]) == ("P-1", "Shop", made["created"])
    assert [(row["passcode_id"], row["status"]) for row in shown["passcodes"]] == [(made["passcode_id"], "valid")]


def test_projects_are_listed_oldest_first(cli: Run) -> None:
    """One row each, and no passcode in it."""
    passcodes = [cli("project", "create", "--id", name, "--json").json["passcode"] for name in ("B", "A")]
    ran = cli("project", "list")
    assert [line.split()[0] for line in ran.out.splitlines()] == ["PROJECT", "B", "A"]
    assert [row["project_id"] for row in cli("project", "list", "--json").json] == ["B", "A"]
    assert [passcode for passcode in passcodes if passcode in ran.out] == []


def test_passcodes_are_shown_on_request_and_logged(cli: Run) -> None:
    """Only --reveal shows one; the log says which, not what."""
    made = cli("project", "create", "--id", "P", "--json").json
    assert made["passcode"] not in cli("project", "show", "P").out
    ran = cli("project", "show", "P", "--reveal", log_format="json")
    assert made["passcode"] in ran.out
    assert '"event": "passcode revealed"' in ran.err
    assert made["passcode_id"] in ran.err
    assert made["passcode"] not in ran.err


REFUSED = [
    (["project", "create", "--id", "P"], "personae: there is a project P already\n"),
    (["project", "create", "--id", "a b"], "personae: this project ID is not allowed; allowed: 1 to 64 printable ASCII"),
    (["project", "create", "--name", "a\x1b[0m"], "personae: the name 'a\\x1b[0m' is not allowed; allowed: 1 to 100 printable"),
    (["project", "show", "Q"], "personae: there is no project 'Q'; `personae project list` lists them\n"),
    (["project", "list", "--data", "typo"], "personae: there is no data in typo; `personae project create` or"),
]


@pytest.mark.parametrize(("arguments", "expected"), REFUSED)
def test_a_refusal_is_one_line(cli: Run, arguments: list[str], expected: str) -> None:
    """Status 1 and one line; nothing is made, not even the directory."""
    cli("project", "create", "--id", "P")
    status, out, err = cli(*arguments)
    assert (status, out, err.count("\n")) == (1, "", 1)
    assert err.startswith(expected)
    assert [row["project_id"] for row in cli("project", "list", "--json").json] == ["P"]
    assert not Path("typo").exists()


def broken_key() -> None:
    Path("personae-data/server.key").write_text("no key")


def other_key() -> None:
    Path("personae-data/server.key").write_text("00" * 32)


def directory_is_a_file() -> None:
    Path("personae-data").rename("away")
    Path("personae-data").write_text("")


def broken_database() -> None:
    for file in Path("personae-data").glob("personae.db*"):
        file.unlink()
    Path("personae-data/personae.db").write_bytes(b"no database" * 1000)


def newer_database() -> None:
    with closing(apsw.Connection("personae-data/personae.db")) as database:
        database.pragma("user_version", 9999)


def missing_key() -> None:
    Path("personae-data/server.key").unlink()


BROKEN = [
    (broken_database, "personae: cannot open the database personae-data/personae.db: "),
    (newer_database, "personae: the database personae-data/personae.db has schema version 9999, this program knows up to "),
    (
        broken_key,
        "personae: personae-data/server.key is not a server key (64 hexadecimal digits); put the original file there",
    ),
    (other_key, "personae: personae-data/server.key is not the key this database was made with; put the original file there"),
    (missing_key, "personae: personae-data/server.key is missing, and personae-data/personae.db cannot be used without it;"),
    (directory_is_a_file, "personae: cannot use the server key personae-data/server.key: "),
]


@pytest.mark.parametrize(("breaks", "expected"), BROKEN)
def test_a_broken_directory_is_one_line(cli: Run, breaks: Callable[[], None], expected: str) -> None:
    """What is wrong with the key or the directory is told in one line, with status 1."""
    cli("project", "create", "--id", "P")
    breaks()
    status, out, err = cli("project", "create")
    assert (status, out, err.count("\n")) == (1, "", 1)
    assert err.startswith(expected)


def test_looking_does_not_wait_for_a_lock(cli: Run) -> None:
    """While another process writes, lists are printed all the same."""
    cli("project", "create", "--id", "P")
    with closing(apsw.Connection("personae-data/personae.db")) as beside:
        beside.execute("BEGIN IMMEDIATE")
        assert [row["project_id"] for row in cli("project", "list", "--json").json] == ["P"]
        assert cli("passcode", "list", "--project", "P").status == 0


def test_a_locked_database_is_one_line(cli: Run) -> None:
    """A command that has to write gives up with status 1, and nothing is made."""
    cli("project", "create", "--id", "P")
    with closing(apsw.Connection("personae-data/personae.db")) as beside:
        beside.execute("BEGIN IMMEDIATE")
        status, out, err = cli("project", "create", "--id", "Q")
    assert (status, out, err.count("\n")) == (1, "", 1)
    assert err.startswith("personae: the database cannot be used now (")
    assert [row["project_id"] for row in cli("project", "list", "--json").json] == ["P"]


def test_a_locked_new_database_is_one_line(cli: Run) -> None:
    """The same where the tables are still to be made."""
    Path("personae-data").mkdir()
    Path("personae-data/server.key").write_text("00" * 32)
    with closing(apsw.Connection("personae-data/personae.db")) as beside:
        beside.pragma("journal_mode", "wal")
        beside.execute("BEGIN IMMEDIATE")
        ran = cli("project", "create")
    expected = "personae: the database personae-data/personae.db is locked by another process; try again when that is done\n"
    assert ran == (1, "", expected)
