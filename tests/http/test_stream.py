"""An answer that is sent while it is made, and whatever may end it before its end."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import pytest
from structlog.testing import capture_logs

from personae.core.rules import Rules
from personae.http import stream
from personae.http.app import App
from personae.http.message import CUT, Message
from personae.http.server import Server
from personae.ingest import upload
from personae.metrics import Metrics
from personae.projects import Access, Issuer
from personae.secret_key import load_or_create
from personae.settings import load
from personae.storage import Project, Scanned, Unavailable
from tests.opened import NOW
from tests.server import PASSCODE, PROJECT, credentials, profile
from tests.storage.model import PIECE, DictStore, Disk

PROFILES: Final = 4 * PIECE
HIDDEN: Final = "hidden0815"

Failure = Exception | None


class Scanning(DictStore):
    """A store that counts its open scans, waits for `go` before each piece but the first, and may fail there."""

    def __init__(self) -> None:
        super().__init__(Disk())
        self.open = 0
        self.go = asyncio.Event()
        self.failure: Failure = None
        self.fails_at_once = False

    @asynccontextmanager
    async def scan(self, project: Project, after: str = "") -> AsyncIterator[AsyncIterator[Scanned]]:
        self.open += 1
        try:
            async with super().scan(project, after) as scan:
                yield self.held_back(scan)
        finally:
            self.open -= 1

    async def held_back(self, scan: AsyncIterator[Scanned]) -> AsyncIterator[Scanned]:
        if self.failure and self.fails_at_once:
            raise self.failure
        yield await anext(scan)
        await self.go.wait()
        if self.failure:
            raise self.failure
        async for piece in scan:
            yield piece


class Client:
    """The other end of one request: what it was sent, and whether the connection was cut or is gone."""

    def __init__(self) -> None:
        self.messages: list[Message] = []
        self.sent = asyncio.Event()
        self.gone = asyncio.Event()
        self.stops_reading = False
        self.waits_s = 0.0

    async def receive(self) -> Message:
        await self.gone.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        self.messages.append(message)
        self.sent.set()
        if self.stops_reading and "body" in message:
            await asyncio.Event().wait()
        await asyncio.sleep(self.waits_s)

    def scope(self) -> dict[str, Any]:
        headers = [(name.lower().encode(), value.encode()) for name, value in credentials().items()]
        place = {"type": "http", "method": "GET", "path": "/1/profiles/export", "query_string": b"", "headers": headers}
        return place | {"extensions": {CUT: self.gone.set}}

    @property
    def whole(self) -> bool:
        return self.messages[-1]["type"] == "http.response.body" and not self.messages[-1].get("more_body", False)

    @property
    def body(self) -> bytes:
        return b"".join(message.get("body", b"") for message in self.messages)


Happening = Callable[[Scanning, Client, "asyncio.Task[None]"], Awaitable[None]]


def told(tmp_path: Path, store_setup: Callable[[Scanning], None], happening: Happening) -> tuple[Client, list[Any], Metrics]:
    """What an export's client was sent once `happening` is over, and what the log says; nothing is left open."""

    async def run() -> tuple[Client, Metrics]:
        store, metrics, client = Scanning(), Metrics(), Client()
        key = load_or_create(tmp_path, tmp_path / "personae.db")
        start = await Issuer(store, key, keep=False).first_start(project_id=PROJECT, passcode=PASSCODE, now=NOW)
        people = [profile(f"p{number}") for number in range(PROFILES)]
        await upload(store, start.project, people, now_us=NOW * 1_000_000, seed=b"seed", rules=Rules())
        access = Access(store, key)
        await access.refresh()
        store_setup(store)
        app = App(Server(store, access, key, load({}, {}, None).settings, metrics))
        task = asyncio.create_task(app(client.scope(), client.receive, client.send))
        async with asyncio.timeout(30):
            await happening(store, client, task)
            await task
        assert 0 == store.open
        return client, metrics

    with capture_logs() as events:
        client, metrics = asyncio.run(run())
    assert b'personae_in_flight{route="/1/profiles/export"} 0.0' in metrics.text()
    assert (
        b'personae_http_requests_total{route="/1/profiles/export",status="%d"} 1.0' % client.messages[0]["status"]
        in metrics.text()
    )
    return client, events, metrics


def plain(store: Scanning) -> None:
    store.go.set()


async def nothing(store: Scanning, client: Client, task: "asyncio.Task[None]") -> None:
    pass


async def begun(client: Client) -> None:
    """Return when the first profiles have been sent."""
    while not client.body:
        client.sent.clear()
        await client.sent.wait()


