"""A primary and a standby that its commits wait for."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from tests.databases import execute
from tests.postgres import Cluster

LATE: Final = {"recovery_min_apply_delay": "100ms", "wal_retrieve_retry_interval": "100ms"}
"""A commit is on both disks for so long before it is answered: a crash meets many that are done and not answered."""

IN_STEP: Final = "SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'quorum'"
IN_STEP_WITHIN_S: Final = 60.0


@contextmanager
def pair() -> Iterator[tuple[Cluster, Cluster]]:
    """A primary, which may be killed meanwhile, and its standby."""
    with Cluster(durable=True) as primary, primary.standby(**LATE) as standby:
        primary.configure(synchronous_standby_names=f"ANY 1 ({standby.name})", synchronous_commit="remote_apply")
        wait_until_in_step(primary)
        yield primary, standby


def wait_until_in_step(primary: Cluster) -> None:
    """Return once commits wait for the standby, and no longer than that."""
    deadline = time.monotonic() + IN_STEP_WITHIN_S
    while execute(primary.url(), IN_STEP) != [(1,)]:
        assert time.monotonic() < deadline, primary.log()
        time.sleep(0.05)
