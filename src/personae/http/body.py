"""Reading a request body within its limits: size (also inflated), time, gzip. Source: contract A1.1 to A1.3."""

import asyncio
import zlib
from typing import Final

from ..core.faults import BODY_TIMEOUT, MALFORMED, TOO_LARGE
from .message import Disconnected, Headers, Receive, Refused, Request

CLOSE: Final[Headers] = [(b"connection", b"close")]

DRAIN_S: Final = 5.0
DRAIN_IDLE_S: Final = 0.25
"""How long, and with which pauses, a body that is too large is thrown away, so that its sender sees the answer."""

MAX_MEMBERS: Final = 1000
"""Members a gzip body may have. Clients send one; each costs a decompressor of its own."""

STEP_BYTES: Final = 16 * 1024
"""Input a decompressor is given at a time: at the end of a member it copies what was left over."""


async def read_body(request: Request, max_bytes: int, timeout_s: float) -> bytes:
    """The whole body, inflated. Raises `Refused` (400, 408, 413) or `Disconnected`."""
    declared = request.headers.get(b"content-length", b"0")
    if int(declared) > max_bytes:
        raise Refused(TOO_LARGE, await leave(request))
    try:
        async with asyncio.timeout(timeout_s):
            body, whole = await collect(request.receive, max_bytes)
    except TimeoutError:
        raise Refused(BODY_TIMEOUT, CLOSE) from None
    if body is None:
        raise Refused(TOO_LARGE, [] if whole else await leave(request))
    encoding = request.headers.get(b"content-encoding", b"").strip().lower()
    return inflate(body, max_bytes) if encoding in (b"gzip", b"x-gzip") else body


async def collect(receive: Receive, max_bytes: int) -> tuple[bytes | None, bool]:
    """The body as it came, or None once it is over `max_bytes`; and whether all of it was received."""
    chunks: list[bytes] = []
    room = max_bytes
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Disconnected
        chunk: bytes = message.get("body", b"")
        whole = not message.get("more_body", False)
        room -= len(chunk)
        if room < 0:
            return None, whole
        chunks.append(chunk)
        if whole:
            return (chunks[0] if len(chunks) == 1 else b"".join(chunks)), True


async def leave(request: Request) -> Headers:
    """Throw away what is left of a body; gives the headers that close the connection if that fails.

    A client that waits for `100 Continue` is not asked for its body at all.
    """
    if b"expect" in request.headers:
        return CLOSE
    try:
        async with asyncio.timeout(DRAIN_S):
            while True:
                async with asyncio.timeout(DRAIN_IDLE_S):
                    message = await request.receive()
                if message["type"] == "http.disconnect" or not message.get("more_body", False):
                    return []
    except TimeoutError:
        pass
    return CLOSE


def inflate(data: bytes, max_bytes: int) -> bytes:
    """A gzip body, all its members, never inflating more than `max_bytes` and one byte. Raises `Refused` (400, 413)."""
    out = bytearray()
    rest = memoryview(data)
    for _ in range(MAX_MEMBERS):
        rest = inflate_member(rest, out, max_bytes)
        if not rest:
            return bytes(out)
    raise Refused(MALFORMED)


def inflate_member(rest: memoryview, out: bytearray, max_bytes: int) -> memoryview:
    """Append what the first member of `rest` holds to `out`; gives what is behind that member."""
    member = zlib.decompressobj(wbits=31)
    while not member.eof:
        step = rest[:STEP_BYTES]
        if not step:
            raise Refused(MALFORMED)
        try:
            out += member.decompress(step, max_bytes - len(out) + 1)
        except zlib.error:
            raise Refused(MALFORMED) from None
        if len(out) > max_bytes:
            raise Refused(TOO_LARGE)
        rest = rest[len(step) - len(member.unused_data) :]
    return rest
