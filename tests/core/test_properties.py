"""Custom properties: which values are kept and how, and which keys are one. Source: contract A4.2, A4.3."""

from typing import Any

import pytest

from tests.core.world import CLEAN, World, code, code_of, person, stored

KEPT: list[tuple[object, object]] = [
    ("text", "text"),
    ("", ""),
    (" blanks stay ", " blanks stay "),
    ("nul \0 and 🎉", "nul \0 and 🎉"),
    (True, True),
    (False, False),
    (0, 0),
    (-5, -5),
    (2**63 - 1, 2**63 - 1),
    (-(2**63), -(2**63)),
    (2**53 + 1, 2**53 + 1),
    (1.5, 1.5),
    (-0.25, -0.25),
    (1.0, 1.0),
    (1e300, 1e300),
    ("$D_1487576752", "$D_1487576752"),
    (["a", "b"], ["a", "b"]),
    ([" a ", "A", "a", "b", " b"], ["a", "A", "b"]),
    (["b", "a", "b"], ["b", "a"]),
    ([1, 1.5, True, False, "x"], ["1", "1.5", "true", "false", "x"]),
    ([1, "1", " 1 "], ["1"]),
    ({"a": 1, "b": {"c": [1.5, "x"]}}, {"a": 1, "b": {"c": ["1.5", "x"]}}),
    ({"a": {"b": {"c": 1}}}, {"a": {"b": {"c": 1}}}),
    ([{"a": 1}, {"a": 1}, {"b": True}], [{"a": 1}, {"a": 1}, {"b": True}]),
]


@pytest.mark.parametrize(("sent", "kept"), KEPT)
def test_kept_value(sent: object, kept: object) -> None:
    """Scalars keep their JSON type; items of a list of scalars are texts, trimmed, each once."""
    (value,) = stored({"p": sent}).values()
    assert (repr(kept), type(kept)) == (repr(value), type(value))


UNSUPPORTED: list[object] = [
    float("nan"),
    float("inf"),
    [float("-inf")],
    {"a": float("nan")},
    {"$incr": float("inf")},
    2**63,
    -(2**63) - 1,
    10**300,
    [2**63],
    {"a": 2**63},
    [[]],
    [["a"]],
    ["a", ["b"]],
    ["a", {"b": 1}],
    [{"b": 1}, "a"],
    {"a": [["x"]]},
]


@pytest.mark.parametrize("value", UNSUPPORTED)
@pytest.mark.parametrize("wrap", [False, True])
def test_unsupported_value(value: object, wrap: bool) -> None:
    """Numbers that cannot be kept exactly, lists in lists and lists of mixed kinds get 527, under `$set` too."""
    assert code_of({"p": {"$set": value} if wrap else value}) == 527


def nest(levels: int, inner: object = 1) -> object:
    """`inner` inside this many objects."""
    return {"o": nest(levels - 1, inner)} if levels else inner


def nest_lists(levels: int) -> object:
    """A scalar inside this many lists of one object."""
    return [{"o": nest_lists(levels - 1)}] if levels else 1


@pytest.mark.parametrize("build", [nest, nest_lists])
@pytest.mark.parametrize(("levels", "fault"), [(1, None), (2, None), (3, None), (4, 521), (5, 521), (60, 521)])
def test_nesting(build: Any, levels: int, fault: int | None) -> None:
    """Objects, and objects in lists, go three levels below profileData."""
    assert fault == code_of({"p": build(levels)})


def test_a_plain_list_replaces() -> None:
    """A list without operator sets the property."""
    assert stored({"p": ["a"]}, {"p": ["b"]}) == {"p": ["b"]}


def test_an_object_replaces() -> None:
    """An object without operator sets the property."""
    assert stored({"p": {"a": 1}}, {"p": {"b": 2}}) == {"p": {"b": 2}}


SAME = ("Customer Type", "customer type", "customertype", "CUSTOMERTYPE", "Customer  Type", " Customer Type ", "C ustomer Type")


@pytest.mark.parametrize("spelling", SAME)
def test_spellings_are_one_property(spelling: str) -> None:
    """Keys that differ only in case and blanks are one property; the first spelling is kept for display."""
    assert stored({"Customer Type": "old"}, {spelling: "new"}) == {"Customer Type": "new"}


@pytest.mark.parametrize("spelling", SAME)
@pytest.mark.parametrize(("operator", "expected"), [({"$incr": 1}, {"Customer Type": 8}), ({"$delete": 1}, {})])
def test_operators_find_any_spelling(spelling: str, operator: object, expected: object) -> None:
    """An operator works on the property whatever spelling it uses."""
    assert expected == stored({"Customer Type": 7}, {spelling: operator})


DIFFERENT = ("customer_type", "customer-type", "customer\ttype", "customér type")


@pytest.mark.parametrize("key", DIFFERENT)
def test_other_keys_are_others(key: str) -> None:
    """Only case and blanks are disregarded."""
    assert {"customer type": 1, key: 2} == stored({"customer type": 1}, {key: 2})


def test_two_spellings_in_one_record() -> None:
    """The last value wins, under the spelling first seen, with a warning."""
    world = World()
    answer = world.upload(person({"Customer Type": "a", "customertype": "b"}))
    assert code(answer) is None
    assert len(answer["warnings"]) == 1
    assert world.profile("x").properties == {"Customer Type": "b"}


