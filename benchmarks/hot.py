"""What all want at once: one profile that everybody updates, and one address that very many profiles share.

    python -m benchmarks.hot --database postgresql://user@host:5432/postgres

Prints the figures on SQLite, and with `--database` on that PostgreSQL server too, whose user has to be
allowed to make databases. A count that is wrong, or a flag that does not show, ends it with status 1.
"""

import argparse
import sys
from collections.abc import Mapping, Sequence
from statistics import median
from typing import Any, Final, NamedTuple

import msgspec
import uvloop

from .client import Target, drive
from .load import check_uploads, settle, status_of, view
from .server import Server, Setup, running

CONCURRENCY: Final = 15
UPDATES: Final = 20_000
SHARERS: Final = 100_000
BATCH: Final = 1_000
FLAGS: Final = 50

COUNTED: Final = "counted"
SHARED: Final = "shared@example.com"


class Figures(NamedTuple):
    """Updates a second of one profile; milliseconds to set do-not-disturb on the shared email, median and worst."""

    updates: float
    flag_ms: float
    worst_flag_ms: float


def records(target: Target, people: Sequence[str], data: Mapping[str, Any]) -> bytes:
    """An upload that says the same of each of these people."""
    each = [{"type": "profile", "identity": person, "profileData": data} for person in people]
    return target.upload(msgspec.json.encode({"d": each}))


async def send(target: Target, requests: Sequence[bytes], size: int, concurrency: int = 1) -> tuple[float, list[float]]:
    """Uploads of `size` records each; seconds in all, and of each. Raises `Failed` unless every record was processed."""
    driven = await drive(target, requests, concurrency)
    check_uploads(driven.answers, [size] * len(requests))
    return driven.seconds, driven.latencies_s


async def shown(target: Target, person: str, name: str) -> object:
    """A property of this person as GET shows it."""
    return view((await drive(target, [target.get(person)], 1)).answers[0]).get(name)


async def updates_a_second(target: Target) -> float:
    """The rate at which all connections together count up one property of one profile, by a record each."""
    await send(target, [records(target, [COUNTED], {"count": 0})], 1)
    seconds, _ = await send(target, [records(target, [COUNTED], {"count": {"$incr": 1}})] * UPDATES, 1, CONCURRENCY)
    count = await shown(target, COUNTED, "count")
    settle("counts are wrong", [] if count == UPDATES else [f"{count}, not {UPDATES}"], 1)
    return UPDATES / seconds


async def flag_times_s(target: Target) -> list[float]:
    """How long it takes to set do-not-disturb on an email that many profiles have, time and again the other way round."""
    people = [f"sharer-{number}" for number in range(SHARERS)]
    pieces = [people[start : start + BATCH] for start in range(0, SHARERS, BATCH)]
    await send(target, [records(target, piece, {"Email": SHARED}) for piece in pieces], BATCH, CONCURRENCY)
    times_s: list[float] = []
    for turn in range(FLAGS):
        flag = turn % 2 == 0
        _, taken_s = await send(target, [records(target, [people[turn]], {"Email": SHARED, "MSG-dndEmail": flag})], 1)
        times_s += taken_s
        seen = await shown(target, people[-1], "msg-dndemail")
        settle("flags do not show", [] if seen is flag else [f"{seen}, not {flag}"], FLAGS)
    return times_s


async def measure(server: Server) -> Figures:
    updates = await updates_a_second(server.target)
    times_s = await flag_times_s(server.target)
    return Figures(updates, 1_000 * median(times_s), 1_000 * max(times_s))


def main() -> int:
    parser = argparse.ArgumentParser(prog="benchmarks.hot", description="Measure what all want at once.")
    parser.add_argument("--database", default="", metavar="URL", help="a PostgreSQL server whose user may make databases")
    args = parser.parse_args()
    setups = {"SQLite": Setup()} | ({"PostgreSQL": Setup(args.database)} if args.database else {})

    def program() -> None:
        print("| | updates/s of one profile | DND of a shared email, median ms | worst ms |\n| --- | ---: | ---: | ---: |")
        for name, setup in setups.items():
            with running(setup) as server:
                figures = uvloop.run(measure(server))
            print(f"| {name} | {figures.updates:,.0f} | {figures.flag_ms:.2f} | {figures.worst_flag_ms:.2f} |", flush=True)

    return status_of(program)


if __name__ == "__main__":
    sys.exit(main())
