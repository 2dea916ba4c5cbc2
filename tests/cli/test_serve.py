"""`personae serve` where it cannot start, or nobody reads what it says; other starts are with the wire tests."""

import fcntl
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.client import Connection
from tests.engines import database_of
from tests.server import READY_TIMEOUT_S, STOP_TIMEOUT_S, environment, free_port, running
from tests.workers.crew import until


def serve(data: Path, port: int, **settings: str) -> "subprocess.CompletedProcess[str]":
    """Run `personae serve` to its end, which has to come by itself."""
    command = [sys.executable, "-m", "personae", "serve", "--data", str(data), "--port", str(port)]
    return subprocess.run(command, env=environment(settings), capture_output=True, text=True, timeout=30, check=False)


def test_a_directory_in_use_is_one_line(tmp_path: Path) -> None:
    """A second server on the same directory ends with status 1 and says why."""
    with (tmp_path / "server.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        ran = serve(tmp_path, 0)
    assert (ran.returncode, ran.stdout, ran.stderr.count("\n")) == (1, "", 1)
    assert ran.stderr.startswith(f"personae: the data directory {tmp_path} is in use by ")


def test_a_port_in_use_is_one_line(tmp_path: Path) -> None:
    """The one line names address and port."""
    port = free_port()
    with socket.create_server(("127.0.0.1", port)):
        ran = serve(tmp_path, port)
    assert (ran.returncode, ran.stdout, ran.stderr.count("\n")) == (1, "", 1)
    assert ran.stderr.startswith(f"personae: cannot listen on 127.0.0.1 port {port}: ")


def test_a_database_without_its_key_is_one_line(tmp_path: Path) -> None:
    """The start says which file is missing and makes no other one."""
    (tmp_path / "personae.db").write_bytes(b"")
    ran = serve(tmp_path, 0)
    assert (ran.returncode, ran.stdout, ran.stderr.count("\n")) == (1, "", 1)
    assert ran.stderr.startswith(f"personae: {tmp_path}/server.key is missing, ")
    assert [file.name for file in tmp_path.iterdir()] == ["personae.db"]


def test_a_wrong_key_is_one_line(tmp_path: Path) -> None:
    """A server with a key of its own does not start on a database that has another one, nor does one without any."""
    url = database_of(tmp_path)
    with running(tmp_path / "right", database=url):
        wrong = serve(tmp_path / "wrong", 0, database=url, secret_key="5e" * 32)
        none = serve(tmp_path / "none", 0, database=url)
    for ran, expected in (
        (wrong, "secret_key is not the key this "),
        (none, f"{tmp_path}/none/server.key is missing, and this "),
    ):
        assert (ran.returncode, ran.stdout, ran.stderr.count("\n")) == (1, "", 1)
        assert ran.stderr.startswith(f"personae: {expected}database ")
    assert not (tmp_path / "none").exists()


def test_a_database_that_cannot_be_reached_is_one_line(tmp_path: Path) -> None:
    """The server does not start, and the one line has no password."""
    ran = serve(tmp_path / "data", 0, database="postgresql://u:hush@127.0.0.1:1/db", database_timeout="1")
    assert (ran.returncode, ran.stdout, ran.stderr.count("\n")) == (1, "", 1)
    assert ran.stderr.startswith("personae: ")
    assert "hush" not in ran.stderr


@pytest.mark.parametrize("workers", [1, 2])
def test_a_server_whose_stdout_is_closed_runs(tmp_path: Path, workers: int) -> None:
    """It answers and stops as any other; one line of the log says that nobody has read the start."""
    port = free_port()
    command = [sys.executable, "-m", "personae", "serve", "--data", str(tmp_path), "--port", str(port)]
    settings = environment({"workers": workers} | ({"database": database_of(tmp_path)} if workers > 1 else {}))
    nobody, out = os.pipe()
    os.close(nobody)
    log = tmp_path / "log"
    with log.open("w") as err, subprocess.Popen(command, env=settings, stdout=out, stderr=err) as process:
        os.close(out)
        try:
            assert until(lambda: "the start cannot be shown" in log.read_text(), READY_TIMEOUT_S)
            with Connection(port) as connection:
                assert connection.request("GET", "/healthz", {}).status == 200
            process.terminate()
            assert process.wait(STOP_TIMEOUT_S) == 0
        finally:
            process.kill()
    assert "Traceback" not in log.read_text()
    assert log.read_text().count("Broken pipe") == 1
