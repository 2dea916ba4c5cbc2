"""The `personae` command, called in this process."""

import json
import logging
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import structlog

from personae.cli import main


class Ran(NamedTuple):
    """What a command left: its exit status and what it wrote."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Run = Callable[..., Ran]


def status_of(arguments: list[str]) -> int:
    """The exit status, also where the parser ends the program itself."""
    try:
        return main(arguments)
    except SystemExit as end:
        return int(end.code or 0)


@pytest.fixture
def cli(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Iterator[Run]:
    """Runs commands in an empty directory; keyword arguments are PERSONAE_* variables."""
    monkeypatch.chdir(tmp_path)
    for variable in [name for name in os.environ if name.startswith("PERSONAE_")]:
        monkeypatch.delenv(variable)

    def run(*arguments: str, **variables: str) -> Ran:
        with monkeypatch.context() as patch:
            for name, value in variables.items():
                patch.setenv(f"PERSONAE_{name.upper()}", value)
            status = status_of(list(arguments))
        return Ran(status, *capsys.readouterr())

    handlers = logging.root.handlers[:]
    yield run
    logging.root.handlers[:] = handlers
    structlog.reset_defaults()
