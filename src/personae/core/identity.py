"""Whom a record means: reading its identifiers and choosing the profile they lead to.

Source: contract A3.2, A3.3, A5.
"""

from base64 import urlsafe_b64encode
from collections.abc import Iterable, Mapping
from hashlib import blake2b
from math import isfinite
from typing import Final

from .faults import IDENTITY, OBJECT_ID, Fault
from .rules import Rules

Key = tuple[str, str]
"""Kind and value of an identifier: ("identity", "george@example.com")."""

Ref = bytes | Key
"""Which profile: the store's own row key for one that is stored, its first key for a new one."""

KINDS: Final = ("identity", "FBID", "GPID", "objectId")
"""The kinds of identifier, the one that decides first in front (contract A5.1)."""

IDENTITY_KIND: Final = "identity"
DEVICE_KIND: Final = "objectId"


def identifier(value: object, rules: Rules) -> str | None:
    """An identifier as text; "" when it counts as absent, None when it is not valid.

    Numbers are taken as their text, blanks around are trimmed. Source: contract A3.2.
    """
    if type(value) is str:
        text = value.strip()
    elif value is None:
        return ""
    elif type(value) is int or (type(value) is float and isfinite(value)):
        text = str(value)
    else:
        return None
    return text if len(text) <= rules.max_identifier_chars else None


def identify(record: Mapping[str, object], rules: Rules) -> list[Key] | Fault:
    """The keys of a record in the order of `KINDS`, at least one, or the fault (523, 526)."""
    keys = []
    for kind in KINDS:
        value = record.get(kind)
        if value is None:
            continue
        text = identifier(value, rules)
        if text is None:
            return OBJECT_ID if kind == DEVICE_KIND else IDENTITY
        if text:
            keys.append((kind, text))
    return keys or IDENTITY


class Mint:
    """Makes the objectIds of one batch: 22 URL-safe characters each, random as `seed` is.

    The same seed and index give the same id, so folding again after a conflict mints nothing twice.
    """

    __slots__ = ("_hash",)

    def __init__(self, seed: bytes) -> None:
        self._hash = blake2b(digest_size=16, key=seed)

    def object_id(self, index: int) -> str:
        """The id of the profile that the record with this index creates."""
        drawn = self._hash.copy()
        drawn.update(index.to_bytes(4))
        text = urlsafe_b64encode(drawn.digest())[:22].decode()
        return text if text[0].isalnum() else f"w{text[1:]}"  # - and _ in front would tell of another platform


def choose(keys: Iterable[Key], owners: Mapping[Key, Ref]) -> list[Ref]:
    """The profiles the keys lead to, each once; the first is the one that is meant.

    `keys` come in the order of `KINDS`, identifiers the record attaches before its objectId.
    Source: contract A5.1.
    """
    chosen: list[Ref] = []
    for key in keys:
        ref = owners.get(key)
        if ref is not None and ref not in chosen:
            chosen.append(ref)
    return chosen
