"""The operators. Source: contract A4.6, B 3.4, B 3.5."""

from typing import Any

import pytest

from tests.core.world import CLEAN, World, code, code_of, person, stored, warned_keys

ABSENT = object()
MAX, MIN = 2**63 - 1, -(2**63)

APPLIED: list[tuple[object, dict[str, object], object]] = [
    # $set replaces
    (ABSENT, {"$set": "new"}, "new"),
    ("old", {"$set": "new"}, "new"),
    ("old", {"$set": [" a", "a", 1]}, ["a", "1"]),
    (["old"], {"$set": 5}, 5),
    ("old", {"$set": {"a": {"b": 1}}}, {"a": {"b": 1}}),
    # $add creates, promotes, appends what is new
    (ABSENT, {"$add": ["a", "b"]}, ["a", "b"]),
    (ABSENT, {"$add": "a"}, ["a"]),
    (ABSENT, {"$add": 5}, ["5"]),
    (ABSENT, {"$add": [1, 1.5, True, False, " x "]}, ["1", "1.5", "true", "false", "x"]),
    (["a"], {"$add": ["b", "a", "b"]}, ["a", "b"]),
    (["a"], {"$add": ["A"]}, ["a", "A"]),
    (["a"], {"$add": []}, ["a"]),
    ("a", {"$add": ["b"]}, ["a", "b"]),
    ("a", {"$add": ["a"]}, ["a"]),
    (7, {"$add": ["b"]}, ["7", "b"]),
    (1.5, {"$add": "b"}, ["1.5", "b"]),
    (True, {"$add": "b"}, ["true", "b"]),
    (False, {"$add": "b"}, ["false", "b"]),
    # $remove takes away; an emptied list is gone
    (["a", "b", "c"], {"$remove": ["b", "z"]}, ["a", "c"]),
    (["a", "b"], {"$remove": "a"}, ["b"]),
    (["1", "b"], {"$remove": 1}, ["b"]),
    (["a", "b"], {"$remove": [" b "]}, ["a"]),
    (["a", "b"], {"$remove": ["B"]}, ["a", "b"]),
    (["a", "b"], {"$remove": ["b", "a"]}, ABSENT),
    (["a"], {"$remove": []}, ["a"]),
    ("a", {"$remove": ["a"]}, ABSENT),
    (7, {"$remove": [7]}, ABSENT),
    (ABSENT, {"$remove": ["a"]}, ABSENT),
    (ABSENT, {"$remove": "a"}, ABSENT),
    # $incr and $decr: integers stay integers, exact to 64 bits
    (5, {"$incr": 10}, 15),
    (5, {"$decr": 30}, -25),
    (5, {"$incr": 0}, 5),
    (5, {"$incr": -7}, -2),
    (5, {"$decr": -7}, 12),
    (0, {"$incr": 1}, 1),
    (2**53, {"$incr": 1}, 2**53 + 1),
    (MAX - 1, {"$incr": 1}, MAX),
    (MIN + 1, {"$decr": 1}, MIN),
    (0, {"$incr": MIN}, MIN),
    (-1, {"$decr": MIN}, MAX),
    (5, {"$incr": 0.5}, 5.5),
    (5, {"$incr": 1.0}, 6.0),
    (1.5, {"$decr": 1}, 0.5),
    (0.25, {"$incr": 0.25}, 0.5),
    # $delete: falsy does nothing
    (5, {"$delete": 0}, 5),
    ("a", {"$delete": False}, "a"),
    (["a"], {"$delete": None}, ["a"]),
    (ABSENT, {"$delete": 0}, ABSENT),
]


@pytest.mark.parametrize(("old", "operator", "new"), APPLIED)
def test_applied(old: object, operator: dict[str, object], new: object) -> None:
    """What is stored after the operator, with its JSON type, and nothing to warn about."""
    world = World()
    world.upload(person({} if old is ABSENT else {"p": old}))
    assert world.upload(person({"p": operator})) == CLEAN
    assert repr({} if new is ABSENT else {"p": new}) == repr(world.profile("x").properties)


@pytest.mark.parametrize("switch", [1, True])
@pytest.mark.parametrize("old", ["a", 5, True, ["a"], {"a": 1}])
def test_delete_removes(switch: object, old: object) -> None:
    """`$delete: 1` and `true` remove the property, whatever it holds."""
    assert stored({"p": old, "q": 1}, {"p": {"$delete": switch}}) == {"q": 1}


MALFORMED: list[object] = [
    {"$add": {}},
    {"$add": {"a": 1}},
    {"$add": [["a"]]},
    {"$add": [{"a": 1}]},
    {"$add": ["a", {"a": 1}]},
    {"$add": 2**63},
    {"$remove": {}},
    {"$remove": {"a": 1}},
    {"$remove": [["a"]]},
    {"$remove": [{"a": 1}]},
    {"$incr": "1"},
    {"$incr": ""},
    {"$incr": True},
    {"$incr": []},
    {"$incr": [1]},
    {"$incr": {}},
    {"$incr": 2**63},
    {"$decr": "1"},
    {"$decr": False},
    {"$decr": [1]},
    {"$decr": {"a": 1}},
    {"$decr": -(2**63) - 1},
    {"$delete": "yes"},
    {"$delete": [1]},
    {"$delete": {"a": 1}},
    {"$mul": 2},
    {"$INCR": 1},
    {"$unset": 1},
    {"$": 1},
    {"$incr": 1, "$decr": 1},
    {"$add": ["a"], "$remove": ["b"]},
    {"$set": 1, "$incr": 1},
    {"$set": 1, "$unknown": 1},
]


