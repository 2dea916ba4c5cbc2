"""The PostgreSQL store speaks the part of SQL that Citus, YugabyteDB and the managed PostgreSQLs share. Source: design 6."""

import ast
import re
from pathlib import Path

import pytest

import personae.storage.postgres as postgres

PACKAGE = Path(postgres.__file__).parent

BANNED = {
    "a sequence": r"\b(serial|bigserial|smallserial|sequence|nextval|identity)\b",
    "notifications": r"\b(listen|notify|unlisten)\b",
    "an advisory lock": r"pg_(try_)?advisory",
    "a trigger": r"\btrigger\b",
    "a function of its own": r"\bcreate\s+(or\s+replace\s+)?(function|procedure)\b",
    "a foreign key": r"\b(foreign\s+key|references)\b",
    "a second unique index": r"\bunique\b",
    "a secondary index": r"\bcreate\s+index\b(?!\s+if\s+not\s+exists\s+event_name\s+on\s+event\b)",
    "the clock of the server": r"\b(now\s*\(|current_timestamp|current_date|clock_timestamp|statement_timestamp|localtime)",
    "jsonb": r"\bjsonb?\b|->|@>|#>",
    "a temporary table": r"\b(temp|temporary|unlogged)\b",
    "a write in WITH": r"\bwith\b\s+\w+\s*(\([^)]*\))?\s+as\s",
    "COPY": r"\bcopy\b",
    "a table lock": r"\block\s+table\b",
    "a window function": r"\bover\s*\(",
    "an extension": r"\bcreate\s+extension\b",
    "MERGE": r"\bmerge\s+into\b",
}
"""What no statement may have, by what it is. Segments of events alone have an index beside the key: few rows, only added."""

SQL = re.compile(
    r"^\s*(--[^\n]*\n\s*)*(SELECT|INSERT|UPDATE|DELETE|CREATE|ALTER|DROP|WITH|SET|TRUNCATE|MERGE|COPY)\s", re.IGNORECASE
)

OF_ONE_DATABASE = ("citus.py",)
"""Modules that speak to one of these databases alone, when they are asked to."""


def without_comments(sql: str) -> str:
    return re.sub(r"--[^\n]*", "", sql)


def texts_in(source: str) -> list[str]:
    """Every text of a module that is SQL, a docstring is not."""
    texts = [
        node.value for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Constant) and isinstance(node.value, str)
    ]
    return [text for text in texts if SQL.match(text)]


def statements() -> dict[str, str]:
    """Every SQL text of the package, by where it is."""
    found = {f"migrations/{file.name}": file.read_text() for file in sorted((PACKAGE / "migrations").glob("*.sql"))}
    modules = (module for module in sorted(PACKAGE.rglob("*.py")) if module.name not in OF_ONE_DATABASE)
    for module in modules:
        texts = texts_in(module.read_text())
        found |= {f"{module.relative_to(PACKAGE)} {number}": text for number, text in enumerate(texts, 1)}
    return {place: without_comments(sql) for place, sql in found.items()}


STATEMENTS = statements()


def test_the_statements_are_found() -> None:
    """There is SQL in the migrations and in the modules, the two hot statements among it."""
    everything = "\n".join(STATEMENTS.values())
    assert len(STATEMENTS) > 20
    assert [
        part for part in ("CREATE TABLE IF NOT EXISTS node", "INSERT INTO node", "FROM node") if part not in everything
    ] == []


@pytest.mark.parametrize("place", STATEMENTS)
def test_nothing_outside_the_portable_part(place: str) -> None:
    """No statement has what one of these databases lacks."""
    assert [what for what, pattern in BANNED.items() if re.search(pattern, STATEMENTS[place], re.IGNORECASE)] == []


@pytest.mark.parametrize("place", STATEMENTS)
def test_rows_are_locked_one_at_a_time(place: str) -> None:
    """FOR UPDATE stands only where one row is named by its key."""
    sql = STATEMENTS[place]
    locks = re.search(r"\bfor\s+(no\s+key\s+)?(update|share|key\s+share)\b", sql, re.IGNORECASE)
    assert not locks or re.search(r"WHERE name = \$1 FOR UPDATE$", sql.strip())


@pytest.mark.parametrize("place", STATEMENTS)
def test_many_rows_are_written_in_key_order(place: str) -> None:
    """A statement that inserts rows from arrays sorts them, or two writers that meet would wait for each other."""
    sql = STATEMENTS[place]
    assert not ("INSERT" in sql and "unnest" in sql) or "ORDER BY" in sql


EXAMPLES = (
    ("SELECT nextval('s')", "a sequence"),
    ("INSERT INTO t VALUES (now())", "the clock of the server"),
    ("SELECT doc->>'a' FROM node", "jsonb"),
    ("WITH gone AS (DELETE FROM node RETURNING key) SELECT 1", "a write in WITH"),
    ("SELECT pg_advisory_lock(1)", "an advisory lock"),
)


@pytest.mark.parametrize(("sql", "what"), EXAMPLES)
def test_the_patterns_find_what_they_are_for(sql: str, what: str) -> None:
    """Each of these would be caught."""
    assert what in [name for name, pattern in BANNED.items() if re.search(pattern, sql, re.IGNORECASE)]
    assert SQL.match(sql)
