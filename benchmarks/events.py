"""What events take and how fast they are found: bytes of each, counts and queries by name and day.

    python -m benchmarks.events --events 1000000 --profiles 100000
    python -m benchmarks.events --events 1000000 --profiles 100000 --database postgresql://user@host:5432/postgres

A server stores the events through uploads, in the order of their time over 30 days, about profiles that
are there already. Then it is asked for one name, over one day and over all of them; each answer is checked
against what was sent. Times are from handing over the request to the last byte of its answer.
"""

import argparse
import asyncio
import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import islice
from random import Random
from statistics import median
from time import perf_counter
from typing import Any, Final, NamedTuple
from urllib.parse import urlsplit

import msgspec
import uvloop

from .client import drive
from .figures import markdown
from .load import Failed, check_uploads, pieces, status_of, upload
from .payloads import EVENTS, FIRST_TS, SEED, batches, event, event_bodies, fresh
from .server import Server, Setup, running
from .sizing import ENGINES, SETTLE_S

CONCURRENCY: Final = 15
BATCH: Final = 1_000
CHUNK: Final = 100_000
DAYS: Final = 30
DAY_S: Final = 86_400
START: Final = FIRST_TS // DAY_S * DAY_S
NAME: Final = EVENTS[0]
TIMES: Final = 5
"""How often each question is asked; the median counts."""


class Sent(NamedTuple):
    """What was sent of `NAME`: events by day, and all of their people."""

    by_day: list[int]
    people: int


class Found(NamedTuple):
    """A question, in words, how many records or what count came, and the milliseconds it took."""

    question: str
    answer: int
    ms: float


def sent_of(people: Sequence[int]) -> Sent:
    by_day = [0] * DAYS
    named: set[int] = set()
    for seq, number in enumerate(people):
        if event(number, seq, 0)["evtName"] == NAME:
            by_day[seq * DAYS // len(people)] += 1
            named.add(number)
    return Sent(by_day, len(named))


async def store(server: Server, events: int, profiles: int) -> tuple[float, Sequence[int]]:
    """Store the profiles, then the events; gives events a second, and whose they are, in order."""
    for piece in pieces(fresh(profiles, first=0), CHUNK):
        await upload(server.target, list(batches(piece, BATCH)), CONCURRENCY)
    people = Random(SEED).choices(range(profiles), k=events)
    bodies = event_bodies(people, BATCH, START, DAYS * DAY_S)
    seconds = 0.0
    while chunk := list(islice(bodies, CHUNK // BATCH)):
        driven = await drive(server.target, [server.target.upload(body) for body in chunk], CONCURRENCY)
        check_uploads(driven.answers, [msgspec.json.decode(answer.body)["processed"] for answer in driven.answers])
        seconds += driven.seconds
    return events / seconds, people


def query(first_day: int, last_day: int, **more: Any) -> bytes:
    first, last = (
        int((datetime.fromtimestamp(START, UTC) + timedelta(days=day)).strftime("%Y%m%d")) for day in (first_day, last_day)
    )
    return msgspec.json.encode({"event_name": NAME, "from": first, "to": last} | more)


async def ask(server: Server, path: str, body: bytes) -> dict[str, Any]:
    """The answer to a question; a cursor is followed to its first page, a count until it is there."""
    (answer,) = (await drive(server.target, [server.target.post(path, body)], 1)).answers
    said: dict[str, Any] = msgspec.json.decode(answer.body)
    while said.get("cursor") or said["status"] == "partial":
        more = f"cursor={said['cursor']}" if said.get("cursor") else f"req_id={said['req_id']}"
        (answer,) = (await drive(server.target, [server.target.read(f"{path.partition('?')[0]}?{more}")], 1)).answers
        said = msgspec.json.decode(answer.body)
    if said["status"] != "success":
        raise Failed(f"{path}: {answer.body[:300]!r}")
    return said


async def found(server: Server, question: str, path: str, body: bytes, wanted: int) -> Found:
    times = []
    for _ in range(TIMES):
        start = perf_counter()
        said = await ask(server, path, body)
        times.append((perf_counter() - start) * 1000)
        answer = said["count"] if "count" in said else len(said.get("records", []))
        if answer != wanted:
            raise Failed(f"{question}: {answer} came, {wanted} were sent")
    return Found(question, answer, median(times))


async def measure(events: int, profiles: int, setup: Setup) -> tuple[float, dict[str, int], list[Found]]:
    """Events a second, what the tables take, and the answers."""
    with running(setup) as server:
        rate, people = await store(server, events, profiles)
        await asyncio.sleep(SETTLE_S)
        sent = sent_of(people)
        middle, whole = query(DAYS // 2, DAYS // 2), query(0, DAYS - 1)
        one, every = sent.by_day[DAYS // 2], sum(sent.by_day)
        dear = query(0, DAYS - 1, event_properties=[{"name": "price", "operator": "gte", "value": 0}])
        questions = (
            ("count events of a name, one day", "/1/counts/events.json", middle, one),
            ("count events of a name, 30 days", "/1/counts/events.json", whole, every),
            ("count events of a name, 30 days, filtered", "/1/counts/events.json", dear, every),
            ("count profiles of a name, 30 days", "/1/counts/profiles.json", whole, sent.people),
            ("first 1,000 events of a name, one day", "/1/events.json?batch_size=1000", middle, min(one, 1000)),
            ("first 1,000 events of a name, 30 days, filtered", "/1/events.json?batch_size=1000", dear, min(every, 1000)),
            ("first 1,000 profiles of a name, 30 days", "/1/profiles.json?batch_size=1000", whole, min(sent.people, 1000)),
            ("first 1,000 profiles, filtered", "/1/profiles.json?batch_size=1000", dear, min(sent.people, 1000)),
        )
        answers = [await found(server, *question) for question in questions]
        return rate, ENGINES[urlsplit(setup.database).scheme].sizes(server), answers


def show(events: int, rate: float, sizes: dict[str, int], answers: Sequence[Found]) -> None:
    print(f"{rate:,.0f} events stored a second\n")
    parts = {name: size for name, size in sizes.items() if name.startswith("event")}
    rows = {**parts, "in all": sum(parts.values())}
    print(markdown([["bytes an event", *rows], ["", *(f"{size / events:,.1f}" for size in rows.values())]]), end="\n\n")
    columns = zip(*((f.question, f"{f.answer:,}", f"{f.ms:,.1f}") for f in answers), strict=True)
    print(markdown([[title, *column] for title, column in zip(("question", "answer", "ms"), columns, strict=True)]))


def main() -> int:
    parser = argparse.ArgumentParser(prog="benchmarks.events", description="Measure what events take, and queries.")
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--profiles", type=int, default=100_000)
    parser.add_argument("--database", default="", metavar="URL", help="a PostgreSQL server whose user may make databases")
    args = parser.parse_args()
    setup = Setup(args.database)
    return status_of(lambda: show(args.events, *uvloop.run(measure(args.events, args.profiles, setup))))


if __name__ == "__main__":
    sys.exit(main())
