"""Connections on their way to a worker: none is lost when it leaves, none is given that it could not have open."""

import asyncio
import gc
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Final

import pytest
import uvloop
from structlog.testing import capture_logs

from personae.handover import WorkerEnd
from personae.http.app import App
from personae.http.engine import WorkerEngine
from personae.http.server import Server
from personae.metrics import Metrics
from personae.projects import Access
from personae.secret_key import load_or_create
from personae.settings import load
from personae.sharing import FULL, Channel, Sharing
from tests.client import Connection, request_bytes
from tests.storage.model import DictStore, Disk
from tests.workers.crew import HEARD_S, until

ROOM: Final = 3


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener


@pytest.fixture
def gc_as_it_was() -> Iterator[None]:
    """An engine sets the collection of garbage to suit a server."""
    thresholds = gc.get_threshold()
    yield
    gc.unfreeze()
    gc.set_threshold(*thresholds)


def pair(stack: ExitStack) -> tuple[Channel, WorkerEnd]:
    """Both ends of the way to a worker that may have `ROOM` connections open."""
    ours, theirs = socket.socketpair()
    end = WorkerEnd(theirs.detach())
    stack.callback(ours.close)
    stack.callback(end.close)
    return Channel(ours, ROOM), end


async def becomes(holds: Callable[[], bool]) -> None:
    """Let the loop run until this holds, which it does in time."""
    assert await asyncio.to_thread(until, holds)


def give(channel: Channel, listener: socket.socket) -> bool:
    """Accept the next connection and hand it over."""
    accepted, _ = listener.accept()
    with accepted:
        return channel.give(accepted)


def test_a_worker_that_leaves_takes_what_it_was_given(listener: socket.socket) -> None:
    """What waits in the pair is taken when it leaves; what comes after that is for others."""

    async def scenario(stack: ExitStack) -> list[str]:
        channel, end = pair(stack)
        taken = list[socket.socket]()
        end.listen(taken.append, lambda: None)
        for _ in range(2):
            stack.enter_context(Connection(listener.getsockname()[1]))
            assert give(channel, listener)
        end.leave(taken.append)
        stack.enter_context(Connection(listener.getsockname()[1]))
        assert not give(channel, listener)
        return [stack.enter_context(connection).getsockname()[0] for connection in taken]

    with ExitStack() as stack:
        assert ["127.0.0.1"] * 2 == asyncio.run(scenario(stack))


@pytest.mark.usefixtures("gc_as_it_was")
def test_a_request_that_was_given_last_is_answered(listener: socket.socket, tmp_path: Path) -> None:
    """A worker told to end in the moment in which a connection is handed over answers what comes on it."""
    key, store = load_or_create(tmp_path, tmp_path / "personae.db"), DictStore(Disk())
    app = App(Server(store, Access(store, key), key, load({}, {}, None).settings, Metrics()))

    class EndsAtOnce(WorkerEngine):
        async def on_tick(self, counter: int) -> bool:
            return give(channel, listener)

    with ExitStack() as stack, Connection(listener.getsockname()[1], HEARD_S) as connection:
        connection.send(request_bytes("GET", "/healthz", {}))
        channel, end = pair(stack)
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(EndsAtOnce(app, 10.0, end).run_until_stopped())
        assert 200 == connection.receive().status


def test_no_worker_is_given_more_than_it_can_have_open(listener: socket.socket) -> None:
    """Further connections wait until one ends, and the log has one line for all of them."""

    async def scenario(stack: ExitStack) -> None:
        sharing = Sharing(listener)
        pairs = [pair(stack), pair(stack)]
        taken: list[list[socket.socket]] = [[], []]
        for (channel, end), connections in zip(pairs, taken, strict=True):
            channel.listen(lambda: None)
            end.listen(connections.append, lambda: None)
            sharing.add(channel)
        await becomes(lambda: all(channel.ready for channel, _ in pairs))
        sharing.start()
        for _ in range(2 * ROOM + 4):
            stack.enter_context(Connection(listener.getsockname()[1]))
        await becomes(lambda: bool(events))
        assert [ROOM, ROOM] == [len(connections) for connections in taken]
        for _ in range(4):
            taken[1].pop(0).close()
            pairs[1][1].closed()
            await becomes(lambda: len(taken[1]) == ROOM)
        sharing.stop()
        for connection in (*taken[0], *taken[1]):
            connection.close()

    with capture_logs() as events, ExitStack() as stack:
        asyncio.run(scenario(stack))
    assert [("cannot accept connections", FULL)] == [(event["event"], event["reason"]) for event in events]
