"""The SQL of the hot path, each statement one call for many rows.

The interpreter lock is let go around every step of a statement and has to be won back after it;
beside a busy event loop that made a row-at-a-time loop ten times slower. So a read gives all its
rows as one text of JSON lines, and a write takes many rows in one VALUES list.
"""

from collections.abc import Iterator, Sequence
from functools import cache
from typing import Final

SIZES: Final = (1024, 256, 64, 16, 4, 1)
"""How many rows one statement takes; few sizes, so that the statement cache holds them all."""

_READ_NODES = """
SELECT string_agg('["' || hex(key) || '",' || ver || ',' ||
    CASE WHEN target IS NULL THEN doc ELSE 'null,"' || hex(target) || '"' END || ']', char(10))
FROM node WHERE key IN ({})
"""

_READ_FLAGS = "SELECT string_agg('[\"' || hex(ckey) || '\",' || dnd || ']', char(10)) FROM address_flag WHERE ckey IN ({})"

READ_CONTACT: Final = """
SELECT string_agg(doc, char(10)) FROM (
    SELECT node.doc FROM contact JOIN node ON node.key = contact.pkey
    WHERE contact.ckey = ? AND node.doc IS NOT NULL
    ORDER BY node.updated DESC LIMIT ? OFFSET ?)
"""

_WRITE_PROFILES = """
INSERT INTO node (project, key, ver, doc, updated)
SELECT ?1, column1, column2, column3, column4 FROM (VALUES {}) WHERE true ORDER BY column1
ON CONFLICT (key) DO UPDATE SET ver = excluded.ver, target = NULL, doc = excluded.doc, updated = excluded.updated
WHERE node.ver = excluded.ver - 1
"""

_WRITE_ALIASES = """
INSERT INTO node (project, updated, key, ver, target)
SELECT ?1, ?2, column1, 1, column2 FROM (VALUES {}) WHERE true ORDER BY column1
ON CONFLICT (key) DO UPDATE SET ver = node.ver + 1, target = excluded.target, doc = NULL, updated = excluded.updated
"""

_WRITE_CONTACTS = """
INSERT INTO contact (ckey, pkey)
SELECT column1, column2 FROM (VALUES {}) WHERE true ORDER BY column1
ON CONFLICT DO NOTHING
"""

_DELETE_CONTACTS = "DELETE FROM contact WHERE (ckey, pkey) IN (VALUES {})"

_WRITE_FLAGS = """
INSERT INTO address_flag (updated, ckey, dnd)
SELECT ?1, column1, column2 FROM (VALUES {}) WHERE true ORDER BY column1
ON CONFLICT (ckey) DO UPDATE SET dnd = excluded.dnd, updated = excluded.updated
"""


@cache
def read_nodes(size: int) -> str:
    """Rows of `node` by key, as JSON lines: [key, ver, document] or [key, ver, null, target]."""
    return _READ_NODES.format(_marks(size))


@cache
def read_flags(size: int) -> str:
    """Flags by key, as JSON lines: [key, 0 or 1]."""
    return _READ_FLAGS.format(_marks(size))


@cache
def write_profiles(size: int) -> str:
    """Takes the project, then (key, ver, doc, updated) for each row."""
    return _WRITE_PROFILES.format(_rows("(?, ?, ?, ?)", size))


@cache
def write_aliases(size: int) -> str:
    """Takes the project and the time, then (key, target) for each row."""
    return _WRITE_ALIASES.format(_rows("(?, ?)", size))


@cache
def write_contacts(size: int) -> str:
    """Takes (contact key, profile key) for each row."""
    return _WRITE_CONTACTS.format(_rows("(?, ?)", size))


@cache
def delete_contacts(size: int) -> str:
    """Takes (contact key, profile key) for each row."""
    return _DELETE_CONTACTS.format(_rows("(?, ?)", size))


@cache
def write_flags(size: int) -> str:
    """Takes the time, then (address key, 0 or 1) for each row."""
    return _WRITE_FLAGS.format(_rows("(?, ?)", size))


def _marks(size: int) -> str:
    return ", ".join(["?"] * size)


def _rows(row: str, size: int) -> str:
    return ", ".join([row] * size)


def chunks(rows: Sequence[tuple[object, ...]]) -> Iterator[Sequence[tuple[object, ...]]]:
    """Cut rows into pieces of the sizes there are statements for, the largest first."""
    start = 0
    for size in SIZES:
        while len(rows) - start >= size:
            yield rows[start : start + size]
            start += size


def padded(keys: Sequence[bytes]) -> Iterator[list[bytes]]:
    """Cut keys into pieces of those sizes, the last one filled up by repeating its last key."""
    for start in range(0, len(keys), SIZES[0]):
        piece = list(keys[start : start + SIZES[0]])
        size = min(size for size in SIZES if size >= len(piece))
        yield piece + [piece[-1]] * (size - len(piece))
