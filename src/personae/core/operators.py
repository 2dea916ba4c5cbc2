"""The operators a property value may be: `{"$incr": 1}` and its kin.

One row per operator: how its argument is read when a record is screened, and what it does to the
stored value when the record is folded. Source: contract A4.6, B 3.4, B 3.5.
"""

from collections.abc import Callable
from math import isfinite
from typing import Final, NamedTuple

from .faults import VALUE, Mark
from .properties import Flaw, Reader, latest, scalar_text, shown
from .rules import INT64_MAX, INT64_MIN

ABSENT: Final = object()
"""Stands for a property that is not there, as an operand and as a result."""

Notes = list[tuple[str, str]]
ReadArgument = Callable[[str, object, Reader], object]
Apply = Callable[[str, object, object, int, Notes], object]


class Operator(NamedTuple):
    """`read(key, argument, reader)` gives the argument to keep, or `ABSENT` for a no-op.

    `apply(key, old, argument, max_list_items, notes)` gives the new value, or `ABSENT` to remove the
    property; it raises `Flaw` where the result cannot be kept, and appends to `notes` what deserves
    a warning. `old` is `ABSENT` where there is no such property.
    """

    name: str
    read: ReadArgument
    apply: Apply
    accepts: str
    does: str
    mark: Mark


def read_items(key: str, argument: object, reader: Reader) -> object:
    """A list of scalars, or one scalar, as distinct texts."""
    if type(argument) is list:
        values = [value for value in argument if value is not None]
    elif type(argument) is dict or argument is None:
        raise Flaw(VALUE, f"{shown(key)} has an operator that takes a list or one scalar")
    else:
        values = [argument]
    return list(dict.fromkeys(reader.texts(key, values))) or ABSENT


def read_number(key: str, argument: object, reader: Reader) -> object:
    """A number; text and booleans are not numbers."""
    if type(argument) not in (int, float):
        raise Flaw(VALUE, f"{shown(key)} has an operator that takes a number")
    return reader.scalar(key, argument)


def read_switch(key: str, argument: object, reader: Reader) -> object:
    """1 or true; what is false in JSON is a no-op."""
    if type(argument) in (int, bool) and argument == 1:
        return True
    if not argument:
        return ABSENT
    raise Flaw(VALUE, f"{shown(key)} has $delete with something else than 1 or true")


def as_items(old: object) -> list[str] | None:
    """A stored value as the items of a multi-value: a scalar is promoted to its text; None for objects."""
    if old is ABSENT:
        return []
    if type(old) is list:
        return None if old and type(old[0]) is dict else old
    return None if type(old) is dict else [scalar_text(old)]


def add(key: str, old: object, argument: object, limit: int, notes: Notes) -> object:
    """Append the items that are not there yet, keeping first-seen order.

    A scalar is promoted: it becomes the first item, as text. Above `limit` items the oldest go first.
    Source: contract A4.6; order of the cap documented, promotion form inferred.
    """
    items = as_items(old)
    if items is None:
        return unchanged(key, "$add", old, notes)
    assert type(argument) is list
    return latest(list(dict.fromkeys(items + argument)), limit, key, notes)


def remove(key: str, old: object, argument: object, limit: int, notes: Notes) -> object:
    """Take the items away; an emptied list removes the property. Source: contract A4.6."""
    items = as_items(old)
    if items is None:
        return unchanged(key, "$remove", old, notes)
    assert type(argument) is list
    gone = set(argument)
    return [item for item in items if item not in gone] or ABSENT


def unchanged(key: str, operator: str, old: object, notes: Notes) -> object:
    notes.append((shown(key), f"{operator} left {shown(key)} as it is: it holds an object"))
    return old


def change_by(operator: str, sign: int) -> Apply:
    """`$incr` or `$decr`: integers stay exact 64-bit integers; no number there is left as it is."""

    def apply(key: str, old: object, argument: object, limit: int, notes: Notes) -> object:
        if type(old) not in (int, float):
            notes.append((shown(key), f"{operator} left {shown(key)} as it is: there is no number to change"))
            return old
        result = old + sign * argument  # type: ignore[operator]
        if type(result) is int and not INT64_MIN <= result <= INT64_MAX:
            raise Flaw(VALUE, f"{operator} takes {shown(key)} beyond a 64-bit integer")
        if type(result) is float and not isfinite(result):
            raise Flaw(VALUE, f"{operator} takes {shown(key)} beyond the largest number")
        return result

    return apply


def delete(key: str, old: object, argument: object, limit: int, notes: Notes) -> object:
    return ABSENT


OPERATORS: Final = {
    operator.name: operator
    for operator in (
        Operator("$add", read_items, add, "a list or one scalar", "appends what is new", "documented"),
        Operator("$remove", read_items, remove, "a list or one scalar", "takes away; an emptied list is removed", "documented"),
        Operator("$incr", read_number, change_by("$incr", 1), "a number", "adds to the stored number", "documented"),
        Operator("$decr", read_number, change_by("$decr", -1), "a number", "subtracts from the stored number", "documented"),
        Operator("$delete", read_switch, delete, "1 or true", "removes the property", "documented"),
    )
}
"""Every operator but `$set`, which `screen` unwraps: `{"$set": v}` is the plain value `v`."""

SET: Final = "$set"


def operator_of(value: dict[str, object]) -> str | None:
    """The one `$` key of an object, or None for a plain object.

    Raises `Flaw` (527) where a `$` key has company or is unknown. Source: contract A4.6.
    """
    marked = [key for key in value if key[:1] == "$"]
    if not marked:
        return None
    if len(value) > 1:
        raise Flaw(VALUE, f"{shown(marked[0])} stands in an object with other keys; an operator stands alone")
    if marked[0] != SET and marked[0] not in OPERATORS:
        raise Flaw(VALUE, f"{shown(marked[0])} is not an operator; those known are {', '.join((SET, *OPERATORS))}")
    return marked[0]
