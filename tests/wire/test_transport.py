"""HTTP as clients really speak it (contract A1.1, A1.2, A8)."""

import gzip

import pytest

from tests.client import Connection, chunked, request_bytes
from tests.server import PASSCODE, PROJECT, Server, batch, credentials, fresh, profile

UPLOAD = "/1/upload"
SUCCESS = {"status": "success", "processed": 1, "unprocessed": []}
GZIP = {"Content-Encoding": "gzip"}


def upload_bytes(body: bytes, headers: dict[str, str] | None = None, path: str = UPLOAD) -> bytes:
    return request_bytes("POST", path, credentials() | (headers or {}), body)


def test_a_connection_serves_many_requests(server: Server) -> None:
    """Uploads, reads and refusals follow one another on one connection."""
    with server.connect() as connection:
        for _ in range(20):
            identity = fresh()
            assert SUCCESS == connection.request("POST", UPLOAD, credentials(), batch(profile(identity))).json
            assert 200 == connection.request("GET", f"/1/profile.json?identity={identity}", credentials()).status
            assert 401 == connection.request("POST", UPLOAD, {}, batch(profile(identity))).status
            assert 400 == connection.request("POST", UPLOAD, credentials(), b"{").status
            assert 404 == connection.request("POST", "/1/nothing", {}, b"{}").status
            assert 405 == connection.request("PUT", UPLOAD, {}, b"{}").status


def test_pipelined_requests_are_answered_in_order(server: Server) -> None:
    """Requests sent without waiting get their answers in turn."""
    identities = [fresh() for _ in range(10)]
    uploads = [upload_bytes(batch(profile(identity))) for identity in identities]
    reads = [request_bytes("GET", f"/1/profile.json?identity={identity}", credentials()) for identity in identities]
    with server.connect() as connection:
        connection.send(b"".join(request for pair in zip(uploads, reads, strict=True) for request in pair))
        answers = [connection.receive() for _ in range(20)]
    assert [200] * 20 == [answer.status for answer in answers]
    assert identities == [answer.json["record"]["identity"] for answer in answers[1::2]]


def test_a_request_may_come_byte_by_byte(server: Server) -> None:
    """How the network cuts a request makes no difference."""
    request = upload_bytes(batch(profile(fresh(), {"Name": "Zoë €"})))
    with server.connect() as connection:
        for byte in request:
            connection.send(bytes([byte]))
        assert SUCCESS == connection.receive().json


BODIES = {
    "one chunk": lambda body: ({"Transfer-Encoding": "chunked"}, chunked(body)),
    "a byte a chunk": lambda body: ({"Transfer-Encoding": "chunked"}, chunked(*(bytes([byte]) for byte in body))),
    "a chunk extension": lambda body: ({"Transfer-Encoding": "chunked"}, b"%x;a=b\r\n%b\r\n0\r\n\r\n" % (len(body), body)),
    "a trailer": lambda body: ({"Transfer-Encoding": "chunked"}, b"%x\r\n%b\r\n0\r\nX-A: b\r\n\r\n" % (len(body), body)),
    "upper case": lambda body: ({"Transfer-Encoding": "Chunked"}, chunked(body)),
    "gzip in chunks": lambda body: (GZIP | {"Transfer-Encoding": "chunked"}, chunked(gzip.compress(body))),
    "gzip": lambda body: with_length(GZIP, gzip.compress(body)),
    "GZIP": lambda body: with_length({"Content-Encoding": "GZIP"}, gzip.compress(body)),
    "two gzip members": lambda body: with_length(GZIP, gzip.compress(body[:9]) + gzip.compress(body[9:])),
    "identity": lambda body: with_length({"Content-Encoding": "identity"}, body),
    "a newline behind it": lambda body: with_length({}, body + b"\n"),
}


def with_length(headers: dict[str, str], body: bytes) -> tuple[dict[str, str], bytes]:
    return headers | {"Content-Length": str(len(body))}, body


@pytest.mark.parametrize("form", BODIES)
def test_bodies_come_in_many_forms(server: Server, form: str) -> None:
    """Chunked, zipped or plain: the same record is stored, and the connection goes on."""
    identity = fresh()
    headers, body = BODIES[form](batch(profile(identity, {"Name": "Zoë"})))
    with server.connect() as connection:
        connection.send(request_bytes("POST", UPLOAD, credentials() | headers) + body)
        assert SUCCESS == connection.receive().json
        assert 404 == connection.request("GET", "/1/nothing", {}).status
    assert "Zoë" == server.read(identity)["name"]


def test_expect_continue_is_answered_before_the_body(server: Server) -> None:
    """A client that waits for leave to send its body gets it."""
    body = batch(profile(fresh()))
    headers = credentials() | {"Expect": "100-continue", "Content-Length": str(len(body))}
    with server.connect() as connection:
        connection.send(request_bytes("POST", UPLOAD, headers))
        assert 100 == connection.receive_head()[0]
        connection.send(body)
        assert SUCCESS == connection.receive().json


