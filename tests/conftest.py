"""Servers for the suites that talk to one over a socket."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.server import Server, running

StartServer = Callable[..., Server]


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The server with default settings that most tests share; it logs every request."""
    with running(tmp_path_factory.mktemp("server") / "data", log_requests="true") as server:
        yield server


@pytest.fixture
def start(tmp_path: Path) -> Iterator[StartServer]:
    """Starts further servers, each with settings of its own; they end with the test."""
    with ExitStack() as stack:

        def start(name: str = "data", **settings: object) -> Server:
            return stack.enter_context(running(tmp_path / name, **settings))

        yield start
