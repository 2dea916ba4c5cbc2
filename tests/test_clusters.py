"""The PostgreSQL the tests start themselves: found, started and gone again, whatever happens."""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.databases import execute
from tests.postgres import Cluster
from tests.programs import NoPrograms, copied, first_usable, in_the_wheel

GONE_WITHIN_S = 20.0


def copy_of_the_wheel() -> Iterator[Path]:
    """What is used where the checkout is closed to the user PostgreSQL runs as."""
    yield copied(next(in_the_wheel()).parent) / "bin"


@pytest.mark.parametrize("places", [in_the_wheel, copy_of_the_wheel])
def test_the_wheel_is_enough(places: Callable[[], Iterator[Path]]) -> None:
    """With no PostgreSQL installed, the programs of the development dependency make a cluster."""
    with Cluster(bin=first_usable(places())) as cluster:
        execute(cluster.create_database(), "CREATE TABLE t (n int)")


def test_a_machine_with_no_postgresql_is_told(tmp_path: Path) -> None:
    """Where no directory has all the programs, the error says what to do, in one line."""
    (tmp_path / "postgres").touch()
    with pytest.raises(NoPrograms, match=r"^no PostgreSQL: install it.*$"):
        first_usable([tmp_path, tmp_path / "nowhere"])


STARTED_AND_LEFT = """
import time
from tests.postgres import Cluster
with Cluster() as cluster:
    print(cluster.directory, flush=True)
    time.sleep(60)
"""


def test_a_killed_session_leaves_nothing() -> None:
    """After a SIGKILL the cluster's directory is removed, which is done when its processes are gone."""
    with subprocess.Popen([sys.executable, "-c", STARTED_AND_LEFT], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        directory = Path(process.stdout.readline().strip())
        assert (directory / "data" / "postmaster.pid").exists()
        process.kill()
    deadline = time.monotonic() + GONE_WITHIN_S
    while directory.exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not directory.exists()


def test_a_promoted_standby_has_what_was_committed() -> None:
    """With a synchronous standby, what the primary committed before it crashed is there after the promotion."""
    with Cluster() as primary:
        url = primary.create_database()
        with primary.standby() as standby:
            primary.configure(synchronous_standby_names=f"ANY 1 ({standby.name})")
            execute(url, "CREATE TABLE t (n int)", "INSERT INTO t VALUES (7)")
            primary.stop("immediate")
            standby.promote()
            assert [(7,)] == execute(standby.url(url.rpartition("/")[2]), "SELECT n FROM t")