def test_expect_continue_is_not_given_to_a_refused_request(server: Server) -> None:
    """Without credentials the answer comes at once, and no body is asked for."""
    with server.connect() as connection:
        connection.send(request_bytes("POST", UPLOAD, {"Expect": "100-continue", "Content-Length": "10"}))
        assert 401 == connection.receive_head()[0]


UNREAD = [
    (404, "POST", "/1/nothing", {}),
    (405, "PUT", UPLOAD, {}),
    (401, "POST", UPLOAD, {}),
    (413, "POST", UPLOAD, credentials() | {"Content-Length": "99999999999"}),
    (400, "GET", "/1/profile.json", credentials()),
    (404, "GET", "/1/profile.json?identity=nobody", credentials()),
    (200, "GET", "/healthz", {}),
]


@pytest.mark.parametrize(("status", "method", "path", "headers"), UNREAD)
def test_an_answer_without_the_body_awaited_ends_the_connection(
    server: Server, status: int, method: str, path: str, headers: dict[str, str]
) -> None:
    """A client not given leave to send its body may or may not send it, so nothing can follow."""
    with server.connect() as connection:
        connection.send(request_bytes(method, path, {"Expect": "100-continue", "Content-Length": "10"} | headers))
        assert status == connection.receive_head()[0]
    with server.connect() as connection:
        connection.send(request_bytes(method, path, {"Expect": "100-continue", "Content-Length": "10"} | headers))
        answer = connection.receive()
        assert (status, True) == (answer.status, answer.closes)
        assert connection.at_end()


HEADERS = [
    ("as documented", credentials()),
    ("lower case", {"x-clevertap-account-id": PROJECT, "x-clevertap-passcode": PASSCODE}),
    ("upper case", {"X-CLEVERTAP-ACCOUNT-ID": PROJECT, "X-CLEVERTAP-PASSCODE": PASSCODE}),
    ("as Go writes them", {"X-Clevertap-Account-Id": PROJECT, "X-Clevertap-Passcode": PASSCODE}),
    ("any host", credentials() | {"Host": "in1.api.clevertap.com"}),
    ("a strange host", credentials() | {"Host": "nobody's:99"}),
    ("JSON with charset", credentials() | {"Content-Type": "application/json; charset=utf-8"}),
    ("as a form", credentials() | {"Content-Type": "application/x-www-form-urlencoded"}),
    ("as an image", credentials() | {"Content-Type": "image/png"}),
    ("as nothing", credentials() | {"Content-Type": ""}),
    ("many more", credentials() | {f"X-More-{number}": "x" * 50 for number in range(40)}),
]


@pytest.mark.parametrize("headers", [headers for _, headers in HEADERS], ids=[name for name, _ in HEADERS])
def test_headers_are_taken_as_clients_send_them(server: Server, headers: dict[str, str]) -> None:
    """Header names have no case, and neither Host nor Content-Type is judged."""
    identity = fresh()
    assert SUCCESS == server.request("POST", UPLOAD, headers, batch(profile(identity))).json
    assert 200 == server.request("GET", f"/1/profile.json?identity={identity}", headers).status


@pytest.mark.parametrize("offer", ["h2c", "websocket", "TLS/1.0"])
@pytest.mark.parametrize("apart", [False, True], ids=["head and body together", "head first"])
def test_an_offer_to_upgrade_is_declined(server: Server, offer: str, apart: bool) -> None:
    """Java's own client offers HTTP/2 with every request; it is served as if it had not, body and all."""
    upgrade = {
        "Connection": "Upgrade, HTTP2-Settings",
        "Upgrade": offer,
        "HTTP2-Settings": "AAMAAABkAAQCAAAAAAIAAAAA",
    }
    identity = fresh()
    body = batch(profile(identity, {"a": 1}))
    head = request_bytes("POST", UPLOAD, credentials() | upgrade | {"Content-Length": str(len(body))})
    with server.connect() as connection:
        for _ in range(2):
            connection.send(head if apart else head + body)
            if apart:
                connection.send(body)
            assert SUCCESS == connection.receive().json
            read = connection.request("GET", f"/1/profile.json?identity={identity}", credentials() | upgrade)
            assert {"a": 1} == read.json["record"]["profileData"]


def test_many_offers_to_upgrade_are_declined_at_once(server: Server) -> None:
    """However many requests with an offer come in one packet, each has its answer."""
    request = request_bytes("GET", "/healthz", {"Connection": "upgrade", "Upgrade": "h2c"})
    with server.connect() as connection:
        connection.send(request * 2000)
        assert {200} == {connection.receive().status for _ in range(2000)}


def test_a_full_address_as_target_is_a_path(server: Server) -> None:
    """A request as proxies send it, with the whole address in its first line, is served."""
    target = "http://in1.api.clevertap.com/1/upload?dryRun=0"
    assert SUCCESS == server.request("POST", target, credentials(), batch(profile(fresh()))).json


