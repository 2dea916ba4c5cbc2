"""The plans of the hot statements: each row is found by its key, no table is read from end to end."""

from pathlib import Path

import apsw
import pytest
from apsw.ext import query_info

from personae.storage.sqlite import statements
from personae.storage.sqlite.connection import connect, migrate

STATEMENTS = (
    (statements.read_nodes(64), "SEARCH node USING INDEX node_key"),
    (statements.read_targets(64), "SEARCH node USING INDEX node_key"),
    (statements.delete_nodes(64), "SEARCH node USING INDEX node_key"),
    (statements.read_flags(64), "SEARCH address_flag USING PRIMARY KEY"),
    (statements.READ_CONTACT, "SEARCH contact USING PRIMARY KEY"),
    (statements.SCAN, "SEARCH node USING INTEGER PRIMARY KEY (rowid>?)"),
    (statements.SCAN, "SEARCH node USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)"),
    (statements.READ_ROW, "SEARCH node USING COVERING INDEX node_key (key=?)"),
    (statements.delete_contacts(64), "SEARCH contact USING PRIMARY KEY"),
    (statements.COUNT_EVENTS, "SEARCH event USING COVERING INDEX event_name (name=? AND id>? AND id<?)"),
    (statements.HAS_EVENTS, "SEARCH event USING COVERING INDEX event_name (name=?)"),
    (statements.READ_SEGMENTS, "SEARCH event USING COVERING INDEX event_name (name=? AND id>? AND id<?)"),
    (statements.READ_SEGMENTS, "SEARCH event USING INTEGER PRIMARY KEY (rowid=?)"),
    (statements.READ_OWNERS, "SEARCH event USING COVERING INDEX event_name (name=? AND id>? AND id<?)"),
    (statements.READ_OWNERS, "SEARCH event USING INTEGER PRIMARY KEY (rowid=?)"),
    (statements.READ_FIRST_SEGMENTS, "SEARCH event USING INTEGER PRIMARY KEY (rowid<?)"),
    (statements.read_segments(16), "SEARCH event USING INTEGER PRIMARY KEY (rowid=?)"),
    (statements.read_last_ids(64), "SEARCH event USING INTEGER PRIMARY KEY (rowid<?)"),
    (statements.rewrite_segments(16), "SEARCH event USING INTEGER PRIMARY KEY (rowid=?)"),
    (statements.delete_segments(16), "SEARCH event USING INTEGER PRIMARY KEY (rowid=?)"),
    (statements.delete_event_owners(64), "SEARCH event_owner USING PRIMARY KEY (day=? AND owner=? AND event=?)"),
    (statements.read_owned(64), "SEARCH event_owner USING PRIMARY KEY (day=? AND owner=?)"),
    (statements.read_owned(64), "SEARCH later USING PRIMARY KEY (day>?)"),
    (statements.delete_owned(64), "SEARCH event_owner USING PRIMARY KEY (day=? AND owner=?)"),
    (statements.read_history(16), "SEARCH history USING INTEGER PRIMARY KEY (rowid=?)"),
    (statements.delete_history(16), "SEARCH history USING INTEGER PRIMARY KEY (rowid=?)"),
)

TABLES = ("node", "contact", "address_flag", "event", "event_owner", "history")


@pytest.fixture
def connection(tmp_path: Path) -> apsw.Connection:
    path = tmp_path / "personae.db"
    connection = connect(path)
    migrate(connection, path)
    return connection


@pytest.mark.parametrize(("sql", "expected"), STATEMENTS)
def test_rows_are_found_by_key(connection: apsw.Connection, sql: str, expected: str) -> None:
    """A plan that scans a table of profiles would cost minutes where an index costs milliseconds."""
    marks = query_info(connection, sql).bindings_count
    plan = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {sql}", [None] * marks)]
    assert any(expected in step for step in plan), plan
    assert [step for step in plan if step.startswith(tuple(f"SCAN {table}" for table in TABLES))] == []
