"""Upload rates of servers of the usual kind beside those of `personae`, on the same PostgreSQL in the same run.

    python -m benchmarks.peers --database postgresql://user@host:5432/postgres

Each server has one process and a new database on that PostgreSQL server, whose user has to be allowed
to make databases. A peer is installed into a virtual environment in the user's cache, or run by the
Python that `--python` names. All are sent the same bodies; afterwards as many profiles have to be
stored as people were sent, or the program ends with status 1.
"""

import argparse
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Final, NamedTuple
from urllib.parse import urlsplit

import uvloop

from tests.databases import execute

from .. import processes
from ..client import Target
from ..databases import fresh_database
from ..figures import markdown
from ..load import Failed, status_of, upload
from ..payloads import batches, fresh, repeating
from ..server import PASSCODE, PROJECT, Setup, free_port, running, started
from .environments import interpreter

HERE: Final = Path(__file__).parent
CONCURRENCY: Final = 15


class Contender(NamedTuple):
    """A server that runs: its process, and the statement that counts the profiles in its database."""

    target: Target
    pid: int
    database: str
    counting: str


class Rate(NamedTuple):
    """Records a second, and microseconds of the server's CPU for each."""

    rate: float
    cpu_us: float


Opened = Callable[[str], AbstractContextManager[Contender]]
"""Runs a contender on the PostgreSQL server of this URL."""


@contextmanager
def ours(server: str) -> Iterator[Contender]:
    with running(Setup(server)) as own:
        yield Contender(own.target, own.pid, own.database, "SELECT count(*) FROM node WHERE doc IS NOT NULL")


@contextmanager
def peer(python: Path, folder: str, app: str, server: str) -> Iterator[Contender]:
    """A peer, under uvicorn; its code is in this folder."""
    with fresh_database(server) as database, TemporaryDirectory(prefix="personae-peer-") as name:
        port = free_port()
        command = [str(python), "-m", "uvicorn", app, "--app-dir", str(HERE / folder), "--port", str(port), "--no-access-log"]
        settings = {"PEER_PROJECT": PROJECT, "PEER_PASSCODE": PASSCODE, "PEER_DATABASE": through_sqlalchemy(database)}
        with started(command, port, Path(name), os.environ | settings) as (pid, _):
            target = Target(f"http://127.0.0.1:{port}", PROJECT, PASSCODE)
            yield Contender(target, pid, database, "SELECT count(*) FROM profile")


def through_sqlalchemy(url: str) -> str:
    return urlsplit(url)._replace(scheme="postgresql+asyncpg").geturl()


PEERS: Final = {
    "FastAPI, SQLAlchemy: one upsert a record": ("fastapi_sqlalchemy", "app:each"),
    "FastAPI, SQLAlchemy: one upsert a record, built once": ("fastapi_sqlalchemy", "app:once"),
    "FastAPI, SQLAlchemy: one executemany a request": ("fastapi_sqlalchemy", "app:bulk"),
}
"""Folder and app of each peer."""

LOADS: Final = {"people come again": repeating, "new people": fresh}
"""Which people are sent: in the first, requests at the same time share some, and wait for each other's rows."""


def contenders(python: Path | None) -> Mapping[str, Opened]:
    """All of them by name, ours first; peers are run by this Python, or by that of an environment of their own."""
    return {"personae": ours} | {
        name: partial(peer, python or interpreter(HERE / folder / "requirements.txt"), folder, app)
        for name, (folder, app) in PEERS.items()
    }


async def measure(opened: Opened, server: str, numbers: Sequence[int], batch: int) -> Rate:
    """The rate of uploading these people; raises `Failed` unless all are stored then."""
    with opened(server) as contender:
        before_s = processes.cpu_s(contender.pid)
        driven = await upload(contender.target, list(batches(numbers, batch)), CONCURRENCY)
        used_s = processes.cpu_s(contender.pid) - before_s
        ((stored,),) = execute(contender.database, contender.counting)
    if stored != len(set(numbers)):
        raise Failed(f"{stored} profiles are stored, {len(set(numbers))} people were sent")
    return Rate(len(numbers) / driven.seconds, used_s / len(numbers) * 1e6)


async def compare(args: argparse.Namespace) -> None:
    """Measure all of them in turn, `runs` times, with each load, and print the medians."""
    every = contenders(args.python)
    for load, people in LOADS.items():
        numbers = people(args.records, 0)
        runs = [
            [await measure(opened, args.database, numbers, args.batch) for opened in every.values()] for _ in range(args.runs)
        ]
        rates = [Rate(*map(median, zip(*rates, strict=True))) for rates in zip(*runs, strict=True)]
        ratios = [median(run[0].rate / run[place].rate for run in runs) for place in range(len(every))]
        print(f"{load}\n\n{table(list(every), rates, ratios)}\n")


def table(names: Sequence[str], rates: Sequence[Rate], ratios: Sequence[float]) -> str:
    return markdown(
        [
            ["", *names],
            ["personae is faster by", *(f"{ratio:.1f}x" for ratio in ratios)],
            ["rate/s", *(f"{rate.rate:,.0f}" for rate in rates)],
            ["CPU us", *(f"{rate.cpu_us:.1f}" for rate in rates)],
        ]
    )


def main() -> int:
    parser = argparse.ArgumentParser(prog="benchmarks.peers", description="Hold servers of the usual kind against personae.")
    parser.add_argument("--database", required=True, metavar="URL", help="a PostgreSQL server whose user may make databases")
    parser.add_argument("--python", type=Path, help="a Python that has the requirements of the peers")
    parser.add_argument("--records", type=int, default=100_000)
    parser.add_argument("--batch", type=int, default=1_000)
    parser.add_argument("--runs", type=int, default=1, help="how many runs to take the medians of")
    args = parser.parse_args()
    return status_of(lambda: uvloop.run(compare(args)))


if __name__ == "__main__":
    sys.exit(main())
