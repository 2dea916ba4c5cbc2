"""Opening SQLite connections: the library's version, the pragmas, the numbered migrations."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib import resources
from pathlib import Path
from typing import Final

import apsw

from .. import UnusableDatabase

BUSY_TIMEOUT_MS: Final = 2_000
"""How long a write waits for another process. A command writes for milliseconds; a stop waits this out."""

WRITER_CACHE_KIB: Final = 128 * 1024
"""Pages the writing connection keeps: at a million profiles most of the two indexes every upload changes."""

CACHE_KIB: Final = 16 * 1024

WRITING: Final = (
    ("journal_mode", "wal"),
    ("synchronous", "full"),
    ("wal_autocheckpoint", 0),
    ("journal_size_limit", 256 * 1024 * 1024),  # a log that a long reader made longer gets short again
    ("secure_delete", 1),  # what is deleted is overwritten; free pages do not keep it
)
"""Pragmas of a connection that writes."""

FIXED: Final = ((3, 51, 3), (3, 50, 7))
"""The first releases with the WAL-reset fix, on the current line and on the one before."""


UNUSABLE: Final = (
    apsw.CantOpenError,
    apsw.CorruptError,
    apsw.FullError,
    apsw.IOError,
    apsw.NotADBError,
    apsw.ReadOnlyError,
)


def check_library(version: str = apsw.sqlite_lib_version()) -> None:
    """Refuse a SQLite whose write-ahead log can lose a commit. Source: sqlite.org/wal.html, WAL-reset bug."""
    number = tuple(int(part) for part in version.split("."))
    current, before = FIXED
    if number >= current or before <= number < (3, 51):
        return
    raise UnusableDatabase(
        f"SQLite {version} can lose commits when its log is reset; 3.51.3 or later, or 3.50.7, is needed (upgrade apsw)"
    )


@contextmanager
def _told(path: Path) -> Iterator[None]:
    """What keeps the database from being opened, as `UnusableDatabase`."""
    try:
        yield
    except apsw.BusyError as error:
        raise UnusableDatabase(f"the database {path} is locked by another process; try again when that is done") from error
    except UNUSABLE as error:
        raise UnusableDatabase(f"cannot open the database {path}: {error}") from error


def connect(path: Path, *, read_only: bool = False, cache_kib: int = CACHE_KIB) -> apsw.Connection:
    """A connection that waits for locks, syncs every commit and leaves checkpoints to the caller.

    A new database is made for its owner only (0600). Raises `UnusableDatabase` when the file cannot
    be opened, is locked or is no SQLite database.
    """
    flags = apsw.SQLITE_OPEN_READONLY if read_only else apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_CREATE
    if not read_only:
        _create(path)
    with _told(path):
        connection = apsw.Connection(str(path), flags=flags, statementcachesize=128)
        connection.set_busy_timeout(BUSY_TIMEOUT_MS)
        pragmas: tuple[tuple[str, object], ...] = (("cache_size", -cache_kib), ("temp_store", "memory"))
        if not read_only:
            pragmas = (*WRITING, *pragmas)
        for name, value in pragmas:
            connection.pragma(name, value)
        connection.pragma("schema_version")
    return connection


def _create(path: Path) -> None:
    """Make an empty file with the mode its log files will have too, unless there is one.

    An existing file is not opened: closing it again would drop SQLite's locks on it.
    """
    with suppress(OSError):  # SQLite tells why it cannot open it
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))


def migrations() -> list[tuple[int, str]]:
    """The numbered migrations, in order, each with its SQL."""
    files = (resources.files(__package__) / "migrations").iterdir()
    found = [(int(file.name[:4]), file.read_text()) for file in files if file.name.endswith(".sql")]
    return sorted(found)


def migrate(connection: apsw.Connection, path: Path) -> None:
    """Bring the schema to the newest version, in one transaction; where it is there, nothing is locked.

    Raises `UnusableDatabase` for a database a newer program has written, or that is locked.
    """
    steps = migrations()
    newest = steps[-1][0]
    with _told(path):
        if _version(connection, path, newest) == newest:
            return
        connection.execute("BEGIN IMMEDIATE")
        with _all_or_nothing(connection):
            version = _version(connection, path, newest)  # another process may have been faster
            for number, sql in steps:
                if number > version:
                    connection.execute(sql).fetchall()
            connection.pragma("user_version", newest)


def _version(connection: apsw.Connection, path: Path, newest: int) -> int:
    """The schema version of a database. Raises `UnusableDatabase` where it is above `newest`."""
    version: int = connection.pragma("user_version")
    if version > newest:
        raise UnusableDatabase(
            f"the database {path} has schema version {version}, this program knows up to {newest}; run a newer personae"
        )
    return version


@contextmanager
def _all_or_nothing(connection: apsw.Connection) -> Iterator[None]:
    """Commit the open transaction at the end, or roll it back."""
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
