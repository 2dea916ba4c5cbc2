"""Every statement, in the part of SQL that PostgreSQL, Citus, YugabyteDB and the managed PostgreSQLs share.

Each takes arrays, one element a row, and touches rows by their key alone. Rows are put in key order
before they are written: two writers that meet wait for one another and never both. Source: design 6.
"""

from typing import Final

READ_NODES: Final = "SELECT key, ver, doc, target FROM node WHERE key = ANY($1::uuid[])"

READ_VERSIONS: Final = "SELECT key, ver, op FROM node WHERE key = ANY($1::uuid[])"

READ_TARGETS: Final = """
SELECT key, target, doc IS NOT NULL FROM node WHERE key = ANY($1::uuid[]) AND project = $2
"""

READ_PROFILES: Final = """
SELECT key, doc FROM node WHERE key = ANY($1::uuid[]) AND project = $2 AND doc IS NOT NULL
"""

READ_SIZES: Final = """
SELECT key, octet_length(doc) FROM node WHERE key > $1 AND project = $2 AND doc IS NOT NULL ORDER BY key LIMIT $3
"""
"""Known without reading the documents that are kept apart."""

READ_UP_TO: Final = """
SELECT doc FROM node WHERE key > $1 AND key <= $2 AND project = $3 AND doc IS NOT NULL ORDER BY key
"""

BEGIN: Final = "BEGIN"

COMMIT: Final = "COMMIT"

ROLLBACK: Final = "ROLLBACK"

BEGIN_SNAPSHOT: Final = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"

SET_UP_SNAPSHOT: Final = """
SELECT set_config('enable_sort', 'off', false), set_config('idle_in_transaction_session_timeout', '0', false)
"""
"""Pages go along the key, and may be far apart: whoever reads them may be slow."""

WRITE_NODES: Final = """
INSERT INTO node (key, project, ver, target, op, doc, updated)
SELECT key, project, ver, target, CASE WHEN bound THEN $7::uuid ELSE $8::uuid END, doc, updated
FROM unnest($1::uuid[], $2::text[], $3::bigint[], $4::uuid[], $5::text[], $6::bigint[], $9::boolean[])
    AS written (key, project, ver, target, doc, updated, bound)
ORDER BY key
ON CONFLICT (key) DO UPDATE
SET ver = node.ver + 1 / CASE
        WHEN node.ver = EXCLUDED.ver - 1 OR node.op = EXCLUDED.op THEN 1
        WHEN EXCLUDED.target IS NOT NULL AND node.target = ANY($10::uuid[]) THEN 1 ELSE 0
    END,
    target = EXCLUDED.target, op = EXCLUDED.op, doc = EXCLUDED.doc, updated = EXCLUDED.updated
WHERE node.ver = EXCLUDED.ver - 1 OR node.op = EXCLUDED.op OR EXCLUDED.op = $7
RETURNING key, ver
"""
"""Gives keys and versions of the rows that were written.

A row gives way when it is at the version before, when this attempt wrote it already (the statement
is safe to repeat), or when it is an alias of a profile that is merged away here ($10) and stays one. A
row that does not is left out, unless it is bound to others: then the division by zero undoes the statement.
A profile's version is above the one that was to be written where an earlier attempt has written it.
"""

WRITE_CONTACTS: Final = """
INSERT INTO contact (ckey, pkey, seen)
SELECT ckey, pkey, seen FROM unnest($1::uuid[], $2::uuid[], $3::bigint[]) AS written (ckey, pkey, seen)
ORDER BY ckey, pkey
ON CONFLICT (ckey, pkey) DO UPDATE SET seen = EXCLUDED.seen WHERE contact.seen < EXCLUDED.seen
"""

DELETE_CONTACTS: Final = """
DELETE FROM contact
USING (SELECT ckey, pkey, seen FROM unnest($1::uuid[], $2::uuid[], $3::bigint[]) AS gone (ckey, pkey, seen)) AS gone
WHERE contact.ckey = gone.ckey AND contact.pkey = gone.pkey AND contact.seen <= gone.seen
"""

READ_CONTACTS: Final = "SELECT pkey FROM contact WHERE ckey = $1"

READ_LAST_UPDATED: Final = """
SELECT doc FROM node WHERE key = ANY($1::uuid[]) AND doc IS NOT NULL ORDER BY updated DESC, key LIMIT $2 OFFSET $3
"""

WRITE_FLAGS: Final = """
INSERT INTO address_flag (ckey, dnd, updated)
SELECT ckey, dnd, $3 FROM unnest($1::uuid[], $2::boolean[]) AS written (ckey, dnd)
ORDER BY ckey
ON CONFLICT (ckey) DO UPDATE SET dnd = EXCLUDED.dnd, updated = EXCLUDED.updated
"""

HAS_FLAGS: Final = "SELECT ckey FROM address_flag LIMIT 1"

READ_FLAGS: Final = "SELECT ckey, dnd FROM address_flag WHERE ckey = ANY($1::uuid[])"

WRITE_EVENTS: Final = """
INSERT INTO event (id, name, live, owners, body)
SELECT id, name, live, owners, body
FROM unnest($1::bigint[], $2::bigint[], $3::integer[], $4::bytea[], $5::text[]) AS written (id, name, live, owners, body)
ORDER BY id
"""

WRITE_OWNERS: Final = """
INSERT INTO event_owner (owner, event)
SELECT owner, event FROM unnest($1::uuid[], $2::bigint[]) AS written (owner, event) ORDER BY owner, event
"""

