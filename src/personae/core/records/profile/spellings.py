"""Which of the keys of a record are one property. Source: contract A4.2, A4.5."""

from typing import Any

from ...fields import BY_NORMAL
from ...properties import normal_form


def last_said(data: dict[str, Any], most: int, max_key_bytes: int) -> tuple[list[tuple[str, str, Any]], int]:
    """(spelling first seen, spelling last seen, last value) of each property, and how many custom ones there are.

    Null says nothing. All reserved fields are there, and the first `most` custom properties: with so many,
    a record of a million keys takes no time. Over-long keys are not compared with others.
    """
    said: dict[str, tuple[str, str, Any]] = {}
    custom = 0
    for key, value in data.items():
        if value is None:
            continue
        normal = normal_form(key) if len(key) <= max_key_bytes else key
        if normal not in said and normal not in BY_NORMAL:
            custom += 1
            if custom > most:
                continue
        first = said.pop(normal, (key,))[0]
        said[normal] = (first, key, value)
    return list(said.values()), custom
