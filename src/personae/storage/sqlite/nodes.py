"""Reading and writing profiles: what one request asks of a connection, a statement for many rows."""

from collections.abc import Callable, Mapping, Sequence
from itertools import chain
from typing import NamedTuple

import apsw
import msgspec

from ...core.identity import Key, Ref
from ...core.profile import Profile
from ...core.work import Changes, Found
from ..codec import Row, decode_rows, encode_document, hash_key, hash_keys
from . import statements

_decode_flags = msgspec.json.Decoder(tuple[str, int]).decode_lines
_decode_profiles = msgspec.json.Decoder(Profile).decode_lines


class Read(NamedTuple):
    """What is behind some keys, and the version of each profile row that was read."""

    found: Found
    versions: dict[Ref, int]


def read(connection: apsw.Connection, secret: bytes, keys: Sequence[Key]) -> Read:
    """The profiles behind these keys; aliases are followed, which takes a second statement."""
    hashes = dict(zip(hash_keys(secret, keys), keys, strict=True))
    owners: dict[Key, Ref] = {}
    profiles: dict[Ref, Profile] = {}
    versions: dict[Ref, int] = {}
    targets: set[bytes] = set()
    for row in read_rows(connection, list(hashes)):
        row_key = bytes.fromhex(row.key)
        if row.profile is not None:
            owners[hashes[row_key]] = row_key
            profiles[row_key] = row.profile
            versions[row_key] = row.ver
        else:
            target = bytes.fromhex(row.target)
            owners[hashes[row_key]] = target
            targets.add(target)
    for row in read_rows(connection, list(targets.difference(profiles))):
        assert row.profile is not None, "an alias leads to a profile, never to another alias"
        row_key = bytes.fromhex(row.key)
        profiles[row_key] = row.profile
        versions[row_key] = row.ver
    return Read(Found(owners, profiles), versions)


def read_rows(connection: apsw.Connection, keys: Sequence[bytes]) -> list[Row]:
    rows: list[Row] = []
    for piece in statements.padded(keys):
        rows += decode_rows(connection.execute(statements.read_nodes(len(piece)), piece).get)
    return rows


def read_flags(connection: apsw.Connection, secret: bytes, keys: Sequence[Key]) -> dict[Key, bool]:
    """Those of these flags that were ever set."""
    hashes = dict(zip(hash_keys(secret, keys), keys, strict=True))
    flags: dict[Key, bool] = {}
    for piece in statements.padded(list(hashes)):
        lines = connection.execute(statements.read_flags(len(piece)), piece).get
        for ckey, dnd in _decode_flags(lines or ""):
            flags[hashes[bytes.fromhex(ckey)]] = bool(dnd)
    return flags


def read_contact(connection: apsw.Connection, secret: bytes, contact: Key, limit: int, offset: int) -> list[Profile]:
    """A page of the profiles that had this contact at some time, the last updated first."""
    lines = connection.execute(statements.READ_CONTACT, (hash_key(secret, contact), limit, offset)).get
    return _decode_profiles(lines or "")


def write(connection: apsw.Connection, project: str, secret: bytes, changes: Changes, versions: Mapping[Ref, int]) -> None:
    """Write what a fold asks for, in key order.

    Raises `RuntimeError` when a row is not at the version that was read: this process is the only
    writer, so that is a bug, and nothing may be acknowledged.
    """
    row_keys = row_keys_of(secret, changes)
    profiles = sorted(
        (row_keys[ref], versions.get(ref, 0) + 1, encode_document(profile), profile.updated)
        for ref, profile in changes.profiles.items()
    )
    written = execute_rows(connection, statements.write_profiles, (project,), profiles)
    if written != len(profiles):
        raise RuntimeError(f"{len(profiles) - written} rows changed between reading and writing")
    updated = max((row[3] for row in profiles), default=0)
    if changes.aliases:
        targets = [row_keys[ref] for ref in changes.aliases.values()]
        aliases = sorted(zip(hash_keys(secret, changes.aliases), targets, strict=True))
        execute_rows(connection, statements.write_aliases, (project, updated), aliases)
    if changes.contacts:
        hashes = hash_keys(secret, [contact for contact, _ in changes.contacts])
        contacts = sorted(zip(hashes, [row_keys[ref] for _, ref in changes.contacts], strict=True))
        execute_rows(connection, statements.write_contacts, (), contacts)
    if changes.flags:
        flags = sorted(zip(hash_keys(secret, changes.flags), map(int, changes.flags.values()), strict=True))
        execute_rows(connection, statements.write_flags, (updated,), flags)


def row_keys_of(secret: bytes, changes: Changes) -> dict[Ref, bytes]:
    """The row of each profile: a stored one says it itself, a new one is stored under its first key.

    A profile that was merged away in the same batch may still be named by a contact.
    """
    refs = dict.fromkeys([*changes.profiles, *changes.aliases.values(), *(ref for _, ref in changes.contacts)])
    new = [ref for ref in refs if not isinstance(ref, bytes)]
    row_keys: dict[Ref, bytes] = dict(zip(new, hash_keys(secret, new), strict=True))
    row_keys.update((ref, ref) for ref in refs if isinstance(ref, bytes))
    return row_keys


def execute_rows(
    connection: apsw.Connection,
    statement: Callable[[int], str],
    shared: tuple[object, ...],
    rows: Sequence[tuple[object, ...]],
) -> int:
    """Run a many-row statement over all rows; gives how many it inserted or changed."""
    written = 0
    for piece in statements.chunks(rows):
        connection.execute(statement(len(piece)), [*shared, *chain.from_iterable(piece)])
        written += connection.changes()
    return written
