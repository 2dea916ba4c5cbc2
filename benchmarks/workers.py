"""What more workers bring: the same loads on servers with one worker and with more, and who had the CPU.

    python -m benchmarks.workers --database postgresql://user@host:5432/postgres --workers 1,2
    python -m benchmarks.workers --database postgresql://user@host:5432/postgres --workers 1,2 --speed 0.3 --batch 200

On a machine with few cores, workers, the database and this driver take them from one another. **allowed**
is the most that the cores let the rate grow, if a record went on to cost each of them the same CPU: a
worker and the driver have at most one core each, all together those of the machine. With `--speed`
each worker runs for that share of the time only, as on a slower core, so that cores are free: then it
shows what the workers cost each other apart from cores.

Uploads at the same time that share people go after one another in one worker; two workers find out by
the rows they lose to each other, and write those again.
"""

import argparse
import sys
from collections.abc import Awaitable, Callable, Sequence
from random import Random
from statistics import median
from time import process_time
from typing import Final, NamedTuple

import uvloop

from . import processes
from .client import Driven
from .figures import markdown
from .load import get, read_back, sent_by, status_of, upload
from .payloads import SEED, Batch, batches, fresh, repeating
from .server import Server, Setup, running
from .slowing import slowed

CONCURRENCY: Final = 15
ENOUGH: Final = 0.8
"""A part that was busy for less than this share of its time had enough."""


class Cpu(NamedTuple):
    """CPU seconds, used so far or between two moments; `machine_s` also has what others used."""

    server_s: float
    database_s: float
    driver_s: float
    machine_s: float

    @staticmethod
    def of(server: Server) -> "Cpu":
        return Cpu(server.cpu_s(), server.database_cpu_s(), process_time(), processes.busy_s())

    def since(self, before: "Cpu") -> "Cpu":
        return Cpu(*(now - then for now, then in zip(self, before, strict=True)))


class Figures(NamedTuple):
    """Records or GETs a second; CPU microseconds of each; the share of the machine's cores that was busy."""

    rate: float
    server_us: float
    database_us: float
    driver_us: float
    busy: float

    def allowed(self, workers: int, speed: float) -> float:
        """The highest rate that the cores allow so many workers at this speed."""
        costs_us = (self.server_us / (workers * speed), self.driver_us, sum(self[1:4]) / processes.CORES)
        return 1e6 / max(costs_us)

    def limit(self, workers: int, speed: float) -> str:
        """What had least to spare; if all had enough, then it was the database, which made them wait."""
        used = {
            "workers": self.server_us * self.rate / 1e6 / (workers * speed),
            "driver": self.driver_us * self.rate / 1e6,
            "machine": self.busy,
        }
        name = max(used, key=used.__getitem__)
        return name if used[name] > ENOUGH else "database"


# --- the loads


class Load(NamedTuple):
    """What is sent: bodies with people who come again, all at once; with new people only; and who is read."""

    again: list[Batch]
    new: list[Batch]
    reads: list[int]

    @staticmethod
    def of(records: int, batch: int, gets: int) -> "Load":
        people = repeating(records, 0)
        new = batches(fresh(records, first=records), batch)
        return Load(list(batches(people, batch)), list(new), Random(SEED).choices(people, k=gets))


async def people_again(server: Server, load: Load) -> tuple[int, Driven]:
    return records_of(load.again), await upload(server.target, load.again, CONCURRENCY)


async def people_new(server: Server, load: Load) -> tuple[int, Driven]:
    return records_of(load.new), await upload(server.target, load.new, CONCURRENCY)


async def dry_runs(server: Server, load: Load) -> tuple[int, Driven]:
    return records_of(load.again), await upload(server.target, load.again, CONCURRENCY, dry_run=True)


async def gets(server: Server, load: Load) -> tuple[int, Driven]:
    return len(load.reads), await get(server.target, load.reads, CONCURRENCY)


def records_of(uploads: Sequence[Batch]) -> int:
    return sum(len(batch.sent) for batch in uploads)


KINDS: Final[dict[str, Callable[[Server, Load], Awaitable[tuple[int, Driven]]]]] = {
    "upload, new people": people_new,
    "upload, people come again": people_again,
    "dry run": dry_runs,
    "GET": gets,
}
"""In this order: dry runs and GETs find what the uploads have stored."""


# --- measuring

Measured = dict[str, Figures]
"""By kind of load."""


async def measure(setup: Setup, load: Load, speed: float) -> Measured:
    with running(setup) as server:
        with slowed(processes.children(server.pid) or [server.pid], speed):
            measured = {kind: await figures(server, load, send) for kind, send in KINDS.items()}
        await read_back(server.target, sent_by([*load.again, *load.new]), CONCURRENCY)
        return measured


async def figures(server: Server, load: Load, send: Callable[[Server, Load], Awaitable[tuple[int, Driven]]]) -> Figures:
    before = Cpu.of(server)
    number, driven = await send(server, load)
    used = Cpu.of(server).since(before)
    server_us, database_us, driver_us, machine_us = (part_s / number * 1e6 for part_s in used)
    rate = number / driven.seconds
    return Figures(rate, server_us, database_us, driver_us, machine_us * rate / 1e6 / processes.CORES)


def medians(runs: Sequence[Measured]) -> Measured:
    return {kind: Figures(*map(median, zip(*(run[kind] for run in runs), strict=True))) for kind in KINDS}


async def compare(args: argparse.Namespace) -> None:
    load = Load.of(args.records, args.batch, args.gets)
    runs = [
        {workers: await measure(Setup(args.database, workers), load, args.speed) for workers in args.workers}
        for _ in range(args.runs)
    ]
    print(table({workers: medians([run[workers] for run in runs]) for workers in args.workers}, args.speed))


def table(measured: dict[int, Measured], speed: float) -> str:
    """A row for each load and number of workers; ratios are to the first number."""
    titles = ("", "ratio", "allowed", "rate/s", "workers us", "database us", "driver us", "machine busy", "limit")
    rows = [
        row(kind, workers, next(iter(measured.items())), figures_of[kind], speed)
        for kind in KINDS
        for workers, figures_of in measured.items()
    ]
    return markdown(list(zip(titles, *rows, strict=True)))


def row(kind: str, workers: int, first: tuple[int, Measured], figures: Figures, speed: float) -> list[str]:
    base = first[1][kind]
    return [
        f"{kind}, workers: {workers}",
        f"{figures.rate / base.rate:.2f}",
        f"{base.allowed(workers, speed) / base.rate:.2f}",
        f"{figures.rate:,.0f}",
        *(f"{part:.1f}" for part in figures[1:4]),
        f"{figures.busy:.0%}",
        figures.limit(workers, speed),
    ]


def numbers(text: str) -> list[int]:
    return [int(part) for part in text.split(",")]


def main() -> int:
    parser = argparse.ArgumentParser(prog="benchmarks.workers", description="Measure what more workers bring.")
    parser.add_argument("--database", required=True, metavar="URL", help="a PostgreSQL server whose user may make databases")
    parser.add_argument("--workers", type=numbers, default=[1, 2], metavar="N,N,...", help="the numbers to compare")
    parser.add_argument("--speed", type=float, default=1.0, metavar="SHARE", help="share of the time each worker may run")
    parser.add_argument("--records", type=int, default=100_000)
    parser.add_argument("--batch", type=int, default=1_000)
    parser.add_argument("--gets", type=int, default=20_000)
    parser.add_argument("--runs", type=int, default=1, help="how many runs to take the medians of")
    args = parser.parse_args()
    return status_of(lambda: uvloop.run(compare(args)))


if __name__ == "__main__":
    sys.exit(main())
