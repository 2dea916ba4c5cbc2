"""`personae settings`."""

from pathlib import Path

import pytest

from personae.settings import SETTINGS

from .conftest import Run


def test_every_value_is_printed_with_its_origin(cli: Run) -> None:
    """One row for each setting, in the order of the table, from whichever source won."""
    Path("p.toml").write_text("max_batch = 100\nbody_timeout = 2.5\n")
    ran = cli("settings", "--config", "p.toml", "--log-requests", "--json", "--data", "/srv", port="0")
    rows = {row["setting"]: (row["value"], row["from"]) for row in ran.json}
    assert list(rows) == [setting.name for setting in SETTINGS]
    expected = {
        "max_batch": ("100", "file p.toml"),
        "body_timeout": ("2.5", "file p.toml"),
        "log_requests": ("true", "flag --log-requests"),
        "data": ("/srv", "flag --data"),
        "port": ("0", "environment PERSONAE_PORT"),
        "header_timeout": ("10", "default"),
    }
    assert {name: rows[name] for name in expected} == expected


def test_the_file_may_be_named_by_the_environment(cli: Run) -> None:
    """PERSONAE_CONFIG names it; --config goes before it."""
    Path("a.toml").write_text("port = 1\n")
    Path("b.toml").write_text("port = 2\n")
    commands: list[list[str]] = [["settings"], ["settings", "--config", "b.toml"]]
    lines = [cli(*command, config="a.toml").out.splitlines()[2].split() for command in commands]
    assert lines == [["port", "1", "file", "a.toml"], ["port", "2", "file", "b.toml"]]


def test_text_is_aligned(cli: Run) -> None:
    """Values start in one column, origins in another."""
    lines = cli("settings").out.splitlines()
    assert lines[:2] == [
        "SETTING               VALUE          FROM",
        "host                  127.0.0.1      default",
    ]
    assert {line.index("default") for line in lines[1:]} == {37}


SECRETS = [
    ("passcode", "top-secret", "********"),
    ("secret_key", "5e" * 32, "********"),
    ("database", "postgresql://u:top-secret@h/db", "postgresql://u:********@h/db"),
]


@pytest.mark.parametrize(("name", "value", "shown"), SECRETS)
def test_secrets_are_masked(cli: Run, name: str, value: str, shown: str) -> None:
    """That it is set is shown, what it is set to is not, in either form."""
    for form in ([], ["--json"]):
        ran = cli("settings", *form, **{"project_id": "P", name: value})
        assert shown in ran.out
        assert [secret for secret in ("top-secret", "5e5e") if secret in ran.out + ran.err] == []
