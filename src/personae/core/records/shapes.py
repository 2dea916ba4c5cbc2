"""What can be said of the keys of a record, worked out once for each shape that records come in."""

from functools import lru_cache
from typing import Any, Final

from ..properties import Name, name_of

MAX_SHAPE_KEYS: Final = 64
"""Records with more keys are read key by key, so that the remembered shapes stay small."""


def shape_of(data: dict[str, Any], max_key_bytes: int) -> tuple[Name, ...] | None:
    """The names behind the keys of a record; None where the keys themselves need a closer look."""
    if len(data) > MAX_SHAPE_KEYS:
        return None
    try:
        return names_of(tuple(data), max_key_bytes)
    except LongKey:
        return None


class LongKey(Exception):  # noqa: N818 - the reason to look closer
    """A key is over its limit."""


@lru_cache(maxsize=4096)
def names_of(keys: tuple[str, ...], max_key_bytes: int) -> tuple[Name, ...] | None:
    """The names behind keys, None where two are one property or one of them deserves a word.

    Records come in few shapes, so what can be said of their keys is worked out once for each. Raises
    `LongKey`, as what is raised is not remembered: what is remembered stays small.
    """
    if max(map(len, keys), default=0) > max_key_bytes:
        raise LongKey
    names = tuple(map(name_of, keys))
    if len({name.normal for name in names}) < len(names):
        return None
    return names if all(name.field or (name.plain and name.bytes <= max_key_bytes) for name in names) else None
