"""Workers and servers end, and nothing that was accepted is lost with them but what a killed worker had."""

import json
import os
import signal
from contextlib import ExitStack
from pathlib import Path

from tests.engines import ENGINES
from tests.server import STOP_TIMEOUT_S, Server, begin_upload, profile
from tests.workers.conftest import StartCrew
from tests.workers.crew import WORKERS, children, connect_each, exists, kill, until


def test_a_worker_that_dies_is_replaced(start_crew: StartCrew) -> None:
    """Requests go on meanwhile, the log has a line for it, and there are as many workers as before."""
    server = start_crew(log_format="json")
    before = children(server.process.pid)
    kill(server, before[1])
    assert {200} == {server.request("GET", "/healthz").status for _ in range(50)}
    assert until(lambda: len(set(children(server.process.pid)) - set(before)) == 1)
    with ExitStack() as stack:
        connect_each(server, stack)
    lines = [json.loads(line) for line in server.err.read_text().splitlines()]
    told = [line for line in lines if line["event"] == "a worker ended and is replaced"]
    assert [("error", "killed by SIGKILL")] == [(line["level"], line["how"]) for line in told]


def test_all_workers_may_die(start_crew: StartCrew) -> None:
    """Who connects when there is no worker waits for the next one."""
    server = start_crew()
    kill(server, *children(server.process.pid))
    assert 1 == server.upload(profile("a"))["processed"]


def test_a_worker_that_is_stopped_ends_as_a_server_does(start_crew: StartCrew) -> None:
    """SIGTERM to one worker: what it has in flight is answered, others take what comes, another replaces it."""
    server = start_crew()
    with ExitStack() as stack:
        held = [stack.enter_context(server.connect()) for _ in range(WORKERS)]
        for connection in held:
            begin_upload(connection, b'{"d":[]}')
        os.kill(children(server.process.pid)[0], signal.SIGTERM)
        assert until(lambda: "Shutting down" in server.err.read_text())
        assert {200} == {server.request("GET", "/healthz").status for _ in range(20)}
        for connection in held:
            connection.send(b'{"d":[]}')
        assert [200] * WORKERS == [connection.receive().status for connection in held]


def test_a_stop_answers_what_was_accepted(start_crew: StartCrew, tmp_path: Path) -> None:
    """Uploads in flight on all workers are answered, exit status 0, and neither processes nor files are left."""
    server = start_crew()
    workers = children(server.process.pid)
    with ExitStack() as stack:
        held = [stack.enter_context(server.connect()) for _ in range(9)]
        for connection in held:
            begin_upload(connection, b'{"d":[]}')
        server.signal_stop()
        assert until(lambda: server.err.read_text().count("Shutting down") == WORKERS)
        for connection in held:
            connection.send(b'{"d":[]}')
        assert [200] * 9 == [connection.receive().status for connection in held]
    assert 0 == server.process.wait(STOP_TIMEOUT_S)
    assert [] == [pid for pid in workers if exists(pid)]
    assert [] == list((tmp_path / "shared").iterdir())


def test_a_stop_does_not_wait_for_a_client_that_never_ends(start_crew: StartCrew) -> None:
    """An upload whose body never comes does not keep the server beyond ten seconds."""
    server = start_crew()
    with server.connect() as connection:
        begin_upload(connection, b"x" * 8)
        assert 0 == server.stop()


def test_no_worker_outlives_its_server(start_crew: StartCrew, tmp_path: Path) -> None:
    """After a SIGKILL of the first process the workers end by themselves and leave nothing behind."""
    server = start_crew()
    workers = children(server.process.pid)
    server.kill()
    assert until(lambda: not any(map(exists, workers)), STOP_TIMEOUT_S)
    assert [] == list((tmp_path / "shared").iterdir())


def test_a_start_can_be_stopped(tmp_path: Path) -> None:
    """SIGTERM before the workers are ready ends them all, with exit status 0."""
    data = tmp_path / "data"
    server = Server(data, **ENGINES["postgresql"](data), workers=WORKERS)
    assert until(lambda: len(children(server.process.pid)) == WORKERS, STOP_TIMEOUT_S)
    workers = children(server.process.pid)
    assert 0 == server.stop()
    assert not any(map(exists, workers))
