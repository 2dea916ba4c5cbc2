"""What was acknowledged is on disk: the server is killed under load and loses nothing (contract A2.6)."""

import random
from pathlib import Path

from tests.durability.kill_rounds import KillRounds
from tests.engines import Engine


def test_five_kills_lose_nothing(tmp_path: Path, engine: Engine) -> None:
    """Every acknowledged record is there whole, every other one whole or not at all, and counters count right."""
    seed = random.SystemRandom().randrange(2**32)
    print(f"seed {seed}")
    rounds = KillRounds(tmp_path / "data", seed, engine)
    assert [] == rounds.run(5)
    assert rounds.load.tally.acknowledged > 0
    assert rounds.load.tally.counted > 0
