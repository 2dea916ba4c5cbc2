"""The commands on a database that is named by its URL."""

import re
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote, urlsplit

import pytest

from tests.engines import database_of

from .conftest import Run

SECRET = "5e" * 32
OTHER = "0e" * 32


@pytest.fixture
def url(tmp_path: Path) -> str:
    """The URL of a new database on a server."""
    return database_of(tmp_path)


def test_a_project_is_made_on_a_server(cli: Run, url: str) -> None:
    """The commands find it again, by flag and by variable; the data directory has nothing but the key."""
    made = cli("project", "create", "--id", "P", "--database", url, "--json").json
    passcode = cli("passcode", "create", "--project", "P", "--name", "second", "--json", database=url).json
    cli("passcode", "revoke", "--project", "P", made["passcode_id"], database=url)
    shown = cli("project", "show", "P", "--reveal", "--json", database=url).json
    assert {row["passcode"]: row["status"] for row in shown["passcodes"]} == {
        made["passcode"]: "revoked",
        passcode["passcode"]: "valid",
    }
    assert [str(path) for path in Path().rglob("*")] == ["personae-data", "personae-data/server.key"]


def test_a_server_needs_no_directory_where_the_key_is_set(cli: Run, url: str) -> None:
    """Nothing is written here at all."""
    assert cli("project", "create", "--id", "P", database=url, secret_key=SECRET).status == 0
    rows = cli("project", "list", "--json", database=url, secret_key=SECRET).json
    assert ([row["project_id"] for row in rows], list(Path().iterdir())) == (["P"], [])


def test_the_database_may_be_a_file_elsewhere(cli: Run) -> None:
    """Its directory is made, and the key stays in the data directory."""
    assert cli("project", "create", "--id", "P", "--database", "sqlite:///there/p.db").status == 0
    rows = cli("project", "list", "--json", "--database", "sqlite:///there/p.db").json
    assert [row["project_id"] for row in rows] == ["P"]
    assert sorted(str(path) for path in Path().rglob("*.*")) == ["personae-data/server.key", "there/p.db"]


def test_a_database_without_data_is_one_line(cli: Run, url: str) -> None:
    """Looking at it gives it no key, so that the first server brings its own."""
    expected = r"personae: there is no data in \S+; `personae project create` or `personae serve` makes it\n"
    for database in (url, "sqlite:///there/p.db"):
        status, out, err = cli("project", "list", "--database", database)
        assert (status, out) == (1, "")
        assert re.fullmatch(expected, err)
        assert password(url) not in err
        assert list(Path().iterdir()) == []
    assert cli("project", "create", database=url, secret_key=SECRET).status == 0


def password(url: str) -> str:
    """The password of a URL, as it is written there."""
    return urlsplit(url).password or "(none)"


def test_a_server_with_another_key_is_refused(cli: Run, url: str) -> None:
    """With another key and with none the one line says what to do, and no key is made."""
    cli("project", "create", database=url, secret_key=SECRET)
    wrong = "personae: secret_key is not the key this database was made with; set the original one\n"
    assert cli("project", "list", database=url, secret_key=OTHER) == (1, "", wrong)
    missing = (
        "personae: personae-data/server.key is missing, and this database cannot be used without it; "
        "put the original file there, or set PERSONAE_SECRET_KEY\n"
    )
    assert cli("project", "create", database=url) == (1, "", missing)
    assert list(Path().iterdir()) == []


def nobody_listens(url: str) -> str:
    return "postgresql://u:hush@127.0.0.1:1,127.0.0.1:2/db"


def no_such_host(url: str) -> str:
    return "postgresql://u:hush@nowhere.invalid/db"


def no_such_database(url: str) -> str:
    return urlsplit(url)._replace(path="/hush").geturl().replace("hush", "missing")


def wrong_password(url: str) -> str:
    return url.replace(f":{password(url)}@", f":{quote('hush@/', safe='')}@")


def option_it_does_not_know(url: str) -> str:
    return f"{url}?sslmode=hush"


UNUSABLE = [nobody_listens, no_such_host, no_such_database, wrong_password, option_it_does_not_know]


@pytest.mark.parametrize("spoils", UNUSABLE)
def test_a_database_that_cannot_be_reached_is_one_line(cli: Run, url: str, spoils: Callable[[str], str]) -> None:
    """Status 1, no password, and nothing is made here."""
    given = spoils(url)
    status, out, err = cli("project", "create", "--database", given, database_timeout="1")
    assert (status, out, err.count("\n")) == (1, "", 1)
    assert err.startswith("personae: ")
    assert f":{password(given)}@" not in err
    assert list(Path().iterdir()) == []
