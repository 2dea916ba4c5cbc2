"""Whichever worker answers speaks for the whole server."""

import re
from contextlib import ExitStack

from personae.metrics import METRICS
from tests.server import Server, batch, begin_upload, credentials, fresh, profile
from tests.workers.conftest import StartCrew
from tests.workers.crew import WORKERS, children, connect_each, kill, sample, until


def test_metrics_are_those_of_the_whole_server(start_crew: StartCrew) -> None:
    """Any worker shows what all of them did, those that died too, and counts no record twice."""
    server = start_crew()
    processed = 'personae_records_total{code="0",outcome="processed"}'

    def upload(times: int) -> None:
        for _ in range(times):
            assert 200 == server.post(batch(profile(fresh()))).status

    upload(6)
    assert {6.0} == {sample(server, processed) for _ in range(WORKERS)}
    kill(server, children(server.process.pid)[0])
    assert until(lambda: len(children(server.process.pid)) == WORKERS)
    upload(6)
    assert {12.0} == {sample(server, processed) for _ in range(WORKERS)}
    assert {12.0} == {sample(server, "personae_batch_records_sum") for _ in range(WORKERS)}


def test_metrics_are_those_of_the_table(crew: Server) -> None:
    """All of them are shown, as by a server of one process, whether something was counted yet or not."""
    served = re.findall(r"^# HELP (personae_\S+) (.*)$", crew.request("GET", "/metrics").body.decode(), re.MULTILINE)
    assert {(row.name, row.help) for row in METRICS} == set(served)


def test_metrics_count_what_is_in_flight_everywhere(crew: Server) -> None:
    """In flight is a project's count over all workers, whichever is asked; the cap is not multiplied."""
    shown = 'personae_in_flight{route="/1/upload"}'
    with ExitStack() as stack:
        for _ in range(7):
            begin_upload(stack.enter_context(crew.connect()), b"x" * 8)
        assert {7.0} == {sample(crew, shown) for _ in range(2 * WORKERS)}
    assert until(lambda: sample(crew, shown) == 0.0)
    assert {15.0} == {sample(crew, 'personae_in_flight_cap{route="/1/upload"}') for _ in range(WORKERS)}


def test_a_passcode_revoked_by_command_ends_on_every_worker(crew: Server) -> None:
    """Within a second no worker takes it any more."""
    made = crew.command("project", "create")
    headers = credentials(made["project_id"], made["passcode"])
    with ExitStack() as stack:
        connections = connect_each(crew, stack)

        def statuses() -> set[int]:
            return {connection.request("POST", "/1/upload", headers, batch()).status for connection in connections}

        assert until(lambda: statuses() == {200})
        (passcode,) = crew.command("passcode", "list", "--project", made["project_id"])
        crew.command("passcode", "revoke", passcode["passcode_id"], "--project", made["project_id"])
        assert until(lambda: statuses() == {401})


def test_the_start_is_announced_once(start_crew: StartCrew) -> None:
    """The banner comes once, when every worker is ready."""
    server = start_crew()
    assert until(lambda: bool(server.out.read_text()))
    assert 1 == server.out.read_text().count("personae is ready.")
    assert WORKERS == len(children(server.process.pid))