def test_two_spellings_of_an_operator_in_one_record() -> None:
    """Of two operators on one property, spelled twice, the last one stands."""
    world = World()
    world.upload(person({"My Number": 1}))
    answer = world.upload(person({"My Number": {"$incr": 10}, "mynumber": {"$incr": 100}}))
    assert len(answer["warnings"]) == 1
    assert world.profile("x").properties == {"My Number": 101}


@pytest.mark.parametrize(("first", "last"), [(5, {"$incr": 1}), ({"$incr": 1}, 5)])
def test_value_and_operator_in_two_spellings(first: object, last: object) -> None:
    """The last one stands, whichever is the plain value."""
    world = World()
    world.upload(person({"Number": 1}))
    answer = world.upload(person({"Number": first, "number": last}))
    assert len(answer["warnings"]) == 1
    assert {"Number": 5 if last == 5 else 2} == world.profile("x").properties


def test_a_field_in_two_spellings() -> None:
    """Reserved names too: the last wins, with a warning."""
    world = World()
    answer = world.upload(person({"Email": "first@b.co", "email": "last@b.co"}))
    assert len(answer["warnings"]) == 1
    assert world.view("x")["email"] == "last@b.co"


@pytest.mark.parametrize("kind", ["identity", "FBID", "GPID"])
def test_an_identifier_in_two_spellings(kind: str) -> None:
    """Only the last one is attached; the earlier one is free."""
    world = World()
    answer = world.upload(person({kind: "b1", kind.swapcase(): "b2"}))
    assert code(answer) is None
    assert len(answer["warnings"]) == 1
    assert not world.known("b1", kind)
    assert world.known("b2", kind)


@pytest.mark.parametrize("name", ["category-unsubscribe", "category-resubscribe", "category-subscribe"])
def test_groups_in_two_spellings(name: str) -> None:
    """Only the last one is applied."""
    world = World()
    world.upload(person({"category-unsubscribe": {"email": ["A", "B", "C"]}} if name != "category-unsubscribe" else {}))
    world.upload(person({name: {"email": ["A"]}, name.title(): {"email": ["B"]}}))
    assert (["B"] if name == "category-unsubscribe" else ["A", "C"]) == world.profile("x").unsubscribed["email"]


@pytest.mark.parametrize("name", ["MSG-dndEmail", "MSG-dndPhone", "MSG-dndSMS", "MSG-email", "MSG-sms"])
@pytest.mark.parametrize(("last", "expected"), [(False, [False]), ("x", [])])
def test_a_flag_in_two_spellings(name: str, last: object, expected: list[bool]) -> None:
    """The last one stands; where it is no flag it is ignored with its warning, and so is the earlier one."""
    world = World()
    base = {"Email": "a@b.co", "Phone": "+14155551234"}
    answer = world.upload(person({**base, name: True, name.lower(): last}))
    assert code(answer) is None
    assert len(answer["warnings"]) == 2 - len(expected)
    assert expected == list(world.data().values())


REPLACED: list[tuple[dict[str, Any], int | None]] = [
    ({"identity": [], "Identity": "y"}, None),
    ({"identity": "y", "Identity": []}, 523),
    ({"Email": "1234", "email": "a@b.co"}, None),
    ({"Email": "a@b.co", "email": "1234"}, 515),
    ({"category-subscribe": 1, "Category-Subscribe": {"email": ["A"]}}, None),
    ({"category-subscribe": {"email": ["A"]}, "Category-Subscribe": 1}, 527),
    ({"a": {"$mul": 1}, "A": 1}, None),
    ({"a": 1, "A": {"$mul": 1}}, 527),
    ({"a": "v" * 513, "A": 1}, None),
    ({"a": 1, "A": "v" * 513}, 521),
]


@pytest.mark.parametrize(("data", "fault"), REPLACED)
def test_the_last_spelling_is_the_one_that_is_judged(data: dict[str, Any], fault: int | None) -> None:
    """What an earlier spelling said is neither kept nor refused."""
    assert fault == code_of(data)


@pytest.mark.parametrize("operator", [{"$add": "x"}, {"$set": ["x"]}])
def test_an_operator_creates_under_the_first_spelling(operator: object) -> None:
    """The spelling first seen is kept, also where the last one is an operator."""
    assert stored({"My List": 1, "mylist": operator}) == {"My List": ["x"]}


def test_a_first_spelling_that_is_too_long_is_not_kept() -> None:
    """Case can change the size of a key; the spelling kept is within the limit."""
    kelvin = "\u212a" * 60  # three bytes each; in lower case the letter k
    assert stored({kelvin: 1, "k" * 60: 2}) == {"k" * 60: 2}


def test_null_is_no_spelling() -> None:
    """`null` leaves a key as it is; it does not make two spellings."""
    world = World()
    assert world.upload(person({"A b": 1, "ab": None, "AB": None})) == CLEAN
    assert world.profile("x").properties == {"A b": 1}


def test_null_leaves_a_property_as_it_is() -> None:
    """`null`, also under `$set`, does not remove what is there, nor make what is not."""
    assert stored({"a": 1}, {"a": None, "b": None}, {"a": {"$set": None}}) == {"a": 1}
