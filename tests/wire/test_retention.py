"""Events are kept as long as `event_retention_days` says (ours)."""

import json
import time
from datetime import UTC, datetime, timedelta

from tests.conftest import StartServer
from tests.server import Json, Server

DAY_S = 86_400
NAME = "Product Viewed"


def event(identity: str, ts: int) -> Json:
    return {"type": "event", "identity": identity, "evtName": NAME, "evtData": {"ts": ts}, "ts": ts}


def counted(server: Server) -> int:
    """How many events there are of the name, on all days up to today."""
    today = datetime.now(UTC)
    span = {"from": 20000101, "to": int(today.strftime("%Y%m%d"))}
    answer = server.post(json.dumps({"event_name": NAME} | span).encode(), "/1/counts/events.json")
    assert (200, "success") == (answer.status, answer.json["status"]), answer
    count: int = answer.json["count"]
    return count


def test_events_are_forgotten_when_their_days_are_over(start: StartServer) -> None:
    """From its start on a server forgets what is older, by the events' own time; what profiles say of them stays."""
    now = int(time.time())
    old, young = now - 32 * DAY_S, now - 28 * DAY_S
    server = start()
    server.upload(event("a", old), event("a", young), event("b", old), event("a", now))
    assert 4 == counted(server)
    assert 0 == server.stop()
    again = start(event_retention_days=30)
    deadline = time.monotonic() + 20
    while counted(again) != 2 and time.monotonic() < deadline:
        time.sleep(0.05)
    assert 2 == counted(again)
    assert {"count": 3, "first_seen": old, "last_seen": now} == again.read("a")["events"][NAME]
    again.upload(event("c", young), event("c", now - timedelta(days=1).seconds))
    assert 4 == counted(again)
