"""The stored form of keys and profiles, the same on every engine.

A row's key is a keyed hash of what identifies it, so two racing creators of one identifier compute
the same primary key and the engine's own uniqueness decides. A document is JSON text.
"""

from collections.abc import Iterable
from hashlib import blake2b
from typing import Final

import msgspec

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
_decode = msgspec.json.Decoder(Profile).decode


def hash_key(secret: bytes, key: Key) -> bytes:
    """The 16-byte row key of an identifier or address, keyed by the project's secret."""
    kind, value = key
    return blake2b(f"{kind}\0{value}".encode(), digest_size=KEY_BYTES, key=secret).digest()


def hash_keys(secret: bytes, keys: Iterable[Key]) -> dict[bytes, Key]:
    """The keys by their row key, in the order given."""
    blake = blake2b
    return {
        blake(f"{kind}\0{value}".encode(), digest_size=KEY_BYTES, key=secret).digest(): (kind, value) for kind, value in keys
    }


def encode_document(profile: Profile) -> str:
    return _encode(profile).decode()


def decode_document(document: str) -> Profile:
    return _decode(document)


def decode_rows(lines: str | None) -> list[Row]:
    """Rows from the lines a read gives; None stands for no row."""
    return _rows.decode_lines(lines) if lines else []
