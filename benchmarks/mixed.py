"""What events and history cost: uploads of profiles alone, half of them events, and without history.

    python -m benchmarks.mixed
    python -m benchmarks.mixed --database postgresql://user@host:5432/postgres --batch 1000

Two servers, one of them with `max_history` 0, take their turns with new people in each round, so that
what else goes on in the machine meets all of them. Ratios are to profiles alone with history, medians of the
rounds' own ratios. Every acknowledged profile is read back after the last round, and every event counted.
"""

import argparse
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from statistics import median
from typing import Final, NamedTuple

import msgspec
import uvloop

from .client import drive
from .figures import markdown
from .load import Failed, read_back, sent_by, status_of, upload
from .payloads import EVENTS, FIRST_TS, Batch, batches, mixed_batches, repeating
from .server import Server, Setup, running

CONCURRENCY: Final = 15
RANGE: Final = 10_000_000
"""Each round of each load has a range of identity numbers of its own, this wide."""

Make = Callable[[Sequence[int], int], Iterator[Batch]]


class Load(NamedTuple):
    """A load by name: its uploads, and whether its server keeps history."""

    name: str
    make: Make
    history: bool


LOADS: Final = (
    Load("profiles, history", batches, True),
    Load("half profiles, half events, history", mixed_batches, True),
    Load("profiles, no history", batches, False),
)
BASE: Final = LOADS[0]


class Round(NamedTuple):
    """Records a second and the server's CPU microseconds of each, by name of load."""

    rates: dict[str, float]
    cpu_us: dict[str, float]


async def measure(setup: Setup, records: int, batch: int, rounds: int) -> list[Round]:
    with ExitStack() as stack:
        servers = {
            history: stack.enter_context(running(setup._replace(settings=(() if history else (("max_history", "0"),)))))
            for history in (True, False)
        }
        sent: dict[str, list[Batch]] = {load.name: [] for load in LOADS}
        done = [await one_round(servers, sent, number, records, batch) for number in range(rounds)]
        for load in LOADS:
            await read_back(servers[load.history].target, sent_by(sent[load.name]), CONCURRENCY)
        await check_events(servers[True], rounds * records // 2)
    return done


async def one_round(servers: dict[bool, Server], sent: dict[str, list[Batch]], number: int, records: int, batch: int) -> Round:
    """Each load once, another one first in each round."""
    rates, cpu_us = {}, {}
    turn = number % len(LOADS)
    for place, load in enumerate((*LOADS[turn:], *LOADS[:turn])):
        server = servers[load.history]
        uploads = list(load.make(repeating(records, first=(number * len(LOADS) + place) * RANGE), batch))
        before = server.cpu_s()
        driven = await upload(server.target, [whole(one, load) for one in uploads], CONCURRENCY)
        rates[load.name] = records / driven.seconds
        cpu_us[load.name] = (server.cpu_s() - before) / records * 1e6
        sent[load.name] += uploads
    return Round(rates, cpu_us)


def whole(batch: Batch, load: Load) -> Batch:
    """A batch with as many pairs as it has records, which `upload` checks the answer by."""
    return batch._replace(sent=batch.sent * 2) if load.make is mixed_batches else batch


async def check_events(server: Server, events: int) -> None:
    """Raise `Failed` unless the server counts as many events as it acknowledged."""
    first, last = (int(datetime.fromtimestamp(ts, UTC).strftime("%Y%m%d")) for ts in (FIRST_TS, FIRST_TS + events))
    bodies = [msgspec.json.encode({"event_name": name, "from": first, "to": last}) for name in EVENTS]
    answers = (await drive(server.target, [server.target.post("/1/counts/events.json", body) for body in bodies], 1)).answers
    counted = sum(msgspec.json.decode(answer.body).get("count", 0) for answer in answers)
    if counted != events:
        raise Failed(f"{events} events were acknowledged, {counted} are counted")


def show(rounds: Sequence[Round]) -> None:
    names = [load.name for load in LOADS]
    ratios = [f"{median(r.rates[name] / r.rates[BASE.name] for r in rounds):.1%}" for name in names]
    rates = [f"{median(r.rates[name] for r in rounds):,.0f}" for name in names]
    cpu = [f"{median(r.cpu_us[name] for r in rounds):.1f}" for name in names]
    print(markdown([["", *names], ["ratio", *ratios], ["records/s", *rates], ["CPU us", *cpu]]))
    kept = median(r.rates[BASE.name] / r.rates[LOADS[2].name] for r in rounds)
    print(f"\nwith history as fast as {kept:.1%} of without")


def main() -> int:
    parser = argparse.ArgumentParser(prog="benchmarks.mixed", description="Measure what events and history cost.")
    parser.add_argument("--records", type=int, default=50_000, help="records of each load in each round")
    parser.add_argument("--batch", type=int, default=1_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--database", default="", metavar="URL", help="a PostgreSQL server whose user may make databases")
    args = parser.parse_args()
    return status_of(lambda: show(uvloop.run(measure(Setup(args.database), args.records, args.batch, args.rounds))))


if __name__ == "__main__":
    sys.exit(main())
