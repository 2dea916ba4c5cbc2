"""`personae passcode`."""

from typing import Any

import pytest

from .conftest import Run

P = ("--project", "P")


@pytest.fixture
def first(cli: Run) -> Any:
    """What `project create` printed of project P and its first passcode."""
    return cli("project", "create", "--id", "P", "--json").json


def statuses(cli: Run) -> list[tuple[str, str]]:
    """Name and status of each passcode of P."""
    return [(row["name"], row["status"]) for row in cli("passcode", "list", *P, "--json").json]


def test_a_passcode_is_made_and_shown_once(cli: Run, first: Any) -> None:
    """Creation prints it in full with its name and expiry; the list does not show it."""
    made = cli("passcode", "create", *P, "--name", "web shop", "--expires", "2099-01-31", "--json").json
    assert (made["project_id"], made["name"], made["expires"]) == ("P", "web shop", "2099-01-31T00:00:00Z")
    assert made["passcode"] != first["passcode"]
    assert statuses(cli) == [("first", "valid"), ("web shop", "valid")]
    text = cli("passcode", "list", *P).out
    assert [passcode for passcode in (made["passcode"], first["passcode"]) if passcode in text] == []


def test_the_text_form_has_a_line_for_each_thing(cli: Run, first: Any) -> None:
    """Names on the left, values on the right, never as a dash."""
    names = [line[:12].strip() for line in cli("passcode", "create", *P).out.splitlines()]
    assert names == ["Project id", "Passcode", "Passcode id", "Name", "Status", "Created", "Expires", "Last used"]


def test_a_revoked_passcode_stays_in_the_list(cli: Run, first: Any) -> None:
    """Revoking tells the new status; doing it again changes nothing."""
    for _ in range(2):
        assert cli("passcode", "revoke", *P, first["passcode_id"], "--json").json["status"] == "revoked"
    assert statuses(cli) == [("first", "revoked")]


def test_rotation_replaces_at_once_or_with_an_overlap(cli: Run, first: Any) -> None:
    """Without --overlap the old one is revoked; with it, it expires later."""
    made = cli("passcode", "rotate", *P, "--name", "second", "--json").json
    assert statuses(cli) == [("first", "revoked"), ("second", "valid")]
    cli("passcode", "rotate", *P, "--name", "third", "--overlap", "1h")
    rows = cli("passcode", "list", *P, "--json").json
    assert [(row["name"], row["status"], row["expires"] is None) for row in rows] == [
        ("first", "revoked", True),
        ("second", "valid", False),
        ("third", "valid", True),
    ]
    assert made["passcode"] != first["passcode"]


def test_reveal_shows_all_of_them_and_logs_each(cli: Run, first: Any) -> None:
    """--reveal adds the passcodes; the log has a line for each."""
    second = cli("passcode", "create", *P, "--json").json
    ran = cli("passcode", "list", *P, "--reveal", "--json")
    assert [row["passcode"] for row in ran.json] == [first["passcode"], second["passcode"]]
    assert ran.err.count("passcode revealed") == 2


def test_shown_once_means_not_shown_again(cli: Run, first: Any) -> None:
    """With show_passcodes off a passcode is printed when made, not kept, and reveal is refused."""
    made = cli("passcode", "create", *P, "--json", show_passcodes="false").json
    assert len(made["passcode"]) == 32
    ran = cli("passcode", "list", *P, "--reveal", show_passcodes="false")
    assert (ran.status, ran.out) == (1, "")
    assert ran.err == "personae: show_passcodes is false: a passcode is shown once, when it is made\n"
    assert [row["passcode"] for row in cli("passcode", "list", *P, "--reveal", "--json").json] == [first["passcode"], None]


REFUSED = [
    (["create", "--project", "Q"], "personae: there is no project 'Q'; `personae project list` lists them\n"),
    (["create", *P, "--name", ""], "personae: the name '' is not allowed; allowed: 1 to 100 printable characters\n"),
    (["revoke", *P, "nope"], "personae: project P has no passcode 'nope'; `personae passcode list` shows their IDs\n"),
    (
        ["list", *P, "--data", "typo"],
        "personae: there is no data in typo; `personae project create` or `personae serve` makes it\n",
    ),
]


@pytest.mark.parametrize(("arguments", "expected"), REFUSED)
def test_a_refusal_is_one_line(cli: Run, first: Any, arguments: list[str], expected: str) -> None:
    """Status 1 and one line that names what is wrong; nothing is changed."""
    assert cli("passcode", *arguments) == (1, "", expected)
    assert statuses(cli) == [("first", "valid")]
