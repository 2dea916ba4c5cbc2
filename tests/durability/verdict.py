"""What a program that looks for losses prints at its end."""

from collections.abc import Sequence
from typing import Final

from tests.durability.load import Tally

SHOWN: Final = 100


def verdict(tally: Tally, faults: Sequence[str]) -> int:
    """Print what was sent and what was wrong; the exit status."""
    print(f"{tally}; {len(faults)} faults", flush=True)
    for fault in faults[:SHOWN]:
        print(fault)
    return 1 if faults else 0
