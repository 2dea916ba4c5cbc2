"""Queries, their pages, and counts."""

import json
from typing import Final

from ...core import faults
from ...core.query.answers import event_profile, event_record, profile_record
from ...core.query.asked import DEFAULT_BATCH_SIZE, MAX_BATCH_SIZE, MAX_FILTERS, MAX_QUERY_BYTES, MAX_VALUES, Options
from ...core.query.judge import READERS
from ...core.query.operators import BY_NAME, OPERATORS
from ...settings import Settings
from . import refusals
from .pieces import SECURED, TEXT, Json, body, closed, gzipped, parameter, ref
from .reading import about, device, example_profile
from .refusals import answered
from .uploads import GEORGE, VIEWED

ASKED: Final[Json] = {
    "event_name": VIEWED["evtName"],
    "from": 20260101,
    "to": 20260131,
    "event_properties": [{"name": "Price", "operator": "gte", "value": 20}],
}
CURSOR: Final = "kR3vT0ZrQ1"
"""Stands for a cursor, which is longer."""

OPENING: Final = (faults.MALFORMED, faults.QUERY, faults.DATES, faults.DATE_ORDER)
"""What a query may be refused with, but for an event there is none of."""

SHOWN: Final = {
    "app": "Whether devices have what is known of the app and its token.",
    "events": "Whether profiles have their events.",
    "profile": "Whether profiles have their `profileData`.",
}

NUMBER: Final[Json] = {"type": "integer", "minimum": 0}


def schemas() -> Json:
    success = {"status": {"const": "success"}}
    return {
        "Query": query(),
        "Filter": one_filter(),
        "CursorAnswer": closed(success | {"cursor": TEXT}, "status", "cursor"),
        "ProfilePage": page({"type": "array", "items": ref("schemas", "Profile")}),
        "EventPage": page({"type": "array", "items": ref("schemas", "Event")}),
        "Event": closed(
            {
                "profile": closed(device() | about(), "df", "objectId", "platform"),
                "ts": {"type": "integer", "description": "yyyyMMddHHmmss in UTC."},
                "event_props": {"type": "object"},
                "session_props": {"type": "object", "maxProperties": 0},
            },
            "profile", "ts", "event_props", "session_props",
        ),
        "Count": closed(success | {"count": NUMBER}, "status", "count"),
        "CountLater": closed({"status": {"const": "partial"}, "req_id": NUMBER}, "status", "req_id"),
    }  # fmt: skip


def page(records: Json) -> Json:
    following = TEXT | {"description": "The cursor of the next page; absent on the last one."}
    return closed({"status": {"const": "success"}, "next_cursor": following, "records": records}, "status", "records")


def query() -> Json:
    """What `judge` takes: the keys of a query, with those it reads today."""
    day = {"type": ["integer", "string"], "description": "A day in UTC, YYYYMMDD, included; not in the future."}
    filters = {"type": "array", "items": ref("schemas", "Filter")}
    events = {"type": "array", "items": closed({"event_name": TEXT}, "event_name")}
    known = {
        "event_properties": filters | {"description": "All have to hold of the event."},
        "session_properties": {"type": ["array", "null"], "maxItems": 0, "description": "Nothing is stored of sessions."},
        "common_profile_properties": {
            "type": "object",
            "properties": {"profile_fields": filters},
            "description": "All have to hold of the profile.",
        },
        "did_all": events | {"description": "Events the profile has, at any time, each of them."},
        "did_any": events | {"description": "Events the profile has one of."},
        "did_none": events | {"description": "Events the profile has none of."},
    }
    name = TEXT | {"description": "Case and blanks do not count."}
    asked = {"event_name": name, "from": day, "to": day} | {key: known[key] for key in READERS}
    limits = f"At most {MAX_FILTERS} filters and named events, at most {MAX_QUERY_BYTES} bytes in all."
    return closed(asked, "event_name", "from", "to") | {"description": limits}


