"""How the log of SQLite is kept short: it starts over where nobody reads from it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import apsw
import pytest

from personae.storage.sqlite.checkpoint import Checkpointer
from personae.storage.sqlite.connection import connect, migrate

HARD_PAGES = 20


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "personae.db"


@contextmanager
def watched(path: Path) -> Iterator[tuple[apsw.Connection, Checkpointer]]:
    """A connection that writes, and what keeps its log short, which is long from `HARD_PAGES` on."""
    connection = connect(path)
    migrate(connection, path)
    checkpointer = Checkpointer(path, HARD_PAGES)
    checkpointer.watch(connection)
    try:
        yield connection, checkpointer
    finally:
        checkpointer.close()
        connection.close()


def commits_until_overdue(connection: apsw.Connection, checkpointer: Checkpointer) -> int:
    """How many commits it takes until the log has to start over, each of a page or two."""
    number = 0
    while not checkpointer.overdue:
        number += 1
        connection.execute("INSERT OR REPLACE INTO meta VALUES ('number', ?)", (number.to_bytes(8),))
    return number


def log_bytes(path: Path) -> int:
    return path.with_name(f"{path.name}-wal").stat().st_size


def test_the_log_starts_over(path: Path) -> None:
    """Where nobody reads, it never gets longer than where it was first overdue."""
    with watched(path) as (connection, checkpointer):
        commits_until_overdue(connection, checkpointer)
        longest = log_bytes(path)
        for _ in range(5):
            checkpointer.relieve(connection)
            assert commits_until_overdue(connection, checkpointer) >= HARD_PAGES // 2
        assert log_bytes(path) == longest


def test_a_reader_holds_the_log(path: Path) -> None:
    """While a read transaction goes on, the writer tries once for so many pages; after it, the log starts over."""
    with watched(path) as (connection, checkpointer):
        reader = connect(path, read_only=True)
        reader.execute("BEGIN; SELECT count(*) FROM meta").fetchall()
        commits_until_overdue(connection, checkpointer)
        for _ in range(3):
            checkpointer.relieve(connection)
            assert not checkpointer.overdue
            assert commits_until_overdue(connection, checkpointer) >= HARD_PAGES // 2
        reader.execute("COMMIT")
        checkpointer.relieve(connection)
        longest = log_bytes(path)
        for _ in range(5):
            commits_until_overdue(connection, checkpointer)
            checkpointer.relieve(connection)
        assert log_bytes(path) == longest
        reader.close()


def test_what_a_reader_sees(path: Path) -> None:
    """It stays as it was when the reader began, however often the writer tries."""
    with watched(path) as (connection, checkpointer):
        connection.execute("INSERT INTO meta VALUES ('number', x'00')")
        reader = connect(path, read_only=True)
        reader.execute("BEGIN")
        for _ in range(3):
            assert reader.execute("SELECT value FROM meta WHERE name = 'number'").get == b"\0"
            commits_until_overdue(connection, checkpointer)
            checkpointer.relieve(connection)
        reader.close()
