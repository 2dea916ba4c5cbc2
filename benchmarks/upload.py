"""Upload and GET rates of a server, beside what its bare engine can do, or beside themselves at other sizes.

    python -m benchmarks.upload --runs 3                         # ratio: to the ceiling of the same run
    python -m benchmarks.upload --stored 0,100000,1000000        # ratio: to the first number of profiles
    python -m benchmarks.upload --database postgresql://user@host:5432/postgres --workers 2

Each run starts a server in a new temporary directory (`TMPDIR` says on which disk) and removes it. With
`--database` it is in a new database on that PostgreSQL server, whose user has to be allowed to make
databases; it is dropped afterwards. All that was acknowledged is read back; a loss, a doubling or a
refusal ends the program with status 1.
"""

import argparse
import asyncio
import sys
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from math import nan
from random import Random
from statistics import median
from typing import Final, NamedTuple

import msgspec
import uvloop

from . import ceiling
from .ceiling.work import Load
from .client import Driven
from .figures import Figures, markdown, medians, table
from .load import count, get, read_back, sent_by, status_of, upload
from .payloads import SEED, batches, fresh, over_stored, repeating
from .server import Server, Setup, running

CONCURRENCY: Final = 15
GETS: Final = 20_000
RANGE: Final = 10_000_000
"""Each stage has a range of identity numbers of its own, this wide."""

PRELOAD_CHUNK: Final = 100_000
UNTOUCHED_SAMPLE: Final = 20_000
"""How many of the stored profiles that the stage left alone are read back as well."""

SETTLE_S: Final = 2
"""After a preload, so that the checkpoint of its last commits is not counted to the stage."""


class Stage(NamedTuple):
    name: str
    records: int
    batch: int


STAGES: Final = (
    Stage("upload, batch 1000", 100_000, 1_000),
    Stage("upload, batch 100", 100_000, 100),
    Stage("upload, batch 1", 20_000, 1),
)
STORED_STAGE: Final = STAGES[0]


Ways = dict[str, dict[str, float]]
"""For each stage what the bare engine can do, in records a second, by way to write."""


class Run(NamedTuple):
    """The stages of one run, by name, with their ceilings, and how long its server took from start to ready."""

    ready_s: float
    stages: dict[str, Figures]
    ceilings: Ways


# --- one stage


class Cpu(NamedTuple):
    """CPU seconds used so far."""

    server_s: float
    database_s: float

    @staticmethod
    def of(server: Server) -> "Cpu":
        return Cpu(server.cpu_s(), server.database_cpu_s())


async def uploaded(server: Server, numbers: Sequence[int], batch: int, first_seq: int = 1) -> Figures:
    """Upload these people, read everyone back, and give the figures of the upload (the ratio is left out)."""
    uploads = list(batches(numbers, batch, first_seq))
    before = Cpu.of(server)
    driven = await upload(server.target, uploads, CONCURRENCY)
    figures = figures_of(server, driven, len(numbers), before)
    await read_back(server.target, sent_by(uploads), CONCURRENCY)
    return figures


async def got(server: Server, people: Sequence[int]) -> Figures:
    """The figures of reading profiles of these people at random."""
    numbers = Random(SEED).choices(people, k=GETS)
    before = Cpu.of(server)
    driven = await get(server.target, numbers, CONCURRENCY)
    return figures_of(server, driven, GETS, before)


def figures_of(server: Server, driven: Driven, number: int, before: Cpu) -> Figures:
    after = Cpu.of(server)
    return Figures(
        ratio=nan,
        own_ratio=nan,
        rate=number / driven.seconds,
        ceiling=nan,
        p50_ms=driven.latency_ms(0.5),
        p99_ms=driven.latency_ms(0.99),
        cpu_us=(after.server_s - before.server_s) / number * 1e6,
        database_us=(after.database_s - before.database_s) / number * 1e6,
        peak_mib=server.peak_mib(),
    )


# --- against the ceiling


async def against_ceiling(setup: Setup) -> Run:
    with running(setup) as server:
        async with ceiling.opened(server.folder, setup.database) as engine:
            stages: dict[str, Figures] = {}
            ceilings: Ways = {}
            for index, stage in enumerate(STAGES):
                load = Load(repeating(stage.records, first=index * RANGE), stage.batch)
                figures = await uploaded(server, load.numbers, load.batch)
                rates = await engine.measure(load)
                ratios = {"ratio": figures.rate / rates.highest, "own_ratio": figures.rate / rates.own}
                stages[stage.name] = figures._replace(**ratios, ceiling=rates.highest)
                ceilings[stage.name] = rates.ways
        stages["GET"] = await got(server, repeating(STAGES[0].records, first=0))
        await count(server.target, STAGES[0].batch, CONCURRENCY, CONCURRENCY)
        return Run(server.ready_s, stages, ceilings)


