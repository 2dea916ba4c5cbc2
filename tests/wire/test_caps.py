"""What the server gives a request in size, time and company (contract A1.3, A1.4)."""

import gzip
import select
import time
import zlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest

from tests.client import Connection, chunked, request_bytes
from tests.conftest import StartServer
from tests.engines import Engine
from tests.server import Server, batch, begin_upload, credentials, fresh, profile, running

MAX_BODY_BYTES = 4096
GZIP = {"Content-Encoding": "gzip"}
CHUNKED = {"Transfer-Encoding": "chunked"}
TOO_LARGE = {"status": "fail", "error": "Request too large", "code": 413}
TOO_MANY = {"status": "fail", "error": "Too many concurrent requests", "code": 429}
TIMEOUT = {"status": "fail", "error": "Request timeout", "code": 408}


@pytest.fixture(scope="module")
def small(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that takes 4 KiB, waits a second for them, and serves two uploads at a time."""
    data = tmp_path_factory.mktemp("small") / "data"
    limits = {"max_body_bytes": MAX_BODY_BYTES, "body_timeout": 1, "header_timeout": 1, "upload_concurrency": 2}
    with running(data, **engine(data), **limits) as server:
        yield server


def body_of(size: int) -> bytes:
    """An upload of one good record that is exactly this many bytes long."""
    body = batch(profile(fresh()))
    return body + b" " * (size - len(body))


def pieces(body: bytes, size: int = 512) -> bytes:
    return chunked(*(body[at : at + size] for at in range(0, len(body), size)))


# --- size

SENDINGS: dict[str, Callable[[bytes], tuple[dict[str, str], bytes]]] = {
    "plain": lambda body: ({"Content-Length": str(len(body))}, body),
    "chunked": lambda body: (CHUNKED, pieces(body)),
    "gzip": lambda body: (GZIP | {"Content-Length": str(len(gzip.compress(body)))}, gzip.compress(body)),
    "gzip in chunks": lambda body: (GZIP | CHUNKED, pieces(gzip.compress(body), 16)),
}


@pytest.mark.parametrize("sending", SENDINGS)
@pytest.mark.parametrize(("over", "status"), [(-1, 200), (0, 200), (1, 413), (MAX_BODY_BYTES * 8, 413)])
def test_the_body_limit_is_exact_after_inflation(small: Server, sending: str, over: int, status: int) -> None:
    """A body may have `max_body_bytes`, however it is sent; one more is a 413, and the next request is served."""
    headers, body = SENDINGS[sending](body_of(MAX_BODY_BYTES + over))
    with small.connect() as connection:
        connection.send(request_bytes("POST", "/1/upload", credentials() | headers) + body)
        answer = connection.receive()
    assert status == answer.status
    assert TOO_LARGE == answer.json if status == 413 else answer.json["processed"] == 1
    assert 200 == small.post(batch(profile(fresh()))).status


def test_an_announced_size_is_refused_before_it_is_sent(small: Server) -> None:
    """Content-Length alone is enough for the 413; the server does not wait for the body."""
    with small.connect() as connection:
        connection.send(request_bytes("POST", "/1/upload", credentials() | {"Content-Length": str(MAX_BODY_BYTES + 1)}))
        answer = connection.receive()
    assert (413, TOO_LARGE) == (answer.status, answer.json)


def test_an_endless_chunked_body_is_cut_off(small: Server) -> None:
    """A stream with no end gets its 413 as soon as it is over the limit."""
    with small.connect() as connection:
        connection.send(request_bytes("POST", "/1/upload", credentials() | CHUNKED))
        connection.send(b"1001\r\n" + b" " * 4097 + b"\r\n")
        answer = connection.receive()
    assert (413, TOO_LARGE) == (answer.status, answer.json)


def test_a_gzip_bomb_costs_little_memory(small: Server) -> None:
    """256 MiB behind 256 KiB are refused without ever being held."""
    packer = zlib.compressobj(level=1, wbits=31)
    bomb = b"".join(packer.compress(bytes(2**20)) for _ in range(256)) + packer.flush()
    before = peak_memory_kib(small)
    for sent in (bomb[: MAX_BODY_BYTES - 1], bomb):
        answer = small.post(sent, headers=GZIP)
        assert (413, TOO_LARGE) == (answer.status, answer.json)
    assert peak_memory_kib(small) - before < 64 * 1024
    assert 200 == small.post(batch(profile(fresh()))).status


def peak_memory_kib(server: Server) -> int:
    status = Path(f"/proc/{server.process.pid}/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0])


def test_the_default_limit_is_32_mib(server: Server) -> None:
    """By default a body of 32 MiB is taken and one of a byte more is not."""
    limit = 32 * 2**20
    assert 200 == server.post(gzip.compress(body_of(limit), 1), headers=GZIP).status
    assert 413 == server.post(gzip.compress(body_of(limit + 1), 1), headers=GZIP).status


# --- time


@pytest.mark.parametrize("headers", [{"Content-Length": "100"}, CHUNKED], ids=["plain", "chunked"])
def test_a_body_that_does_not_come_gets_408(small: Server, headers: dict[str, str]) -> None:
    """Whoever does not send the body within `body_timeout` gets a 408 and keeps no place."""
    with ExitStack() as stack:
        slow = [stack.enter_context(small.connect()) for _ in range(2)]
        for connection in slow:
            connection.send(request_bytes("POST", "/1/upload", credentials() | headers) + b"5\r\n{")
        answers = [connection.receive() for connection in slow]
    assert [(408, TIMEOUT)] * 2 == [(answer.status, answer.json) for answer in answers]
    assert 200 == small.post(batch(profile(fresh()))).status


def test_a_body_that_drips_gets_408(small: Server) -> None:
    """The deadline is for the whole body: a byte now and then does not extend it."""
    with small.connect() as connection:
        connection.send(request_bytes("POST", "/1/upload", credentials() | {"Content-Length": "1000"}))
        while not select.select([connection.socket], [], [], 0.2)[0]:
            connection.send(b" ")
        answer = connection.receive()
    assert (408, TIMEOUT) == (answer.status, answer.json)


def test_headers_that_do_not_come_end_the_connection(small: Server) -> None:
    """Whoever does not finish the head within `header_timeout` is cut off, however slowly the bytes drip."""
    with small.connect() as silent, small.connect() as dripping:
        dripping.send(b"POST /1/upload HTTP/1.1\r\nX-Slow: ")
        while not select.select([dripping.socket], [], [], 0.2)[0]:
            dripping.send(b"x")
        assert [True, True] == [connection.at_end() for connection in (dripping, silent)]
    assert 200 == small.post(batch(profile(fresh()))).status


def test_endless_headers_are_refused(small: Server) -> None:
    """A head of a megabyte is a 400 or the end of the connection, and the next client is served."""
    with small.connect() as connection:
        connection.send(b"POST /1/upload HTTP/1.1\r\n")
        with suppress(OSError, EOFError):
            connection.send(b"".join(b"X-%d: %b\r\n" % (number, b"x" * 1000) for number in range(1000)))
            assert 400 == connection.receive().status
    assert 200 == small.post(batch(profile(fresh()))).status


UNREAD = {
    "unknown path": ("POST", "/1/nothing", {}, 404),
    "wrong method": ("PUT", "/1/upload", {}, 405),
    "no credentials": ("POST", "/1/upload", {}, 401),
    "a read with a body": ("GET", "/1/profile.json", credentials(), 400),
    "open to all": ("GET", "/healthz", {}, 200),
}


@pytest.mark.parametrize("sent", [b"", b"x"], ids=["nothing yet", "a byte"])
@pytest.mark.parametrize("case", UNREAD)
def test_a_body_nobody_reads_has_a_deadline(small: Server, case: str, sent: bytes) -> None:
    """An answer before the body leaves no connection open for ever: what is thrown away has to come in time too."""
    method, path, headers, status = UNREAD[case]
    with small.connect() as connection:
        connection.send(request_bytes(method, path, headers | {"Content-Length": "100"}) + sent)
        assert status == connection.receive().status
        connection.send(b"x")
        assert connection.at_end()


def test_a_body_nobody_reads_may_not_drip(small: Server) -> None:
    """The deadline is for the whole of what is thrown away."""
    with small.connect() as connection:
        connection.send(request_bytes("POST", "/1/nothing", {"Content-Length": "1000"}))
        assert 404 == connection.receive().status
        while not select.select([connection.socket], [], [], 0.2)[0]:
            connection.send(b"x")
        assert connection.at_end()


def test_a_body_nobody_reads_is_thrown_away(small: Server) -> None:
    """When it does come, the connection goes on behind it."""
    with small.connect() as connection:
        for _ in range(3):
            connection.send(request_bytes("POST", "/1/nothing", {"Content-Length": "100"}))
            assert 404 == connection.receive().status
            connection.send(b"x" * 100)
            assert 200 == connection.request("POST", "/1/upload", credentials(), batch()).status


def test_an_empty_line_is_the_beginning_of_a_head(small: Server) -> None:
    """Line ends before a request are allowed; they too have to be followed by it in time."""
    with small.connect() as connection:
        assert 200 == connection.request("GET", "/healthz", {}).status
        connection.send(b"\r\n")
        assert connection.at_end()


# --- company


@pytest.mark.parametrize(("name", "places"), [("server", 15), ("small", 2)])
def test_uploads_over_the_cap_get_429(name: str, places: int, request: pytest.FixtureRequest, engine: Engine) -> None:
    """While all places are taken one more upload gets a 429 at once; afterwards all is as before."""
    server: Server = request.getfixturevalue(name)
    body = batch(profile(fresh()))
    with ExitStack() as stack:
        held = [stack.enter_context(server.connect()) for _ in range(places)]
        for connection in held:
            begin_upload(connection, body)
        refused = server.post(body)
        read = server.get("identity=nobody")
        for connection in held:
            connection.send(body)
        answers = [connection.receive().status for connection in held]
    assert (429, TOO_MANY, "1") == (refused.status, refused.json, refused.headers["retry-after"])
    assert 404 == read.status
    assert [200] * places == answers
    assert 200 == server.post(body).status


def test_a_client_over_the_cap_that_awaits_leave_is_cut_off(small: Server) -> None:
    """With `Expect: 100-continue` the 429 ends the connection: whether the body follows is open."""
    body = batch(profile(fresh()))
    with small.connect() as first, small.connect() as second, small.connect() as third:
        begin_upload(first, body)
        begin_upload(second, body)
        third.send(request_bytes("POST", "/1/upload", credentials() | {"Expect": "100-continue", "Content-Length": "9"}))
        answer = third.receive()
        assert (429, "1", True) == (answer.status, answer.headers["retry-after"], answer.closes)
        assert third.at_end()


def test_a_client_that_leaves_gives_its_place_back(small: Server) -> None:
    """A place is free again when the connection behind it is gone."""
    body = batch(profile(fresh()))
    for _ in range(5):
        with small.connect() as connection:
            begin_upload(connection, body)
    with small.connect() as first, small.connect() as second:
        for connection in (first, second):
            hold_when_free(small, connection, body)
            connection.send(body)
            assert 200 == connection.receive().status


def hold_when_free(server: Server, connection: Connection, body: bytes) -> None:
    """The server hears of a closed connection a moment after it closed; long before the body timeout."""
    while server.post(body).status == 429:
        pass
    begin_upload(connection, body)


def test_refused_uploads_take_no_place(small: Server) -> None:
    """However many requests are refused, the places are all there afterwards."""
    for _ in range(5):
        assert 401 == small.request("POST", "/1/upload", {}, batch()).status
        assert 400 == small.post(b"").status
        assert 413 == small.post(body_of(MAX_BODY_BYTES + 1)).status
        assert 405 == small.request("GET", "/1/upload", credentials()).status
    body = batch(profile(fresh()))
    with small.connect() as first, small.connect() as second:
        begin_upload(first, body)
        begin_upload(second, body)
        assert 429 == small.post(body).status


def test_the_cap_is_per_project(small: Server) -> None:
    """One project's uploads do not keep another one from uploading."""
    other = small.new_project()
    body = batch(profile(fresh()))
    with small.connect() as first, small.connect() as second:
        begin_upload(first, body)
        begin_upload(second, body)
        assert [429, 200] == [small.post(body).status, until_known(small, other, body)]


def until_known(server: Server, headers: dict[str, str], body: bytes) -> int:
    """The status of an upload to a project that was just made: the server hears of it within a second."""
    deadline = time.monotonic() + 1
    while (status := server.post(body, headers=headers).status) == 401 and time.monotonic() < deadline:
        time.sleep(0.02)
    return status


def test_zero_means_no_cap(start: StartServer) -> None:
    """With `upload_concurrency` 0 a hundred uploads may be in flight."""
    server = start(upload_concurrency=0)
    body = batch(profile("a"))
    with ExitStack() as stack:
        held = [stack.enter_context(server.connect()) for _ in range(100)]
        for connection in held:
            begin_upload(connection, body)
        for connection in held:
            connection.send(body)
        assert [200] * 100 == [connection.receive().status for connection in held]


def test_reads_have_a_cap_of_their_own(start: StartServer) -> None:
    """Reads at once are answered or get a 429, never anything else, and none is left waiting."""
    server = start(read_concurrency=1)
    server.upload(profile("a"))
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda _: server.get("identity=a"), range(64)))
    assert {200, 429} >= {answer.status for answer in answers}
    assert 200 in {answer.status for answer in answers}
    assert all(answer.headers["retry-after"] == "1" for answer in answers if answer.status == 429)
    assert 200 == server.get("identity=a").status
