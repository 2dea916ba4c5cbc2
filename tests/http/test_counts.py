"""Counts that take longer than a second, as they are answered (contract B 6.7)."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from personae.core.faults import CONCURRENCY, COUNT_LOST
from personae.http.counts import counted
from personae.http.message import Message, Refused, Request
from personae.http.server import Server
from personae.metrics import Metrics
from personae.projects import Access
from personae.queries.matching import Question
from personae.queries.running import MOST_RUNNING, Counts
from personae.secret_key import load_or_create
from personae.settings import load
from personae.storage import Store
from tests.queries.world import PROJECT
from tests.storage.model import DictStore, Disk

QUERY = json.dumps({"event_name": "App Launched", "from": 20250101, "to": 20250101}).encode()


class Asked:
    """A server that waits for no count, and the counting it does."""

    def __init__(self, directory: Path) -> None:
        store, key = DictStore(Disk()), load_or_create(directory, directory / "personae.db")
        self.server = Server(store, Access(store, key), key, load({}, {}, None).settings, Metrics())
        self.server.counts = Counts(store, patience_s=0)
        self.may_end = asyncio.Event()

    async def counting(self, store: Store, question: Question) -> int:
        await self.may_end.wait()
        return 7

    async def request(self, method: str, query: str = "", body: bytes = b"") -> Any:
        """The JSON of an answer, which has to be a 200."""

        async def receive() -> Message:
            return {"type": "http.request", "body": body, "more_body": False}

        request = Request(method, "/1/counts/events.json", query.encode(), {}, receive, "1", lambda: None)
        response = await counted(self.server, PROJECT, request, "events", self.counting)
        assert response.status == 200
        return json.loads(response.body)


def test_a_count_that_takes_long_is_polled(tmp_path: Path) -> None:
    """Partial until it is done, then the count, by GET and by POST."""

    async def scenario() -> None:
        asked = Asked(tmp_path)
        partial = await asked.request("POST", body=QUERY)
        assert ("partial", {"status", "req_id"}) == (partial["status"], partial.keys())
        poll = f"req_id={partial['req_id']}"
        assert [partial] * 2 == [await asked.request(method, poll) for method in ("GET", "POST")]
        asked.may_end.set()
        for _ in range(20):
            await asyncio.sleep(0)
        assert [{"status": "success", "count": 7}] * 2 == [await asked.request(method, poll) for method in ("GET", "POST")]

    asyncio.run(scenario())


def test_a_count_that_was_not_finished_is_told(tmp_path: Path) -> None:
    """The server was stopped; the text says to ask again."""

    async def scenario() -> None:
        asked = Asked(tmp_path)
        partial = await asked.request("POST", body=QUERY)
        await asked.server.counts.close()
        with pytest.raises(Refused) as refused:
            await asked.request("GET", f"req_id={partial['req_id']}")
        assert refused.value.refusal is COUNT_LOST

    asyncio.run(scenario())


def test_too_many_counts_get_429(tmp_path: Path) -> None:
    """As too many requests do, with the time to wait."""

    async def scenario() -> None:
        asked = Asked(tmp_path)
        for _ in range(MOST_RUNNING):
            await asked.request("POST", body=QUERY)
        with pytest.raises(Refused) as refused:
            await asked.request("POST", body=QUERY)
        assert (CONCURRENCY, [(b"retry-after", b"1")]) == (refused.value.refusal, refused.value.headers)
        await asked.server.counts.close()

    asyncio.run(scenario())
