"""GET /1/profiles/export: every profile once, consistent, resumable, and in nobody's way."""

import gzip
import json
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import quote

import pytest

from personae.export import PARTS
from personae.http.cursors import seal
from personae.http.export import EXPORT, Cursor
from personae.secret_key import load_or_create
from personae.storage import Project
from tests.client import Connection, request_bytes
from tests.conftest import StartServer
from tests.engines import Engine
from tests.server import PROJECT, STOP_TIMEOUT_S, Json, Server, credentials, profile, running

PATH = "/1/profiles/export"
PEOPLE = 12_000
"""More than there are between two cursors."""

LARGE = [f"{part}{'x' * 500}" for part in range(8)]
"""A property of 4 KB: a few thousand of them are more than fits between a server and a client that does not read."""

RECEIVE_BYTES = 4_096


def lines_of(body: bytes) -> list[Json]:
    """The objects of an NDJSON body."""
    assert body.endswith(b"\n") or body == b""
    return [json.loads(line) for line in body.splitlines()]


def exported(server: Server, query: str = "", headers: dict[str, str] | None = None) -> list[Json]:
    """The lines of an export with these credentials."""
    answer = server.request("GET", f"{PATH}{query}", headers or credentials())
    assert (200, "application/x-ndjson") == (answer.status, answer.headers["content-type"]), answer
    return lines_of(answer.body)


def split(lines: list[Json]) -> tuple[list[Json], list[str]]:
    """The records and the cursors among these lines."""
    return [line for line in lines if "cursor" not in line], [line["cursor"] for line in lines if "cursor" in line]


def store(server: Server, people: range, headers: dict[str, str] | None = None, **data: object) -> None:
    """Upload these people, each with its number and `data`."""
    for start in range(people.start, people.stop, 1000):
        numbers = range(start, min(start + 1000, people.stop))
        body = json.dumps({"d": [profile(f"p{number}", {"number": number, **data}) for number in numbers]}).encode()
        answer = server.post(body, headers=headers)
        assert (200, len(numbers)) == (answer.status, answer.json["processed"])


def own_project(server: Server) -> dict[str, str]:
    """The credentials of a new project that the server knows of."""
    headers = server.new_project()
    while server.request("GET", PATH, headers).status == 401:  # the server hears of a new project within a second
        time.sleep(0.02)
    return headers


