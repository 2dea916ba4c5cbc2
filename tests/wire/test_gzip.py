"""Bodies that say they are gzip (contract A1.1); good ones are in `test_transport`."""

import gzip
import random
import zlib

import pytest

from tests.server import Server, batch
from tests.wire.sending import MALFORMED, send

GZIP = {"Content-Encoding": "gzip"}
GOOD = batch()
ZIPPED = gzip.compress(GOOD)


def in_members(body: bytes, count: int) -> bytes:
    """The body in this many gzip members, a byte each, the last ones empty."""
    return b"".join(gzip.compress(body[at : at + 1], 0) for at in range(count))


BAD_GZIP = {
    "not zipped": GOOD,
    "empty": b"",
    "an empty gzip": gzip.compress(b""),
    "cut in the data": ZIPPED[:-10],
    "cut in the checksum": ZIPPED[:-4],
    "cut by a byte": ZIPPED[:-1],
    "cut in the head": ZIPPED[:5],
    "wrong checksum": ZIPPED[:-8] + bytes(4) + ZIPPED[-4:],
    "wrong length": ZIPPED[:-4] + bytes(4),
    "a byte changed": ZIPPED[:12] + bytes([ZIPPED[12] ^ 255]) + ZIPPED[13:],
    "garbage behind it": ZIPPED + b"garbage",
    "two documents": ZIPPED + ZIPPED,
    "1001 members": in_members(GOOD, 1001),
    "a million empty members": gzip.compress(b"") * 10**6,
    "second member cut": gzip.compress(GOOD[:4]) + gzip.compress(GOOD[4:])[:-3],
    "zlib": zlib.compress(GOOD),
    "zipped twice": gzip.compress(ZIPPED),
    "random": random.Random(0).randbytes(1000),
}


@pytest.mark.parametrize("case", BAD_GZIP)
def test_bad_gzip_gets_400(server: Server, case: str) -> None:
    """What does not inflate to one JSON document is malformed."""
    answer = send(server, BAD_GZIP[case], GZIP)
    assert (400, MALFORMED) == (answer.status, answer.json)


def test_a_body_may_come_in_a_thousand_members(server: Server) -> None:
    """What was zipped in pieces is one body, up to a thousand of them."""
    assert 200 == send(server, in_members(GOOD, 1000), GZIP).status


def test_zipped_bytes_without_the_header_get_400(server: Server) -> None:
    """The encoding is announced, never guessed."""
    assert 400 == send(server, ZIPPED).status


@pytest.mark.parametrize("encoding", ["br", "deflate", "zstd", "gzip, gzip", "nonsense"])
def test_encodings_nobody_promised_get_4xx(server: Server, encoding: str) -> None:
    """Only gzip is undone; compressed bytes under another name are not taken for an upload."""
    assert send(server, zlib.compress(GOOD), {"Content-Encoding": encoding}).status in (400, 415)
