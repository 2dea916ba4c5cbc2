"""PostgreSQL goes away under load while the server stays: nothing acknowledged is lost, and nothing counts twice."""

import random
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.durability.failovers import Failovers
from tests.durability.restart_rounds import RestartRounds

TIMEOUT_S = 10.0
AFTER_S = 0.3

PROGRAMS: list[tuple[Callable[[Path, int], RestartRounds | Failovers], int]] = [
    (lambda data, seed: RestartRounds(data, seed, TIMEOUT_S, after_s=AFTER_S), 2),
    (lambda data, seed: Failovers(data, seed, TIMEOUT_S, after_s=AFTER_S), 1),
]


@pytest.mark.parametrize(("program", "rounds"), PROGRAMS, ids=["restarts", "failover"])
def test_an_outage_loses_nothing(
    tmp_path: Path, program: Callable[[Path, int], RestartRounds | Failovers], rounds: int
) -> None:
    """A crash or a failover costs no record, counts none twice, and shows as errors then, if at all."""
    seed = random.SystemRandom().randrange(2**32)
    print(f"seed {seed}")
    outages = program(tmp_path / "data", seed)
    assert [] == outages.run(rounds)
    assert outages.tally.acknowledged > 0
    assert outages.tally.counted > 0
