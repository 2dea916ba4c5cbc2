"""Databases for measurements, made on a PostgreSQL server and dropped afterwards."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from tests.databases import create_database, drop_database, execute

from .processes import parent

CHECKPOINTER: Final = "SELECT pid FROM pg_stat_activity WHERE backend_type = 'checkpointer'"


@contextmanager
def fresh_database(server: str) -> Iterator[str]:
    """The URL of a new database on this server, whose user has to be allowed to make one; "" gives "" (SQLite)."""
    if not server:
        yield ""
        return
    url = create_database(server)
    try:
        yield url
    finally:
        drop_database(server, url)


def postmaster(server: str) -> int:
    """The process that started all others of this server; 0 for SQLite, and for one that is not on this machine."""
    for (pid,) in execute(server, CHECKPOINTER) if server else []:
        command = Path(f"/proc/{pid}/cmdline")
        if command.exists() and b"checkpointer" in command.read_bytes():
            return parent(pid)
    return 0
