"""What was acknowledged is on disk: the server is killed under load and loses nothing (contract A2.6)."""

import random
from pathlib import Path

from tests.durability.kill_rounds import KillRounds
from tests.engines import Engine


def test_five_kills_lose_nothing(tmp_path: Path, engine: Engine) -> None:
    """Every acknowledged record is there whole, every other one whole or not at all, and counters count right.

    So are events, tokens and merges, with what profiles say of them; and who was deleted stays away.
    """
    seed = random.SystemRandom().randrange(2**32)
    print(f"seed {seed}")
    rounds = KillRounds(tmp_path / "data", seed, engine)
    assert [] == rounds.run(5)
    tally = rounds.load.tally
    assert min(tally.acknowledged, tally.counted, tally.events, tally.tokens, tally.sign_ins, tally.deletions) > 0
