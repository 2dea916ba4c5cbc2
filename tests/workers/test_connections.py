"""Connections reach every worker evenly, and what goes wrong with one of them ends no server."""

import resource
import socket
import struct
from collections import Counter
from contextlib import ExitStack

import pytest

from tests.client import request_bytes
from tests.server import Server
from tests.workers.conftest import StartCrew
from tests.workers.crew import WORKERS, connect_each, until, worker_of


@pytest.mark.parametrize(("between", "apart"), [(0, 0), (1, 2)])
def test_connections_are_shared_out_evenly(crew: Server, between: int, apart: int) -> None:
    """Of fifteen connections held open each worker has five; about as many where others come and go in between."""

    def spread() -> int:
        with ExitStack() as stack:
            workers = Counter[str]()
            for _ in range(5 * WORKERS):
                workers[worker_of(stack.enter_context(crew.connect()))] += 1
                assert [200] * between == [crew.request("GET", "/healthz").status for _ in range(between)]
            assert WORKERS == len(workers)
            return max(workers.values()) - min(workers.values())

    assert until(lambda: spread() <= apart)


def test_request_ids_are_unique(crew: Server) -> None:
    """No two workers give the same id."""
    with ExitStack() as stack:
        connections = connect_each(crew, stack)
        ids = [
            connection.request("GET", "/healthz", {}).headers["x-request-id"] for _ in range(50) for connection in connections
        ]
    assert len(ids) == len(set(ids))


def test_connections_that_are_reset_at_once_do_no_harm(crew: Server) -> None:
    """Clients that are gone before they are accepted cost nothing but their own connection."""
    for _ in range(100):
        with socket.create_connection(("127.0.0.1", crew.port)) as connection:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    assert 200 == crew.request("GET", "/healthz").status


def test_a_server_out_of_descriptors_goes_on_when_there_are_some(start_crew: StartCrew) -> None:
    """Connections wait while the process may open no more files, the log says so once, and then they are served."""
    server = start_crew()
    pid = server.process.pid
    soft, hard = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (3, hard))
    with server.connect() as connection:
        connection.send(request_bytes("GET", "/healthz", {}))
        assert until(lambda: "cannot accept connections" in server.err.read_text())
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (soft, hard))
        assert 200 == connection.receive().status
    assert 1 == server.err.read_text().count("cannot accept connections")
