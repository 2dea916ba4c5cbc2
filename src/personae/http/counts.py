"""`/1/counts/profiles.json` and `/1/counts/events.json`. Source: contract B 6.7."""

import re
import time
from collections.abc import Callable, Coroutine
from typing import Any, Final

from ..core.faults import CONCURRENCY, COUNT_LOST, REQUEST_ID
from ..projects import Grant
from ..queries.counts import count_events, count_profiles
from ..queries.matching import Question
from ..queries.running import TooMany
from ..storage import Project, Store
from .asking import body_of, question_of
from .message import Refused, Request, Response, json_response
from .query import parse_query
from .server import Server

Counting = Callable[[Store, Question], Coroutine[Any, Any, int]]

_REQ_ID: Final = re.compile(r"[0-9]{15}")


async def profile_counts(server: Server, grant: Grant, request: Request) -> Response:
    """How many profiles did something."""
    return await counted(server, grant.project, request, "profiles", count_profiles)


async def event_counts(server: Server, grant: Grant, request: Request) -> Response:
    """How many events there are."""
    return await counted(server, grant.project, request, "events", count_events)


async def counted(server: Server, project: Project, request: Request, kind: str, counting: Counting) -> Response:
    """The count, or what it is asked for by when it takes too long, or what became of one that did."""
    body = await body_of(server, request)
    req_id = parse_query(request.query).get("req_id")
    if req_id is not None:
        return await polled(server, project, kind, req_id)
    question = await question_of(server, project, request, body, int(time.time()))
    try:
        answer = await server.counts.ask(project, kind, counting(server.store, question))
    except TooMany:
        raise Refused(CONCURRENCY, [(b"retry-after", b"1")]) from None
    return count_response(answer.found, answer.req_id)


async def polled(server: Server, project: Project, kind: str, req_id: str) -> Response:
    """What became of a count. Raises `Refused` (400) for one there is not, and for one that does not end any more."""
    known = req_id.isascii() and _REQ_ID.fullmatch(req_id)
    standing = await server.counts.poll(project, kind, int(req_id)) if known else None
    if standing is None:
        raise Refused(REQUEST_ID)
    if standing.lost:
        raise Refused(COUNT_LOST)
    return count_response(standing.count, int(req_id))


def count_response(count: int | None, req_id: int) -> Response:
    if count is None:
        return json_response(200, {"status": "partial", "req_id": req_id})
    return json_response(200, {"status": "success", "count": count})
