"""What was acknowledged is on disk: the server is killed under load and loses nothing (contract A2.6)."""

import random
from pathlib import Path

from tests.durability.kill_rounds import Rounds


def test_ten_kills_lose_nothing(tmp_path: Path) -> None:
    """Every acknowledged record is there whole, every other one whole or not at all, and counters count right."""
    seed = random.SystemRandom().randrange(2**32)
    print(f"seed {seed}")
    rounds = Rounds(tmp_path / "data", seed)
    assert [] == rounds.run(10)
    assert rounds.acknowledged > 0
    assert sum(rounds.counts.values()) > 0
