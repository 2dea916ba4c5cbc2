"""The caps per project hold across all workers of a server (contract A1.4)."""

import select
from contextlib import ExitStack

from tests.server import Server, batch, begin_upload, fresh, profile
from tests.workers.conftest import StartCrew
from tests.workers.crew import CAP, HEARD_S, WORKERS, ask_for_place, children, kill, sample, until


def test_the_cap_is_exact_across_workers(crew: Server) -> None:
    """Of forty uploads at once exactly fifteen begin and 25 get a 429; afterwards all places are there again."""
    body = batch(profile(fresh()))
    for _ in range(5):
        with ExitStack() as stack:
            connections = [stack.enter_context(crew.connect()) for _ in range(40)]
            for connection in connections:
                ask_for_place(connection)
            begun = [connection for connection in connections if connection.receive_head()[0] == 100]
            assert CAP == len(begun)
            assert 429 == crew.post(body).status
            for connection in begun:
                connection.send(b'{"d":[]}')
            assert [200] * CAP == [connection.receive().status for connection in begun]


def test_the_cap_is_per_project_across_workers(crew: Server) -> None:
    """One project's uploads in flight leave another one all of its places."""
    other = crew.new_project()
    assert until(lambda: all(crew.post(batch(), headers=other).status == 200 for _ in range(2 * WORKERS)))
    with ExitStack() as stack:
        for _ in range(CAP):
            begin_upload(stack.enter_context(crew.connect()), b"x" * 8)
        assert [429, 200] == [crew.post(batch()).status, crew.post(batch(), headers=other).status]


def test_zero_means_no_cap_on_any_worker(start_crew: StartCrew) -> None:
    """With `upload_concurrency` 0 a hundred uploads may be in flight, and they are counted all the same."""
    server = start_crew(upload_concurrency=0)
    with ExitStack() as stack:
        held = [stack.enter_context(server.connect()) for _ in range(100)]
        for connection in held:
            begin_upload(connection, b'{"d":[]}')
        assert 100.0 == sample(server, 'personae_in_flight{route="/1/upload"}')
        for connection in held:
            connection.send(b'{"d":[]}')
        assert [200] * 100 == [connection.receive().status for connection in held]


def test_a_worker_that_dies_gives_its_places_back(start_crew: StartCrew) -> None:
    """As many uploads as a killed worker had in flight may begin, and not one more."""
    server = start_crew()
    with ExitStack() as stack:
        held = [stack.enter_context(server.connect()) for _ in range(CAP)]
        for connection in held:
            begin_upload(connection, b'{"d":[]}')
        kill(server, children(server.process.pid)[0])
        gone = select.select([connection.socket for connection in held], [], [], HEARD_S)[0]
        alive = [connection for connection in held if connection.socket not in gone]
        assert 0 < len(alive) < CAP
        again = [stack.enter_context(server.connect()) for _ in range(CAP)]
        for connection in again:
            ask_for_place(connection)
        begun = [connection for connection in again if connection.receive_head()[0] == 100]
        assert CAP == len(alive) + len(begun)
        for connection in (*alive, *begun):
            connection.send(b'{"d":[]}')
        assert [200] * CAP == [connection.receive().status for connection in (*alive, *begun)]
