"""The SQL of the hot path, each statement one call for many rows.

The interpreter lock is let go around every step of a statement and has to be won back after it;
beside a busy event loop that made a row-at-a-time loop ten times slower. So a read gives all its
rows as one text of JSON lines, and a write takes many rows in one VALUES list. A statement for many rows
is a function that gives its SQL for a number of rows.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import cache
from typing import Final, TypeAlias, TypeVar

from ..events import SEQUENCE_BITS

T = TypeVar("T")

Statement: TypeAlias = Callable[[int], str]

SIZES: Final = (1024, 256, 64, 16, 4, 1)
"""How many rows one statement takes; few sizes, so that the statement cache holds them all."""


_SEGMENT: Final = "'[' || id || ',' || name || ',' || live || ',\"' || hex(owners) || '\"{}]'"

_PARTS: Final = {
    "bits": SEQUENCE_BITS,
    "owners_line": _SEGMENT.format(""),
    "line": _SEGMENT.format(",' || body || '"),
    "days": """
        WITH RECURSIVE days(day) AS (
            SELECT min(day) FROM event_owner
            UNION ALL
            SELECT (SELECT min(later.day) FROM event_owner AS later WHERE later.day > days.day)
            FROM days WHERE days.day IS NOT NULL)
        SELECT day FROM days""",
}
"""Parts of several statements: a segment as a line of JSON, without its body and with it; the days there are events of."""


def _one(sql: str) -> str:
    """A statement with its parts filled in."""
    return sql.format(**_PARTS)


def _many(sql: str, row: str = "?") -> Statement:
    """The statement whose `{}` is a list of rows, each with these marks."""

    @cache
    def sized(size: int) -> str:
        return sql.format(", ".join([row] * size), **_PARTS)

    return sized


read_nodes: Final = _many("""
SELECT string_agg('["' || hex(key) || '",' || ver || ',' ||
    CASE WHEN target IS NULL THEN doc ELSE 'null,"' || hex(target) || '"' END || ']', char(10))
FROM node WHERE key IN ({})
""")
"""Rows of `node` by key, as JSON lines: [key, ver, document] or [key, ver, null, target]."""

read_targets: Final = _many("""
SELECT string_agg('["' || hex(key) || '","' || hex(target) || '"]', char(10))
FROM node WHERE key IN ({}) AND (target IS NOT NULL OR doc IS NOT NULL)
""")
"""Rows of `node` by key, as JSON lines: [key, target or ""]. Reads no documents."""

read_flags: Final = _many(
    "SELECT string_agg('[\"' || hex(ckey) || '\",' || dnd || ']', char(10)) FROM address_flag WHERE ckey IN ({})"
)
"""Flags by key, as JSON lines: [key, 0 or 1]."""

READ_CONTACT: Final = """
SELECT string_agg(doc, char(10)) FROM (
    SELECT node.doc FROM contact JOIN node ON node.key = contact.pkey
    WHERE contact.ckey = ? AND node.doc IS NOT NULL
    ORDER BY node.updated DESC LIMIT ? OFFSET ?)
"""

SCAN: Final = """
SELECT max(id), key, string_agg(doc, char(10)) FROM (
    SELECT id, key, doc FROM node WHERE id > ?1 AND project = ?2 AND doc IS NOT NULL AND id <= (
        SELECT max(id) FROM (
            SELECT id, sum(size) OVER (ORDER BY id) - size AS before FROM (
                SELECT id, octet_length(doc) AS size FROM node
                WHERE id > ?1 AND project = ?2 AND doc IS NOT NULL ORDER BY id LIMIT ?3))
        WHERE before < ?4)
    ORDER BY id)
"""
"""Documents of a project after a row, up to a number of them or of bytes, and the last row that was read with its key.

Sizes come first: SQLite knows them without reading the documents.
"""

READ_ROW: Final = "SELECT id FROM node WHERE key = ?"

write_profiles: Final = _many(
    """
INSERT INTO node (project, key, ver, doc, updated)
SELECT ?1, column1, column2, column3, column4 FROM (VALUES {}) WHERE true ORDER BY column1
ON CONFLICT (key) DO UPDATE SET ver = excluded.ver, target = NULL, doc = excluded.doc, updated = excluded.updated
WHERE node.ver = excluded.ver - 1
""",
    "(?, ?, ?, ?)",
)
"""Takes the project, then (key, ver, doc, updated) for each row."""

write_aliases: Final = _many(
    """
INSERT INTO node (project, updated, key, ver, target)
SELECT ?1, ?2, column1, 1, column2 FROM (VALUES {}) WHERE true ORDER BY column1
ON CONFLICT (key) DO UPDATE SET ver = node.ver + 1, target = excluded.target, doc = NULL, updated = excluded.updated
""",
    "(?, ?)",
)
"""Takes the project and the time, then (key, target) for each row."""

delete_nodes: Final = _many("DELETE FROM node WHERE key IN ({})")

write_contacts: Final = _many(
    """
