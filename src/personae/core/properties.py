"""Custom properties: their names, the values they may hold, and what breaks a limit.

Everything here is stateless; what needs the stored profile is in `records.profile`.
Source: contract A4.2 to A4.5.
"""

from functools import lru_cache
from typing import TypeVar

import msgspec

from .faults import LIMIT, VALUE, Fault
from .fields import BY_NORMAL, Check, Field, is_number, unchecked
from .rules import Rules

T = TypeVar("T")

BARRED = frozenset("%><!|&.:;$'\"\\#")
"""Characters CleverTap bars from keys; kept here, with a warning (contract A4.5)."""


MAX_ITEMS_READ = 10_000
"""Items of a list that are looked at, the last ones, so that no list holds up everybody else (contract A1.5)."""


class Flaw(Exception):  # noqa: N818 - it is a finding, not an error
    """A value or a name that cannot be taken: `fault` (521 or 527) and what was found.

    Raised only on the way to a refusal, never for a record that is fine.
    """

    def __init__(self, fault: Fault, detail: str) -> None:
        super().__init__(detail)
        self.fault = fault
        self.detail = detail


class Name(msgspec.Struct, frozen=True, gc=False):
    """What there is to know about one property key, worked out once per spelling."""

    text: str
    normal: str
    bytes: int
    field: Field | None
    barred: str
    plain: bool
    """A custom key there is nothing to say about."""
    kept: bool
    """A reserved field whose checked value is kept as it is: `check` tells it."""
    check: Check


@lru_cache(maxsize=16_384)
def name_of(key: str) -> Name:
    """The name behind a key. Callers keep over-long keys out, so that the cache stays small."""
    normal = normal_form(key)
    field = BY_NORMAL.get(normal)
    barred = "" if field else "".join(sorted(BARRED.intersection(key)))
    size = len(key.encode())
    plain = field is None and not barred and bool(normal)
    kept = field is not None and field.place in ("field", "flag")
    return Name(key, normal, size, field, barred, plain, kept, field.check if field else unchecked)


def normal_form(key: str) -> str:
    """Keys that agree in this form are one property. Source: contract A4.2, B 4.3."""
    return key.lower().replace(" ", "")


def shown(key: str) -> str:
    """A key as an error text quotes it: never longer than a line."""
    return key if len(key) <= 60 else f"{key[:57]}..."


def fits(text: str, limit: int) -> bool:
    """Whether `text` is at most `limit` bytes of UTF-8; short text skips the encoding."""
    return len(text) * 4 <= limit or len(text.encode()) <= limit


def cut(text: str, limit: int) -> str:
    """The longest beginning of `text` of at most `limit` bytes, never half a character."""
    return text[:limit].encode()[:limit].decode(errors="ignore")


def scalar_text(value: object) -> str:
    """A scalar as the text it has in a multi-value property: JSON's words for booleans."""
    if type(value) is bool:
        return "true" if value else "false"
    return str(value)


