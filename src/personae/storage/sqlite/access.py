"""Projects, passcodes and facts about the database itself: small tables, read whole."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

import apsw

from .. import Passcode, Project

ACCESS_VERSION: Final = "access_version"


def read_projects(connection: apsw.Connection) -> list[Project]:
    return [Project(*row) for row in connection.execute("SELECT id, name, secret, created FROM project ORDER BY rowid")]


def read_passcodes(connection: apsw.Connection) -> list[Passcode]:
    sql = "SELECT id, project, name, digest, sealed, created, expires, revoked, last_used FROM passcode ORDER BY rowid"
    return [Passcode(*row) for row in connection.execute(sql)]


def read_version(connection: apsw.Connection) -> int:
    return int.from_bytes(read_meta(connection, ACCESS_VERSION) or b"")


def read_meta(connection: apsw.Connection, name: str) -> bytes | None:
    value: bytes | None = connection.execute("SELECT value FROM meta WHERE name = ?", (name,)).get
    return value


def write_meta(connection: apsw.Connection, name: str, value: bytes) -> None:
    sql = "INSERT INTO meta (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value"
    connection.execute(sql, (name, value))


def changed(connection: apsw.Connection) -> None:
    """Let every server on this database see that projects or passcodes are not what they were."""
    write_meta(connection, ACCESS_VERSION, (read_version(connection) + 1).to_bytes(8))


def add_project(project: Project) -> Callable[[apsw.Connection], bool]:
    def run(connection: apsw.Connection) -> bool:
        sql = "INSERT INTO project (id, name, secret, created) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING"
        connection.execute(sql, (project.id, project.name, project.secret, project.created))
        added = connection.changes() == 1
        if added:
            changed(connection)
        return added

    return run


def put_passcodes(passcodes: Sequence[Passcode]) -> Callable[[apsw.Connection], None]:
    sql = """
    INSERT INTO passcode (id, project, name, digest, sealed, created, expires, revoked, last_used)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (id) DO UPDATE SET name = excluded.name, digest = excluded.digest, sealed = excluded.sealed,
        expires = excluded.expires, last_used = max(last_used, excluded.last_used),
        revoked = CASE WHEN revoked > 0 THEN revoked ELSE excluded.revoked END
    """

    def run(connection: apsw.Connection) -> None:
        for p in passcodes:
            row = (p.id, p.project, p.name, p.digest, p.sealed, p.created, p.expires, p.revoked, p.last_used)
            connection.execute(sql, row)
        changed(connection)

    return run


def touch_passcodes(used: Mapping[str, int]) -> Callable[[apsw.Connection], None]:
    def run(connection: apsw.Connection) -> None:
        for passcode, at in used.items():
            connection.execute("UPDATE passcode SET last_used = max(last_used, ?) WHERE id = ?", (at, passcode))

    return run


def set_meta(name: str, value: bytes) -> Callable[[apsw.Connection], bytes]:
    def run(connection: apsw.Connection) -> bytes:
        standing = read_meta(connection, name)
        if standing is None:
            write_meta(connection, name, value)
        return value if standing is None else standing

    return run


def put_meta(name: str, value: bytes) -> Callable[[apsw.Connection], None]:
    return lambda connection: write_meta(connection, name, value)


def drop_meta(first: str, last: str) -> Callable[[apsw.Connection], None]:
    def run(connection: apsw.Connection) -> None:
        connection.execute("DELETE FROM meta WHERE name >= ? AND name < ?", (first, last))

    return run


def probe(connection: apsw.Connection) -> None:
    """Write something, so that a full or read-only disk shows."""
    count = int.from_bytes(read_meta(connection, "probe") or b"") + 1
    write_meta(connection, "probe", count.to_bytes(8))
