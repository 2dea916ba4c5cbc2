"""What holds for every command: help, versions, mistakes."""

import subprocess
import sys

import pytest

import personae
from personae.settings import SETTINGS

from .conftest import Run


def test_python_m_personae_is_the_command() -> None:
    """`python -m personae version` prints the version of the package."""
    ran = subprocess.run([sys.executable, "-m", "personae", "version"], capture_output=True, text=True, timeout=30, check=True)
    assert ran.stdout.startswith(f"personae {personae.__version__} ")


def test_the_version_is_a_flag_too(cli: Run) -> None:
    """`personae --version` prints what `personae version` prints."""
    ran = cli("--version")
    assert ran.out.startswith(f"personae {personae.__version__} ")
    assert ran == cli("version")


HELPS = [
    ([], ["serve", "settings", "project", "passcode", "database", "version", "--version"]),
    (["project"], ["create", "list", "show"]),
    (["passcode"], ["create", "list", "revoke", "rotate"]),
    (["database"], ["copy", "distribute", "purge"]),
    (["database", "copy"], ["--from", "--to", "--json", "server key", "Stop the servers"]),
    (["database", "distribute"], ["--database", "--config", "--json"]),
    (["database", "purge"], ["--data", "--database", "--config", "--json", "Backups", "as long as a copy"]),
    (["serve"], [setting.flag for setting in SETTINGS if setting.flag] + ["--config"]),
    (["settings"], [setting.flag for setting in SETTINGS if setting.flag] + ["--config", "--json"]),
    (["passcode", "rotate"], ["--project", "--overlap", "--name", "--data", "--config", "--json"]),
]


@pytest.mark.parametrize(("command", "words"), HELPS)
def test_help_names_everything(cli: Run, command: list[str], words: list[str]) -> None:
    """Every command and flag is in the help, which is success."""
    ran = cli(*command, "--help")
    assert ran.status == 0
    assert [word for word in words if word not in ran.out] == []


MISTAKES = [
    ([], "personae: the following arguments are required: COMMAND (see personae --help)"),
    (["serv"], "personae: argument COMMAND: choose from serve, settings, project, passcode, database, version (see "),
    (["database", "move"], "personae database: argument COMMAND: choose from copy, distribute, purge (see "),
    (["serve", "--prt", "1"], "personae: unrecognized argument --prt (see personae --help)\n"),
    (["serve", "--por", "1"], "personae: unrecognized argument --por (see personae --help)\n"),
    (["serve", "--port"], "personae serve: argument --port: expected one argument"),
    (["project"], "personae project: the following arguments are required: COMMAND"),
    (["project", "show"], "personae project show: the following arguments are required: ID"),
    (["passcode", "list"], "personae passcode list: the following arguments are required: --project"),
    (
        ["passcode", "create", "--project", "P", "--expires", "soon"],
        "personae passcode create: argument --expires: 'soon' is not",
    ),
    (
        ["passcode", "rotate", "--project", "P", "--overlap", "-1"],
        "personae passcode rotate: argument --overlap: '-1' is not allowed",
    ),
    (["project", "list", "P"], "personae: too many arguments (see personae --help)\n"),
]


@pytest.mark.parametrize(("arguments", "expected"), MISTAKES)
def test_a_mistake_is_one_line(cli: Run, arguments: list[str], expected: str) -> None:
    """A bad command line ends with status 2 and one line that names what is wrong."""
    status, out, err = cli(*arguments)
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert err.startswith(expected)


SECRETS = [
    ["serve", "--passcode", "s3cret"],
    ["serve", "--passcode=s3cret"],
    ["serve", "--passcode", "-s3cret"],
    ["serve", "-ps3cret"],
    ["serve", "s3cret"],
    ["passcode", "create", "--project", "P", "s3cret", "--passcode"],
    ["s3cret"],
    ["--database", "postgresql://u:s3cret@h/db", "serve"],
    ["database", "postgresql://u:s3cret@h/db"],
    ["project", "list", "--json=postgresql://u:s3cret@h/db"],
]


@pytest.mark.parametrize("arguments", SECRETS)
def test_what_no_command_takes_is_not_repeated(cli: Run, arguments: list[str]) -> None:
    """Somebody may have thought that a passcode goes there."""
    status, out, err = cli(*arguments)
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert "s3cret" not in err
    assert "--passcode" not in arguments[1:2] or "--passcode" in err


@pytest.mark.parametrize("command", [["serve"], ["settings"], ["project", "list"], ["passcode", "list", "--project", "P"]])
def test_bad_settings_stop_every_command(cli: Run, command: list[str]) -> None:
    """All bad values are told, a line each, with status 2, before anything is done."""
    status, out, err = cli(*command, port="x", log_format="xml")
    assert (status, out) == (2, "")
    assert err.splitlines() == [
        "personae: log_format: 'xml' is not allowed (environment PERSONAE_LOG_FORMAT); allowed: text or json",
        "personae: port: 'x' is not allowed (environment PERSONAE_PORT); allowed: an integer from 0 to 65535",
    ]
