"""The operators of a query: one row each, with what it takes and what it holds of.

Source: contract B 5. How values compare is ours: numbers, dates (`$D_` and epoch seconds) and text that reads
as a number compare as numbers when one side is no mere text; text compares exactly; a list does what one of its
items does. `not_` operators hold where the other one does not, so also of what has no such property.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Set
from functools import lru_cache
from typing import Any, Final, NamedTuple

from ..faults import QUERY, Mark
from ..fields import is_number
from ..properties import normal_form, scalar_text, shown
from .asked import MAX_VALUES, BadQuery, Filter

Test = Callable[[object], bool]
"""Whether an operator holds of one scalar value."""

Matches = Callable[[Mapping[str, Any]], bool]
"""Whether filters hold of properties under any of their spellings."""

_NUMBER = re.compile(r"(?:\$D_)?(-?[0-9]{1,18}(?:\.[0-9]{1,18})?)")


def number_of(value: object) -> int | float | None:
    """A number, a date, or text that reads as a number; None for anything else."""
    if type(value) is int or type(value) is float:
        return value
    found = _NUMBER.fullmatch(value) if type(value) is str else None
    if found is None:
        return None
    digits = found[1]
    return float(digits) if "." in digits else int(digits)


def is_text(value: object) -> bool:
    """Whether this is text and no date."""
    return type(value) is str and value[:3] != "$D_"


def scalar(name: str, value: object) -> object:
    """Text, a boolean or a number. Raises `BadQuery`."""
    if type(value) in (str, bool) or is_number(value):
        return value
    raise BadQuery(QUERY, detail=f"The value for {shown(name)} has to be text, a boolean or a number")


def ordered(name: str, value: object) -> object:
    """A number or a date. Raises `BadQuery`."""
    number = number_of(value)
    if number is None or not is_number(number):
        raise BadQuery(QUERY, detail=f"The value for {shown(name)} has to be a number or a $D_ date to be compared")
    return number


def several(name: str, value: object) -> object:
    """A list of scalars, or one scalar by itself. Raises `BadQuery`."""
    values = value if type(value) is list else [value]
    if not 1 <= len(values) <= MAX_VALUES:
        detail = f"The list for {shown(name)} has {len(values)} values; give 1 to {MAX_VALUES}"
        raise BadQuery(QUERY, detail=detail)
    return [scalar(name, item) for item in values]


def nothing(name: str, value: object) -> object:
    """Whatever stands there does not matter."""
    return None


def equals(asked: Any) -> Test:
    return one_of([asked])


def contains(asked: Any) -> Test:
    text = scalar_text(asked)
    return lambda value: text in scalar_text(value)


def greater(asked: Any) -> Test:
    return lambda value: (number := number_of(value)) is not None and number > asked


def greater_or_equal(asked: Any) -> Test:
    return lambda value: (number := number_of(value)) is not None and number >= asked


def less(asked: Any) -> Test:
    return lambda value: (number := number_of(value)) is not None and number < asked


def less_or_equal(asked: Any) -> Test:
    return lambda value: (number := number_of(value)) is not None and number <= asked


def one_of(asked: Any) -> Test:
    """Whether a value equals one of these; what that takes does not depend on how many there are."""
    texts = frozenset(map(scalar_text, asked))
    numbers = numbers_of(asked)
    numbers_of_text = numbers_of(value for value in asked if not is_text(value))

    def test(value: object) -> bool:
        comparable = numbers_of_text if is_text(value) else numbers
        return scalar_text(value) in texts or (bool(comparable) and number_of(value) in comparable)

    return test


def numbers_of(values: Iterable[object]) -> frozenset[int | float | None]:
    """The numbers these are, dates among them."""
    return frozenset(map(number_of, values)) - {None}


class Operator(NamedTuple):
    """`read(name, value)` gives what is kept of a value, `make` a test of one scalar from that.

    Without `make` it is whether there is such a property at all. `other_names` mean the same.
    """

    name: str
    read: Callable[[str, object], object]
    make: Callable[[Any], Test] | None
    takes: str
    mark: Mark
    other_names: tuple[str, ...] = ()
    negated: bool = False


_SCALAR: Final = "one text, boolean or number"
_ORDERED: Final = "a number or a date"
_LIST: Final = f"a list of at most {MAX_VALUES}"

OPERATORS: Final = (
    Operator("equals", scalar, equals, _SCALAR, "documented"),
    Operator("not_equals", scalar, equals, _SCALAR, "documented", negated=True),
    Operator("contains", scalar, contains, _SCALAR, "documented"),
    Operator("not_contains", scalar, contains, _SCALAR, "documented", negated=True),
    Operator("gt", ordered, greater, _ORDERED, "documented", ("greater_than",)),
    Operator("gte", ordered, greater_or_equal, _ORDERED, "documented", ("greater_than_or_equals", "greater_than_equals")),
    Operator("lt", ordered, less, _ORDERED, "documented", ("less_than",)),
    Operator("lte", ordered, less_or_equal, _ORDERED, "documented", ("less_than_or_equals", "less_than_equals")),
    Operator("exists", nothing, None, "nothing", "documented"),
    Operator("not_exists", nothing, None, "nothing", "documented", negated=True),
    Operator("in", several, one_of, _LIST, "documented"),
    Operator("not_in", several, one_of, _LIST, "documented", negated=True),
)  # fmt: skip

BY_NAME: Final = {name: operator for operator in OPERATORS for name in (operator.name, *operator.other_names)}

_normal = lru_cache(maxsize=16_384)(normal_form)


def values_of(properties: Mapping[str, Any], names: Set[str]) -> dict[str, Any]:
    """The values under these normal names, however they are spelled there."""
    found: dict[str, Any] = {}
    for key, value in properties.items():
        normal = _normal(key)
        if normal in names:
            found.setdefault(normal, value)
    return found


def holds(test: Test | None, value: object) -> bool:
    """Whether a test holds of a property, or of an item of its list; without a test, whether the property is there."""
    if value is None or test is None:
        return value is not None
    if type(value) is list:
        return any(test(item) for item in value if type(item) is not dict)
    return type(value) is not dict and test(value)


def matcher(filters: Iterable[Filter]) -> Matches:
    """Whether all of these filters hold of some properties."""
    tests: list[tuple[str, Test | None, bool]] = []
    for asked in filters:
        operator = BY_NAME[asked.operator]
        tests.append((asked.name, operator.make and operator.make(asked.value), operator.negated))

    names = frozenset(name for name, _, _ in tests)

    def matches(properties: Mapping[str, Any]) -> bool:
        values = values_of(properties, names)
        for name, test, negated in tests:  # noqa: SIM110 - a generator takes half as long again, a million times
            if holds(test, values.get(name)) is negated:
                return False
        return True

    return matches
