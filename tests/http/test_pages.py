"""Pages nobody waits for (contract A1)."""

import asyncio
from pathlib import Path

import pytest

from personae.core.query.asked import Options
from personae.http.cursors import EVENTS, PROFILES, Cursor, seal
from personae.http.message import Disconnected, Message, Request
from personae.http.queries import events, profiles
from personae.http.server import Server
from personae.metrics import Metrics
from personae.projects import Access, Grant
from personae.queries.events import FIRST
from personae.queries.profiles import Position
from personae.secret_key import load_or_create
from personae.settings import load
from personae.storage import Passcode, Project
from personae.storage.events import Segment, Span
from tests.queries.world import NOW, PROJECT, query
from tests.storage.model import DictStore, Disk


class Endless(DictStore):
    """Its segments have no end."""

    async def read_segments(
        self, project: Project, name: str, span: Span, after: int, limit: int, *, bodies: bool
    ) -> list[Segment]:
        return [Segment(after + 1, 0, 0, b"", "[]")]


@pytest.mark.parametrize("path", ["profiles", "events"])
def test_the_work_of_a_page_ends_when_its_client_is_gone(path: str, tmp_path: Path) -> None:
    """However much is left of it."""
    store, key = Endless(Disk()), load_or_create(tmp_path, tmp_path / "personae.db")
    server = Server(store, Access(store, key), key, load({}, {}, None).settings, Metrics())
    start_us = 2 * NOW * 1_000_000
    if path == "profiles":
        handler, sealed = profiles, seal(key, PROJECT, PROFILES, Cursor(query(), Options(), start_us, 2 * NOW, Position()))
    else:
        handler, sealed = events, seal(key, PROJECT, EVENTS, Cursor(query(), Options(), start_us, 2 * NOW, FIRST))

    async def receive() -> Message:
        return {"type": "http.disconnect"}

    grant = Grant(PROJECT, Passcode("1", PROJECT.id, "one", b"", b"", NOW))
    request = Request("GET", f"/1/{path}.json", b"cursor=" + sealed.encode(), {}, receive, "1", lambda: None)
    with pytest.raises(Disconnected):
        asyncio.run(handler(server, grant, request))