def one_filter() -> Json:
    takes = "; ".join(f"{row.name}: {row.takes}" for row in OPERATORS)
    value = {"description": f"{takes}. Lists have at most {MAX_VALUES} values."}
    return closed({"name": TEXT, "operator": {"enum": list(BY_NAME)}, "value": value}, "name", "operator")


def operations(settings: Settings) -> Json:
    """The four paths, each with POST and GET."""
    profile = example_profile(GEORGE, VIEWED)
    event = event_record(event_profile(profile, {}, Options()), VIEWED["ts"], VIEWED["evtData"])
    return {
        "/1/profiles.json": both(cursored("profiles", "ProfilePage", profile_record(profile, {}, Options()), settings)),
        "/1/events.json": both(cursored("events", "EventPage", event, settings)),
        "/1/counts/profiles.json": both(counting("profiles", settings)),
        "/1/counts/events.json": both(counting("events", settings)),
    }


def both(described: Json) -> Json:
    """An operation that takes its query as a body, or in the URL: there may be no body to refuse then."""
    name = str(described["operationId"])
    query = parameter("query", "query", "The query, its JSON percent-encoded, where it is no body.", json.dumps(ASKED))
    parameters = [query, *described["parameters"]]
    posted = {
        "operationId": f"{name}ByPost",
        "parameters": [*parameters, gzipped()],
        "requestBody": body("Query", {"viewed something dear in January": ASKED}, "The query.", required=False),
    }
    without_body = {status: row for status, row in described["responses"].items() if status not in ("408", "413")}
    return {"post": described | posted, "get": described | {"parameters": parameters, "responses": without_body}}


def cursored(kind: str, page_name: str, record: Json, settings: Settings) -> Json:
    opened = {"a cursor, for a query": {"status": "success", "cursor": CURSOR}}
    pages = {
        "a page, for a cursor": {"status": "success", "next_cursor": CURSOR, "records": [record]},
        "the last page": {"status": "success", "records": []},
    }
    size = f"Records of a page at most, 1 to {MAX_BATCH_SIZE}, {DEFAULT_BATCH_SIZE} if not given. There may be fewer."
    return {
        "operationId": kind,
        "summary": f"Find {kind}, page by page",
        "description": "A query gives a cursor, the cursor a page, and with it the cursor of the next page, until the page "
        "without one. With a cursor the query and the other parameters are those it was opened with.",
        "security": SECURED,
        "parameters": [
            parameter("cursor", "query", "The cursor of a page, as it was given.", CURSOR),
            parameter("batch_size", "query", size, 50),
            *(parameter(name, "query", f"{text} True if not given.", True) for name, text in SHOWN.items()),
        ],
        "responses": responses("A cursor, or a page.", ("CursorAnswer", page_name), opened | pages, settings, faults.CURSOR),
    }


def counting(kind: str, settings: Settings) -> Json:
    examples = {
        "the count": {"status": "success", "count": 7138},
        "not counted within a second": {"status": "partial", "req_id": 176977080012345},
    }
    again = (faults.REQUEST_ID, faults.COUNT_LOST)
    return {
        "operationId": f"{kind}Count",
        "summary": f"Count {kind}",
        "description": "An answer that takes longer than a second is asked for again by its `req_id`.",
        "security": SECURED,
        "parameters": [parameter("req_id", "query", "The id of a count that was asked for before.", "176977080012345")],
        "responses": responses("The count, or its id.", ("Count", "CountLater"), examples, settings, *again),
    }


def responses(text: str, schemas: tuple[str, ...], examples: Json, settings: Settings, *others: faults.Refusal) -> Json:
    unknown = {"no such event": refusals.example(faults.EVENT, settings)}
    rows = (*OPENING, *others, faults.BODY_TIMEOUT, faults.TOO_LARGE, *refusals.ACCESS)
    return {"200": answered(text, schemas, examples, unknown)} | refusals.refused(rows, settings)