def test_http_1_0_is_served(server: Server) -> None:
    """A client of the old version gets its answer and the end of the connection."""
    body = batch(profile(fresh()))
    request = upload_bytes(body).replace(b"HTTP/1.1", b"HTTP/1.0").replace(b"Host: 127.0.0.1\r\n", b"")
    with server.connect() as connection:
        connection.send(request)
        assert SUCCESS == connection.receive().json
        assert connection.at_end()


def test_connection_close_is_honoured(server: Server) -> None:
    """A client that says so gets its answer and the end of the connection."""
    with server.connect() as connection:
        connection.send(upload_bytes(batch(profile(fresh())), {"Connection": "close"}))
        assert SUCCESS == connection.receive().json
        assert connection.at_end()


NO_HTTP = [
    ("no request line", b"GARBAGE\r\n\r\n"),
    ("unknown version", b"GET /1/upload HTTP/9.9\r\nHost: a\r\n\r\n"),
    ("TLS", bytes.fromhex("16030100c8010000c40303") + b"\r\n\r\n"),
    ("bytes", b"\x00\xff\xfe\r\n\r\n"),
    ("a header without a colon", b"POST /1/upload HTTP/1.1\r\nHost a\r\n\r\n"),
    ("a length that is no number", b"POST /1/upload HTTP/1.1\r\nHost: a\r\nContent-Length: many\r\n\r\n"),
    ("a negative length", b"POST /1/upload HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n"),
    ("a length and chunks", b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
    ("an unknown transfer encoding", b"POST /1/upload HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\nab"),
    ("HTTP/2", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
    ("CONNECT", b"CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n"),
    ("CONNECT with more behind it", b"CONNECT a:1 HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc" * 1000),
    ("CONNECT and an upgrade", b"CONNECT a:1 HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\n"),
    ("two lengths", b"POST /1/upload HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab"),
]  # fmt: skip


@pytest.mark.parametrize("sent", [sent for _, sent in NO_HTTP], ids=[name for name, _ in NO_HTTP])
def test_what_is_not_http_gets_a_json_400(server: Server, sent: bytes) -> None:
    """Bytes that are no request get the 400 of the envelope and the end of the connection."""
    with server.connect() as connection:
        connection.send(sent)
        answer = connection.receive()
        assert (400, {"status": "fail", "error": "Malformed request", "code": 400}) == (answer.status, answer.json)
        assert connection.at_end()
    assert 200 == server.post(batch()).status


def test_a_broken_chunk_ends_the_request(server: Server) -> None:
    """A chunk without a size is refused, or the connection ends; nothing is stored, the next client is served."""
    identity = fresh()
    with server.connect() as connection:
        connection.send(request_bytes("POST", UPLOAD, credentials() | {"Transfer-Encoding": "chunked"}))
        connection.send(b"zz\r\n" + batch(profile(identity)) + b"\r\n0\r\n\r\n")
        assert 400 == connection.receive().status
    assert 404 == server.get(f"identity={identity}").status


@pytest.mark.parametrize("size", [2**16, 2**20, 8 * 2**20])
def test_a_refused_upload_with_a_large_body_is_answered(server: Server, size: int) -> None:
    """A client that sends all of a large body before it looks gets its 401, and may ask again or see the end."""
    with server.connect() as connection:
        connection.send(request_bytes("POST", UPLOAD, {}, b" " * size))
        answer = connection.receive()
        assert 401 == answer.status
        if answer.closes:
            assert connection.at_end()
        else:
            assert SUCCESS == connection.request("POST", UPLOAD, credentials(), batch(profile(fresh()))).json


def test_a_client_that_leaves_harms_nobody(server: Server) -> None:
    """Connections that end in the middle of a head or a body leave the server as it was."""
    request = upload_bytes(batch(profile(fresh())))
    for size in range(0, len(request), 7):
        connection = Connection(server.port)
        connection.send(request[:size])
        connection.close()
    assert 200 == server.post(batch(profile(fresh()))).status


def test_a_client_that_does_not_wait_for_the_answer_is_served_all_the_same(server: Server) -> None:
    """An upload that arrived whole counts even when its sender is gone; reading finds all of it or nothing."""
    identity = fresh()
    with server.connect() as connection:
        connection.send(upload_bytes(batch(profile(identity, {"a": 1, "b": 2}))))
    answer = server.get(f"identity={identity}")
    assert answer.status == 404 or {"a": 1, "b": 2} == answer.json["record"]["profileData"]


def test_every_answer_has_a_request_id_of_its_own(server: Server) -> None:
    """Answers carry an X-Request-Id, and no two are the same."""
    answers = [server.post(batch()), server.post(b""), server.get("identity=a"), server.request("GET", "/1/nothing")]
    assert 4 == len({answer.headers["x-request-id"] for answer in answers})
