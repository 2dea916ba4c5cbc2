"""Every way a whole request can be refused, and in which order the checks come (contract A1.2, A1.3)."""

import pytest

from tests.client import Answer
from tests.conftest import StartServer
from tests.server import PASSCODE, PROJECT, Server, batch, credentials, fresh, profile

UPLOAD = "/1/upload"
PROFILE = "/1/profile.json"
JSON = "application/json;charset=utf-8"

UNAUTHORIZED = [
    ("no header at all", {}),
    ("no passcode", {"X-CleverTap-Account-Id": PROJECT}),
    ("no project", {"X-CleverTap-Passcode": PASSCODE}),
    ("empty passcode", credentials(PROJECT, "")),
    ("empty project", credentials("", PASSCODE)),
    ("unknown project", credentials("ABC-123-456Z")),
    ("project in another case", credentials(PROJECT.lower())),
    ("wrong passcode", credentials(PROJECT, PASSCODE[:-1] + "0")),
    ("passcode cut short", credentials(PROJECT, PASSCODE[:-1])),
    ("passcode with more behind it", credentials(PROJECT, PASSCODE + "0")),
    ("passcode in another case", credentials(PROJECT, PASSCODE.upper())),
    ("project and passcode swapped", credentials(PASSCODE, PROJECT)),
    ("very long passcode", credentials(PROJECT, "x" * 10_000)),
    ("bytes that are not ASCII", credentials("\xff\xfe", "\xff\x80")),
]


def refusal(status: int, error: str) -> dict[str, object]:
    return {"status": "fail", "error": error, "code": status}


def assert_refused(answer: Answer, status: int, error: str) -> None:
    assert (status, refusal(status, error)) == (answer.status, answer.json)
    assert ["status", "error", "code"] == list(answer.json)
    assert JSON == answer.headers["content-type"].replace("; ", ";")
    assert answer.headers["x-request-id"]


@pytest.mark.parametrize("headers", [headers for _, headers in UNAUTHORIZED], ids=[name for name, _ in UNAUTHORIZED])
def test_bad_credentials_get_401(server: Server, headers: dict[str, str]) -> None:
    """Whatever is wrong with the credentials, and on either route, the answer is the one 401."""
    assert_refused(server.request("POST", UPLOAD, headers, batch()), 401, "Invalid Credentials")
    assert_refused(server.request("GET", f"{PROFILE}?identity=a", headers), 401, "Invalid Credentials")


def test_all_401_are_the_same_bytes(server: Server) -> None:
    """Nothing in a 401 tells which of its causes it had: same body, same header names, same length."""
    answers = [server.request("POST", UPLOAD, headers, batch()) for _, headers in UNAUTHORIZED]
    assert {b'{"status":"fail","error":"Invalid Credentials","code":401}'} == {answer.body for answer in answers}
    assert 1 == len({tuple(sorted(answer.headers)) for answer in answers})


MALFORMED = [
    ("empty", b""),
    ("blanks", b" \r\n\t "),
    ("not JSON", b"hello"),
    ("form data", b"d=%5B%5D"),
    ("line comment", b'{"d":[]} // done'),
    ("comment inside", b'{"d":[/* none */]}'),
    ("trailing comma in the list", b'{"d":[{},]}'),
    ("trailing comma in the object", b'{"d":[],}'),
    ("single quotes", b"{'d':[]}"),
    ("bare key", b"{d:[]}"),
    ("two documents", b'{"d":[]}{"d":[]}'),
    ("more behind it", b'{"d":[]}]'),
    ("cut short", b'{"d":[{"type":"profile"'),
    ("null", b"null"),
    ("number", b"12"),
    ("text", b'"d"'),
    ("list", b"[]"),
    ("list of an envelope", b'[{"d":[]}]'),
    ("no d", b"{}"),
    ("D in upper case", b'{"D":[]}'),
    ("d is null", b'{"d":null}'),
    ("d is an object", b'{"d":{}}'),
    ("d is text", b'{"d":"[]"}'),
    ("d is a number", b'{"d":1}'),
    ("d is true", b'{"d":true}'),
    ("the last d is no list", b'{"d":[],"d":{}}'),
]


@pytest.mark.parametrize("body", [body for _, body in MALFORMED], ids=[name for name, _ in MALFORMED])
def test_malformed_bodies_get_400(server: Server, body: bytes) -> None:
    """A body that is not JSON, or has no list `d`, gets the documented 400."""
    assert_refused(server.post(body), 400, "Malformed request")