# --- with profiles stored

NEW: Final = "upload, new people"
HALF: Final = "upload, half of the people stored"


async def with_stored(sizes: Sequence[int], setup: Setup) -> Run:
    """The same uploads and GETs at each number of stored profiles; ratios are to the first."""
    runs = [await at_size(size, setup) for size in sizes]
    stages = {}
    for kind in (NEW, HALF, "GET"):
        first = runs[0].stages[kind].rate
        for size, run in zip(sizes, runs, strict=True):
            figures = run.stages[kind]
            stages[f"{kind}: {size:,}"] = figures._replace(ratio=figures.rate / first)
    return Run(max(run.ready_s for run in runs), stages, {})


async def at_size(size: int, setup: Setup) -> Run:
    """The stages on a server that has `size` profiles when they begin."""
    records, batch = STORED_STAGE.records, STORED_STAGE.batch
    new = repeating(records, first=RANGE)
    half = over_stored(repeating(records, first=2 * RANGE), size)
    with running(setup) as server:
        await preload(server, size)
        stages = {
            NEW: await uploaded(server, new, batch, first_seq=size + 1),
            HALF: await uploaded(server, half, batch, first_seq=size + records + 1),
            "GET": await got(server, [*range(size), *half]),
        }
        untouched = sorted(set(range(size)).difference(half))
        sample = Random(SEED).sample(untouched, min(UNTOUCHED_SAMPLE, len(untouched)))
        await read_back(server.target, {number: [number + 1] for number in sample}, CONCURRENCY)
        return Run(server.ready_s, stages, {})


async def preload(server: Server, size: int) -> None:
    """Store people 0 to `size` - 1, with `seq` 1 to `size`."""
    for start in range(0, size, PRELOAD_CHUNK):
        people = fresh(min(PRELOAD_CHUNK, size - start), first=start)
        await upload(server.target, list(batches(people, STORED_STAGE.batch, first_seq=start + 1)), CONCURRENCY)
    await asyncio.sleep(SETTLE_S if size else 0)


# --- the program


async def several(run: Callable[[Setup], Awaitable[Run]], setup: Setup, runs: int) -> Run:
    """The medians over the runs."""
    done = [await run(setup) for _ in range(runs)]
    stages = medians([run.stages for run in done])
    return Run(median(run.ready_s for run in done), stages, median_ways([run.ceilings for run in done]))


def median_ways(runs: Sequence[Ways]) -> Ways:
    return {stage: {way: median(run[stage][way] for run in runs) for way in rates} for stage, rates in runs[0].items()}


def show(run: Run, *, as_json: bool) -> None:
    if as_json:
        stages = {name: figures._asdict() for name, figures in run.stages.items()}
        print(msgspec.json.encode({"ready_s": run.ready_s, "stages": stages, "ceilings": run.ceilings}).decode())
        return
    print(f"start to ready: {run.ready_s:.2f} s; every acknowledged record was read back\n\n{table(run.stages)}")
    if run.ceilings:
        print(f"\nthe bare engine, records a second, by way to write:\n\n{ways_table(run.ceilings)}")


def ways_table(ceilings: Ways) -> str:
    """A row for each stage, a column for each way."""
    ways = list(next(iter(ceilings.values())))
    columns = [[way, *(f"{rates[way]:,.0f}" for rates in ceilings.values())] for way in ways]
    return markdown([["", *ceilings], *columns])


def sizes(text: str) -> list[int]:
    return [int(part) for part in text.split(",")]


def main() -> int:
    parser = argparse.ArgumentParser(prog="benchmarks.upload", description="Measure uploads and GETs of a server.")
    parser.add_argument("--runs", type=int, default=1, help="how many runs to take the medians of")
    parser.add_argument("--stored", type=sizes, metavar="N,N,...", help="compare these numbers of stored profiles")
    parser.add_argument("--database", default="", metavar="URL", help="a PostgreSQL server whose user may make databases")
    parser.add_argument("--workers", type=int, default=1, help="processes of the server; more than 1 needs --database")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    args = parser.parse_args()
    run = partial(with_stored, args.stored) if args.stored else against_ceiling
    setup = Setup(args.database, args.workers)
    return status_of(lambda: show(uvloop.run(several(run, setup, args.runs)), as_json=args.json))


if __name__ == "__main__":
    sys.exit(main())
