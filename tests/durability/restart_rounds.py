"""Crash PostgreSQL and start it again, over and over, under a server that stays and is under load.

python -m tests.durability.restart_rounds --rounds 20 --timeout 1
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

from tests.durability.kill_rounds import started
from tests.durability.load import Load, Tally
from tests.durability.outages import AFTER_S, PAUSE_S, Outage, misplaced, outage, summary
from tests.durability.pair import pair, wait_until_in_step
from tests.durability.verdict import verdict
from tests.postgres import Cluster

DOWN_S: Final = 3.0
"""The most a database stays away before it is started again, where requests do not wait that long."""


class RestartRounds:
    """A cluster that crashes again and again below one server, and what its clients know of it."""

    def __init__(self, data: Path, seed: int, timeout_s: float, *, standby: bool = False, after_s: float = AFTER_S) -> None:
        self.data = data
        self.standby = standby
        self.after_s = after_s
        self.timeout_s = timeout_s
        self.load = Load(seed, PAUSE_S)
        self.outages: list[Outage] = []

    @property
    def tally(self) -> Tally:
        return self.load.tally

    def run(self, rounds: int) -> list[str]:
        """So many rounds, and at the end a look at everybody and into the database; returns what was wrong."""
        faults: list[str] = []
        with self.cluster() as cluster:
            settings = {"database": cluster.create_database(), "database_timeout": self.timeout_s}
            with started(self.data, settings) as server:
                self.load.prepare(server)
                for number in range(1, rounds + 1):
                    found, wrong = outage(self.load, server, lambda: self.crash(cluster), self.after_s)
                    self.outages.append(found)
                    faults += [f"round {number}: {fault}" for fault in wrong]
                faults += self.load.settle(server, everybody=True)
                faults += self.load.faults_kept(self.data, settings)
        return [*faults, *misplaced(self.load.refused, self.outages, self.timeout_s)]

    @contextmanager
    def cluster(self) -> Iterator[Cluster]:
        """The cluster to crash, with or without a standby."""
        if self.standby:
            with pair() as (primary, _):
                yield primary
        else:
            with Cluster(durable=True) as cluster:
                yield cluster

    def crash(self, cluster: Cluster) -> None:
        """What `pg_ctl restart -m immediate` does, with a while between where requests give up before its end."""
        cluster.stop("immediate")
        time.sleep(self.load.rng.uniform(0, DOWN_S) if self.timeout_s < DOWN_S else 0)
        cluster.start()
        if self.standby:
            wait_until_in_step(cluster)


def main() -> int:
    """Run the rounds, print what was found, and return 1 if anything was wrong."""
    parser = argparse.ArgumentParser(description="Crash PostgreSQL under load, again and again, and look for what was lost.")
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--timeout", type=float, default=10.0, metavar="S", help="database_timeout of the server")
    parser.add_argument(
        "--standby", action="store_true", help="commits wait for a standby, and more of them are caught half way"
    )
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(2**32))
    args = parser.parse_args()
    print(f"crash PostgreSQL, database_timeout {args.timeout}, seed {args.seed}", flush=True)
    with tempfile.TemporaryDirectory(prefix="personae-restart-") as directory:
        rounds = RestartRounds(Path(directory) / "data", args.seed, args.timeout, standby=args.standby)
        faults = rounds.run(args.rounds)
    print(summary(rounds.load.refused, rounds.outages))
    return verdict(rounds.tally, faults)


if __name__ == "__main__":
    sys.exit(main())
