"""What the log says of a request the server itself failed."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from personae.http.app import App
from personae.http.message import CUT, Message
from personae.http.server import Server
from personae.metrics import Metrics
from personae.projects import Access
from personae.secret_key import load_or_create
from personae.settings import load
from personae.storage import Unavailable
from tests.storage.model import DictStore, Disk

HIDDEN = "hidden0815"


class Failing(DictStore):
    """A store one method of which fails, with what the client sent in the text of its error."""

    def __init__(self, error: Exception) -> None:
        super().__init__(Disk())
        self.error = error

    async def size_bytes(self) -> int:
        raise self.error


def answered(tmp_path: Path, store: DictStore, path: str) -> tuple[int, list[Any]]:
    """The status of `GET path`, and the events of the log."""
    statuses: list[int] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        statuses.extend([message["status"]] if "status" in message else [])

    scope: dict[str, Any] = {"type": "http", "method": "GET", "path": path, "query_string": HIDDEN.encode(), "headers": []}
    scope["extensions"] = {CUT: lambda: None}
    key = load_or_create(tmp_path, tmp_path / "personae.db")
    app = App(Server(store, Access(store, key), key, load({}, {}, None).settings, Metrics()))
    with capture_logs() as events:
        asyncio.run(app(scope, receive, send))
    return statuses[0], events


FAILURES = [
    (ValueError(f"invalid literal: {HIDDEN!r}"), 500, "unexpected error"),
    (Unavailable("disk full"), 503, "store unavailable"),
]


@pytest.mark.parametrize(("error", "status", "event"), FAILURES, ids=["bug", "store"])
def test_a_failure_is_logged_as_an_error(tmp_path: Path, error: Exception, status: int, event: str) -> None:
    """The cause and the request, both at level error; no query, and no text of an error that may quote what was sent."""
    answer, events = answered(tmp_path, Failing(error), "/metrics")
    assert status == answer
    assert [(event, "error", "/metrics"), ("request", "error", "/metrics")] == [
        (line["event"], line["log_level"], line["path"]) for line in events
    ]
    assert HIDDEN not in str(events)


def test_a_bug_is_logged_with_its_type_and_place(tmp_path: Path) -> None:
    """The frames and the type of the error say where to look."""
    _, events = answered(tmp_path, Failing(ValueError(HIDDEN)), "/metrics")
    trace = events[0]["exception"]
    assert trace.startswith("Traceback (most recent call last):\n")
    assert "in size_bytes" in trace
    assert trace.endswith("ValueError")


def test_a_store_that_is_not_ready_is_logged_as_an_error(tmp_path: Path) -> None:
    """A 503 without an exception is no less an error."""
    store = DictStore(Disk())
    store.closed = True
    answer, events = answered(tmp_path, store, "/readyz")
    assert (503, ["error"]) == (answer, [line["log_level"] for line in events])
