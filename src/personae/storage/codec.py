"""The stored form of keys and profiles, the same on every engine.

A row's key is a keyed hash of what identifies it, so two racing creators of one identifier compute
the same primary key and the engine's own uniqueness decides. A document is JSON text.
"""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from hashlib import blake2b
from typing import Final

import msgspec

from ..core.history import Change
from ..core.identity import Key
from ..core.profile import Profile

KEY_BYTES: Final = 16


class Row(msgspec.Struct, array_like=True):
    """A row of `node`, as a line of JSON: a profile with its document, or an alias with its target."""

    key: str
    ver: int
    profile: Profile | None = None
    target: str = ""


_rows = msgspec.json.Decoder(Row)
_encode = msgspec.json.Encoder().encode


@lru_cache(maxsize=1024)
def _keyed(secret: bytes) -> blake2b:
    """The hash with the project's secret in it: to copy it takes half the time of making it."""
    return blake2b(digest_size=KEY_BYTES, key=secret)


def hash_keys(secret: bytes, keys: Iterable[Key]) -> list[bytes]:
    """The 16-byte row keys of identifiers or addresses, keyed by the project's secret."""
    copy = _keyed(secret).copy
    hashes = []
    for kind, value in keys:
        keyed = copy()
        keyed.update(f"{kind}\0{value}".encode())
        hashes.append(keyed.digest())
    return hashes


def hashed(secret: bytes, keys: Sequence[Key]) -> dict[Key, bytes]:
    """The keys, each with its row key."""
    return dict(zip(keys, hash_keys(secret, keys), strict=True))


def keys_by_hash(secret: bytes, keys: Sequence[Key]) -> dict[bytes, Key]:
    """The keys by their row key, in the order given."""
    return dict(zip(hash_keys(secret, keys), keys, strict=True))


def hash_key(secret: bytes, key: Key) -> bytes:
    return hash_keys(secret, (key,))[0]


def name_key(secret: bytes, name: str) -> int:
    """What stands for an event's normal name in a row: 64 bits of its hash, keyed by the project's secret."""
    return int.from_bytes(hash_key(secret, ("event", name))[:8], signed=True)


def encode_document(profile: Profile) -> str:
    return _encode(profile).decode()


def encode_change(change: Change) -> str:
    return _encode(change).decode()


def decode_rows(lines: str | None) -> list[Row]:
    """Rows from the lines a read gives; None stands for no row."""
    return _rows.decode_lines(lines) if lines else []
