"""A keep-alive HTTP/1.1 client that costs little: requests are bytes made before the clock starts."""

import asyncio
import gc
from collections.abc import Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import Final, NamedTuple, cast
from urllib.parse import quote, urlsplit

import httptools

DEADLINE_S: Final = 1_800
"""For one `drive`; a server that stops answering must not hang the program."""


class Answer(NamedTuple):
    status: int
    body: bytes


class Driven(NamedTuple):
    """What `drive` saw: `answers` and `latencies_s` are in the order of the requests."""

    seconds: float
    answers: list[Answer]
    latencies_s: list[float]

    def latency_ms(self, share: float) -> float:
        """The latency that this share of the requests stayed within, such as 0.99."""
        ordered = sorted(self.latencies_s)
        return 1_000 * ordered[min(int(len(ordered) * share), len(ordered) - 1)]


@dataclass(frozen=True)
class Target:
    """A server and a project on it; makes requests as the bytes to send."""

    url: str
    project: str
    passcode: str

    def upload(self, body: bytes, *, dry_run: bool = False) -> bytes:
        return self.post("/1/upload?dryRun=1" if dry_run else "/1/upload", body)

    def post(self, path: str, body: bytes) -> bytes:
        return self._request("POST", path, f"Content-Length: {len(body)}\r\n") + body

    def read(self, path: str, more: str = "") -> bytes:
        """A GET, with `more` lines of headers."""
        return self._request("GET", path, more)

    def get(self, identity: str) -> bytes:
        return self.read(f"/1/profile.json?identity={quote(identity)}")

    def _request(self, method: str, path: str, more: str = "") -> bytes:
        parts = urlsplit(self.url)
        lines = (
            f"{method} {parts.path.rstrip('/')}{path} HTTP/1.1",
            f"Host: {parts.netloc}",
            f"X-CleverTap-Account-Id: {self.project}",
            f"X-CleverTap-Passcode: {self.passcode}",
            "Content-Type: application/json",
        )
        return ("\r\n".join(lines) + f"\r\n{more}\r\n").encode()


class Connection(asyncio.Protocol):
    """One connection with at most one request in flight."""

    transport: asyncio.Transport

    def __init__(self) -> None:
        self.loop = asyncio.get_running_loop()
        self.parser = httptools.HttpResponseParser(self)
        self.body: list[bytes] = []
        self.answer: asyncio.Future[Answer] | None = None

    def request(self, data: bytes) -> asyncio.Future[Answer]:
        """Send a request; the future is its answer, or a `ConnectionError` when the server hangs up instead."""
        self.answer = answer = self.loop.create_future()
        if self.transport.is_closing():
            self.connection_lost(None)
        else:
            self.transport.write(data)
        return answer

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)  # uvloop's transports are not subclasses of it

    def data_received(self, data: bytes) -> None:
        self.parser.feed_data(data)

    def connection_lost(self, exc: Exception | None) -> None:
        if self.answer and not self.answer.done():
            self.answer.set_exception(exc or ConnectionResetError("the server closed the connection without an answer"))

    def on_body(self, part: bytes) -> None:
        self.body.append(part)

    def on_message_complete(self) -> None:
        answer = Answer(self.parser.get_status_code(), b"".join(self.body))
        self.body.clear()
        assert self.answer, "an answer that nobody asked for"
        if not self.answer.done():  # who asked may have given up
            self.answer.set_result(answer)


async def drive(target: Target, requests: Sequence[bytes], concurrency: int) -> Driven:
    """Send all requests over `concurrency` connections, each taking the next one as soon as it is free.

    A latency is from handing over the request to the last byte of its answer. Answers are only kept,
    not looked at: whoever calls checks them when the clock has stopped.
    """
    loop = asyncio.get_running_loop()
    parts = urlsplit(target.url)
    opened = [await loop.create_connection(Connection, parts.hostname or "", parts.port or 80) for _ in range(concurrency)]
    answers: list[Answer] = [Answer(0, b"")] * len(requests)
    latencies_s = [0.0] * len(requests)
    turns = iter(range(len(requests)))

    async def work(connection: Connection) -> None:
        for turn in turns:
            start = perf_counter()
            answers[turn] = await connection.request(requests[turn])
            latencies_s[turn] = perf_counter() - start

    gc.disable()
    try:
        start = perf_counter()
        async with asyncio.timeout(DEADLINE_S):
            await asyncio.gather(*(work(connection) for _, connection in opened))
        seconds = perf_counter() - start
    finally:
        gc.enable()
        for transport, _ in opened:
            transport.close()
    return Driven(seconds, answers, latencies_s)
