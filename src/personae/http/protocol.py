"""uvicorn's HTTP/1.1 protocol with what it lacks: deadlines, a size for headers, refusals in JSON."""

import asyncio
from typing import Any, Final

import httptools
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

from ..core.faults import MALFORMED
from .message import CUT, JSON, refusal_response

MAX_HEADER_BYTES: Final = 64 * 1024

UPGRADE_HEADERS: Final = (b"upgrade", b"http2-settings")


class Corked:
    """A transport that sends what is written in one turn of the loop at once.

    uvicorn writes headers and body apart: two system calls and two packets for one small answer.
    """

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._loop = loop
        self._waiting: list[bytes] = []

    def write(self, data: bytes) -> None:
        if not self._waiting:
            self._loop.call_soon(self._flush)
        self._waiting.append(data)

    def close(self) -> None:
        self._flush()
        self._transport.close()

    def _flush(self) -> None:
        if self._waiting and not self._transport.is_closing():  # the client may have gone since the write
            self._transport.write(b"".join(self._waiting))
        self._waiting.clear()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)


class Unframed:
    """The `send` of an answer to HTTP/1.0, which knows no chunks: a body of unknown length ends with the connection.

    uvicorn sends such a body in chunks whatever its client speaks, unless it believes to know the length of each part.
    """

    def __init__(self, cycle: RequestResponseCycle) -> None:
        self._cycle = cycle
        self._send = cycle.send
        self._unframed = False

    async def __call__(self, message: Any) -> None:
        if message["type"] == "http.response.start":
            self._unframed = all(name != b"content-length" for name, _ in message["headers"])
            if self._unframed:
                self._cycle.chunked_encoding = False
        elif self._unframed:
            self._cycle.expected_content_length = len(message["body"])
        await self._send(message)


class Protocol(HttpToolsProtocol):
    """Cuts a connection whose client owes something and does not send it within `header_timeout_s`.

    That is a request line with its headers, once the connection is there or a byte of them has come, or
    the rest of a body that was answered before it was there. A body that is read has a deadline of its
    own, and between two requests uvicorn's keep-alive timer runs, which ends with the next byte of any kind.
    """

    def __init__(self, *args: Any, header_timeout_s: float, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._header_timeout_s = header_timeout_s
        self._deadline: asyncio.TimerHandle | None = None
        self._header_bytes = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(Corked(transport, self.loop))  # type: ignore[arg-type]
        self._set_deadline()

    def connection_lost(self, exc: Exception | None) -> None:
        self._clear_deadline()
        super().connection_lost(exc)

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.scope["extensions"] = {CUT: self.transport.abort}  # type: ignore[dict-item]
        self._header_bytes = 0
        self._set_deadline()

    def on_url(self, url: bytes) -> None:
        self._count(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        self._count(len(name) + len(value))
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        if not self.parser.should_upgrade():
            self._clear_deadline()
            super().on_headers_complete()
            if self.parser.get_http_version() == "1.0":
                self.cycle.send = Unframed(self.cycle)  # type: ignore[method-assign]

    def on_message_complete(self) -> None:
        if not self.parser.should_upgrade():
            super().on_message_complete()
            if self.cycle.response_complete:
                self._clear_deadline()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self.cycle.response_complete and self.cycle.more_body:
            self._set_deadline()

    def data_received(self, data: bytes) -> None:
        self._unset_keepalive_if_required()
        rest = memoryview(data)
        try:
            while rest:
                rest = self._parse(rest)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            self.send_400_response("")
        if self.cycle is None or self.cycle.response_complete:  # type: ignore[redundant-expr] # None before the first
            self._set_deadline()

    def _parse(self, data: memoryview) -> memoryview:
        """Parse up to the end, or over a head that offers to change the protocol; gives what is behind that.

        The request is taken as if it had not offered (RFC 9110 7.8). The parser stops at an upgrade and
        loses the body; Java's own client offers one by default. Raises what the parser raises; a CONNECT
        cannot be taken as anything else.
        """
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            head = self._head_without_upgrade()
            self.parser = httptools.HttpRequestParser(self)
            self.parser.set_dangerous_leniencies(lenient_data_after_close=True)  # as uvicorn has it
            self.parser.feed_data(head)
            return data[upgrade.args[0] :]
        return data[:0]

    def _head_without_upgrade(self) -> bytes:
        lines = [b"%b %b HTTP/%b" % (self.parser.get_method(), self.url, self.parser.get_http_version().encode())]
        for name, value in self.headers:
            if name == b"connection":
                value = b", ".join(token for token in value.split(b",") if b"upgrade" not in token.lower())
            if name not in UPGRADE_HEADERS:
                lines.append(b"%b: %b" % (name, value))
        return b"\r\n".join((*lines, b"", b""))

    def _count(self, size: int) -> None:
        self._header_bytes += size
        if self._header_bytes > MAX_HEADER_BYTES:
            raise ValueError("headers too long")  # the parser stops and the answer is a 400

    def _set_deadline(self) -> None:
        """Let the deadline run, unless it does already or the connection is ending."""
        if self._deadline is None and not self.transport.is_closing():
            self._deadline = self.loop.call_later(self._header_timeout_s, self.transport.close)

    def _clear_deadline(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def send_400_response(self, msg: str) -> None:
        body = refusal_response(MALFORMED).body
        head = b"content-type: %b\r\ncontent-length: %d\r\nconnection: close\r\n\r\n" % (JSON, len(body))
        self.transport.write(STATUS_LINE[400] + head + body)
        self.transport.close()