def test_an_upload_without_a_body_gets_400(server: Server) -> None:
    """No body at all is an empty body."""
    assert_refused(server.request("POST", UPLOAD, credentials()), 400, "Malformed request")


def test_the_last_of_two_d_stands(server: Server) -> None:
    """A key that comes twice in one object means its last value (contract A1.6)."""
    identity = fresh()
    body = b'{"d":{},"d":' + batch(profile(identity))[6:]
    assert {"status": "success", "processed": 1, "unprocessed": []} == server.post(body).json


def test_too_large_a_batch_stores_nothing(server: Server) -> None:
    """1000 records are taken; of 1001 none is."""
    first, last = fresh(), fresh()
    records = [profile(first), *([{}] * 999), profile(last)]
    assert_refused(server.post(batch(*records)), 400, "Batch size exceeds limit of 1000")
    assert [404, 404] == [server.get(f"identity={identity}").status for identity in (first, last)]
    assert 1 == server.upload(*records[1:])["processed"]


def test_the_batch_refusal_names_the_limit_in_force(start: StartServer) -> None:
    """With another `max_batch` the text has that number."""
    server = start(max_batch=2)
    assert 2 == server.upload(profile("a"), profile("b"))["processed"]
    assert_refused(server.post(batch({}, {}, {})), 400, "Batch size exceeds limit of 2")


UNKNOWN_PATHS = [
    "/1/nothing",
    "/1/",
    "/1/upload.json",
    "/1/uploads",
    "/1/profile",
    "/1/Upload",
    "/2/upload",
    "/upload",
    "/1/%00",
]


@pytest.mark.parametrize("path", UNKNOWN_PATHS)
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_unknown_paths_get_404(server: Server, method: str, path: str) -> None:
    """A path nobody serves is a 404 in the usual envelope, whoever asks and by whatever method."""
    body = batch() if method == "POST" else None
    assert_refused(server.request(method, path, {}, body), 404, "Not Found")
    assert_refused(server.request(method, path, credentials(), body), 404, "Not Found")


WRONG_METHODS = [
    *((method, UPLOAD, "POST") for method in ("GET", "PUT", "DELETE", "PATCH", "OPTIONS")),
    *((method, PROFILE, "GET") for method in ("POST", "PUT", "DELETE", "PATCH", "OPTIONS")),
]


@pytest.mark.parametrize(("method", "path", "allowed"), WRONG_METHODS)
def test_wrong_methods_get_405(server: Server, method: str, path: str, allowed: str) -> None:
    """A path that is there but not for this method is a 405 whose `Allow` names the right one."""
    answer = server.request(method, path, credentials(), batch())
    assert_refused(answer, 405, "Method Not Allowed")
    assert allowed in answer.headers["allow"].split(", ")


def test_head_gets_405_without_a_body(server: Server) -> None:
    """HEAD is no method of the API; its 405 has no body, so the connection goes on."""
    with server.connect() as connection:
        assert 405 == connection.request("HEAD", UPLOAD, credentials()).status
        assert 400 == connection.request("POST", UPLOAD, credentials(), b"").status


ORDER = [
    ("path before method and credentials", "PUT", "/1/nothing", {}, 404),
    ("method before credentials", "PUT", UPLOAD, {}, 405),
    ("credentials before size", "POST", UPLOAD, {"Content-Length": "99999999999"}, 401),
    ("credentials before body", "POST", UPLOAD, {}, 401),
    ("credentials before the query", "GET", PROFILE, {}, 401),
    ("size before JSON", "POST", UPLOAD, credentials() | {"Content-Length": "99999999999"}, 413),
    ("JSON after credentials", "POST", UPLOAD, credentials(), 400),
]


@pytest.mark.parametrize(("method", "path", "headers", "status"), [row[1:] for row in ORDER], ids=[row[0] for row in ORDER])
def test_checks_come_in_a_fixed_order(server: Server, method: str, path: str, headers: dict[str, str], status: int) -> None:
    """Path, method, credentials, cap, size, JSON: the first that fails is the one answered."""
    assert status == server.request(method, path, headers, b"not JSON").status


def test_envelope_comes_before_records(server: Server) -> None:
    """A batch over the limit is refused as a whole even when each of its records is bad."""
    assert_refused(server.post(batch(*[None] * 1001)), 400, "Batch size exceeds limit of 1000")
