"""A request as the handlers see it, and the answers they give."""

from collections.abc import Awaitable, Callable, MutableMapping
from contextlib import ExitStack
from typing import Any, Final, NamedTuple

import msgspec

from ..core.answers import refusal_answer
from ..core.faults import Refusal

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]

CUT: Final = "personae.cut"
"""Where the extensions of a scope have what ends its connection at once, with whatever is still to be sent."""

JSON: Final = b"application/json;charset=utf-8"
"""Recorded from the real API (contract A1.3, B 1.2)."""

_encode = msgspec.json.Encoder().encode


class Request(NamedTuple):
    """One request. Header names are in lower case; of a header sent twice the last one counts."""

    method: str
    path: str
    query: bytes
    headers: dict[bytes, bytes]
    receive: Receive
    id: str
    cut: Callable[[], None]
    """Ends the connection at once."""


class Response(NamedTuple):
    """One answer, whole."""

    status: int
    body: bytes
    content_type: bytes = JSON
    headers: tuple[tuple[bytes, bytes], ...] = ()

    def holding(self, held: ExitStack) -> "Response":
        """The answer, with those of the things its request holds that it needs until it is sent."""
        return self

    async def send(self, send: Send, request: Request) -> None:
        headers = [
            (b"content-type", self.content_type),
            (b"content-length", b"%d" % len(self.body)),
            (b"x-request-id", request.id.encode()),
            *self.headers,
        ]
        await send({"type": "http.response.start", "status": self.status, "headers": headers})
        await send({"type": "http.response.body", "body": self.body})


class Awaited:
    """The `receive` of a client that waits for `100 Continue`, which goes out with the first call."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self.asked = False

    async def __call__(self) -> Message:
        self.asked = True
        return await self._receive()


class Refused(Exception):  # noqa: N818 - it is an answer, not an error
    """The request is refused as a whole; raised anywhere below the one handler that answers it."""

    def __init__(self, refusal: Refusal, headers: Headers | None = None, **values: object) -> None:
        super().__init__(refusal.error)
        self.refusal = refusal
        self.headers = headers or []
        self.values = values


class Disconnected(Exception):  # noqa: N818
    """The client went away before its request was complete; there is nobody to answer."""


def json_response(status: int, value: object) -> Response:
    return Response(status, _encode(value))


def refusal_response(refusal: Refusal, headers: Headers | None = None, **values: object) -> Response:
    return Response(refusal.status, _encode(refusal_answer(refusal, **values)), JSON, tuple(headers or ()))
