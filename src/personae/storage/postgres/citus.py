"""Spreading the tables over a Citus cluster: rows of profiles and addresses by key, small tables whole on every node."""

from typing import Final, NamedTuple

import asyncpg

from .. import UnusableDatabase
from ..tables import Distributed
from ..url import masked
from .connections import Connection
from .failures import OUTSIDE, told
from .upkeep import connect_for_upkeep, end, make_schema

REMEDY: Final = "CREATE EXTENSION citus on every node of the cluster, then run this again"


class Spread(NamedTuple):
    """How one table is spread: in words, and by which call."""

    table: str
    how: str
    call: str


SPREADS: Final = (
    Spread("node", "by key", "SELECT create_distributed_table('node', 'key', colocate_with => 'none')"),
    Spread("contact", "by ckey", "SELECT create_distributed_table('contact', 'ckey', colocate_with => 'none')"),
    Spread("address_flag", "by ckey", "SELECT create_distributed_table('address_flag', 'ckey', colocate_with => 'none')"),
    Spread("event", "by id", "SELECT create_distributed_table('event', 'id', colocate_with => 'none')"),
    Spread("event_owner", "by owner", "SELECT create_distributed_table('event_owner', 'owner', colocate_with => 'none')"),
    Spread("history", "by id", "SELECT create_distributed_table('history', 'id', colocate_with => 'none')"),
    Spread("project", "on every node", "SELECT create_reference_table('project')"),
    Spread("passcode", "on every node", "SELECT create_reference_table('passcode')"),
    Spread("meta", "on every node", "SELECT create_reference_table('meta')"),
)
"""No table is joined with another, so none has to lie beside another."""

HAS_CITUS: Final = "SELECT count(*) > 0 FROM pg_proc WHERE proname = 'create_distributed_table'"
IS_SPREAD: Final = "SELECT count(*) > 0 FROM pg_dist_partition WHERE logicalrelid = $1::text::regclass"


async def distribute(url: str) -> list[Distributed]:
    """Spread every table of this database that is not spread yet, with the rows that are in it.

    Each is a transaction of its own: run again after an error, it goes on. Raises `UnusableDatabase`,
    and has changed nothing, where the extension is missing.
    """
    connection = await connect_for_upkeep(url)
    try:
        if not await connection.fetchval(HAS_CITUS):
            raise UnusableDatabase(f"the database {masked(url)} has no Citus extension; nothing was changed: {REMEDY}")
        await make_schema(url)
        return [await _spread(connection, spread) for spread in SPREADS]
    except (asyncpg.PostgresError, *OUTSIDE) as error:
        raise UnusableDatabase(f"the database {masked(url)} cannot be distributed: {told(error)}") from error
    finally:
        await end(connection)


async def _spread(connection: Connection, spread: Spread) -> Distributed:
    is_spread = await connection.fetchval(IS_SPREAD, spread.table)
    if not is_spread:
        await connection.execute(spread.call)
    return Distributed(spread.table, spread.how, not is_spread)
