"""What a request asks: its query, from the body or the URL, and how the answer is to be. Source: contract A8, B 5."""

import re
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from ..core.events import RESTRICTED
from ..core.faults import EVENT, MALFORMED, QUERY
from ..core.query.asked import DEFAULT_BATCH_SIZE, MAX_BATCH_SIZE, MAX_QUERY_BYTES, BadQuery, Options
from ..core.query.judge import judge
from ..queries.matching import Question
from ..storage import Project
from ..storage.events import day_of
from .body import read_body
from .message import Refused, Request
from .query import blank_reading, parse_query
from .server import Server
from .wire import decode

TRUTH: Final = {"true": True, "1": True, "false": False, "0": False}

_DIGITS = re.compile(r"[0-9]{1,9}")


async def body_of(server: Server, request: Request) -> bytes:
    """The body of a POST, which is read to its end also where it does not matter."""
    if request.method != "POST":
        return b""
    return await read_body(request, server.settings.max_body_bytes, server.settings.body_timeout)


async def question_of(server: Server, project: Project, request: Request, body: bytes, now: int) -> Question:
    """The question a request puts; `now` is epoch seconds. Raises `Refused`.

    Where a plus in a URL makes it no JSON, or the event one that nobody has, each stands for a blank.
    """
    if body:
        return await judged(server, project, body_json(body), now)
    try:
        return await judged(server, project, url_json(request.query), now)
    except Refused as refused:
        if b"+" not in request.query or refused.refusal not in (MALFORMED, EVENT):
            raise
        return await judged(server, project, url_json(blank_reading(request.query)), now)


async def judged(server: Server, project: Project, asked: Any, now: int) -> Question:
    """The question a decoded query is, about an event the project has. Raises `Refused`."""
    try:
        query = judge(asked, day_of(now))
    except BadQuery as bad:
        raise Refused(bad.refusal, None, **bad.values) from None
    if query.event not in RESTRICTED and not await server.store.has_events(project, query.event):
        name = msgspec.json.encode(asked["event_name"]).decode()
        raise Refused(EVENT, event=name[1:-1])
    return Question(project, query)


def body_json(text: bytes) -> Any:
    """The query in a text. Raises `Refused` (400)."""
    if len(text) > MAX_QUERY_BYTES:
        raise Refused(QUERY, detail=f"The query has {len(text)} bytes; at most {MAX_QUERY_BYTES} are allowed")
    [asked] = decode([msgspec.Raw(text)])
    return asked


def url_json(query: bytes) -> Any:
    """The query in a URL. Raises `Refused` (400)."""
    text = parse_query(query).get("query")
    if text is None:
        raise Refused(QUERY, detail="There is no query; send one as the body, or as query= in the URL")
    return body_json(text.encode())


def options_of(parameters: Mapping[str, str]) -> Options:
    """How the pages are to be. Raises `Refused` (400)."""
    truths = {name: truth(parameters[name], name) for name in ("app", "events", "profile") if name in parameters}
    return Options(batch_size(parameters.get("batch_size", "")), **truths)


def batch_size(text: str) -> int:
    """How many records a page has. Raises `Refused` (400)."""
    if not text:
        return DEFAULT_BATCH_SIZE
    size = int(text) if text.isascii() and _DIGITS.fullmatch(text) else 0
    if not 1 <= size <= MAX_BATCH_SIZE:
        raise Refused(QUERY, detail=f"batch_size has to be a number from 1 to {MAX_BATCH_SIZE}")
    return size


def truth(text: str, name: str) -> bool:
    value = TRUTH.get(text.strip().lower())
    if value is None:
        raise Refused(QUERY, detail=f"{name} has to be true or false")
    return value
