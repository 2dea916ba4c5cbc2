"""Servers for the suites that talk to one over a socket, on each engine they are for."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.engines import ENGINES, Engine, engines_of, session
from tests.server import Server, running

pytest.register_assert_rewrite("personae.testing")  # the shipped suite explains its asserts as the tests here do

StartServer = Callable[..., Server]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test that has a server runs once on each engine its module is for."""
    if "engine" in metafunc.fixturenames:
        metafunc.parametrize("engine", engines_of(metafunc.module.__name__), indirect=True, scope="session")


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish() -> None:
    """The servers are gone by now; so may be what they wrote to."""
    session.close()


@pytest.fixture(scope="session")
def engine(request: pytest.FixtureRequest) -> Engine:
    """Gives the settings by which a server with some data directory has its database on this engine."""
    return ENGINES[request.param]


@pytest.fixture(scope="session")
def server(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The server with default settings that most tests share; it logs every request."""
    data = tmp_path_factory.mktemp("server") / "data"
    with running(data, **engine(data), log_requests="true") as server:
        yield server


@pytest.fixture
def start(engine: Engine, tmp_path: Path) -> Iterator[StartServer]:
    """Starts further servers, each with settings of its own; they end with the test."""
    with ExitStack() as stack:

        def start(name: str = "data", **settings: object) -> Server:
            data = tmp_path / name
            return stack.enter_context(running(data, **engine(data) | settings))

        yield start