COUNT_EVENTS: Final = """
SELECT COALESCE(sum(live), 0) FROM event WHERE name = $1 AND (name, id) >= ($1, $2) AND (name, id) < ($1, $3)
"""
"""Pairs are compared so that the index by name and id is the only one to go by, whatever the planner takes days to be worth."""

HAS_EVENTS: Final = "SELECT id FROM event WHERE name = $1 LIMIT 1"

READ_LIVE: Final = """
SELECT id, live FROM event WHERE name = $1 AND (name, id) > ($1, $2) AND (name, id) < ($1, $3) ORDER BY name, id LIMIT $4
"""

READ_SEGMENTS: Final = "SELECT id, name, live, owners, body FROM event WHERE id = ANY($1::bigint[]) ORDER BY id"

READ_SEGMENTS_BARE: Final = "SELECT id, name, live, owners, '' AS body FROM event WHERE id = ANY($1::bigint[]) ORDER BY id"

READ_OLD_SEGMENTS: Final = "SELECT id, owners FROM event WHERE id < $1 ORDER BY id LIMIT $2"

DELETE_SEGMENTS: Final = "DELETE FROM event WHERE id = ANY($1::bigint[])"

DELETE_OWNERS_OF: Final = "DELETE FROM event_owner WHERE owner = ANY($1::uuid[]) AND event = ANY($2::bigint[])"

READ_SEGMENTS_OF: Final = "SELECT event FROM event_owner WHERE owner = ANY($1::uuid[])"

REWRITE_SEGMENT: Final = "UPDATE event SET live = $3, owners = $4, body = $5 WHERE id = $1 AND owners = $2 RETURNING id"

DELETE_SEGMENT: Final = "DELETE FROM event WHERE id = $1 AND owners = $2 RETURNING id"

DELETE_OWNERS: Final = "DELETE FROM event_owner WHERE owner = ANY($1::uuid[])"

WRITE_HISTORY: Final = """
INSERT INTO history (id, doc) SELECT id, doc FROM unnest($1::bigint[], $2::text[]) AS written (id, doc) ORDER BY id
"""

READ_HISTORY: Final = "SELECT doc FROM history WHERE id = ANY($1::bigint[])"

DELETE_HISTORY: Final = "DELETE FROM history WHERE id = ANY($1::bigint[])"

LAST_HISTORY: Final = "SELECT coalesce(max(id), 0) FROM history"

DELETE_TOMBSTONES: Final = "DELETE FROM node WHERE doc IS NULL AND target IS NULL AND updated < $1"

READ_PROJECTS: Final = "SELECT id, name, secret, created FROM project ORDER BY created, id"

READ_PASSCODES: Final = """
SELECT id, project, name, digest, sealed, created, expires, revoked, last_used FROM passcode ORDER BY created, id
"""

ADD_PROJECT: Final = """
INSERT INTO project (id, name, secret, created) VALUES ($1, $2, $3, $4) ON CONFLICT (id) DO NOTHING RETURNING id
"""

PUT_PASSCODE: Final = """
INSERT INTO passcode (id, project, name, digest, sealed, created, expires, revoked, last_used)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
ON CONFLICT (id) DO UPDATE SET name = EXCLUDED.name, digest = EXCLUDED.digest, sealed = EXCLUDED.sealed,
    expires = EXCLUDED.expires, last_used = GREATEST(passcode.last_used, EXCLUDED.last_used),
    revoked = CASE WHEN passcode.revoked > 0 THEN passcode.revoked ELSE EXCLUDED.revoked END
"""

TOUCH_PASSCODE: Final = "UPDATE passcode SET last_used = GREATEST(last_used, $2) WHERE id = $1"

READ_META: Final = "SELECT value FROM meta WHERE name = $1"

ADD_META: Final = "INSERT INTO meta (name, value) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING"

PUT_META: Final = "INSERT INTO meta (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = EXCLUDED.value"

DELETE_META: Final = "DELETE FROM meta WHERE name = $1"

DELETE_META_BETWEEN: Final = """
DELETE FROM meta WHERE convert_to(name, 'UTF8') >= $1 AND convert_to(name, 'UTF8') < $2
"""
"""By their bytes, whatever the collation of the database."""

LOCK_META: Final = "SELECT value FROM meta WHERE name = $1 FOR UPDATE"
"""One row: what is done under its lock is done once."""

CREATE_META: Final = "CREATE TABLE IF NOT EXISTS meta (name text PRIMARY KEY, value bytea NOT NULL)"

READ_SIZE: Final = "SELECT pg_database_size(current_database())"

SET_UP_SESSION: Final = """
SELECT set_config('enable_seqscan', 'off', false),
    set_config('plan_cache_mode', 'force_generic_plan', false),
    set_config('jit', 'off', false),
    set_config('statement_timeout', $1, false),
    set_config('synchronous_commit', CASE current_setting('synchronous_commit')
        WHEN 'off' THEN 'on' WHEN 'local' THEN 'on' ELSE current_setting('synchronous_commit') END, false)
"""
"""Plans are made once and always go by the key: a table that was empty when they were made has grown since.

A commit waits for the disk, and for the standby if there is a synchronous one, whatever the default is.
"""

FIND_SHARD_TABLE: Final = "SELECT to_regclass('pg_dist_shard') IS NOT NULL"

READ_SHARDS: Final = """
SELECT shardminvalue::bigint AS low FROM pg_dist_shard
WHERE logicalrelid = 'node'::regclass AND shardminvalue IS NOT NULL ORDER BY 1
"""
"""The lowest hash of each shard of `node`, where Citus keeps it."""
