"""Asking for profiles and events over the wire, as clients do it."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

from tests.client import Answer, Headers
from tests.server import Json, Server, credentials


def day(offset: int = 0) -> int:
    """A day, so many after today, as YYYYMMDD in UTC."""
    return int((datetime.now(UTC) + timedelta(days=offset)).strftime("%Y%m%d"))


def query(event_name: object, *filters: object, **more: object) -> Json:
    """A query for the last days."""
    return {"event_name": event_name, "from": day(-2), "to": day(), "event_properties": list(filters), **more}


def has(name: str, operator: str, value: object = None) -> Json:
    return {"name": name, "operator": operator, "value": value}


def did(identity: str | None, event_name: str, data: Json | None = None, **more: object) -> Json:
    """An event record."""
    who = {} if identity is None else {"identity": identity}
    return {"type": "event", "evtName": event_name, "evtData": data or {}, **who, **more}


def ask(server: Server, path: str, asked: object, parameters: str = "", headers: Headers | None = None) -> Answer:
    """POST a query to `/1/<path>.json`."""
    body = asked if isinstance(asked, bytes) else json.dumps(asked).encode()
    return server.request("POST", f"/1/{path}.json?{parameters}", headers or credentials(), body)


def cursor_of(server: Server, path: str, asked: object, parameters: str = "") -> str:
    """The cursor a query opens."""
    answer = ask(server, path, asked, parameters)
    assert (200, {"status", "cursor"}) == (answer.status, answer.json.keys()), answer
    cursor: str = answer.json["cursor"]
    return cursor


def page(server: Server, path: str, cursor: str, headers: Headers | None = None) -> Answer:
    return server.request("GET", f"/1/{path}.json?cursor={cursor}", headers or credentials())


def pages(server: Server, path: str, cursor: str | None) -> Iterator[list[Json]]:
    """The records of each page from a cursor on."""
    while cursor is not None:
        answer = page(server, path, cursor)
        assert (200, "success") == (answer.status, answer.json["status"]), answer
        yield answer.json["records"]
        cursor = answer.json.get("next_cursor")


def records(server: Server, path: str, asked: object, parameters: str = "") -> list[Json]:
    """All records of a query."""
    found = pages(server, path, cursor_of(server, path, asked, parameters))
    return [record for records in found for record in records]


def by_get(asked: object) -> str:
    """A query as a parameter, the way CleverTap's client for Node puts it."""
    return "query=" + quote(json.dumps(asked, separators=(",", ":")), safe="")


def names(found: list[Json]) -> list[str]:
    """The identities of these profiles, in order of the alphabet."""
    return sorted(record["identity"] for record in found)


def fail(error: str, code: int = 400) -> Json:
    return {"status": "fail", "error": error, "code": code}
