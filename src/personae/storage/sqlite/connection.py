"""Opening SQLite connections: the library's version, the pragmas, the numbered migrations."""

from importlib import resources
from pathlib import Path
from typing import Final

import apsw

from .. import UnusableDatabase

BUSY_TIMEOUT_MS: Final = 10_000
"""How long a write waits for another process (a command on the same directory)."""

CACHE_KIB: Final = 64 * 1024

FIXED: Final = ((3, 51, 3), (3, 50, 7))
"""The first releases with the WAL-reset fix, on the current line and on the one before."""


def check_library(version: str = apsw.sqlite_lib_version()) -> None:
    """Refuse a SQLite whose write-ahead log can lose a commit. Source: sqlite.org/wal.html, WAL-reset bug."""
    number = tuple(int(part) for part in version.split("."))
    current, before = FIXED
    if number >= current or before <= number < (3, 51):
        return
    raise UnusableDatabase(
        f"SQLite {version} can lose commits when its log is reset; 3.51.3 or later, or 3.50.7, is needed (upgrade apsw)"
    )


def connect(path: Path, *, read_only: bool = False) -> apsw.Connection:
    """A connection that waits for locks, syncs every commit and leaves checkpoints to the caller.

    Raises `UnusableDatabase` when the file cannot be opened or is no SQLite database.
    """
    flags = apsw.SQLITE_OPEN_READONLY if read_only else apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_CREATE
    try:
        connection = apsw.Connection(str(path), flags=flags, statementcachesize=128)
        connection.set_busy_timeout(BUSY_TIMEOUT_MS)
        pragmas: tuple[tuple[str, object], ...] = (("cache_size", -CACHE_KIB), ("temp_store", "memory"))
        if not read_only:
            pragmas = (("journal_mode", "wal"), ("synchronous", "full"), ("wal_autocheckpoint", 0), *pragmas)
        for name, value in pragmas:
            connection.pragma(name, value)
        connection.pragma("schema_version")
    except (apsw.CantOpenError, apsw.NotADBError, apsw.CorruptError, apsw.ReadOnlyError, apsw.IOError) as error:
        raise UnusableDatabase(f"cannot open the database {path}: {error}") from error
    return connection


def migrations() -> list[tuple[int, str]]:
    """The numbered migrations, in order, each with its SQL."""
    files = (resources.files(__package__) / "migrations").iterdir()
    found = [(int(file.name[:4]), file.read_text()) for file in files if file.name.endswith(".sql")]
    return sorted(found)


def migrate(connection: apsw.Connection, path: Path) -> None:
    """Bring the schema to the newest version, in one transaction; a no-op when it is there.

    Raises `UnusableDatabase` for a database a newer program has written.
    """
    steps = migrations()
    newest = steps[-1][0]
    connection.execute("BEGIN IMMEDIATE")
    try:
        version = connection.pragma("user_version")
        if version > newest:
            raise UnusableDatabase(
                f"the database {path} has schema version {version}, this program knows up to {newest}; run a newer personae"
            )
        for number, sql in steps:
            if number > version:
                connection.execute(sql).fetchall()
        if version != newest:
            connection.pragma("user_version", newest)
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise
