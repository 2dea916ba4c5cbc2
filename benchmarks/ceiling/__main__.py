"""The bare engine alone.

    python -m benchmarks.ceiling --records 100000 --batch 1000
    python -m benchmarks.ceiling --records 100000 --batch 1000 --database postgresql://user@host:5432/postgres

On PostgreSQL the databases it writes to are made on that server and dropped afterwards.
"""

import argparse
from math import isnan
from pathlib import Path
from tempfile import TemporaryDirectory

import uvloop

from ..payloads import repeating
from . import opened
from .work import Load, prepare


async def run(load: Load, database: str) -> None:
    with TemporaryDirectory(prefix="personae-ceiling-") as folder:
        async with opened(Path(folder), database) as ceiling:
            rates = await ceiling.measure(load)
    for name, rate in (rates.ways | {"every row": rates.own}).items():
        if not isnan(rate):
            print(f"{name:14} {rate:>10,.0f} records a second")


def described(load: Load) -> str:
    (commits,) = prepare(load)
    documents = [len(doc.encode()) for rows in commits for _, _, doc, _ in rows.profiles]
    others = sum(len(rows.aliases) + len(rows.contacts) for rows in commits)
    return (
        f"{len(load.numbers)} records in batches of {load.batch}: {len(documents)} documents of "
        f"{sum(documents) / len(documents):.0f} bytes, {others} aliases and contacts"
    )


def main() -> None:
    parser = argparse.ArgumentParser(prog="benchmarks.ceiling", description="Measure the bare engine.")
    parser.add_argument("--records", type=int, default=100_000)
    parser.add_argument("--batch", type=int, default=1_000)
    parser.add_argument("--database", default="", help="URL of a PostgreSQL server whose user may make databases")
    args = parser.parse_args()
    load = Load(repeating(args.records, 0), args.batch)
    print(described(load))
    uvloop.run(run(load, args.database))


if __name__ == "__main__":
    main()
