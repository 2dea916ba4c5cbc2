"""Moving the write-ahead log into the database, off the hot path.

A thread with a connection of its own copies pages while writing goes on. Only when the log grows
past a hard bound, because it never got the chance to start over, does the writer wait for it: for the
copy, not for somebody who reads. A long read holds the log; it grows then, and is short again afterwards.
"""

from contextlib import suppress
from pathlib import Path
from threading import Event, Lock, Thread
from typing import Final

import apsw

from .connection import BUSY_TIMEOUT_MS, connect

SOFT_PAGES: Final = 8_000
"""Log pages (4 KiB each) from which the background copy starts."""

HARD_PAGES: Final = 64_000
"""Log pages from which the writer makes the log start over before it goes on, and again after as many more."""

PATIENCE_MS: Final = 50
"""How long it waits then for those who read: point reads are over by then."""


class Checkpointer:
    """Keeps the log of the database at `path` bounded; `watch` it on the writing connection."""

    def __init__(self, path: Path, hard_pages: int = HARD_PAGES) -> None:
        self._connection = connect(path)
        self._hard_pages = self._due = hard_pages
        self._copying = Lock()
        self._wake = Event()
        self._stopping = False
        self._pages = 0
        self._thread = Thread(target=self._work, name="personae-checkpoint", daemon=True)
        self._thread.start()

    def watch(self, connection: apsw.Connection) -> None:
        """Learn the length of the log after each commit of this connection."""
        connection.set_wal_hook(self._committed)

    def _committed(self, connection: apsw.Connection, name: str, pages: int) -> int:
        if pages < self._pages:
            self._due = self._hard_pages
        self._pages = pages
        if pages >= SOFT_PAGES:
            self._wake.set()
        return apsw.SQLITE_OK

    @property
    def overdue(self) -> bool:
        """Whether the log is so long that writing has to wait for it to start over."""
        return self._pages >= self._due

    def relieve(self, connection: apsw.Connection) -> None:
        """Make the log start over; called on the writing thread between two commits.

        Where a reader or the disk is in the way, the log is due again when it is longer by as much.
        """
        self._due = self._pages + self._hard_pages
        connection.set_busy_timeout(PATIENCE_MS)
        with self._copying, suppress(apsw.Error):
            connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_RESTART)
            self._pages, self._due = 0, self._hard_pages
        connection.set_busy_timeout(BUSY_TIMEOUT_MS)

    def _work(self) -> None:
        while True:
            self._wake.wait()
            self._wake.clear()
            if self._stopping:
                break
            with self._copying, suppress(apsw.Error):  # the log stays longer; the writer notices a full disk by itself
                self._connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_PASSIVE)
        self._connection.close()

    def close(self) -> None:
        self._stopping = True
        self._wake.set()
        self._thread.join()
