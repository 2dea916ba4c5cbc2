"""A server of its own for a measurement: started in a temporary directory, stopped and removed after it.

One on PostgreSQL has a database of its own, which is dropped after it.
"""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPException
from math import nan
from pathlib import Path
from random import SystemRandom
from tempfile import TemporaryDirectory
from time import perf_counter, sleep
from typing import Final, NamedTuple

from . import processes
from .client import Target
from .databases import fresh_database, postmaster

PROJECT: Final = "BENCH-000-000Z"
PASSCODE: Final = "benchmark-passcode-of-no-use-elsewhere"
READY_WITHIN_S: Final = 30
STOPPED_WITHIN_S: Final = 30
PORTS: Final = range(20_000, 32_768)


class Setup(NamedTuple):
    """How servers are set up: the URL of a PostgreSQL server whose user may make databases, "" for SQLite; the workers.

    `settings` are further ones, as (name, value).
    """

    database: str = ""
    workers: int = 1
    settings: tuple[tuple[str, str], ...] = ()


class Server(NamedTuple):
    """A running server with its workers.

    `folder` is its temporary directory, `ready_s` the time from start to ready. `database` is the URL of
    its own database, "" for SQLite. `postmaster` is 0 where the database's processes cannot be seen.
    """

    target: Target
    pid: int
    folder: Path
    ready_s: float
    database: str
    postmaster: int

    def cpu_s(self) -> float:
        """CPU seconds used so far."""
        return processes.cpu_s(self.pid)

    def database_cpu_s(self) -> float:
        """CPU seconds that all processes of the database's server have used so far; nan where they cannot be seen."""
        return processes.cpu_s(self.postmaster) if self.postmaster else nan

    def peak_mib(self) -> float:
        """The most memory it ever held."""
        return processes.peak_mib(self.pid)


SQLITE: Final = Setup()


@contextmanager
def running(setup: Setup = SQLITE) -> Iterator[Server]:
    """`personae serve` with default settings, but for reads, which have no cap (the load has 15 at once)."""
    with place(setup) as (folder, database), serving(setup, folder, database) as server:
        yield server


@contextmanager
def place(setup: Setup) -> Iterator[tuple[Path, str]]:
    """A temporary directory and the URL of an empty database for servers, removed after them."""
    with fresh_database(setup.database) as database, TemporaryDirectory(prefix="personae-benchmark-") as name:
        yield Path(name), database


@contextmanager
def serving(setup: Setup, folder: Path, database: str) -> Iterator[Server]:
    """A server on what is in this place."""
    port = free_port()
    command = [sys.executable, "-m", "personae", "serve", "--port", str(port), "--data", str(folder / "data")]
    with started(command, port, folder, environment(setup, database)) as (pid, ready_s):
        target = Target(f"http://127.0.0.1:{port}", PROJECT, PASSCODE)
        yield Server(target, pid, folder, ready_s, database, postmaster(setup.database))


@contextmanager
def started(command: Sequence[str], port: int, folder: Path, environment: Mapping[str, str]) -> Iterator[tuple[int, float]]:
    """The process ID of a server that is ready on this port, and the seconds that took; it is stopped afterwards."""
    log = folder / "server.log"
    with log.open("wb") as output:
        start = perf_counter()
        process = subprocess.Popen(command, cwd=folder, env=environment, stdout=output, stderr=output)
    try:
        wait_until_ready(process, port, log)
        yield process.pid, perf_counter() - start
    finally:
        stop(process)


def environment(setup: Setup, database: str) -> dict[str, str]:
    """This process's environment with only our own settings for the server."""
    others = {name: value for name, value in os.environ.items() if not name.startswith("PERSONAE_")}
    return others | {
        "PERSONAE_PROJECT_ID": PROJECT,
        "PERSONAE_PASSCODE": PASSCODE,
        "PERSONAE_READ_CONCURRENCY": "0",
        "PERSONAE_DATABASE": database,
        "PERSONAE_WORKERS": str(setup.workers),
        **{f"PERSONAE_{name.upper()}": value for name, value in setup.settings},
    }


def free_port() -> int:
    """A port that nothing listens on, below those the system hands out by itself."""
    while True:
        port = SystemRandom().choice(PORTS)
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) != 0:
                return port


def wait_until_ready(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    """Return when `/readyz` answers 200; raises `RuntimeError` with the log when that does not come."""
    give_up = perf_counter() + READY_WITHIN_S
    while not is_ready(port):
        if process.poll() is not None or perf_counter() > give_up:
            raise RuntimeError(f"the server did not become ready:\n{log.read_text()}")
        sleep(0.01)


def is_ready(port: int) -> bool:
    connection = HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == 200
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()


def stop(process: subprocess.Popen[bytes]) -> None:
    """Ask the server to stop; one that does not is killed, and that is an error."""
    process.terminate()
    try:
        process.wait(STOPPED_WITHIN_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        raise
