"""The plans of the hot statements: each row is found by its key, no table is read from end to end."""

from pathlib import Path

import apsw
import pytest

from personae.storage.sqlite import statements
from personae.storage.sqlite.connection import connect, migrate

STATEMENTS = (
    (statements.read_nodes(64), "SEARCH node USING INDEX node_key"),
    (statements.read_flags(64), "SEARCH address_flag USING PRIMARY KEY"),
    (statements.READ_CONTACT, "SEARCH contact USING PRIMARY KEY"),
    (statements.delete_contacts(64), "SEARCH contact USING PRIMARY KEY"),
)


@pytest.fixture
def connection(tmp_path: Path) -> apsw.Connection:
    path = tmp_path / "personae.db"
    connection = connect(path)
    migrate(connection, path)
    return connection


@pytest.mark.parametrize(("sql", "expected"), STATEMENTS)
def test_rows_are_found_by_key(connection: apsw.Connection, sql: str, expected: str) -> None:
    """A plan that scans a table of profiles would cost minutes where an index costs milliseconds."""
    plan = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {sql}", [None] * sql.count("?"))]
    assert any(expected in step for step in plan), plan
    assert [step for step in plan if step.startswith(("SCAN node", "SCAN contact", "SCAN address_flag"))] == []
