"""Work and memory grow with what is sent, not with its square: counted, not timed. Source: contract A1.5."""

import sys
from collections.abc import Callable
from typing import Any

import pytest

from personae.core.fold import screen
from personae.core.operators import OPERATORS
from personae.core.properties import name_of
from personae.core.records.shapes import names_of
from personae.core.rules import Rules
from tests.core.world import NOW, World, code, person

DROP = Rules(drop=True)


def calls(work: Callable[[], object]) -> int:
    """How many functions are called on the way, built-in ones and looking up a name counted too."""
    count = -lookups()

    def observe(frame: object, event: str, argument: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    sys.setprofile(observe)
    try:
        work()
    finally:
        sys.setprofile(None)
    return count + lookups()


def lookups() -> int:
    """How often `name_of` was asked so far; a profiler does not see it called."""
    asked = name_of.cache_info()
    return asked.hits + asked.misses


def operators_on_absent_keys(count: int) -> int:
    """The calls of a record with as many operators on absent properties as the profile has others."""
    world = World()
    world.upload(person({f"key {n}": n for n in range(count)}))
    record = person({f"new {n}": {"$remove": "x"} for n in range(count)})
    return calls(lambda: world.upload(record))


def test_operators_do_not_search_for_their_property() -> None:
    """Twice the operators on twice the properties are twice the calls, not four times."""
    once, twice = (operators_on_absent_keys(count) for count in (128, 256))
    assert twice < 3 * once


class Compared(str):
    """Text that counts how often it is compared."""

    __hash__ = str.__hash__
    comparisons = 0

    def __eq__(self, other: object) -> bool:
        Compared.comparisons += 1
        return str.__eq__(self, other) is True


def test_remove_compares_each_item_once() -> None:
    """`$remove` looks each stored item up; it does not walk through its argument for each."""
    stored: list[Any] = [Compared(f"item {n}") for n in range(100)]
    assert OPERATORS["$remove"].apply("p", stored, [f"other {n}" for n in range(1000)], 100, []) == stored
    assert Compared.comparisons <= len(stored)


WIDE: list[dict[str, Any]] = [
    {f"wide {n}": n for n in range(100_000)},
    {f"long {n} " + "k" * 1000: n for n in range(64)},
]


@pytest.mark.parametrize("data", WIDE)
@pytest.mark.parametrize("rules", [Rules(), DROP])
def test_odd_records_are_not_remembered(data: dict[str, Any], rules: Rules) -> None:
    """What is kept of the keys of past records stays small, whatever they were."""
    before = names_of.cache_info().currsize, name_of.cache_info().currsize
    screen([person(data)], NOW, rules)
    after = names_of.cache_info().currsize, name_of.cache_info().currsize
    assert before[0] == after[0]
    assert after[1] <= before[1] + 1024


@pytest.mark.parametrize("rules", [Rules(), DROP])
def test_a_million_keys_are_answered(rules: Rules) -> None:
    """A field behind a million custom keys is read; the record is refused for the keys, or stored with a warning."""
    world = World(rules)
    data = {f"key {n}": n for n in range(1_000_000)}
    assert code(world.upload(person({**data, "Email": "1234"}))) == 515
    assert (None if rules.drop else 521) == code(world.upload(person({**data, "Email": "a@b.co"})))
    assert [["x"]] == [profile.identities for profile in world.by_email("a@b.co")] or not rules.drop
