"""Reading and writing profiles: a statement for many rows, whatever the number of requests behind them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import chain

import apsw
import msgspec

from ...core.identity import Key
from ...core.profile import Profile
from ...core.work import Found
from .. import Project
from ..codec import decode_rows, hash_key, hashed, keys_by_hash
from ..rows import Reading, ReadRow, Rows
from . import statements
from .statements import Statement

_decode_flags = msgspec.json.Decoder(tuple[str, int]).decode_lines
_decode_targets = msgspec.json.Decoder(tuple[str, str]).decode_lines
_decode_profiles = msgspec.json.Decoder(Profile).decode_lines


def fetch(connection: apsw.Connection, hashes: Sequence[bytes]) -> list[str]:
    """The rows of `node` with these keys, as texts of JSON lines."""
    texts = (connection.execute(statements.read_nodes(len(piece)), piece).get for piece in statements.padded(hashes))
    return [text for text in texts if text]


@contextmanager
def snapshot(connection: apsw.Connection) -> Iterator[None]:
    """Let all that is read be of one moment."""
    connection.execute("BEGIN")
    try:
        yield
    finally:
        connection.execute("ROLLBACK")


def parse(texts: Iterable[str]) -> Iterator[ReadRow]:
    """The rows in these texts."""
    for text in texts:
        for row in decode_rows(text):
            yield bytes.fromhex(row.key), row.ver, row.profile, bytes.fromhex(row.target)


def read(connection: apsw.Connection, project: Project, keys: Sequence[Key]) -> Found:
    """The profiles behind these keys; aliases are followed, which takes a second statement."""
    reading = Reading(project, hashed(project.secret, keys))
    wanted = list(reading.hashes.values())
    with snapshot(connection):
        while wanted:
            wanted = reading.add(parse(fetch(connection, wanted)))
    reading.finish()
    return reading.found


def read_owners(connection: apsw.Connection, owners: Sequence[bytes]) -> dict[bytes, bytes]:
    """The rows of the profiles that these rows are part of, those that lead to none left out; reads no documents."""
    targets: dict[bytes, bytes] = {}
    wanted = list(dict.fromkeys(owners))
    with snapshot(connection):
        while wanted:
            found: dict[bytes, bytes] = {}
            for piece in statements.padded(wanted):
                lines = connection.execute(statements.read_targets(len(piece)), piece).get
                found.update((bytes.fromhex(key), bytes.fromhex(target)) for key, target in _decode_targets(lines or ""))
            targets |= found
            wanted = [target for target in dict.fromkeys(found.values()) if target and target not in targets]
    return {owner: row for owner in owners if (row := _end(owner, targets)) in targets}


def _end(row: bytes, targets: Mapping[bytes, bytes]) -> bytes:
    """The row that aliases lead to from this one."""
    while target := targets.get(row):
        row = target
    return row


def read_profiles(connection: apsw.Connection, rows: Sequence[bytes]) -> dict[bytes, Profile]:
    """The profiles in these rows; what is none is left out."""
    return {key: profile for key, _, profile, _ in parse(fetch(connection, rows)) if profile is not None}


def read_flags(connection: apsw.Connection, secret: bytes, keys: Sequence[Key]) -> dict[Key, bool]:
    """Those of these flags that were ever set."""
    hashes = keys_by_hash(secret, keys)
    flags: dict[Key, bool] = {}
    for piece in statements.padded(list(hashes)):
        lines = connection.execute(statements.read_flags(len(piece)), piece).get
        for ckey, dnd in _decode_flags(lines or ""):
            flags[hashes[bytes.fromhex(ckey)]] = bool(dnd)
    return flags


def has_flags(connection: apsw.Connection) -> bool:
    """Whether any flag was ever set."""
    return bool(connection.execute(statements.HAS_FLAGS).get)


def read_contact(connection: apsw.Connection, secret: bytes, contact: Key, limit: int, offset: int) -> list[Profile]:
    """A page of the profiles that have this contact, the last updated first."""
    lines = connection.execute(statements.READ_CONTACT, (hash_key(secret, contact), limit, offset)).get
    return _decode_profiles(lines or "")


def write(connection: apsw.Connection, rows: Rows) -> bool:
    """Write the rows; False where a profile was not at the version that was read.

    Aliases come after profiles: a profile that was merged away by a later record of the same group is written
    as a profile first and becomes an alias then. What is released comes last.
    """
    written = execute_rows(connection, statements.write_profiles, (rows.project,), rows.profiles)
    execute_rows(connection, statements.write_aliases, (rows.project, rows.updated), rows.aliases)
    execute_keys(connection, statements.delete_nodes, rows.released)
    execute_rows(connection, statements.write_contacts, (), rows.contacts)
    execute_rows(connection, statements.delete_contacts, (), rows.left_contacts)
    execute_rows(connection, statements.write_flags, (rows.updated,), [(address, dnd) for address, dnd, _ in rows.flags])
    return written == len(rows.profiles)


def execute_rows(
    connection: apsw.Connection,
    statement: Statement,
    shared: tuple[object, ...],
    rows: Sequence[tuple[object, ...]],
) -> int:
    """Run a many-row statement over all rows; gives how many it inserted or changed."""
    written = 0
    for piece in statements.chunks(rows):
        connection.execute(statement(len(piece)), [*shared, *chain.from_iterable(piece)])
        written += connection.changes()
    return written


def execute_keys(connection: apsw.Connection, statement: Statement, keys: Sequence[bytes] | Sequence[int]) -> None:
    """Run a statement for many keys over all of these."""
    for piece in statements.padded(keys):
        connection.execute(statement(len(piece)), piece)
