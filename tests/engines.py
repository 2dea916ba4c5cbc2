"""The engines a server runs on in the tests, and the PostgreSQL they share in one session."""

import os
from collections.abc import Callable
from contextlib import ExitStack
from functools import cache
from pathlib import Path
from typing import Any, Final

import pytest

from tests.databases import create_database, drop_database
from tests.postgres import Cluster
from tests.programs import NoPrograms

Engine = Callable[[Path], dict[str, Any]]
"""The settings of a server with this data directory. The same directory again is the same database."""

GIVEN: Final = os.environ.get("PERSONAE_TEST_DATABASE", "")
"""Read once and early: the tests of commands take every PERSONAE_* variable away."""

session: Final = ExitStack()
"""Closed when the session ends: databases on a given server are dropped, a cluster of our own is removed."""


@cache
def server_url(durable: bool = False) -> str:
    """The PostgreSQL of this session, started on first need; the session ends where there is none."""
    try:
        return GIVEN or session.enter_context(Cluster(durable)).url()
    except NoPrograms as error:
        pytest.exit(str(error), returncode=1)


@cache
def database_of(directory: Path, durable: bool = False) -> str:
    """The URL of the database that goes with a directory, empty at first, there until the session ends."""
    url = create_database(server_url(durable))
    if GIVEN:
        session.callback(drop_database, GIVEN, url)
    return url


ENGINES: Final[dict[str, Engine]] = {
    "sqlite": lambda data: {},
    "postgresql": lambda data: {"database": database_of(data)},
}

DURABLE_ENGINES: Final[dict[str, Engine]] = ENGINES | {"postgresql": lambda data: {"database": database_of(data, durable=True)}}
"""The same with every commit synced to disk."""

EVERY_ENGINE: Final = ("tests.wire.", "tests.clients.", "tests.durability.test_kill")
"""The packages whose tests run on each engine; the others run on the first, as the engine makes no difference."""


def engines_of(module: str) -> list[str]:
    """The engines the tests of a module run on."""
    return list(ENGINES) if module.startswith(EVERY_ENGINE) else list(ENGINES)[:1]
