"""What leads to a profile beside its keys, and the flags of addresses: written in steps that may be repeated.

An address is written before the profile that has it and taken away after the profile has left it, so
that at no time a stored profile lacks an address of its own. What is left over, when a step in between
fails, is harmless: who reads an address looks at the profile too. A flag holds for whoever has the
address, so it is written after the profile, and only if that was.
"""

from collections.abc import Iterable, Sequence, Set
from typing import Final

import structlog
from asyncpg.pgproto.pgproto import UUID

from .. import Unavailable
from ..rows import Rows
from . import statements
from .connections import Connections
from .deadline import Deadline

MERGED_AWAY: Final = 2**62
"""Above every version: nothing said of a profile that is one no more stands."""

log = structlog.get_logger("personae.storage")


async def announce(database: Connections, deadline: Deadline, parts: Iterable[Rows]) -> None:
    """Write the addresses that these changes bring. Raises `Unavailable`."""
    contacts = [seen for rows in parts for seen in _seen(rows, rows.contacts, 1)]
    if contacts:
        await database.run(deadline, statements.WRITE_CONTACTS, *_arrays(contacts))


async def flag(
    database: Connections, deadline: Deadline, parts: Sequence[Rows], unwritten: Set[bytes | None]
) -> frozenset[bytes | None]:
    """Write the flags of these changes, but for those of `unwritten` profiles; gives the profiles whose flags failed.

    A flag that goes with no profile is written in any case; None stands for those.
    """
    flags = [flag for rows in parts for flag in rows.flags if flag[2] not in unwritten]
    if not flags:
        return frozenset()
    updated = max(rows.updated for rows in parts)
    keys, flagged = [UUID(key) for key, _, _ in flags], [bool(dnd) for _, dnd, _ in flags]
    try:
        await database.run(deadline, statements.WRITE_FLAGS, keys, flagged, updated)
    except Unavailable as error:
        log.error("flags of addresses are not written, their profiles are", rows=len(flags), reason=str(error))
        return frozenset(profile for _, _, profile in flags)
    return frozenset()


async def withdraw(database: Connections, deadline: Deadline, parts: Iterable[Rows], unwritten: Set[bytes | None]) -> None:
    """Take away the addresses these changes leave, but for those of `unwritten` profiles."""
    left = [seen for rows in parts for seen in _seen(rows, rows.left_contacts, MERGED_AWAY) if seen[1] not in unwritten]
    if not left:
        return
    try:
        await database.run(deadline, statements.DELETE_CONTACTS, *_arrays(left))
    except Unavailable as error:
        log.warning("addresses that profiles have left stay in the table", rows=len(left), reason=str(error))


def _seen(rows: Rows, contacts: Sequence[tuple[bytes, bytes]], otherwise: int) -> list[tuple[bytes, bytes, int]]:
    """Contacts with the version of the profile that speaks of them: what a later one says stands."""
    if not contacts:
        return []
    versions = {key: version for key, version, _, _ in rows.profiles}
    return [(contact, profile, versions.get(profile, otherwise)) for contact, profile in contacts]


def _arrays(contacts: Sequence[tuple[bytes, bytes, int]]) -> tuple[list[UUID], list[UUID], list[int]]:
    """One array for each column, in key order: a delete has no other."""
    contacts = sorted(contacts)
    return [UUID(ckey) for ckey, _, _ in contacts], [UUID(pkey) for _, pkey, _ in contacts], [seen for _, _, seen in contacts]
