"""Upload and GET rates of a server, beside what its bare engine can do, or beside themselves at other sizes.

    python -m benchmarks.upload --runs 3                         # ratio: to the ceiling of the same run
    python -m benchmarks.upload --stored 0,100000,1000000        # ratio: to the first number of profiles

Each run starts a server in a new temporary directory (`TMPDIR` says on which disk) and removes it. All
that was acknowledged is read back; a loss, a doubling or a refusal ends the program with status 1.
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

from .ceiling import Ceiling, prepare
from .client import Driven
from .figures import Figures, medians, table
from .load import count, get, read_back, sent_by, status_of, upload
from .payloads import SEED, batches, fresh, over_stored, repeating
from .server import Server, running

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


class Run(NamedTuple):
    """The stages of one run, by name, and how long its server took from start to ready."""

    ready_s: float
    stages: dict[str, Figures]


# --- one stage


async def uploaded(server: Server, numbers: Sequence[int], batch: int, first_seq: int = 1) -> Figures:
    """Upload these people, read everyone back, and give the figures of the upload (the ratio is left out)."""
    uploads = list(batches(numbers, batch, first_seq))
    before_s = server.cpu_s()
    driven = await upload(server.target, uploads, CONCURRENCY)
    figures = figures_of(server, driven, len(numbers), before_s)
    await read_back(server.target, sent_by(uploads), CONCURRENCY)
    return figures


async def got(server: Server, people: Sequence[int]) -> Figures:
    """The figures of reading profiles of these people at random."""
    numbers = Random(SEED).choices(people, k=GETS)
    before_s = server.cpu_s()
    driven = await get(server.target, numbers, CONCURRENCY)
    return figures_of(server, driven, GETS, before_s)


def figures_of(server: Server, driven: Driven, number: int, before_s: float) -> Figures:
    return Figures(
        ratio=nan,
        own_ratio=nan,
        rate=number / driven.seconds,
        ceiling=nan,
        p50_ms=driven.latency_ms(0.5),
        p99_ms=driven.latency_ms(0.99),
        cpu_us=(server.cpu_s() - before_s) / number * 1e6,
        peak_mib=server.peak_mib(),
    )


# --- against the ceiling


async def against_ceiling() -> Run:
    with running() as server:
        ceiling = Ceiling(server.folder)
        stages = {}
        for index, stage in enumerate(STAGES):
            numbers = repeating(stage.records, first=index * RANGE)
            figures = await uploaded(server, numbers, stage.batch)
            work = prepare(numbers, stage.batch)
            highest = max(ceiling.measure(work).values())
            own = ceiling.measure_every_row(work)
            stages[stage.name] = figures._replace(ratio=figures.rate / highest, own_ratio=figures.rate / own, ceiling=highest)
        ceiling.close()
        stages["GET"] = await got(server, repeating(STAGES[0].records, first=0))
        await count(server.target, STAGES[0].batch, CONCURRENCY, CONCURRENCY)
        return Run(server.ready_s, stages)


# --- with profiles stored

NEW: Final = "upload, new people"
HALF: Final = "upload, half of the people stored"


async def with_stored(sizes: Sequence[int]) -> Run:
    """The same uploads and GETs at each number of stored profiles; ratios are to the first."""
    runs = [await at_size(size) for size in sizes]
    stages = {}
    for kind in (NEW, HALF, "GET"):
        first = runs[0].stages[kind].rate
        for size, run in zip(sizes, runs, strict=True):
            figures = run.stages[kind]
            stages[f"{kind}: {size:,}"] = figures._replace(ratio=figures.rate / first)
    return Run(max(run.ready_s for run in runs), stages)


async def at_size(size: int) -> Run:
    """The stages on a server that has `size` profiles when they begin."""
    records, batch = STORED_STAGE.records, STORED_STAGE.batch
    new = repeating(records, first=RANGE)
    half = over_stored(repeating(records, first=2 * RANGE), size)
    with running() as server:
        await preload(server, size)
        stages = {
            NEW: await uploaded(server, new, batch, first_seq=size + 1),
            HALF: await uploaded(server, half, batch, first_seq=size + records + 1),
            "GET": await got(server, [*range(size), *half]),
        }
        untouched = sorted(set(range(size)).difference(half))
        sample = Random(SEED).sample(untouched, min(UNTOUCHED_SAMPLE, len(untouched)))
        await read_back(server.target, {number: [number + 1] for number in sample}, CONCURRENCY)
        return Run(server.ready_s, stages)


async def preload(server: Server, size: int) -> None:
    """Store people 0 to `size` - 1, with `seq` 1 to `size`."""
    for start in range(0, size, PRELOAD_CHUNK):
        people = fresh(min(PRELOAD_CHUNK, size - start), first=start)
        await upload(server.target, list(batches(people, STORED_STAGE.batch, first_seq=start + 1)), CONCURRENCY)
    await asyncio.sleep(SETTLE_S if size else 0)


# --- the program


async def several(run: Callable[[], Awaitable[Run]], runs: int) -> Run:
    """The medians over the runs."""
    done = [await run() for _ in range(runs)]
    return Run(median(run.ready_s for run in done), medians([run.stages for run in done]))


def show(run: Run, *, as_json: bool) -> None:
    if as_json:
        stages = {name: figures._asdict() for name, figures in run.stages.items()}
        print(msgspec.json.encode({"ready_s": run.ready_s, "stages": stages}).decode())
        return
    print(f"start to ready: {run.ready_s:.2f} s; every acknowledged record was read back\n\n{table(run.stages)}")


def sizes(text: str) -> list[int]:
    return [int(part) for part in text.split(",")]


def main() -> int:
    parser = argparse.ArgumentParser(prog="benchmarks.upload", description="Measure uploads and GETs of a server.")
    parser.add_argument("--runs", type=int, default=1, help="how many runs to take the medians of")
    parser.add_argument("--stored", type=sizes, metavar="N,N,...", help="compare these numbers of stored profiles")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    args = parser.parse_args()
    run = partial(with_stored, args.stored) if args.stored else against_ceiling
    return status_of(lambda: show(uvloop.run(several(run, args.runs)), as_json=args.json))


if __name__ == "__main__":
    sys.exit(main())