INSERT INTO contact (ckey, pkey)
SELECT column1, column2 FROM (VALUES {}) WHERE true ORDER BY column1
ON CONFLICT DO NOTHING
""",
    "(?, ?)",
)
"""Takes (contact key, profile key) for each row."""

delete_contacts: Final = _many("DELETE FROM contact WHERE (ckey, pkey) IN (VALUES {})", "(?, ?)")
"""Takes (contact key, profile key) for each row."""

write_flags: Final = _many(
    """
INSERT INTO address_flag (updated, ckey, dnd)
SELECT ?1, column1, column2 FROM (VALUES {}) WHERE true ORDER BY column1
ON CONFLICT (ckey) DO UPDATE SET dnd = excluded.dnd, updated = excluded.updated
""",
    "(?, ?)",
)
"""Takes the time, then (address key, 0 or 1) for each row."""

_PAGE: Final = """
SELECT string_agg({{{}}}, char(10)) FROM event WHERE id IN (
    SELECT id FROM (
        SELECT id, sum(live) OVER (ORDER BY id) - live AS before FROM (
            SELECT id, live FROM event WHERE name = ?1 AND id >= ?2 AND id < ?3 ORDER BY id LIMIT ?4))
    WHERE before < ?4)
"""

READ_SEGMENTS: Final = _one(_PAGE.format("line"))
"""Segments of a name with ids from one up to another, the first that have a number of events, as JSON lines."""

READ_OWNERS: Final = _one(_PAGE.format("owners_line"))
"""The same, without their bodies."""

read_segments: Final = _many("SELECT string_agg({line}, char(10)) FROM event WHERE id IN ({})")
"""Segments by id."""

READ_FIRST_SEGMENTS: Final = _one("""
SELECT string_agg({owners_line}, char(10)) FROM (
    SELECT id, name, live, owners FROM event WHERE id < ? ORDER BY id LIMIT ?)
""")
"""The first segments below an id, without their bodies."""

COUNT_EVENTS: Final = "SELECT coalesce(sum(live), 0) FROM event WHERE name = ? AND id >= ? AND id < ?"

HAS_FLAGS: Final = "SELECT EXISTS (SELECT 1 FROM address_flag)"

HAS_EVENTS: Final = "SELECT EXISTS (SELECT 1 FROM event WHERE name = ?)"

read_last_ids: Final = _many(
    """
SELECT json_group_array(json_array(column1, (SELECT max(id) FROM event WHERE id < ((column1 >> {bits}) + 1) << {bits})))
FROM (VALUES {})
""",
    "(?)",
)
"""Takes the first id of each day; gives, as JSON, that and the last one that is taken on that day or before."""

write_segments: Final = _many("INSERT INTO event (id, name, live, owners, body) VALUES {}", "(?, ?, ?, ?, ?)")

rewrite_segments: Final = _many(
    """
UPDATE event SET live = column2, owners = column3, body = column4 FROM (VALUES {}) WHERE id = column1
""",
    "(?, ?, ?, ?)",
)
"""Takes (id, live, owners, body) for each row."""

delete_segments: Final = _many("DELETE FROM event WHERE id IN ({})")

write_event_owners: Final = _many(
    """
INSERT INTO event_owner (day, owner, event)
SELECT column2 >> {bits}, column1, column2 FROM (VALUES {}) ORDER BY 1, 2, 3
""",
    "(?, ?)",
)
"""Takes (owner, event) for each row."""

delete_event_owners: Final = _many(
    """
DELETE FROM event_owner WHERE (day, owner, event) IN (SELECT column2 >> {bits}, column1, column2 FROM (VALUES {}))
""",
    "(?, ?)",
)
"""Takes (owner, event) for each row."""

read_owned: Final = _many("""
SELECT json_group_array(DISTINCT event) FROM event_owner WHERE owner IN ({}) AND day IN ({days})
""")
"""The segments that have events of these owners, as JSON: one look for each owner on each day there is."""

delete_owned: Final = _many("DELETE FROM event_owner WHERE owner IN ({}) AND day IN ({days})")

read_history: Final = _many("SELECT string_agg(doc, char(10)) FROM history WHERE id IN ({})")

LAST_HISTORY: Final = "SELECT coalesce(max(id), 0) FROM history"

write_history: Final = _many("INSERT INTO history (id, doc) VALUES {}", "(?, ?)")
"""Takes (id, doc) for each row."""

delete_history: Final = _many("DELETE FROM history WHERE id IN ({})")


def chunks(rows: Sequence[tuple[object, ...]]) -> Iterator[Sequence[tuple[object, ...]]]:
    """Cut rows into pieces of the sizes there are statements for, the largest first."""
    start = 0
    for size in SIZES:
        while len(rows) - start >= size:
            yield rows[start : start + size]
            start += size


def padded(keys: Sequence[T], most: int = SIZES[0]) -> Iterator[list[T]]:
    """Cut keys into pieces of those sizes up to `most`, the last one filled up by repeating its last key."""
    for start in range(0, len(keys), most):
        piece = list(keys[start : start + most])
        size = min(size for size in SIZES if size >= len(piece))
        yield piece + [piece[-1]] * (size - len(piece))
