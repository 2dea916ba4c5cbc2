"""Reading and writing profiles: a statement for many rows, whatever the number of requests behind them."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import chain
from typing import NamedTuple

import apsw
import msgspec

from ...core.identity import Key, Ref
from ...core.profile import Profile
from ...core.work import Changes, Found
from .. import Project
from ..codec import decode_rows, encode_document, hash_key, hash_keys, keys_by_hash
from . import statements

_decode_flags = msgspec.json.Decoder(tuple[str, int]).decode_lines
_decode_profiles = msgspec.json.Decoder(Profile).decode_lines


class Reading:
    """What is behind some keys of a project, built up from the lines of `fetch`."""

    def __init__(self, project: Project, keys: Sequence[Key]) -> None:
        self.project = project
        self.found = Found({}, {})
        self.versions: dict[Ref, int] = {}
        self._keys = keys_by_hash(project.secret, keys)

    @property
    def hashes(self) -> list[bytes]:
        return list(self._keys)

    def add(self, lines: Iterable[str]) -> list[bytes]:
        """Take in fetched rows; gives the profile rows that aliases lead to and that are still to be fetched."""
        owners, profiles = self.found
        targets: dict[bytes, None] = {}
        for piece in lines:
            for row in decode_rows(piece):
                row_key = bytes.fromhex(row.key)
                key = self._keys.get(row_key)
                if row.profile is not None:
                    profiles[row_key] = row.profile
                    self.versions[row_key] = row.ver
                    owner = row_key
                else:
                    owner = bytes.fromhex(row.target)
                    targets[owner] = None
                if key is not None:
                    owners[key] = owner
        return [target for target in targets if target not in profiles]


class Rows(NamedTuple):
    """The rows one project's changes come to, ready to be bound; the statements put them in key order."""

    project: str
    profiles: list[tuple[bytes, int, str, int]]
    aliases: list[tuple[bytes, bytes]]
    contacts: list[tuple[bytes, bytes]]
    left_contacts: list[tuple[bytes, bytes]]
    flags: list[tuple[bytes, int]]
    updated: int


def fetch(connection: apsw.Connection, hashes: Sequence[bytes]) -> list[str]:
    """The rows of `node` with these keys, as texts of JSON lines."""
    texts = (connection.execute(statements.read_nodes(len(piece)), piece).get for piece in statements.padded(hashes))
    return [text for text in texts if text]


def read(connection: apsw.Connection, project: Project, keys: Sequence[Key]) -> Found:
    """The profiles behind these keys; aliases are followed, which takes a second statement."""
    reading = Reading(project, keys)
    targets = reading.add(fetch(connection, reading.hashes))
    if targets:
        reading.add(fetch(connection, targets))
    return reading.found


def read_flags(connection: apsw.Connection, secret: bytes, keys: Sequence[Key]) -> dict[Key, bool]:
    """Those of these flags that were ever set."""
    hashes = keys_by_hash(secret, keys)
    flags: dict[Key, bool] = {}
    for piece in statements.padded(list(hashes)):
        lines = connection.execute(statements.read_flags(len(piece)), piece).get
        for ckey, dnd in _decode_flags(lines or ""):
            flags[hashes[bytes.fromhex(ckey)]] = bool(dnd)
    return flags


def read_contact(connection: apsw.Connection, secret: bytes, contact: Key, limit: int, offset: int) -> list[Profile]:
    """A page of the profiles that have this contact, the last updated first."""
    lines = connection.execute(statements.READ_CONTACT, (hash_key(secret, contact), limit, offset)).get
    return _decode_profiles(lines or "")


def prepare(project: Project, changes: Changes, versions: Mapping[Ref, int]) -> Rows:
    """The rows that changes come to; each profile row one version above the one that was read."""
    secret = project.secret
    row_keys = row_keys_of(secret, changes)
    profiles = [
        (row_keys[ref], versions.get(ref, 0) + 1, encode_document(profile), profile.updated)
        for ref, profile in changes.profiles.items()
    ]
    aliases = zip(hash_keys(secret, changes.aliases), map(row_keys.__getitem__, changes.aliases.values()), strict=True)
    contact_keys = hash_keys(secret, [contact for contact, _ in changes.contacts])
    contacts: tuple[list[tuple[bytes, bytes]], list[tuple[bytes, bytes]]] = ([], [])
    for contact_key, ((_, ref), held) in zip(contact_keys, changes.contacts.items(), strict=True):
        contacts[held].append((contact_key, row_keys[ref]))
    flags = zip(hash_keys(secret, changes.flags), map(int, changes.flags.values()), strict=True)
    updated = max((row[3] for row in profiles), default=0)
    return Rows(project.id, profiles, list(aliases), contacts[True], contacts[False], list(flags), updated)


def row_keys_of(secret: bytes, changes: Changes) -> dict[Ref, bytes]:
    """The row of each profile: a stored one says it itself, a new one is stored under its first key.

    A profile that was merged away in the same batch may still be named by a contact.
    """
    refs = dict.fromkeys([*changes.profiles, *changes.aliases.values(), *(ref for _, ref in changes.contacts)])
    new = [ref for ref in refs if not isinstance(ref, bytes)]
    row_keys: dict[Ref, bytes] = dict(zip(new, hash_keys(secret, new), strict=True))
    row_keys.update((ref, ref) for ref in refs if isinstance(ref, bytes))
    return row_keys


def write(connection: apsw.Connection, rows: Rows) -> bool:
    """Write the rows; False where a profile was not at the version that was read.

    Aliases come after profiles: a profile that was merged away by a later record of the same group is written
    as a profile first and becomes an alias then.
    """
    written = execute_rows(connection, statements.write_profiles, (rows.project,), rows.profiles)
    execute_rows(connection, statements.write_aliases, (rows.project, rows.updated), rows.aliases)
    execute_rows(connection, statements.write_contacts, (), rows.contacts)
    execute_rows(connection, statements.delete_contacts, (), rows.left_contacts)
    execute_rows(connection, statements.write_flags, (rows.updated,), rows.flags)
    return written == len(rows.profiles)


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
