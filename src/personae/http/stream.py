"""An answer that is sent while it is made: as fast as its client reads, and only as long as there is one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import ExitStack, aclosing, asynccontextmanager
from typing import Final, NamedTuple

from .message import Disconnected, Message, Receive, Request, Send

STALL_S: Final = 60.0
"""How long a client may make the server wait before it is cut off."""

LEAST_BYTES_S: Final = 16 * 1024
"""What a client takes pays for its waits at this rate: slower than this for long, and it is cut off too.

The slowest mobile lines in use reach it, and 300 MB hold their snapshot for five hours, not for days.
"""

SENT_BYTES: Final = 64 * 1024


class Stream(NamedTuple):
    """One answer, the body of which is `first` and then the `chunks`, made one at a time.

    `held` is let go of at its end. A request is in flight as long as its answer is being sent.
    """

    status: int
    first: bytes
    chunks: AsyncGenerator[bytes]
    content_type: bytes
    headers: tuple[tuple[bytes, bytes], ...] = ()
    held: ExitStack = ExitStack()

    @classmethod
    async def begun(
        cls, status: int, chunks: AsyncGenerator[bytes], content_type: bytes, headers: tuple[tuple[bytes, bytes], ...]
    ) -> Stream:
        """The answer with its first chunk: what goes wrong before that is raised here, where it can be answered."""
        return cls(status, await anext(chunks, b""), chunks, content_type, headers)

    def holding(self, held: ExitStack) -> Stream:
        """The answer, which holds from now on what its request holds."""
        return self._replace(held=held.pop_all())

    async def send(self, send: Send, request: Request) -> None:
        """Send all of it. Raises `Disconnected` once the client is gone or takes nothing, and what making a chunk raises.

        An answer that is not sent whole has no end, which its client can tell once the connection is cut.
        """
        headers = [(b"content-type", self.content_type), (b"x-request-id", request.id.encode()), *self.headers]
        paced = Paced(send)
        with self.held:
            async with aclosing(self.chunks):
                await paced({"type": "http.response.start", "status": self.status, "headers": headers})
                async with while_there(request.receive):
                    await self._send_body(paced)

    async def _send_body(self, send: Paced) -> None:
        await send_chunk(send, self.first)
        async for chunk in self.chunks:
            await send_chunk(send, chunk)
        await send({"type": "http.response.body", "body": b""})


class Paced:
    """Sends to a client for as long as it keeps pace."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._left_s = STALL_S

    async def __call__(self, message: Message) -> None:
        """Send this once the client has taken what was sent before. Raises `Disconnected` where that takes too long."""
        clock = asyncio.get_running_loop().time
        began = clock()
        try:
            async with asyncio.timeout(self._left_s):
                await self._send(message)
        except TimeoutError:
            raise Disconnected from None
        self._left_s = patience(self._left_s, clock() - began, len(message.get("body", b"")))


def patience(left_s: float, waited_s: float, sent_bytes: int) -> float:
    """How long a client may make the server wait from now on, after it did so and then took this much."""
    return min(STALL_S, left_s - waited_s + sent_bytes / LEAST_BYTES_S)


async def send_chunk(send: Paced, chunk: bytes) -> None:
    """Send a chunk in parts of `SENT_BYTES`, and let others have their turn after each."""
    for start in range(0, len(chunk), SENT_BYTES):
        part = chunk[start : start + SENT_BYTES]
        await send({"type": "http.response.body", "body": part, "more_body": True})
        await asyncio.sleep(0)


@asynccontextmanager
async def while_there(receive: Receive) -> AsyncIterator[None]:
    """End what is done in it as soon as the client is gone, and raise `Disconnected`."""
    try:
        async with asyncio.timeout(None) as presence:
            watch = asyncio.create_task(watch_leaving(receive, presence))
            try:
                yield
            finally:
                watch.cancel()
    except TimeoutError:
        if not presence.expired():
            raise
        raise Disconnected from None


async def watch_leaving(receive: Receive, presence: asyncio.Timeout) -> None:
    """Let `presence` expire when the client goes away."""
    await left(receive)
    presence.reschedule(asyncio.get_running_loop().time())


async def left(receive: Receive) -> None:
    """Return when the client is gone; what it still sends is thrown away."""
    while (await receive())["type"] != "http.disconnect":
        pass
