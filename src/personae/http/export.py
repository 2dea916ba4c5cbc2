"""`GET /1/profiles/export`. Source: docs, export."""

import asyncio
import time
import zlib
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Final

import msgspec

from ..core.faults import CURSOR, QUERY
from ..export import MakeCursor, Selection, export
from ..projects import Grant
from ..storage import ForeignPlace, Project
from .asking import truth
from .cursors import HOUR_S, Kind, seal, unseal
from .message import Refused, Request
from .query import parse_query
from .server import Server
from .stream import Stream

NDJSON: Final = b"application/x-ndjson"
VARY: Final = (b"vary", b"accept-encoding")
GZIP: Final = (b"content-encoding", b"gzip")
GZIP_LEVEL: Final = 2
"""Of the three fastest the one that makes profiles smallest for its time."""

GZIP_WBITS: Final = 31
GZIP_BYTES: Final = 256 * 1024
"""What is given to the other thread at once: a hand-over costs more than some profiles."""


class Cursor(msgspec.Struct, frozen=True, array_like=True):
    """An export on its way: when the request that gave it began, when it was issued, and the place of the scan."""

    start_us: int
    issued: int
    place: str


EXPORT: Final = Kind[Cursor]("export", Cursor, 96 * HOUR_S, 96 * HOUR_S, "start anew without cursor")


async def export_profiles(server: Server, grant: Grant, request: Request) -> Stream:
    """All profiles of the project, or those after a cursor, a line each. Raises `Refused` (400)."""
    parameters = parse_query(request.query)
    lines = export(
        server.store,
        grant.project,
        after=place_of(server, grant.project, parameters.get("cursor")),
        selection=selection_of(parameters.get("fields")),
        make_cursor=cursors_of(server, grant.project) if truth(parameters.get("cursors", "false"), "cursors") else None,
    )
    packed = takes_gzip(request.headers.get(b"accept-encoding", b""))
    try:
        return await Stream.begun(200, gzipped(lines) if packed else lines, NDJSON, (VARY, GZIP) if packed else (VARY,))
    except ForeignPlace:
        raise Refused(CURSOR, detail=f"The cursor is of another database; {EXPORT.again}") from None


def place_of(server: Server, project: Project, cursor: str | None) -> str:
    """Where to go on, "" for the start. Raises `Refused` (400)."""
    return "" if cursor is None else unseal(server.key, project, EXPORT, cursor, int(time.time())).place


def selection_of(fields: str | None) -> Selection | None:
    """What `fields` names, None for everything; a plus may stand for a blank. Raises `Refused` (400)."""
    if fields is None:
        return None
    if not fields.strip(", "):
        raise Refused(QUERY, detail="fields needs at least one name, such as fields=identity,email; leave it out for all")
    return Selection(f"{fields},{fields.replace('+', ' ')}".split(","))


def cursors_of(server: Server, project: Project) -> MakeCursor:
    """What makes the cursors of an export that begins now."""
    start_us = time.time_ns() // 1_000
    return lambda place: seal(server.key, project, EXPORT, Cursor(start_us, int(time.time()), place))


async def gzipped(chunks: AsyncGenerator[bytes]) -> AsyncGenerator[bytes]:
    """The chunks compressed, by another thread: that leaves this one to other requests."""
    packer = zlib.compressobj(GZIP_LEVEL, wbits=GZIP_WBITS)
    waiting = bytearray()
    async with aclosing(chunks):
        async for chunk in chunks:
            waiting += chunk
            if len(waiting) >= GZIP_BYTES:
                packed = await asyncio.to_thread(packer.compress, waiting)
                waiting = bytearray()
                yield packed
        yield packer.compress(waiting) + packer.flush()


def takes_gzip(accepted: bytes) -> bool:
    """Whether a client that sends this `Accept-Encoding` takes gzip."""
    codings = (part.replace(b" ", b"").partition(b";") for part in accepted.lower().split(b","))
    return any(coding in (b"gzip", b"x-gzip") and not weight.rstrip(b"0.").endswith(b"q=") for coding, _, weight in codings)
