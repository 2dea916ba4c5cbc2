"""How fast a server gives all its profiles, how much memory that takes, and how others are answered meanwhile.

    python -m benchmarks.export --profiles 1000000
    python -m benchmarks.export --profiles 1000000 --database postgresql://user@host:5432/postgres

The profiles are stored through uploads; then a new server on the same database exports them, plain, with
gzip and by `fields`, while one connection reads single profiles. Growth is the most memory the server held during
an export less what it held before the first one. An export that lacks a profile ends the program with
status 1.
"""

import argparse
import asyncio
import sys
import zlib
from collections.abc import Sequence
from random import Random
from time import perf_counter
from typing import Final, NamedTuple
from urllib.parse import urlsplit

import httptools
import uvloop

from . import processes
from .client import Target, drive
from .figures import markdown
from .load import Failed, pieces, status_of, upload
from .payloads import SEED, batches, fresh, identity_of
from .server import Server, Setup, place, serving

CONCURRENCY: Final = 15
BATCH: Final = 1_000
CHUNK: Final = 100_000
"""Records made at a time."""

PAUSE_S: Final = 0.01
"""Between two reads of single profiles, and between two looks at the server's memory."""

MIB: Final = 1024 * 1024


class Export(NamedTuple):
    """An export: its title, its query and a header of its own."""

    title: str
    query: str = ""
    header: str = ""


EXPORTS: Final = (
    Export("plain"),
    Export("gzip", header="Accept-Encoding: gzip\r\n"),
    Export("two fields", "?fields=identity,email"),
)


class Figures(NamedTuple):
    """What one export came to; `cpu_us` is the server's for each profile, latencies are those of the
    reads of single profiles meanwhile."""

    rate: float
    cpu_us: float
    first_byte_ms: float
    received_mib: float
    growth_mib: float
    get_p50_ms: float
    get_p99_ms: float
    get_worst_ms: float


COLUMNS: Final = (
    ("profiles/s", "{:,.0f}"),
    ("CPU us", "{:.1f}"),
    ("first byte ms", "{:.1f}"),
    ("received MiB", "{:,.0f}"),
    ("growth MiB", "{:.1f}"),
    ("GET p50 ms", "{:.2f}"),
    ("GET p99 ms", "{:.2f}"),
    ("GET worst ms", "{:.2f}"),
)
"""Title and form, in the order of `Figures`."""


class Reading:
    """Takes one answer as it comes and keeps nothing of it but sizes."""

    def __init__(self) -> None:
        self.parser = httptools.HttpResponseParser(self)
        self.unpacker = zlib.decompressobj(wbits=47)
        self.packed = self.whole = False
        self.received = self.lines = 0
        self.first_at = 0.0

    def on_header(self, name: bytes, value: bytes) -> None:
        self.packed |= name.lower() == b"content-encoding"

    def on_body(self, part: bytes) -> None:
        self.first_at = self.first_at or perf_counter()
        self.received += len(part)
        self.lines += (self.unpacker.decompress(part) if self.packed else part).count(b"\n")

    def on_message_complete(self) -> None:
        self.whole = True


async def read_export(target: Target, export: Export) -> tuple[Reading, float, float]:
    """The answer, the seconds to its first byte and to its last."""
    parts = urlsplit(target.url)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    reading, start = Reading(), perf_counter()
    writer.write(target.read(f"/1/profiles/export{export.query}", export.header))
    while not reading.whole and (data := await reader.read(MIB)):
        reading.parser.feed_data(data)
    seconds = perf_counter() - start
    writer.close()
    return reading, reading.first_at - start, seconds


class Meanwhile:
    """What is seen of a server during an export: its memory, and the latencies of reading single profiles."""

    def __init__(self, server: Server, profiles: int) -> None:
        self._server = server
        self._profiles = profiles
        self.most_mib = 0.0
        self.latencies_s: list[float] = []

    async def look(self) -> None:
        draw = Random(SEED)
        while True:
            self.most_mib = max(self.most_mib, processes.resident_mib(self._server.pid))
            request = self._server.target.get(identity_of(draw.randrange(self._profiles)))
            self.latencies_s += (await drive(self._server.target, [request], 1)).latencies_s
            await asyncio.sleep(PAUSE_S)

    def latency_ms(self, share: float) -> float:
        ordered = sorted(self.latencies_s)
        return 1_000 * ordered[min(int(len(ordered) * share), len(ordered) - 1)]


async def measure(server: Server, profiles: int, export: Export, before_mib: float) -> Figures:
    meanwhile = Meanwhile(server, profiles)
    looking = asyncio.create_task(meanwhile.look())
    before_s = server.cpu_s()
    reading, first_byte_s, seconds = await read_export(server.target, export)
    looking.cancel()
    if (reading.whole, reading.lines) != (True, profiles):
        raise Failed(f"the export {export.title!r} has {reading.lines} of {profiles} profiles, whole: {reading.whole}")
    return Figures(
        profiles / seconds,
        1_000_000 * (server.cpu_s() - before_s) / profiles,
        1_000 * first_byte_s,
        reading.received / MIB,
        meanwhile.most_mib - before_mib,
        *map(meanwhile.latency_ms, (0.5, 0.99, 1)),
    )


async def store(server: Server, profiles: int) -> None:
    for piece in pieces(fresh(profiles, first=0), CHUNK):
        await upload(server.target, list(batches(piece, BATCH)), CONCURRENCY)


async def measure_all(server: Server, profiles: int) -> list[Figures]:
    await drive(server.target, [server.target.get(identity_of(0))], 1)
    before_mib = processes.resident_mib(server.pid)
    return [await measure(server, profiles, export, before_mib) for export in EXPORTS]


def measured(profiles: int, setup: Setup) -> list[Figures]:
    with place(setup) as (folder, database):
        with serving(setup, folder, database) as server:
            uvloop.run(store(server, profiles))
        with serving(setup, folder, database) as server:
            return uvloop.run(measure_all(server, profiles))


def show(profiles: int, found: Sequence[Figures]) -> None:
    columns = [
        [title, *(form.format(value) for value in values)]
        for (title, form), values in zip(COLUMNS, zip(*found, strict=True), strict=True)
    ]
    print(f"{profiles:,} profiles\n\n{markdown([['', *(export.title for export in EXPORTS)], *columns])}")


def main() -> int:
    parser = argparse.ArgumentParser(prog="benchmarks.export", description="Measure exports of a server.")
    parser.add_argument("--profiles", type=int, default=1_000_000)
    parser.add_argument("--database", default="", metavar="URL", help="a PostgreSQL server whose user may make databases")
    args = parser.parse_args()
    return status_of(lambda: show(args.profiles, measured(args.profiles, Setup(args.database))))


if __name__ == "__main__":
    sys.exit(main())