def test_all_of_it_is_sent(tmp_path: Path) -> None:
    """Every profile is a line, and the answer has its end."""
    client, events, _ = told(tmp_path, plain, nothing)
    assert (200, True, PROFILES) == (client.messages[0]["status"], client.whole, client.body.count(b"\n"))
    assert not client.gone.is_set()
    assert [] == events


FAILURES = [
    (Unavailable("disk full"), 503, "store unavailable"),
    (ValueError(f"invalid literal: {HIDDEN!r}"), 500, "unexpected error"),
]


@pytest.mark.parametrize(("failure", "status", "event"), FAILURES, ids=["store", "bug"])
def test_a_failure_before_the_first_byte_is_an_answer(tmp_path: Path, failure: Exception, status: int, event: str) -> None:
    """It gets the status of its kind, as on every other endpoint."""

    def fail(store: Scanning) -> None:
        store.failure, store.fails_at_once = failure, True

    client, events, _ = told(tmp_path, fail, nothing)
    assert (status, True) == (client.messages[0]["status"], client.whole)
    assert event in [line["event"] for line in events]


@pytest.mark.parametrize(("failure", "status", "event"), FAILURES, ids=["store", "bug"])
def test_a_failure_after_it_cuts_the_connection(tmp_path: Path, failure: Exception, status: int, event: str) -> None:
    """What was sent has no end, so that nobody takes it for all; the log has the request's id and not what was stored."""

    async def fail(store: Scanning, client: Client, task: "asyncio.Task[None]") -> None:
        await begun(client)
        store.go.set()

    def prepare(store: Scanning) -> None:
        store.failure = failure

    client, events, _ = told(tmp_path, prepare, fail)
    assert (200, False, True) == (client.messages[0]["status"], client.whole, client.gone.is_set())
    request_id = dict(client.messages[0]["headers"])[b"x-request-id"].decode()
    assert [(event, "error", request_id)] == [(line["event"], line["log_level"], line["request_id"]) for line in events]
    assert HIDDEN not in str(events)


def test_a_client_that_goes_ends_it(tmp_path: Path) -> None:
    """At once, also while the store is read: the snapshot is let go of, and nobody is told of an error."""

    async def go(store: Scanning, client: Client, task: "asyncio.Task[None]") -> None:
        await begun(client)
        client.gone.set()

    client, events, _ = told(tmp_path, lambda store: None, go)
    assert not client.whole
    assert [] == events


def test_a_client_that_takes_nothing_is_cut_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After `STALL_S` the connection ends, and with it what the export holds."""
    monkeypatch.setattr(stream, "STALL_S", 0.01)

    async def stop(store: Scanning, client: Client, task: "asyncio.Task[None]") -> None:
        client.stops_reading = True

    client, events, _ = told(tmp_path, plain, stop)
    assert (False, True) == (client.whole, client.gone.is_set())
    assert [] == events


PACE = [
    (60.0, 0.0, 0, 60.0),
    (60.0, 0.0, 1_000_000, 60.0),
    (60.0, 4.0, 64 * 1024, 60.0),
    (60.0, 32.0, 64 * 1024, 32.0),
    (32.0, 32.0, 64 * 1024, 4.0),
    (10.0, 8.0, 128 * 1024, 10.0),
    (5.0, 5.0, 800 * 1024, 50.0),
]


@pytest.mark.parametrize(("left_s", "waited_s", "sent_bytes", "expected"), PACE)
def test_a_wait_is_paid_for_by_what_is_taken(left_s: float, waited_s: float, sent_bytes: int, expected: float) -> None:
    """At 16 KiB a second, and nobody saves up more than a minute."""
    assert expected == stream.patience(left_s, waited_s, sent_bytes)


def test_a_client_that_takes_too_little_is_cut_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each part of the answer comes in time, but all of them together do not."""
    monkeypatch.setattr(stream, "STALL_S", 0.2)
    monkeypatch.setattr(stream, "SENT_BYTES", 64)
    monkeypatch.setattr(stream, "LEAST_BYTES_S", 1e9)

    async def trickle(store: Scanning, client: Client, task: "asyncio.Task[None]") -> None:
        client.waits_s = 0.05

    client, events, _ = told(tmp_path, plain, trickle)
    assert (False, True) == (client.whole, client.gone.is_set())
    assert len(client.messages) > 1
    assert [] == events


def test_a_stop_of_the_server_cuts_it_off(tmp_path: Path) -> None:
    """A stop that has waited long enough ends it without an end of the answer, and says so."""

    async def stop(store: Scanning, client: Client, task: "asyncio.Task[None]") -> None:
        await begun(client)
        task.cancel()

    client, events, _ = told(tmp_path, lambda store: None, stop)
    assert (False, True) == (client.whole, client.gone.is_set())
    assert ["answer cut off"] == [line["event"] for line in events]
