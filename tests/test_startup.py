"""What a start makes of its directory, what runs beside it, and how a stop ends."""

import asyncio
import stat
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import apsw
import structlog

from personae.storage import Unavailable
from personae.storage.url import SCHEMES
from personae.wiring import BACKENDS, attempt
from tests.conftest import StartServer
from tests.engines import database_of
from tests.server import PASSCODE, Server, batch, begin_upload, profile, running

PRIVATE = 0o600


def test_every_scheme_has_a_backend() -> None:
    """What the setting allows is what the wiring opens."""
    assert set(BACKENDS) == set(SCHEMES)


@contextmanager
def locked_elsewhere(data: Path) -> Iterator[None]:
    """Hold the lock for writing on the database of a directory."""
    with closing(apsw.Connection(str(data / "personae.db"))) as beside:
        beside.execute("BEGIN IMMEDIATE")
        yield


def test_files_are_for_their_owner_only(start: StartServer, tmp_path: Path) -> None:
    """Also in a directory that others may look into; the files of the log are no exception."""
    (tmp_path / "data").mkdir(mode=0o755)
    server = start()
    server.upload(profile("a"))
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in server.data.iterdir()}
    names = ("personae.db", "personae.db-shm", "personae.db-wal", "server.key", "server.lock")
    assert modes == dict.fromkeys(names, PRIVATE)


def test_a_clean_stop_leaves_no_log(start: StartServer) -> None:
    """The log is moved into the database, so that a copy of that and the key is whole."""
    server = start()
    server.upload(profile("a"))
    assert server.stop() == 0
    assert {path.name for path in server.data.iterdir()} == {"personae.db", "server.key", "server.lock"}


def test_a_stop_is_in_time_while_another_process_has_the_lock(start: StartServer) -> None:
    """The upload in flight is answered with 503, and the server is gone within ten seconds."""
    server = start()
    body = batch(profile("a"))
    with locked_elsewhere(server.data), server.connect() as connection:
        begin_upload(connection, body)
        connection.send(body)
        started = time.monotonic()
        assert server.stop() == 0
        assert time.monotonic() - started < 10
        assert connection.receive("POST").status == 503


def test_a_passcode_that_is_shown_once_is_in_the_first_banner_only(start: StartServer) -> None:
    """Also where it is given at every start."""
    for _ in range(2):
        server = start(show_passcodes="false")
        assert server.stop() == 0
    _, first, second = server.out.read_text().split("personae is ready.")
    assert (PASSCODE in first, PASSCODE in second) == (True, False)


OUTCOMES = [
    (None, []),
    (Unavailable("disk full"), ["background work fails"]),
    (Unavailable("disk full"), []),
    (Unavailable("disk gone"), ["background work fails"]),
    (ValueError("bug"), ["background work fails"]),
    (ValueError("bug"), []),
    (None, ["background work succeeds again"]),
    (None, []),
]


def test_background_work_logs_when_trouble_begins_and_ends() -> None:
    """What is wrong is told once, however often it is tried, and a bug with its traceback."""

    async def attempts() -> None:
        trouble = ""
        for error, expected in OUTCOMES:

            async def work(error: Exception | None = error) -> None:
                if error:
                    raise error

            with structlog.testing.capture_logs() as logged:
                trouble = await attempt(work, trouble)
            assert [event["event"] for event in logged] == expected
            assert [bool(event.get("exc_info")) for event in logged] == [isinstance(error, ValueError)] * len(expected)

    asyncio.run(attempts())


def test_any_number_of_servers_share_a_database_on_a_server(tmp_path: Path) -> None:
    """Also with the same data directory, which has nothing but the key; the banner shows the URL without its password."""
    url = database_of(tmp_path)
    with running(tmp_path / "data", database=url) as one, running(tmp_path / "data", database=url) as two:
        one.upload(profile("a"))
        assert two.read("a") == one.read("a")
        assert [path.name for path in one.data.iterdir()] == ["server.key"]
        assert one.out.read_text().count("  Database    postgresql://personae:********@127.0.0.1:") == 2


def test_servers_that_start_at_once_make_one_project(tmp_path: Path) -> None:
    """On an empty database, which they also migrate; each prints the same project and passcode."""
    given = {"database": database_of(tmp_path), "secret_key": "5e" * 32, "project_id": "", "passcode": ""}
    servers = [Server(tmp_path / name, **given) for name in ("a", "b", "c")]
    try:
        for server in servers:
            server.wait_ready()
        assert len(servers[0].command("project", "list")) == 1
        shown = [[line for line in server.out.read_text().splitlines() if line.startswith("  P")] for server in servers]
        assert shown[0] == shown[1] == shown[2]
    finally:
        for server in servers:
            server.kill()
