"""Servers of three workers."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.engines import ENGINES
from tests.server import Server, running
from tests.workers.crew import WORKERS

StartCrew = Callable[..., Server]


@pytest.fixture(scope="package")
def crew(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server of three workers that tests share which end none of them."""
    data = tmp_path_factory.mktemp("crew") / "data"
    with running(data, **ENGINES["postgresql"](data), workers=WORKERS) as server:
        yield server


@pytest.fixture
def start_crew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[StartCrew]:
    """Starts a server of three workers for one test; its temporary files are in `tmp_path / "shared"`."""
    (tmp_path / "shared").mkdir()
    monkeypatch.setenv("TMPDIR", str(tmp_path / "shared"))
    with ExitStack() as stack:

        def start(**settings: object) -> Server:
            data = tmp_path / "data"
            given = ENGINES["postgresql"](data) | {"workers": WORKERS} | settings
            return stack.enter_context(running(data, **given))

        yield start