@pytest.mark.parametrize("value", MALFORMED)
def test_malformed(value: object) -> None:
    """Arguments of the wrong type, unknown operators and two in one object get 527, with or without a value there."""
    world = World()
    world.upload(person({"p": 5}))
    assert [code(world.upload(person({"p": value, "q": 1}))), code_of({"p": value})] == [527, 527]
    assert world.profile("x").properties == {"p": 5}


OVERFLOW: list[tuple[int, dict[str, int]]] = [
    (MAX, {"$incr": 1}),
    (MAX, {"$decr": -1}),
    (MIN, {"$decr": 1}),
    (MIN, {"$incr": -1}),
    (1, {"$incr": MAX}),
    (-2, {"$incr": MIN}),
    (0, {"$decr": MIN}),
]


@pytest.mark.parametrize(("old", "operator"), OVERFLOW)
def test_overflow(old: int, operator: dict[str, int]) -> None:
    """A result beyond 64 bits is 527, and the whole record leaves everything as it was."""
    world = World()
    world.upload(person({"n": old, "other": "old"}))
    before = world.profile("x")
    assert code(world.upload(person({"n": operator, "other": "new", "Name": "new", "identity": "y"}))) == 527
    assert before == world.profile("x")
    assert not world.known("y")


def test_overflow_within_a_batch() -> None:
    """The record that overflows is refused; those before and after it are stored."""
    world = World()
    answer = world.upload(person({"n": MAX - 1}), *(person({"n": {"$incr": 1}}) for _ in range(2)), person({"n": {"$decr": 9}}))
    assert [int(entry["error"][-1]) for entry in answer["unprocessed"]] == [3]
    assert world.data() == {"n": MAX - 9}


NO_NUMBER: list[object] = [ABSENT, "text", "5", "", True, False, ["1"], {"a": 1}]


@pytest.mark.parametrize("operator", ["$incr", "$decr"])
@pytest.mark.parametrize("old", NO_NUMBER)
def test_no_number_to_change(operator: str, old: object) -> None:
    """Where there is no number the property is left as it is, with a warning; the rest is stored."""
    world = World()
    before = {} if old is ABSENT else {"n": old}
    world.upload(person(before))
    answer = world.upload(person({"n": {operator: 1}, "other": 1}))
    assert code(answer) is None
    assert warned_keys(answer) == ["n"]
    assert repr({**before, "other": 1}) == repr(world.profile("x").properties)


def test_several_operators_in_turn() -> None:
    """Each record sees what the one before it did."""
    steps: list[dict[str, Any]] = [
        {"n": 1, "list": "a"},
        {"n": {"$incr": 2}, "list": {"$add": ["b", "c"]}},
        {"n": {"$incr": 0.5}, "list": {"$remove": ["a"]}},
        {"n": {"$set": 7}, "list": {"$add": "a"}},
    ]
    world = World()
    world.upload(*map(person, steps))
    assert stored(*steps) == world.profile("x").properties == {"n": 7, "list": ["b", "c", "a"]}


# --- operators on reserved fields

WITH_FIELDS = {"Name": "Jack", "Gender": "M", "Email": "a@b.co", "Phone": "+14155551234", "Age": 20, "MSG-sms": False}


@pytest.mark.parametrize("name", ["Name", "Gender", "NAME", "gen der"])
def test_delete_clears_name_and_gender(name: str) -> None:
    """The two documented deletions say nothing; the field is gone from GET."""
    world = World()
    world.upload(person(WITH_FIELDS))
    assert world.upload(person({name: {"$delete": 1}})) == CLEAN
    record = world.view("x")
    assert ("name" in record) == (name not in ("Name", "NAME"))
    assert ("gender" in record["profileData"]) == (name in ("Name", "NAME"))


@pytest.mark.parametrize(("name", "place"), [("Email", "email"), ("Phone", "phone"), ("Age", "age"), ("custom", "custom")])
def test_delete_on_others_is_applied_with_a_warning(name: str, place: str) -> None:
    """The page documents `$delete` for Name and Gender only: elsewhere it works, and a warning says so."""
    world = World()
    world.upload(person({**WITH_FIELDS, "custom": 1}))
    answer = world.upload(person({name: {"$delete": 1}}))
    assert code(answer) is None
    assert [name] == warned_keys(answer)
    record = world.view("x")
    assert place not in record
    assert place not in record["profileData"]


@pytest.mark.parametrize("before", [{}, {"custom": 1, "Email": "a@b.co"}])
def test_the_warning_of_delete_is_true_of_both(before: dict[str, Any]) -> None:
    """It says what `$delete` is good for, not that something was removed."""
    world = World()
    world.upload(person(before))
    warnings = world.upload(person({"custom": {"$delete": 1}, "Email": {"$delete": 1}}))["warnings"]
    assert [warning["warning"] for warning in warnings] == [
        f"$delete is documented for Name and Gender only; here it works on {key} too" for key in ("custom", "Email")
    ]


@pytest.mark.parametrize(
    ("name", "value", "fault"),
    [
        ("Email", "c@d.co", None), ("Email", "1234", 515), ("Phone", "223", 516), ("Gender", "X", 514), ("Employed", "x", 517),
        ("Education", "x", 518), ("Married", "x", 519), ("Age", "aa", 520), ("Age", 33, None), ("Name", "Jill", None),
    ],
)  # fmt: skip
def test_set_is_checked_like_the_plain_value(name: str, value: object, fault: int | None) -> None:
    """`$set` is no way around a check."""
    assert fault == code_of({name: {"$set": value}})
