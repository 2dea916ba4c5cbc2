"""`/1/profiles.json` and `/1/events.json`: a query opens a cursor, a cursor gives a page and the next one.

Source: contract A8, B 5, B 6.1.
"""

import asyncio
import time
from collections.abc import Iterable, Mapping
from typing import Final

from ..core.answers import flag_keys
from ..core.identity import Key
from ..core.profile import Json, Profile
from ..core.query.answers import event_profile, event_record, profile_record
from ..core.query.asked import Options
from ..projects import Grant
from ..queries.events import FIRST, page_of_events
from ..queries.matching import Question
from ..queries.profiles import Cursored, Position, page_of_profiles
from ..storage import Project
from .asking import body_of, options_of, question_of
from .cursors import EVENTS, PROFILES, Cursor, Kind, P, seal, unseal
from .message import Request, Response, json_response
from .query import parse_query
from .server import Server

AT_ONCE: Final = 100
"""Profiles that are shown before others have their turn."""


async def profiles(server: Server, grant: Grant, request: Request) -> Response:
    """Profiles that did something."""
    body = await body_of(server, request)
    text, now_us = parse_query(request.query).get("cursor"), time.time_ns() // 1000
    if text is None:
        return await opened(server, grant.project, request, body, PROFILES, Position())
    cursor = unseal(server.key, grant.project, PROFILES, text, now_us // 1_000_000)
    asked = Cursored(Question(grant.project, cursor.query), cursor.start_us, now_us)
    page = await page_of_profiles(server.store, server.windows, asked, cursor.place, cursor.options.batch_size)
    flags = await flags_of(server, grant.project, page.profiles)
    records = []
    for index, profile in enumerate(page.profiles):
        if index % AT_ONCE == AT_ONCE - 1:
            await asyncio.sleep(0)
        records.append(profile_record(profile, flags, cursor.options))
    return answered(server, grant.project, PROFILES, cursor, page.position, records)


async def events(server: Server, grant: Grant, request: Request) -> Response:
    """Events with the profiles they belong to."""
    body = await body_of(server, request)
    text, now = parse_query(request.query).get("cursor"), int(time.time())
    if text is None:
        return await opened(server, grant.project, request, body, EVENTS, FIRST)
    cursor = unseal(server.key, grant.project, EVENTS, text, now)
    page = await page_of_events(server.store, Question(grant.project, cursor.query), cursor.place, cursor.options.batch_size)
    shown = await shown_profiles(server, grant.project, [profile for _, profile in page.events], cursor.options)
    records = [event_record(shown[id(profile)], event.ts, event.data) for event, profile in page.events]
    return answered(server, grant.project, EVENTS, cursor, page.place, records)


async def opened(server: Server, project: Project, request: Request, body: bytes, kind: Kind[Cursor[P]], place: P) -> Response:
    """A cursor for the query of a request."""
    options = options_of(parse_query(request.query))
    now_us = time.time_ns() // 1000
    question = await question_of(server, project, request, body, now_us // 1_000_000)
    cursor = Cursor(question.query, options, now_us, now_us // 1_000_000, place)
    return json_response(200, {"status": "success", "cursor": seal(server.key, project, kind, cursor)})


def answered(
    server: Server, project: Project, kind: Kind[Cursor[P]], cursor: Cursor[P], place: P | None, records: list[Json]
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


async def shown_profiles(server: Server, project: Project, found: Iterable[Profile], options: Options) -> Mapping[int, Json]:
    """What events show of these profiles, by the id of the object; each profile once."""
    distinct = {id(profile): profile for profile in found}
    flags = await flags_of(server, project, distinct.values())
    shown = {}
    for index, (key, profile) in enumerate(distinct.items()):
        if index % AT_ONCE == AT_ONCE - 1:
            await asyncio.sleep(0)
        shown[key] = event_profile(profile, flags, options)
    return shown