@pytest.fixture(scope="module")
def crowd(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with many profiles, which no test changes."""
    data = tmp_path_factory.mktemp("crowd") / "data"
    with running(data, **engine(data)) as server:
        store(server, range(PEOPLE))
        yield server


# --- what is in it

PERSON = {
    "Name": "Ada", "Email": "ada@example.com", "Phone": "+14155551234", "Customer Type": "Gold", "Tags": ["a", "b"],
    "Deep": {"x": [{"y": 2}]}, "Note": "línea\n\u2028\"quoted\" \\ 🦊\0", "MSG-dndEmail": True, "MSG-email": False,
    "Age": 44, "category-unsubscribe": {"email": ["News"]},
}  # fmt: skip


def test_a_line_is_what_get_shows(server: Server) -> None:
    """Every profile of the project and of no other, each with the same record, events and flags in it."""
    headers = own_project(server)
    records: list[Json] = [
        profile("ada", PERSON),
        profile("bob", {"Email": "ada@example.com"}, objectId="__device"),
        {"type": "event", "identity": "bob", "evtName": "Product Viewed", "evtData": {"a": 1}, "ts": 1_700_000_000},
        {"type": "profile", "objectId": "-anonymous", "profileData": {}},
    ]
    assert 4 == server.post(json.dumps({"d": records}).encode(), headers=headers).json["processed"]
    names = ("identity=ada", "identity=bob", "objectId=-anonymous")
    shown = [server.request("GET", f"/1/profile.json?{name}", headers).json["record"] for name in names]
    assert {"count": 1, "first_seen": 1_700_000_000, "last_seen": 1_700_000_000} == shown[1]["events"]["Product Viewed"]
    assert [True, True] == [record["profileData"]["msg-dndemail"] for record in shown[:2]]
    assert sorted(map(repr, shown)) == sorted(map(repr, exported(server, headers=headers)))
    assert exported(server, headers=headers) == exported(server, f"?fields={','.join(PARTS)}", headers)


def test_a_project_without_profiles(server: Server) -> None:
    """Its export is empty, and as good as any."""
    assert [] == exported(server, headers=own_project(server))


def test_every_profile_is_there_once(crowd: Server) -> None:
    """Of many, none is missing and none comes twice."""
    assert list(range(PEOPLE)) == sorted(record["profileData"]["number"] for record in exported(crowd))


ENCODINGS = [
    ("gzip", True),
    ("deflate, GZIP;q=0.5", True),
    ("x-gzip", True),
    ("gzip;q=0", False),
    ("gzip; q=0.0, br", False),
    ("identity", False),
    ("", False),
]


@pytest.mark.parametrize(("accepted", "packed"), ENCODINGS)
def test_gzip_for_who_takes_it(crowd: Server, accepted: str, packed: bool) -> None:
    """Packed or not, the lines are the same, and caches are told what it depends on."""
    answer = crowd.request("GET", f"{PATH}?fields=number", credentials() | {"Accept-Encoding": accepted})
    assert ("gzip" if packed else None, "accept-encoding") == (answer.headers.get("content-encoding"), answer.headers["vary"])
    body = gzip.decompress(answer.body) if packed else answer.body
    assert PEOPLE == len(lines_of(body))


FIELDS: list[tuple[str, Json]] = [
    ("identity,email", {"identity": "ada", "email": "ada@example.com"}),
    ("EMAIL,%20Identity", {"identity": "ada", "email": "ada@example.com"}),
    ("customertype", {"profileData": {"customertype": "Gold"}}),
    ("Customer%20Type,identity,nothing", {"identity": "ada", "profileData": {"customertype": "Gold"}}),
    ("Customer+Type", {"profileData": {"customertype": "Gold"}}),
    ("all_identities", {"all_identities": ["ada", "ada@example.com"]}),
    ("msg-dndEmail,Age", {"profileData": {"age": 44, "msg-dndemail": True}}),
    ("events,nothing", {}),
    ("%24%25%26,%00", {}),
]


def test_fields_select(server: Server) -> None:
    """Parts of the record and properties by name, without regard to case and blanks; what is not there is absent."""
    headers = own_project(server)
    server.post(json.dumps({"d": [profile("ada", PERSON)]}).encode(), headers=headers)
    assert [wanted for _, wanted in FIELDS] == [exported(server, f"?fields={fields}", headers)[0] for fields, _ in FIELDS]
    [whole] = exported(server, headers=headers)
    assert [{"profileData": whole["profileData"]}] == exported(server, "?fields=ProfileData,age", headers)
    assert [{"platformInfo": whole["platformInfo"]}] == exported(server, "?fields=platform%20info", headers)


# --- going on


def test_cursors_resume(crowd: Server) -> None:
    """From each cursor on comes what came after it; with all that was before, that is everything once."""
    lines = exported(crowd, "?fields=number&cursors=true")
    records, cursors = split(lines)
    assert (PEOPLE, PEOPLE // 10_000) == (len(records), len(cursors))
    for cursor in cursors:
        before = lines[: lines.index({"cursor": cursor})]
        rest = exported(crowd, f"?fields=number&cursor={cursor}")
        assert list(range(PEOPLE)) == sorted(record["profileData"]["number"] for record in split(before)[0] + rest)


def test_a_cut_export_goes_on(crowd: Server) -> None:
    """Of an answer that broke off, all up to its last cursor counts; the rest is asked for with it, packed or not."""
    with crowd.connect() as connection:
        connection.send(request_bytes("GET", f"{PATH}?cursors=1", credentials()))
        connection.receive_head()
        received = b""
        while b'\n{"cursor":' not in received or not received.endswith(b"\n"):
            received += connection.receive_exactly(int(connection.reader.readline(), 16))
            connection.reader.readline()
    head, _, tail = received.rpartition(b'\n{"cursor":')
    cursor = json.loads(b'{"cursor":' + tail.splitlines()[0])["cursor"]
    answer = crowd.request("GET", f"{PATH}?cursor={cursor}", credentials() | {"Accept-Encoding": "gzip"})
    records = lines_of(head + b"\n") + lines_of(gzip.decompress(answer.body))
    assert list(range(PEOPLE)) == sorted(record["profileData"]["number"] for record in records)


def test_cursors_outlive_the_server_and_changes(start: StartServer) -> None:
    """After a restart, and with profiles changed meanwhile, each comes once, in the state of the request that gave it."""
    server = start()
    store(server, range(PEOPLE), turn=1)
    lines = exported(server, "?fields=number,turn&cursors=1")
    [cursor] = split(lines)[1]
    before = lines[: lines.index({"cursor": cursor})]
    assert 0 == server.stop()
    again = start()
    store(again, range(PEOPLE), turn=2)
    rest = exported(again, f"?fields=number,turn&cursor={cursor}")
    seen = [(record["profileData"]["number"], record["profileData"]["turn"]) for record in before + rest]
    assert list(range(PEOPLE)) == sorted(number for number, _ in seen)
    assert [1] * len(before) + [2] * len(rest) == [turn for _, turn in seen]


def test_a_cursor_of_another_database(start: StartServer) -> None:
    """One of an engine that has other places is a 400 whose text says what to do."""
    server = start()
    store(server, range(10))
    key = load_or_create(server.data, server.data)
    for place in ("x", "7", "1-2", "0" * 31):
        cursor = seal(key, Project(PROJECT, "", b"", 0), EXPORT, Cursor(time.time_ns() // 1_000, int(time.time()), place))
        answer = server.request("GET", f"{PATH}?cursor={cursor}", credentials() | {"Accept-Encoding": "gzip"})
        assert 400 == answer.status
        assert "Incorrect Usage. The cursor is of another database; start anew without cursor" == answer.json["error"]


# --- the connection


@pytest.mark.parametrize("headers", [{}, {"Accept-Encoding": "gzip"}, {"Connection": "keep-alive"}])
def test_http_1_0_has_no_chunks(crowd: Server, headers: dict[str, str]) -> None:
    """The body is sent as it is and ends with the connection; a refusal is whole as ever."""
    for query, status in (("?fields=number", 200), ("?fields=", 400)):
        request = request_bytes("GET", f"{PATH}{query}", credentials() | headers)
        with crowd.connect() as connection:
            connection.send(request.replace(b"HTTP/1.1", b"HTTP/1.0", 1))
            got, answered = connection.receive_head()
            body = connection.reader.read()
        assert (status, "close", None) == (got, answered["connection"], answered.get("transfer-encoding"))
        if status == 200:
            assert PEOPLE == len(lines_of(gzip.decompress(body) if "Accept-Encoding" in headers else body))
        else:
            assert str(len(body)) == answered["content-length"]


@pytest.mark.parametrize("headers", [{}, {"Accept-Encoding": "gzip"}])
def test_a_connection_goes_on_after_it(crowd: Server, headers: dict[str, str]) -> None:
    """Requests behind it on the same connection are answered, also those that are sent before it has ended."""
    one = request_bytes("GET", f"{PATH}?fields=number", credentials() | headers)
    other = request_bytes("GET", "/1/profile.json?identity=p1", credentials())
    with crowd.connect() as connection:
        connection.send(one + other + one)
        answers = [connection.receive() for _ in range(3)]
        assert 200 == connection.request("GET", "/1/profile.json?identity=p2", credentials()).status
    assert [200] * 3 == [answer.status for answer in answers]
    assert "p1" == answers[1].json["record"]["identity"]
    assert answers[0].body == answers[2].body


def test_a_client_that_asks_before_it_sends_a_body(crowd: Server) -> None:
    """A GET needs none: the whole answer comes, and the connection ends with it."""
    with crowd.connect() as connection:
        headers = credentials() | {"Expect": "100-continue", "Content-Length": "5"}
        connection.send(request_bytes("GET", f"{PATH}?fields=number", headers))
        answer = connection.receive()
        assert (200, True, PEOPLE) == (answer.status, answer.closes, len(lines_of(answer.body)))
        assert connection.at_end()


# --- refusals

BAD: list[tuple[str, str]] = [
    ("fields=", "fields"),
    ("fields=,%20,", "fields"),
    ("cursors=maybe", "cursors"),
    ("cursors=", "cursors"),
    ("cursor=", "cursor"),
    ("cursor=abc", "cursor"),
    (f"cursor={'A' * 5000}", "cursor"),
    ("cursor=%00%FF", "cursor"),
]


@pytest.mark.parametrize(("query", "name"), BAD)
def test_bad_parameters_are_refused(server: Server, query: str, name: str) -> None:
    """A 400 in the envelope, with a text that names what is to be changed."""
    answer = server.request("GET", f"{PATH}?{query}", credentials())
    assert (400, "fail", 400) == (answer.status, answer.json["status"], answer.json["code"])
    assert name in answer.json["error"]


CHANGED: dict[str, Callable[[str], str]] = {
    "cut": lambda cursor: cursor[:-2],
    "changed": lambda cursor: ("B" if cursor[0] == "A" else "A") + cursor[1:],
    "encoded twice": lambda cursor: quote(quote(f"{cursor}=")),
}


@pytest.mark.parametrize("changed", CHANGED)
def test_only_whole_cursors_are_taken(crowd: Server, changed: str) -> None:
    """One that is not as it was given is a 400."""
    [cursor] = split(exported(crowd, "?fields=number&cursors=1"))[1]
    assert 400 == crowd.request("GET", f"{PATH}?cursor={CHANGED[changed](cursor)}", credentials()).status


def test_cursors_are_of_one_project_and_one_route(crowd: Server) -> None:
    """Neither another project nor a query takes the cursor of an export."""
    [cursor] = split(exported(crowd, "?fields=number&cursors=1"))[1]
    other = own_project(crowd)
    assert 400 == crowd.request("GET", f"{PATH}?cursor={cursor}", other).status
    assert 400 == crowd.request("GET", f"/1/profiles.json?cursor={cursor}", credentials()).status


@pytest.mark.parametrize("method", ["POST", "HEAD", "PUT", "DELETE"])
def test_other_methods_are_refused(server: Server, method: str) -> None:
    """405, and GET is what is allowed."""
    answer = server.request(method, PATH, credentials())
    assert (405, "GET") == (answer.status, answer.headers["allow"])


def test_credentials_are_needed(server: Server) -> None:
    """Nobody exports without them."""
    assert [401, 401] == [server.request("GET", PATH, headers).status for headers in ({}, credentials(passcode="wrong"))]


# --- beside others


def slow_reader(server: Server, path: str = PATH) -> Connection:
    """A client that asks for an export and takes no more of it than the head, on a connection that holds little."""
    connection = Connection.__new__(Connection)
    connection.socket = socket.socket()
    connection.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BYTES)
    connection.socket.settimeout(30)
    connection.socket.connect(("127.0.0.1", server.port))
    connection.reader = connection.socket.makefile("rb")
    connection.send(request_bytes("GET", path, credentials()))
    assert 200 == connection.receive_head()[0]
    return connection


def fill(server: Server) -> None:
    """More than fits between the server and a client that does not read."""
    store(server, range(3000), turn=1, large=LARGE)


def in_flight(server: Server) -> float:
    text = server.request("GET", "/metrics").body.decode()
    [line] = [line for line in text.splitlines() if line.startswith(f'personae_in_flight{{route="{PATH}"}}')]
    return float(line.rsplit(" ", 1)[1])


def wait_until_free(server: Server) -> None:
    """Return when no export is in flight."""
    deadline = time.monotonic() + 10
    while in_flight(server) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert 0 == in_flight(server)


def peak_memory_kib(server: Server) -> int:
    status = Path(f"/proc/{server.process.pid}/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0])


def test_it_is_consistent_as_of_its_start(start: StartServer) -> None:
    """What is written, added or deleted while a client reads slowly is not in what it gets."""
    server = start()
    fill(server)
    with slow_reader(server) as connection:
        store(server, range(3500), turn=2)
        server.post(json.dumps({"identity": [f"p{number}" for number in range(100)]}).encode(), "/1/delete/profiles.json")
        records = lines_of(connection.receive_chunks())
    assert list(range(3000)) == sorted(record["profileData"]["number"] for record in records)
    assert {1} == {record["profileData"]["turn"] for record in records}
    assert 3400 == len(exported(server))


def test_who_does_not_read_costs_no_memory_and_no_turn(start: StartServer) -> None:
    """With as many exports open as may be, others are answered; one more is a 429, until one of them goes."""
    server = start()
    fill(server)
    before = peak_memory_kib(server)
    with ExitStack() as stack:
        readers = [stack.enter_context(slow_reader(server)) for _ in range(3)]
        assert 3 == in_flight(server)
        assert 1 == server.upload(profile("meanwhile"))["processed"]
        assert "meanwhile" == server.read("meanwhile")["identity"]
        assert 429 == server.request("GET", PATH, credentials()).status
        readers[0].close()
        deadline = time.monotonic() + 10
        while in_flight(server) == 3 and time.monotonic() < deadline:
            time.sleep(0.02)
        assert 3001 == len(exported(server))
    wait_until_free(server)
    assert peak_memory_kib(server) - before < 32 * 1024


def test_a_stop_ends_it(start: StartServer) -> None:
    """The server is gone in time, and what was sent by then has no end."""
    server = start()
    fill(server)
    with slow_reader(server) as connection:
        began = time.monotonic()
        assert 0 == server.stop()
        assert time.monotonic() - began < STOP_TIMEOUT_S
        rest = b""
        while piece := receive(connection.socket):
            rest = rest[-10:] + piece
    assert not rest.endswith(b"0\r\n\r\n")
    assert "answer cut off" in server.err.read_text()


def receive(connection: socket.socket) -> bytes:
    try:
        return connection.recv(65_536)
    except ConnectionResetError:
        return b""
