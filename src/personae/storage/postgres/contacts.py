"""What leads to a profile beside its keys, and the flags of addresses: written in steps that may be repeated.

An address is written before the profile that has it and taken away after the profile has left it, so
that at no time a stored profile lacks an address of its own. Each says which version of the profile speaks:
one of a later version stands. What is left over, when a step in between fails, is harmless: who reads an
address looks at the profile too. A flag holds for whoever has the address, so it is written after the
profile, and only if that was.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence, Set
from typing import NamedTuple

import structlog
from asyncpg.pgproto.pgproto import UUID

from ...core.profile import contacts as contacts_of
from .. import Unavailable
from ..codec import hash_keys
from ..rows import Reading, Rows
from . import statements
from .connections import Connections
from .deadline import Deadline
from .nodes import parse

log = structlog.get_logger("personae.storage")


class Astray(NamedTuple):
    """A contact that was announced of a profile's row which was not written then; the secret is its project's."""

    secret: bytes
    contact: bytes
    profile: bytes


async def announce(database: Connections, deadline: Deadline, parts: Iterable[Rows], versions: Mapping[bytes, int]) -> None:
    """Write the addresses that these changes bring, to rows that are written at these versions. Raises `Unavailable`."""
    brought = [contact for rows in parts for contact in rows.contacts]
    if brought:
        await database.run(deadline, statements.WRITE_CONTACTS, *_arrays(brought, versions))


def announced(parts: Iterable[Rows], readings: Mapping[str, Reading], lost: Set[bytes]) -> set[Astray]:
    """The contacts that were announced of rows which were lost."""
    return {
        Astray(readings[rows.project].project.secret, contact, profile)
        for rows in parts
        for contact, profile in rows.contacts
        if profile in lost
    }


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


async def withdraw(
    database: Connections,
    deadline: Deadline,
    parts: Iterable[Rows],
    versions: Mapping[bytes, int],
    unwritten: Set[bytes | None],
) -> None:
    """Take away the addresses these changes leave, but for those of `unwritten` profiles."""
    left = [contact for rows in parts for contact in rows.left_contacts if contact[1] not in unwritten]
    await _delete(database, deadline, left, versions)


async def tidy(database: Connections, deadline: Deadline, astray: Collection[Astray]) -> None:
    """Take away those of these addresses that their profile's row, as it is now, does not have.

    A version that has one announced it, and the one there is does not have it: what up to this one was said is void.
    """
    try:
        found = await database.rows(deadline, statements.READ_NODES, [UUID(row) for row in {lost.profile for lost in astray}])
    except Unavailable:
        return
    rows = {key: (version, profile) for key, version, profile, _ in parse(found)}
    secrets = {lost.profile: lost.secret for lost in astray}
    held = {
        (contact, row)
        for row, (_, profile) in rows.items()
        if profile is not None
        for contact in hash_keys(secrets[row], contacts_of(profile))
    }
    over = {(contact, row) for _, contact, row in astray if row in rows} - held
    await _delete(database, deadline, list(over), {row: version for row, (version, _) in rows.items()})


async def _delete(
    database: Connections, deadline: Deadline, contacts: Sequence[tuple[bytes, bytes]], versions: Mapping[bytes, int]
) -> None:
    """Take these away, unless a later version has announced them; logs where that fails."""
    if not contacts:
        return
    try:
        await database.run(deadline, statements.DELETE_CONTACTS, *_arrays(contacts, versions))
    except Unavailable as error:
        log.warning("addresses that profiles have left stay in the table", rows=len(contacts), reason=str(error))


def _arrays(contacts: Sequence[tuple[bytes, bytes]], versions: Mapping[bytes, int]) -> tuple[list[UUID], list[UUID], list[int]]:
    """One array for each column, in key order: a delete has no other.

    A row without a version is not written: it was made and merged away in one batch, and nothing was said of it.
    """
    contacts = sorted(contacts)
    return (
        [UUID(contact) for contact, _ in contacts],
        [UUID(profile) for _, profile in contacts],
        [versions.get(profile, 0) for _, profile in contacts],
    )
