"""Kill the server at a random moment under load, start it again, and compare what is there with what it said.

python -m tests.durability.kill_rounds --database postgresql --rounds 50
"""

import argparse
import random
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from tests.durability.load import Load
from tests.durability.verdict import verdict
from tests.engines import DURABLE_ENGINES, Engine, session
from tests.server import Json, Server

LOAD_S: Final = (0.05, 0.45)
"""The kill comes this long after the load began."""

SETTINGS: Final = {"upload_concurrency": 0, "read_concurrency": 0}


@contextmanager
def started(data: Path, settings: Json) -> Iterator[Server]:
    """A server that is ready and, if it is still there at the end, killed."""
    server = Server(data, **SETTINGS, **settings)
    try:
        server.wait_ready()
        yield server
    finally:
        server.kill()


class KillRounds:
    """A data directory whose server is killed again and again, and what its clients know of it."""

    def __init__(self, data: Path, seed: int, engine: Engine) -> None:
        self.data = data
        self.rng = random.Random(seed)
        self.load = Load(seed)
        self.settings = engine(data)

    def run(self, rounds: int) -> list[str]:
        """So many rounds, and at the end a look at everybody and into the database; returns what was wrong."""
        faults: list[str] = []
        with started(self.data, self.settings) as server:
            self.load.prepare(server)
            self.kill_under_load(server)
        for number in range(1, rounds + 1):
            with started(self.data, self.settings) as server:
                faults += [f"round {number}: {fault}" for fault in self.load.settle(server, everybody=number == rounds)]
                if number < rounds:
                    self.kill_under_load(server)
        faults += self.load.faults_kept(self.data, self.settings)
        return faults + [f"refused: {refused.text}" for refused in self.load.refused]

    def kill_under_load(self, server: Server) -> None:
        with self.load.on(server):
            time.sleep(self.rng.uniform(*LOAD_S))
            server.kill()


def main() -> int:
    """Run the rounds, print what was found, and return 1 if anything was wrong."""
    parser = argparse.ArgumentParser(description="Kill the server under load, again and again, and look for what it lost.")
    parser.add_argument("--database", choices=DURABLE_ENGINES, default="sqlite")
    parser.add_argument("--rounds", type=int, default=100)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(2**32))
    args = parser.parse_args()
    print(f"kill the server on {args.database}, seed {args.seed}", flush=True)
    with session, tempfile.TemporaryDirectory(prefix="personae-kill-") as directory:
        rounds = KillRounds(Path(directory) / "data", args.seed, DURABLE_ENGINES[args.database])
        faults = rounds.run(args.rounds)
    return verdict(rounds.load.tally, faults)


if __name__ == "__main__":
    sys.exit(main())
