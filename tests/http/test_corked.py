"""The transport that sends at the end of a turn, on a connection that ends before that."""

import asyncio
import socket
from typing import Any

import uvloop

from personae.http.protocol import Corked


def test_what_is_written_to_a_closed_connection_is_dropped() -> None:
    """A client may go between the answer and the end of the turn; the loop hears of no error."""
    errors: list[dict[str, Any]] = []

    async def write_late() -> None:
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _, context: errors.append(context))
        ours, theirs = socket.socketpair()
        with theirs:
            transport, _ = await loop.create_connection(asyncio.Protocol, sock=ours)
            corked = Corked(transport, loop)
            corked.write(b"before")
            transport.abort()
            await asyncio.sleep(0.01)
            corked.write(b"after")
            await asyncio.sleep(0.01)
            corked.close()

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(write_late())
    assert [] == errors
