"""Kill a primary under load and promote its synchronous standby; the server knows both by its URL and goes on by itself.

python -m tests.durability.failovers --rounds 5 --timeout 1
"""

import argparse
import random
import sys
import tempfile
import time
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from tests.durability.kill_rounds import started
from tests.durability.load import Load, Refused, Tally
from tests.durability.outages import AFTER_S, PAUSE_S, Outage, misplaced, outage, summary
from tests.durability.pair import pair
from tests.durability.verdict import verdict
from tests.postgres import Cluster

NOTICED_S: Final = (0.0, 2.0)
"""How long it takes whoever watches the primary to promote the standby."""


class Failovers:
    """Pairs of clusters, the first of which is killed, and what the clients know of the last pair."""

    def __init__(self, data: Path, seed: int, timeout_s: float, *, after_s: float = AFTER_S) -> None:
        self.data = data
        self.rng = random.Random(seed)
        self.timeout_s = timeout_s
        self.after_s = after_s
        self.loads: list[Load] = []
        self.outages: list[Outage] = []

    @property
    def tally(self) -> Tally:
        return sum((load.tally for load in self.loads), Tally())

    @property
    def refused(self) -> list[Refused]:
        """Every error answer of every load."""
        return [refused for load in self.loads for refused in load.refused]

    def run(self, rounds: int) -> list[str]:
        """So many pairs, each with a server and a load of its own; returns what was wrong."""
        return [f"failover {number}: {fault}" for number in range(1, rounds + 1) for fault in self.fail_over(number)]

    def fail_over(self, number: int) -> list[str]:
        load = Load(self.rng.randrange(2**32), PAUSE_S)
        self.loads.append(load)
        with pair() as (primary, standby):
            path = urlsplit(primary.create_database()).path
            settings = {"database": primary.url(path[1:], standby), "database_timeout": self.timeout_s}
            with started(self.data.with_name(f"{self.data.name}-{number}"), settings) as server:
                load.prepare(server)
                found, wrong = outage(load, server, lambda: self.replace(primary, standby), self.after_s)
                self.outages.append(found)
                wrong += load.settle(server, everybody=True)
                wrong += load.faults_kept(server.data, settings)
            primary.start()  # takes back what it held when it was killed
        return [*wrong, *misplaced(load.refused, [found], self.timeout_s)]

    def replace(self, primary: Cluster, standby: Cluster) -> None:
        """Kill the primary, and promote the standby a while after."""
        primary.kill()
        time.sleep(self.rng.uniform(*NOTICED_S))
        standby.promote()


def main() -> int:
    """Run the failovers, print what was found, and return 1 if anything was wrong."""
    parser = argparse.ArgumentParser(description="Kill a primary under load, promote its standby, and look for what was lost.")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--timeout", type=float, default=10.0, metavar="S", help="database_timeout of the server")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(2**32))
    args = parser.parse_args()
    print(f"kill the primary, database_timeout {args.timeout}, seed {args.seed}", flush=True)
    with tempfile.TemporaryDirectory(prefix="personae-failover-") as directory:
        failovers = Failovers(Path(directory) / "data", args.seed, args.timeout)
        faults = failovers.run(args.rounds)
    print(summary(failovers.refused, failovers.outages))
    return verdict(failovers.tally, faults)


if __name__ == "__main__":
    sys.exit(main())
