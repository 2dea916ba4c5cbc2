"""How far a long command is: a bar on a terminal, otherwise a line for every tenth."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from ..copying import Watch


@contextmanager
def watching() -> Iterator[Watch]:
    """What shows, on stderr, how a copy gets on."""
    if not sys.stderr.isatty():
        yield Lines()
        return
    from .progress_bar import bar  # here, so that no other command waits for it

    with bar() as shown:
        yield shown


class Lines:
    """A line when a step begins, and one for each tenth of it."""

    def __init__(self) -> None:
        self._step = ""
        self._total = 0
        self._done = 0

    def begin(self, step: str, total: int, done: int) -> None:
        self._step, self._total, self._done = step, total, done
        self._write()

    def advance(self, rows: int) -> None:
        before = self._tenths()
        self._done += rows
        if self._tenths() != before:
            self._write()

    def _tenths(self) -> int:
        return 10 * self._done // max(1, self._total)

    def _write(self) -> None:
        sys.stderr.write(f"{self._step}: {self._done:,} of {self._total:,} rows\n")
        sys.stderr.flush()
