"""An answer that is sent while it is made: as fast as its client reads, and only as long as there is one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import ExitStack, aclosing, asynccontextmanager
from typing import Final, NamedTuple

from .message import Disconnected, Message, Receive, Request, Send

STALL_S: Final = 60.0
"""A client that does not take the next `SENT_BYTES` within this is cut off."""

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
        with self.held:
            async with aclosing(self.chunks):
                await deliver(send, {"type": "http.response.start", "status": self.status, "headers": headers})
                async with while_there(request.receive):
                    await self._send_body(send)

    async def _send_body(self, send: Send) -> None:
        await send_chunk(send, self.first)
        async for chunk in self.chunks:
            await send_chunk(send, chunk)
        await deliver(send, {"type": "http.response.body", "body": b""})


async def send_chunk(send: Send, chunk: bytes) -> None:
    """Send a chunk in parts of `SENT_BYTES`, and let others have their turn after each."""
    for start in range(0, len(chunk), SENT_BYTES):
        part = chunk[start : start + SENT_BYTES]
        await deliver(send, {"type": "http.response.body", "body": part, "more_body": True})
        await asyncio.sleep(0)


async def deliver(send: Send, message: Message) -> None:
    """Send this once the client has taken what was sent before. Raises `Disconnected` where it does not."""
    try:
        async with asyncio.timeout(STALL_S):
            await send(message)
    except TimeoutError:
        raise Disconnected from None


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
