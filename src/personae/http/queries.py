"""`/1/profiles.json` and `/1/events.json`: a query opens a cursor, a cursor gives a page and the next one.

Source: contract A8, B 5, B 6.1.
"""

import time
from collections.abc import Callable, Collection, Iterable, Sequence
from functools import partial

import msgspec

from ..core.answers import flag_keys
from ..core.identity import Key
from ..core.profile import Json, Profile
from ..core.query.answers import event_profile, event_record, profile_record
from ..projects import Grant
from ..queries.events import FIRST, page_of_events
from ..queries.matching import Question
from ..queries.pace import Pace
from ..queries.profiles import Cursored, Position, page_of_profiles
from ..storage import Project
from .asking import body_of, options_of, question_of
from .cursors import EVENTS, PROFILES, Cursor, Kind, P, seal, unseal
from .message import Request, Response, json_response
from .query import parse_query
from .server import Server
from .stream import while_there

_encode = msgspec.json.Encoder().encode


async def profiles(server: Server, grant: Grant, request: Request) -> Response:
    """Profiles that did something."""
    body = await body_of(server, request)
    text, now_us = parse_query(request.query).get("cursor"), time.time_ns() // 1000
    if text is None:
        return await opened(server, grant.project, request, body, PROFILES, Position())
    cursor = unseal(server.key, grant.project, PROFILES, text, now_us // 1_000_000)
    asked = Cursored(Question(grant.project, cursor.query), cursor.start_us, now_us)
    async with while_there(request.receive):
        page = await page_of_profiles(server.store, server.windows, asked, cursor.place, cursor.options.batch_size)
        shown = partial(profile_record, options=cursor.options)
        records = await encoded(server, grant.project, page.profiles, shown)
    return answered(server, grant.project, PROFILES, cursor, page.position, records)


async def events(server: Server, grant: Grant, request: Request) -> Response:
    """Events with the profiles they belong to."""
    body = await body_of(server, request)
    text, now = parse_query(request.query).get("cursor"), int(time.time())
    if text is None:
        return await opened(server, grant.project, request, body, EVENTS, FIRST)
    cursor = unseal(server.key, grant.project, EVENTS, text, now)
    question = Question(grant.project, cursor.query)
    async with while_there(request.receive):
        page = await page_of_events(server.store, question, cursor.place, cursor.options.batch_size)
        distinct = {id(profile): profile for _, profile in page.events}
        shown = await encoded(server, grant.project, distinct.values(), partial(event_profile, options=cursor.options))
    profiles = dict(zip(distinct, shown, strict=True))
    records = [event_record(profiles[id(profile)], event.ts, event.data) for event, profile in page.events]
    return answered(server, grant.project, EVENTS, cursor, page.place, records)


async def opened(server: Server, project: Project, request: Request, body: bytes, kind: Kind[Cursor[P]], place: P) -> Response:
    """A cursor for the query of a request."""
    options = options_of(parse_query(request.query))
    now_us = time.time_ns() // 1000
    question = await question_of(server, project, request, body, now_us // 1_000_000)
    cursor = Cursor(question.query, options, now_us, now_us // 1_000_000, place)
    return json_response(200, {"status": "success", "cursor": seal(server.key, project, kind, cursor)})


def answered(
    server: Server,
    project: Project,
    kind: Kind[Cursor[P]],
    cursor: Cursor[P],
    place: P | None,
    records: Sequence[Json | msgspec.Raw],
) -> Response:
    """A page. Without a place for a next one it is the last, and has no `next_cursor`."""
    answer: Json = {"status": "success"}
    if place is not None:
        following = Cursor(cursor.query, cursor.options, cursor.start_us, int(time.time()), place)
        answer["next_cursor"] = seal(server.key, project, kind, following)
    return json_response(200, answer | {"records": records})


async def flags_of(server: Server, project: Project, found: Iterable[Profile]) -> dict[Key, bool]:
    """The do-not-disturb flags of all these profiles."""
    keys = list({key: None for profile in found for key in flag_keys(profile).values()})
    return await server.store.find_flags(project, keys) if keys else {}


async def encoded(
    server: Server, project: Project, found: Collection[Profile], shown: Callable[[Profile, dict[Key, bool]], Json]
) -> list[msgspec.Raw]:
    """These profiles as they are shown, encoded one by one, so that others have their turn meanwhile."""
    flags, pace = await flags_of(server, project, found), Pace()
    records = []
    for profile in found:
        records.append(msgspec.Raw(_encode(shown(profile, flags))))
        if pace.due():
            await pace.turn()
    return records
