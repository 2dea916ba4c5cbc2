"""A start that fails with several workers fails as one, and workers that fail later wait."""

import asyncio
import socket
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest

from personae.handover import Work
from personae.startup import CannotStart
from personae.workers import Supervisor, next_pause
from tests.server import environment
from tests.workers.crew import refuse, vanish

REFUSED = {
    "SQLite": ({}, "3 workers need PostgreSQL"),
    "no server": ({"database": "postgresql://nobody:hidden0815@127.0.0.1:1/none", "database_timeout": 1}, ""),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_start_that_fails_is_one_line(tmp_path: Path, case: str) -> None:
    """However many workers there would be: one line, status 1, no password."""
    given, wanted = REFUSED[case]
    command = [sys.executable, "-m", "personae", "serve", "--port", "0", "--data", str(tmp_path / "data")]
    settings = environment({"workers": 3, **given})
    done = subprocess.run(command, env=settings, capture_output=True, text=True, timeout=30, check=False)
    assert (1, 1, "") == (done.returncode, done.stderr.count("\n"), done.stdout), done.stderr
    assert wanted in done.stderr
    assert "hidden0815" not in done.stderr


@pytest.mark.parametrize(
    ("work", "reason"),
    [
        (refuse, r"a worker cannot start: worker [01] has no luck"),
        (vanish, r"a worker cannot start: exit status 0"),
        (partial(int, "x"), r"a worker cannot start: exit status 1"),
    ],
)
def test_a_worker_that_never_gets_ready_ends_the_start(tmp_path: Path, work: Work, reason: str) -> None:
    """What it says is the reason of the whole server, and nothing is announced."""
    announced = list[bool]()
    with socket.create_server(("127.0.0.1", 0)) as listener, pytest.raises(CannotStart, match=reason):
        asyncio.run(Supervisor(listener, 2, work, tmp_path).run(lambda: announced.append(True)))
    assert [] == announced


def test_a_worker_that_dies_again_and_again_waits_longer_each_time() -> None:
    """Twice as long from death to death, up to half a minute; one that lived for a while is replaced at once."""
    pauses = [0.0]
    for _ in range(10):
        pauses.append(next_pause(pauses[-1], 1.0))
    assert [0.0, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0, 30.0] == pauses
    assert 0.0 == next_pause(30.0, 60.0)
