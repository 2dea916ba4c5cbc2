"""Processes held back to a share of the time, as if their cores were slower.

    python -m benchmarks.slowing 0.3 PID PID

Each is stopped and let run again once in every `PERIOD_S`, until this program is ended; their turns are
spread over the period, so that they run at the same time as little as can be. What is left of the
machine's cores is then free for others: what several processes do together can be measured where there
are fewer cores than processes.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import count
from time import perf_counter, sleep
from typing import Final, NamedTuple

PERIOD_S: Final = 0.02


@contextmanager
def slowed(pids: Sequence[int], share: float) -> Iterator[None]:
    """These processes run for this share of the time; at full speed again afterwards, and with a share of 1."""
    if share >= 1:
        yield
        return
    slowing = subprocess.Popen([sys.executable, "-m", "benchmarks.slowing", str(share), *map(str, pids)])
    try:
        yield
    finally:
        slowing.kill()
        slowing.wait()
        tell(pids, signal.SIGCONT)


def tell(pids: Sequence[int], number: signal.Signals) -> None:
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, number)


class Turn(NamedTuple):
    """At this time of each period this process is told to stop or to run."""

    at_s: float
    pid: int
    signal: signal.Signals


def turns(pids: Sequence[int], share: float) -> list[Turn]:
    """The turns of one period, in order."""
    starts_s = [PERIOD_S * place / len(pids) for place in range(len(pids))]
    runs = [Turn(start_s, pid, signal.SIGCONT) for start_s, pid in zip(starts_s, pids, strict=True)]
    stops = [Turn((turn.at_s + PERIOD_S * share) % PERIOD_S, turn.pid, signal.SIGSTOP) for turn in runs]
    return sorted([*runs, *stops])


def main() -> None:
    share, pids = float(sys.argv[1]), [int(pid) for pid in sys.argv[2:]]
    period = turns(pids, share)
    start = perf_counter()
    for number in count():
        for turn in period:
            sleep(max(0.0, start + number * PERIOD_S + turn.at_s - perf_counter()))
            tell([turn.pid], turn.signal)


if __name__ == "__main__":
    main()
