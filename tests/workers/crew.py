"""The workers of a server: how to find and to end them, and what they say of it."""

import os
import re
import signal
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from personae.handover import Seat, WorkerEnd
from tests.client import Connection, request_bytes
from tests.server import Server, credentials

WORKERS = 3
CAP = 15
HEARD_S = 2.0
"""A busy machine has this long for what takes a free one a fraction of a second."""


def until(holds: Callable[[], bool], timeout_s: float = HEARD_S) -> bool:
    """Whether this holds in time."""
    deadline = time.monotonic() + timeout_s
    while not (held := holds()) and time.monotonic() < deadline:
        time.sleep(0.02)
    return held


def kill(server: Server, *workers: int) -> None:
    """SIGKILL these workers, and wait until they are gone."""
    for pid in workers:
        os.kill(pid, signal.SIGKILL)
    assert until(lambda: not set(workers) & set(children(server.process.pid)))


def worker_of(connection: Connection) -> str:
    """The worker at the other end: it gives every answer an id that begins with its own."""
    return connection.request("GET", "/healthz", {}).headers["x-request-id"].partition("-")[0]


def connect_each(server: Server, stack: ExitStack) -> list[Connection]:
    """Connections held open, at least one to every worker."""
    connections = list[Connection]()
    while len({worker_of(connection) for connection in connections}) < WORKERS:
        connections.append(stack.enter_context(server.connect()))
    return connections


def ask_for_place(connection: Connection) -> None:
    headers = credentials() | {"Content-Length": "8", "Expect": "100-continue"}
    connection.send(request_bytes("POST", "/1/upload", headers))


def sample(server: Server, name: str) -> float:
    """A sample of /metrics, by name and labels as they are printed; 0 where there is none."""
    lines = server.request("GET", "/metrics").body.decode().splitlines()
    return sum(float(line.rsplit(" ", 1)[1]) for line in lines if line.startswith(f"{name} "))


def refuse(seat: Seat) -> None:
    """End before being ready and say why."""
    WorkerEnd(seat.descriptor).refuse(f"worker {seat.number} has no luck")


def vanish(seat: Seat) -> None:
    """End before being ready without a word."""


def children(pid: int) -> list[int]:
    """The processes this process started that are still there, oldest first."""
    found = Path(f"/proc/{pid}/task").glob("*/children")
    return sorted(int(child) for file in found for child in file.read_text().split())


def exists(pid: int) -> bool:
    """Whether there is such a process that has not ended; one that ended may wait to be collected."""
    try:
        return not re.search(r"^State:\s+Z", Path(f"/proc/{pid}/status").read_text(), re.MULTILINE)
    except (FileNotFoundError, ProcessLookupError):
        return False
