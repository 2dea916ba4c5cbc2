"""What holds for all requests about stored profiles: envelope, credentials, methods, caps, hostile bodies (contract A1)."""

import gzip
import json
import random

import pytest

from tests.client import request_bytes
from tests.conftest import StartServer
from tests.server import Server, credentials, fresh, profile
from tests.wire.lives import DELETE, DEMERGE, DISASSOCIATE, SUBSCRIBE
from tests.wire.sending import MALFORMED

DEEP = 100_000

GOOD = {
    DELETE: {"identity": ["nobody"]},
    DEMERGE: {"identities": ["nobody"]},
    SUBSCRIBE: {"d": [{"type": "phone", "value": "+14155551234", "status": "Unsubscribe"}]},
    DISASSOCIATE: {"d": [{"type": "phone", "value": "+14155551234"}]},
}
"""A body each of the paths takes."""

PATHS = list(GOOD)


def good(path: str) -> bytes:
    return json.dumps(GOOD[path]).encode()


@pytest.mark.parametrize("path", PATHS)
def test_they_take_post_alone(server: Server, path: str) -> None:
    """Other methods are 405, and what they allow is said."""
    for method in ("GET", "PUT", "DELETE"):
        answer = server.request(method, path, credentials(), good(path))
        assert (405, "POST") == (answer.status, answer.headers["allow"])


@pytest.mark.parametrize("path", PATHS)
def test_they_take_credentials(server: Server, path: str) -> None:
    """Bad ones are the one 401."""
    answer = server.request("POST", path, credentials(passcode="wrong"), good(path))
    assert (401, "Invalid Credentials") == (answer.status, answer.json["error"])


@pytest.mark.parametrize("path", PATHS)
def test_gzip_and_further_keys(server: Server, path: str) -> None:
    """Bodies may be compressed; keys nobody asked for are ignored; a key that comes twice counts as it is last."""
    body = b'{"source":"Seg","identity":7,"identities":7,"d":7,' + good(path)[1:]
    if path == DEMERGE:
        body = body.replace(b'"identity":7,', b"")
    answer = server.post(gzip.compress(body), path, {"Content-Encoding": "gzip"})
    assert (200, "success") == (answer.status, answer.json["status"])


@pytest.mark.parametrize("path", PATHS)
def test_they_have_the_cap_of_reads(start: StartServer, path: str) -> None:
    """With one place in use the next request is a 429 at once."""
    server = start(read_concurrency=1)
    with server.connect() as connection:
        body = good(path)
        headers = credentials() | {"Content-Length": str(len(body)), "Expect": "100-continue"}
        connection.send(request_bytes("POST", path, headers))
        assert 100 == connection.receive_head()[0]
        assert 429 == server.post(body, path).status
        connection.send(body)
        assert 200 == connection.receive().status
    assert 200 == server.post(good(path), path).status


NO_BODY = {
    "nothing": b"",
    "blanks": b" \n",
    "text": b"hello",
    "null": b"null",
    "a list": b"[]",
    "a number": b"1",
    "a string": b'"identity"',
    "a comment": b'{"identity":"a"} // one',
    "cut short": b'{"identity":["a"',
    "two": b'{"identity":"a"}{"identity":"a"}',
    "a BOM": b'\xef\xbb\xbf{"identity":"a"}',
    "UTF-16": '{"identity":"a"}'.encode("utf-16"),
    "NaN": b'{"identity":NaN,"d":NaN}',
    "lone surrogate in UTF-8": b'{"identity":"\xed\xa0\x80","d":["\xed\xa0\x80"]}',
    "invalid UTF-8": b'{"identity":"\xff","d":["\xff"]}',
    "deep lists": b'{"identity":' + b"[" * DEEP,
    "deep closed lists": b'{"identity":' + b"[" * DEEP + b"]" * DEEP + b"}",
    "deep objects": b'{"identities":' * DEEP,
    "a million quotes": b'"' * 1_000_000,
}


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("case", NO_BODY)
def test_what_is_no_json_object_is_malformed(server: Server, path: str, case: str) -> None:
    """The documented 400, quickly; the server goes on."""
    answer = server.post(NO_BODY[case], path)
    assert (400, MALFORMED) == (answer.status, answer.json)


VALUES = [
    b"1e400", b"-1e400", b"1" * 5000, b"9223372036854775808", b"0.1", b"-0", b"true", b"null", b"{}", b"[]", b"[[]]", b'""',
    b'" "', b'"\\u0000"', b'"\\ud800"', b'"\\ud83d\\ude00"', b'"' + b"x" * 2_000_000 + b'"', b'{"$set":1}',
    b"[" + b"1," * 200_000 + b"1]", b'["a",' + b"[" * 500 + b"]" * 500 + b"]",
    b'"\' OR 1=1 --"', b'"%s{0}{name}"', b'["{x}",1e400]',
]  # fmt: skip


@pytest.mark.parametrize("value", VALUES, ids=lambda value: value[:20].decode())
def test_hostile_values_are_refused_or_mean_nobody(server: Server, value: bytes) -> None:
    """As an identifier, a type, a value or a status: a 4xx, a refused record, or nobody."""
    bodies = [
        (DELETE, b'{"identity":%b}' % value), (DELETE, b'{"guid":[%b]}' % value), (DEMERGE, b'{"identities":[%b]}' % value),
        *((path, b'{"d":[{"type":"phone","value":%b,"status":"Unsubscribe"}]}' % value) for path in (SUBSCRIBE, DISASSOCIATE)),
        *((path, b'{"d":[{"type":%b,"value":"+14155551234"},%b]}' % (value, value)) for path in (SUBSCRIBE, DISASSOCIATE)),
        (SUBSCRIBE, b'{"d":[{"type":"email","value":"a@example.com","status":%b}]}' % value),
    ]  # fmt: skip
    for path, body in bodies:
        answer = server.post(body, path)
        assert answer.status in (200, 400), answer.body[:200]
        assert answer.status == 400 or path in (DELETE, DEMERGE) or answer.json["status"] in ("fail", "success")
    assert 1 == server.upload(profile(fresh()))["processed"]


def test_millions_of_values_are_too_large(server: Server) -> None:
    """A body that would become gigabytes in memory is a 413."""
    body = b'{"identity":[' + b"[]," * 3_000_000 + b"[]]}"
    assert [413, 413] == [server.post(body, path).status for path in (DELETE, DEMERGE)]


def test_damaged_bodies_never_hurt(server: Server) -> None:
    """Bytes changed at random give a 400 or an answer of the usual shape."""
    rng = random.Random(20181112)
    with server.connect() as connection:
        for turn in range(400):
            path = PATHS[turn % 4]
            damaged = bytearray(good(path))
            for _ in range(rng.randint(1, 3)):
                damaged[rng.randrange(len(damaged))] = rng.randrange(256)
            answer = connection.request("POST", path, credentials(), bytes(damaged))
            assert answer.status in (200, 400)
            assert answer.json["status"] in ("success", "partial", "fail")
