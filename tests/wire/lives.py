"""Requests about stored profiles: their paths, and records to send beside profiles."""

import json
from collections.abc import Mapping
from urllib.parse import quote

from tests.client import Answer
from tests.server import Json, Server

DELETE = "/1/delete/profiles.json"
DEMERGE = "/1/demerge/profiles.json"
SUBSCRIBE = "/1/subscribe"
DISASSOCIATE = "/1/disassociate"

DONE = {"status": "success"}
CLEAN = {"status": "success", "processed": 1, "unprocessed": []}


def ask(server: Server, path: str, body: object, headers: Mapping[str, str] | None = None) -> Answer:
    """POST this JSON with the test project's credentials."""
    return server.post(json.dumps(body).encode(), path, headers)


def done(server: Server, path: str, body: object) -> None:
    """The same where it has to succeed."""
    answer = ask(server, path, body)
    assert (200, DONE) == (answer.status, answer.json)


def device(name: str, data: Json | None = None) -> Json:
    """A profile record of somebody only a device is known of."""
    return {"type": "profile", "objectId": name, "profileData": data or {}}


def event(name: str, data: Json | None = None, **keys: object) -> Json:
    return {"type": "event", "evtName": name, "evtData": data or {}, **keys}


def token(name: str, value: str) -> Json:
    return {"type": "token", "objectId": name, "tokenData": {"id": value, "type": "fcm"}}


def found(server: Server, value: str, kind: str = "identity") -> bool:
    """Whether GET finds anybody by this."""
    return server.get(f"{kind}={quote(value, safe='')}").status == 200


def devices(record: Json) -> list[str]:
    return [entry["objectId"] for entry in record["platformInfo"]]


def counts(record: Json) -> dict[str, int]:
    """How often each event happened, as GET tells."""
    return {name: event["count"] for name, event in record.get("events", {}).items()}
