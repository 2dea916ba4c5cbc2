"""`property_violations = drop`: trim or leave out, store the rest, say so. Source: contract A4.4."""

from typing import Any

import pytest

from personae.core.rules import Rules
from tests.core.world import World, code, person, warned_keys

DROP = Rules(drop=True)
TOO_LONG_KEY = "k" * 121


def nested(levels: int) -> Any:
    return {"o": nested(levels - 1)} if levels else 1


TRIMMED: list[tuple[str, str]] = [
    ("v" * 513, "v" * 512),
    ("é" * 257, "é" * 256),
    ("a" + "é" * 256, "a" + "é" * 255),
    ("你" * 171, "你" * 170),
    ("🎉" * 129, "🎉" * 128),
    ("abc" + "🎉" * 128, "abc" + "🎉" * 127),
    ("v" * 100_000, "v" * 512),
]


@pytest.mark.parametrize(("sent", "kept"), TRIMMED)
def test_a_long_value_is_trimmed(sent: str, kept: str) -> None:
    """To 512 bytes, never inside a character; lists, operators and Name too."""
    world = World(DROP)
    data = {"plain": sent, "set": {"$set": sent}, "list": ["x", sent], "add": {"$add": [sent]}, "Name": sent, "rest": 1}
    answer = world.upload(person(data))
    assert code(answer) is None
    assert {"plain", "set", "list", "add", "Name"} == set(warned_keys(answer))
    expected = {"plain": kept, "set": kept, "list": ["x", kept], "add": [kept], "rest": 1}
    assert expected == world.profile("x").properties
    assert kept == world.view("x")["name"]


DROPPED: list[tuple[str, object]] = [
    (TOO_LONG_KEY, "v"),
    (TOO_LONG_KEY, {"$incr": 1}),
    ("é" * 61, "v"),
    ("big", 2**63),
    ("mixed", [1, []]),
    ("deep", [["x"]]),
    ("unknown", {"$mul": 2}),
    ("two", {"$incr": 1, "$decr": 1}),
    ("argument", {"$incr": "1"}),
    ("argument", {"$add": {"a": 1}}),
    ("argument", {"$delete": "yes"}),
    ("argument", {"$incr": 2**63}),
]


@pytest.mark.parametrize(("key", "value"), DROPPED)
def test_a_key_is_dropped(key: str, value: object) -> None:
    """What cannot be taken is left out, what was there stays, and the rest of the record is stored."""
    world = World(DROP)
    before = {"rest": 0} if len(key) > 60 else {key: 5, "rest": 0}
    world.upload(person(before))
    answer = world.upload(person({key: value, "rest": 1, "Name": "Jack"}))
    assert code(answer) is None
    assert len(answer["warnings"]) == 1
    assert {**before, "rest": 1} == world.profile("x").properties
    assert world.view("x")["name"] == "Jack"


def test_what_is_nested_too_deep_is_dropped() -> None:
    """A fourth level is not stored, and a warning says so."""
    world = World(DROP)
    answer = world.upload(person({"deep": nested(4), "rest": 1}))
    assert code(answer) is None
    assert len(answer["warnings"]) == 1
    properties = world.profile("x").properties
    assert properties["rest"] == 1
    assert properties.get("deep", {}) != nested(4)


NESTED: list[tuple[object, object]] = [
    ({f"k{n}": n for n in range(400)}, {f"k{n}": n for n in range(256)}),
    ({"o": {f"k{n}": n for n in range(400)}, "p": 1}, {"o": {f"k{n}": n for n in range(255)}}),
    ([{f"k{n}": n for n in range(100)}] * 4, [*[{f"k{n}": n for n in range(100)}] * 2, {f"k{n}": n for n in range(56)}, {}]),
]


@pytest.mark.parametrize(("sent", "kept"), NESTED)
def test_nested_keys_beyond_256_are_dropped(sent: object, kept: object) -> None:
    """The first 256 keys of a value are kept, with one warning for the rest."""
    world = World(DROP)
    answer = world.upload(person({"p": sent, "rest": [{"a": 1}]}))
    assert code(answer) is None
    assert len(answer["warnings"]) == 1
    assert {"p": kept, "rest": [{"a": 1}]} == world.profile("x").properties


@pytest.mark.parametrize("count", [257, 300, 1024, 1025, 5000])
def test_fields_are_kept_whatever_the_number_of_keys(count: int) -> None:
    """What is left out is the last custom keys, never a reserved field or an identifier."""
    world = World(DROP)
    custom = {f"key {n}": n for n in range(count)}
    answer = world.upload(person({**custom, "Email": "a@b.co", "identity": "y", "Name": "Jack"}))
    assert code(answer) is None
    assert answer["warnings"]
    profile = world.profile("y")
    assert (profile.identities, profile.email, profile.fields["name"]) == (["x", "y"], "a@b.co", "Jack")
    assert dict(list(custom.items())[:256]) == profile.properties


def test_overflow_is_left_as_it_is() -> None:
    """An operator whose result cannot be kept is dropped with a warning."""
    world = World(DROP)
    world.upload(person({"n": 2**63 - 1}))
    answer = world.upload(person({"n": {"$incr": 1}, "rest": 1}))
    assert warned_keys(answer) == ["n"]
    assert world.profile("x").properties == {"n": 2**63 - 1, "rest": 1}


def test_keys_beyond_256_are_dropped() -> None:
    """The new keys that have no room are left out; known ones change."""
    world = World(DROP)
    world.upload(person({f"key {n}": n for n in range(255)}))
    answer = world.upload(person({"key 0": "changed", "fits": 1, "over": 2, "too": 3}))
    assert code(answer) is None
    assert answer["warnings"]
    properties = world.profile("x").properties
    assert (len(properties), properties["key 0"], properties["fits"]) == (256, "changed", 1)
    assert [key for key in ("over", "too") if key in properties] == []


@pytest.mark.parametrize(
    ("data", "fault"),
    [
        ({"Gender": "X"}, 514), ({"Email": "1234"}, 515), ({"Phone": "223"}, 516), ({"Employed": "y"}, 517),
        ({"Education": "x"}, 518), ({"Married": "x"}, 519), ({"Age": "aa"}, 520), ({"identity": []}, 523),
    ],
)  # fmt: skip
def test_checked_fields_still_refuse(data: dict[str, Any], fault: int) -> None:
    """Dropping is about limits and values of properties; a failing check refuses the record as ever."""
    assert fault == code(World(DROP).upload(person(data)))


def test_a_clean_record_is_clean() -> None:
    """The mode changes nothing where no limit is broken."""
    assert "warnings" not in World(DROP).upload(person({"a": 1, "b": ["x"], "c": {"d": {"e": 1}}}))
