"""The plans of statements on PostgreSQL: rows are found by an index, also where the table was empty when they were made."""

import asyncio
import re
from pathlib import Path

import pytest

from personae.storage.postgres import statements
from personae.storage.postgres.connections import Connection
from tests.engines import database_of
from tests.storage.test_postgres_failures import opened

STATEMENTS = (
    (statements.READ_NODES, "node_pkey"),
    (statements.READ_TARGETS, "node_pkey"),
    (statements.READ_PROFILES, "node_pkey"),
    (statements.READ_SIZES, "node_pkey"),
    (statements.READ_UP_TO, "node_pkey"),
    (statements.READ_CONTACTS, "contact_pkey"),
    (statements.READ_FLAGS, "address_flag_pkey"),
    (statements.COUNT_EVENTS, "event_name"),
    (statements.HAS_EVENTS, "event_name"),
    (statements.READ_LIVE, "event_name"),
    (statements.READ_SEGMENTS, "event_pkey"),
    (statements.READ_SEGMENTS_BARE, "event_pkey"),
    (statements.READ_OLD_SEGMENTS, "event_pkey"),
    (statements.DELETE_SEGMENTS, "event_pkey"),
    (statements.REWRITE_SEGMENT, "event_pkey"),
    (statements.DELETE_SEGMENT, "event_pkey"),
    (statements.READ_SEGMENTS_OF, "event_owner_pkey"),
    (statements.DELETE_OWNERS_OF, "event_owner_pkey"),
    (statements.DELETE_OWNERS, "event_owner_pkey"),
    (statements.READ_HISTORY, "history_pkey"),
    (statements.DELETE_HISTORY, "history_pkey"),
)
IN_ORDER = (statements.READ_LIVE, statements.READ_OLD_SEGMENTS)
"""Statements that read part of what there is: a sort would read it all."""

GROWN = (
    "INSERT INTO event SELECT (n / 100)::bigint << 40 | n, n % 10, 1, ''::bytea, '[]' FROM generate_series(1, 20000) AS n",
    "INSERT INTO event_owner SELECT md5(n::text)::uuid, n FROM generate_series(1, 20000) AS n",
    "INSERT INTO history SELECT n, '' FROM generate_series(1, 20000) AS n",
    "ANALYZE",
)


async def explained(connection: Connection, sql: str) -> str:
    """The plan of a statement for any values."""
    values = ", ".join(["NULL"] * len(set(re.findall(r"\$\d+", sql))))
    await connection.execute(f"PREPARE it AS {sql}")
    plan = await connection.fetch(f"EXPLAIN EXECUTE it({values})")
    await connection.execute("DEALLOCATE it")
    return "\n".join(line for (line,) in plan)


async def plans_in(directory: Path, *before: str) -> dict[str, str]:
    """The plan of every statement of `STATEMENTS`, after these were done in its session."""
    store = await opened(database_of(directory))

    async def look(connection: Connection) -> dict[str, str]:
        for statement in before:
            await connection.execute(statement)
        return {sql: await explained(connection, sql) for sql, _ in STATEMENTS}

    plans = await store._database.use(store._database.deadline(), look)
    await store.close()
    return plans


@pytest.mark.parametrize("before", [(), GROWN], ids=["empty", "grown"])
def test_rows_are_found_by_an_index(before: tuple[str, ...], tmp_path: Path) -> None:
    """No statement reads a table from end to end, or puts in order what an index has in order."""
    plans = asyncio.run(plans_in(tmp_path, *before))
    assert [plans[sql] for sql, index in STATEMENTS if index not in plans[sql] or "Seq Scan" in plans[sql]] == []
    assert [plans[sql] for sql in IN_ORDER if "Sort" in plans[sql]] == []


def test_a_scan_goes_along_the_key(tmp_path: Path) -> None:
    """The pieces of a scan are read in key order, without a sort."""
    plans = asyncio.run(plans_in(tmp_path, statements.SET_UP_SNAPSHOT))
    scan = [plans[statements.READ_SIZES], plans[statements.READ_UP_TO]]
    assert [plan for plan in scan if "node_pkey" not in plan or "Sort" in plan] == []
