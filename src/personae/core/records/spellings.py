"""Which of the keys of a record are one property, and what deserves a word about them. Source: contract A4.2, A4.5."""

from collections.abc import Container
from typing import Any

from ..operators import Notes
from ..properties import Name, name_of, normal_form, shown


def last_said(
    data: dict[str, Any], most: int, max_key_bytes: int, uncounted: Container[str] = ()
) -> tuple[list[tuple[str, str, Any]], int]:
    """(spelling first seen, spelling last seen, last value) of each property, and how many of them count.

    Null says nothing. All those with `uncounted` normal names are there, and the first `most` of the others:
    with so many, a record of a million keys takes no time. Over-long keys are not compared with others.
    """
    said: dict[str, tuple[str, str, Any]] = {}
    counted = 0
    for key, value in data.items():
        if value is None:
            continue
        normal = normal_form(key) if len(key) <= max_key_bytes else key
        if normal not in said and normal not in uncounted:
            counted += 1
            if counted > most:
                continue
        first = said.pop(normal, (key,))[0]
        said[normal] = (first, key, value)
    return list(said.values()), counted


def kept_name(first: str, key: str, max_key_bytes: int, notes: Notes) -> Name | None:
    """The name behind a key, in the spelling first seen if that can be kept; None where the key is too long."""
    if len(key) > max_key_bytes:
        return None
    if first != key:
        notes.append((shown(key), f"{shown(first)} and {shown(key)} are one property; the last one stands"))
    name = name_of(first)
    return name if name.bytes <= max_key_bytes else name_of(key)


def note_barred(name: Name, key: str, notes: Notes) -> None:
    """Say of a key that it has characters CleverTap bars, if it has."""
    if name.barred:
        notes.append((shown(key), f"{shown(key)} has characters CleverTap bars from keys: {' '.join(name.barred)}"))