class Reader:
    """Reads values for one record, under one set of rules, and gathers what was trimmed on the way.

    With `rules.drop` a value over a limit is trimmed or left out and `notes` says so; without, the
    first one raises `Flaw`. `notes` holds (key, text) pairs.
    """

    __slots__ = ("_room", "notes", "rules")

    def __init__(self, rules: Rules, notes: list[tuple[str, str]]) -> None:
        self.rules = rules
        self.notes = notes
        self._room = 0  # keys the value being read may still have in its objects

    def over(self, key: str, detail: str, done: str) -> None:
        """A limit is broken: raise, or note what was `done` about it."""
        if not self.rules.drop:
            raise Flaw(LIMIT, detail)
        self.notes.append((shown(key), f"{detail}; {done}"))

    def text(self, key: str, value: str) -> str:
        """Text within `max_value_bytes`."""
        limit = self.rules.max_value_bytes
        if fits(value, limit):
            return value
        detail = f"{shown(key)} has {len(value.encode())} bytes, at most {limit} are allowed"
        self.over(key, detail, "trimmed")
        return cut(value, limit)

    def scalar(self, key: str, value: object) -> object:
        """Text, boolean, 64-bit integer or finite float; anything else is a `Flaw`."""
        if type(value) is str:
            return self.text(key, value)
        if type(value) is bool or is_number(value):
            return value
        if type(value) is int:
            raise Flaw(VALUE, f"{shown(key)} is an integer beyond 64 bits, which cannot be kept exactly")
        raise Flaw(VALUE, f"{shown(key)} has a value that is not text, a boolean, a number, a list or an object")

    def value(self, key: str, value: object) -> object:
        """A property value in the form it is kept in.

        What it nests has at most `max_custom_keys` keys, all levels and all objects of a list counted
        together, and at most `max_list_items` items in each list: as a whole it is within the limits of
        a profile, not each of its objects by itself. Source: contract A4.3.
        """
        self._room = self.rules.max_custom_keys
        return self.inner(key, value, 1)

    def inner(self, key: str, value: object, depth: int) -> object:
        """A value at this depth of a property."""
        if type(value) is list:
            return self.items(key, value, depth)
        if type(value) is dict:
            return self.nested(key, value, depth)
        return self.scalar(key, value)

    def items(self, key: str, values: list[object], depth: int) -> list[object]:
        """A list: of objects, or of scalars, which makes it a multi-value property."""
        present = [value for value in values[-MAX_ITEMS_READ:] if value is not None]
        skipped = max(len(values) - MAX_ITEMS_READ, 0)
        if present and all(type(value) is dict for value in present):
            return [self.nested(key, value, depth) for value in self.latest(key, present, skipped)]
        return self.latest(key, list(dict.fromkeys(self.texts(key, present))), skipped)

    def texts(self, key: str, values: list[object]) -> list[str]:
        """The items of a multi-value: text, trimmed, case kept."""
        out = []
        for value in values:
            if type(value) is str:
                out.append(self.text(key, value.strip()))
            elif type(value) in (list, dict):
                raise Flaw(VALUE, f"{shown(key)} is a list with a list or an object among scalars")
            else:
                out.append(scalar_text(self.scalar(key, value)))
        return out

    def latest(self, key: str, values: list[T], skipped: int = 0) -> list[T]:
        """At most `max_list_items`: the oldest, at the front, go first."""
        return latest(values, self.rules.max_list_items, key, self.notes, skipped)

    def nested(self, key: str, value: object, depth: int) -> object:
        """An object below `profileData`, at most `max_nesting` deep, with the keys there is still room for."""
        assert type(value) is dict
        if depth > self.rules.max_nesting:
            detail = f"{shown(key)} is nested deeper than {self.rules.max_nesting} levels"
            self.over(key, detail, "left out")
            return {}
        out = {}
        for inner, item in value.items():
            if item is None and inner[:1] != "$":
                continue
            path = f"{shown(key)}.{shown(inner)}"
            if inner[:1] == "$":
                raise Flaw(VALUE, f"{shown(path)} is an operator inside an object; operators stand at the top level only")
            if self.key_fits(path, inner):
                if not self.room_for(path):
                    break
                out[inner] = self.inner(path, item, depth + 1)
        return out

    def room_for(self, path: str) -> bool:
        """Whether the value being read may have one key more; the first it may not have is a limit broken."""
        self._room -= 1
        if self._room == -1:
            most = self.rules.max_custom_keys
            detail = f"{shown(path)} is one nested key too many, at most {most} are allowed in one value, all levels together"
            self.over(path, detail, "it and those after it are left out")
        return self._room >= 0

    def key_fits(self, shown_as: str, key: str) -> bool:
        """Whether a key is within `max_key_bytes` and not blank; if not, it is a limit broken."""
        limit = self.rules.max_key_bytes
        if not key.strip(" "):
            self.over(shown_as, "a property key is empty", "left out")
            return False
        if fits(key, limit):
            return True
        detail = f"the key {shown(shown_as)} has {len(key.encode())} bytes, at most {limit} are allowed"
        self.over(shown_as, detail, "left out")
        return False


def latest(values: list[T], limit: int, key: str, notes: list[tuple[str, str]], skipped: int = 0) -> list[T]:
    """At most `limit` values, the oldest dropped with a note, as `skipped` ones in front of them were.

    Source: contract A4.3, A4.5.
    """
    if len(values) <= limit and not skipped:
        return values
    had = len(values) + skipped
    notes.append((shown(key), f"{shown(key)} had {had} items; the oldest were dropped to keep {limit}"))
    return values[-limit:]
