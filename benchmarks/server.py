"""A server of its own for a measurement: started in a temporary directory, stopped and removed after it."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from random import SystemRandom
from tempfile import TemporaryDirectory
from time import perf_counter, sleep
from typing import Final, NamedTuple

from .client import Target

PROJECT: Final = "BENCH-000-000Z"
PASSCODE: Final = "benchmark-passcode-of-no-use-elsewhere"
READY_WITHIN_S: Final = 30
STOPPED_WITHIN_S: Final = 30
PORTS: Final = range(20_000, 32_768)


class Server(NamedTuple):
    """A running server; `folder` is its temporary directory, `ready_s` the time from start to ready."""

    target: Target
    pid: int
    folder: Path
    ready_s: float

    def cpu_s(self) -> float:
        """CPU seconds used so far, user and system, all threads."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def peak_mib(self) -> float:
        """The most memory it ever held."""
        lines = Path(f"/proc/{self.pid}/status").read_text().splitlines()
        peak = next(line for line in lines if line.startswith("VmHWM:"))
        return int(peak.split()[1]) / 1_024


@contextmanager
def running() -> Iterator[Server]:
    """`personae serve` with default settings, but for reads, which have no cap (the load has 15 at once)."""
    with TemporaryDirectory(prefix="personae-benchmark-") as name:
        folder, port = Path(name), free_port()
        log = folder / "server.log"
        command = [sys.executable, "-m", "personae", "serve", "--port", str(port), "--data", str(folder / "data")]
        with log.open("wb") as output:
            start = perf_counter()
            process = subprocess.Popen(command, cwd=folder, env=environment(), stdout=output, stderr=output)
        try:
            wait_until_ready(process, port, log)
            ready_s = perf_counter() - start
            yield Server(Target(f"http://127.0.0.1:{port}", PROJECT, PASSCODE), process.pid, folder, ready_s)
        finally:
            stop(process)


def environment() -> dict[str, str]:
    """This process's environment with only our own settings for the server."""
    others = {name: value for name, value in os.environ.items() if not name.startswith("PERSONAE_")}
    return others | {
        "PERSONAE_PROJECT_ID": PROJECT,
        "PERSONAE_PASSCODE": PASSCODE,
        "PERSONAE_READ_CONCURRENCY": "0",
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
