"""Judging a query (contract B 5)."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from personae.core.query.asked import MAX_FILTERS, MAX_VALUES, BadQuery, Filter, Query
from personae.core.query.judge import EPOCH, judge
from personae.core.query.operators import OPERATORS, matcher
from personae.core.query.profiles import keeper
from tests.core.strategies import json, keys, laws
from tests.core.world import World, person

TODAY = 20_089
"""2025-01-01."""

DAYS = {"from": 20241230, "to": 20250101}


def asked(**keys: object) -> dict[str, object]:
    return {"event_name": "Product Viewed", **DAYS, **keys}


def fields(*filters: object, **keys: object) -> dict[str, object]:
    return asked(common_profile_properties={"profile_fields": list(filters), **keys})


def one(name: object = "Price", operator: object = "equals", value: object = 1) -> dict[str, object]:
    return {"name": name, "operator": operator, "value": value}


GOOD: list[tuple[dict[str, object], Query]] = [
    (asked(), Query("productviewed", TODAY - 2, TODAY)),
    (asked(**{"from": "20250101", "to": "20250101"}), Query("productviewed", TODAY, TODAY)),
    (asked(**{"from": 19700101}), Query("productviewed", 0, TODAY)),
    (asked(event_properties=None, session_properties=[], did_all=[]), Query("productviewed", TODAY - 2, TODAY)),
    (
        asked(event_properties=[one("Unit Price", "GREATER_THAN", "$D_12"), one("a", "exists", "x")]),
        Query("productviewed", TODAY - 2, TODAY, [Filter("unitprice", "gt", 12), Filter("a", "exists", None)]),
    ),
    (
        fields(one(operator="in"), demographics={}, geo_fields=[]),
        Query("productviewed", TODAY - 2, TODAY, profile_filters=[Filter("price", "in", [1])]),
    ),
    (
        asked(did_any=[{"event_name": "Re Fund"}], did_none=[{"event_name": "a"}], did_all=[{"event_name": "B"}]),
        Query("productviewed", TODAY - 2, TODAY, did_any=["refund"], did_none=["a"], did_all=["b"]),
    ),
]


@pytest.mark.parametrize(("query", "expected"), GOOD)
def test_what_a_query_says(query: dict[str, object], expected: Query) -> None:
    """Names become normal, days count from 1970, operators get their first name."""
    assert expected == judge(query, TODAY)


def refused(query: object) -> tuple[int, str]:
    """The code and the text a query is refused with."""
    with pytest.raises(BadQuery) as bad:
        judge(query, TODAY)
    return bad.value.refusal.code, bad.value.refusal.error.format(**bad.value.values)


DATES: list[tuple[dict[str, object], int, str]] = [
    ({"from": None}, 4002, "from is missing"),
    ({"to": None}, 4002, "to is missing"),
    ({"from": 20241301}, 4002, "from is not a day"),
    ({"from": "2024-12-01"}, 4002, "from is not a day"),
    ({"from": 20230229}, 4002, "from is not a day"),
    ({"to": 20250101.0}, 4002, "to is not a day"),
    ({"to": True}, 4002, "to is not a day"),
    ({"to": 202501010}, 4002, "to is not a day"),
    ({"to": -20250101}, 4002, "to is not a day"),
    ({"to": "٢٠٢٥٠١٠١"}, 4002, "to is not a day"),
    ({"from": 0}, 4002, "from is not a day"),
    ({"from": 20250101, "to": 20241231}, 4004, "from is after to"),
    ({"to": 20250102}, 4004, "to is in the future"),
    ({"from": 20250102, "to": 20250102}, 4004, "from is in the future"),
]


@pytest.mark.parametrize(("days", "code", "text"), DATES)
def test_days(days: dict[str, object], code: int, text: str) -> None:
    """What is no day gets 4002; days in the wrong order or to come get 4004. The text names the key and the remedy."""
    found, error = refused(asked(**days))
    assert (code, True) == (found, error.startswith(f"{text}; give "))


BAD: list[tuple[object, str]] = [
    ([], "The query has to be an object"),
    (DAYS, "event_name is missing"),
    (asked(event_name=7), "event_name is missing or no text"),
    (asked(event_name=" "), "event_name is missing or no text"),
    (asked(where={}), "where cannot be answered; take it out of the query"),
    (asked(session_properties=[one()]), "session_properties cannot be answered"),
    (asked(event_properties={"name": "a"}), "event_properties has to be a list of objects"),
    (asked(event_properties=["a"]), "event_properties has to be a list of objects"),
    (asked(event_properties=[{}]), "An entry of event_properties has no name"),
    (asked(event_properties=[one("")]), "An entry of event_properties has no name"),
    (asked(event_properties=[one() | {"unit": 1}]), "unit cannot be answered; take it out of event_properties"),
    (asked(event_properties=[one(operator="like")]), "like is no operator; those known are equals, not_equals,"),
    (asked(event_properties=[one(operator=None)]), "The entry for Price has no operator; those known are"),
    (asked(event_properties=[one(value=None)]), "The value for Price has to be text, a boolean or a number"),
    (asked(event_properties=[one(value=[1])]), "The value for Price has to be text, a boolean or a number"),
    (asked(event_properties=[one(value=2**63)]), "The value for Price has to be text, a boolean or a number"),
    (asked(event_properties=[one(operator="gt", value="ten")]), "The value for Price has to be a number or a $D_ date"),
    (asked(event_properties=[one(operator="lt", value=True)]), "The value for Price has to be a number or a $D_ date"),
    (asked(event_properties=[one(operator="in", value=[])]), "The list for Price has 0 values; give 1 to 100"),
    (asked(event_properties=[one(operator="in", value=[1] * (MAX_VALUES + 1))]), "The list for Price has 101 values"),
    (asked(event_properties=[one(operator="not_in", value=[{}])]), "The value for Price has to be text"),
    (asked(event_properties=[one()] * (MAX_FILTERS + 1)), "The query has 21 filters; at most 20 are allowed"),
    (asked(event_properties=[one()] * 20, did_all=[{"event_name": "a"}]), "The query has 21 filters"),
    (asked(common_profile_properties=[1]), "common_profile_properties has to be an object"),
    (fields(demographics={"age": [1]}), "demographics cannot be answered; take it out of common_profile_properties"),
    (fields(one(name=None)), "An entry of profile_fields has no name"),
    (asked(did_all={"event_name": "a"}), "did_all has to be a list of objects"),
    (asked(did_none=[{"event_name": "a", "from": 20250101}]), "from cannot be answered; take it out of did_none"),
    (asked(did_any=[{}]), "event_name in did_any is missing"),
]


@pytest.mark.parametrize(("query", "text"), BAD)
def test_what_cannot_be_answered(query: object, text: str) -> None:
    """Whatever is wrong gets 400 with a text that names it; nothing is left out without a word."""
    code, error = refused(query)
    assert (400, True) == (code, error.startswith(f"Malformed request. {text}")), error


queries = st.fixed_dictionaries(
    {},
    optional={
        "event_name": st.just("a") | json,
        "from": st.sampled_from([20250101, "20241231"]) | json,
        "to": st.just(20250101) | json,
        **{
            key: st.lists(
                st.fixed_dictionaries(
                    {},
                    optional={
                        "name": st.just("a") | json,
                        "operator": st.sampled_from([row.name for row in OPERATORS]) | json,
                        "value": json,
                        "event_name": json,
                    },
                ),
                max_size=3,
            )
            | json
            for key in ("event_properties", "did_all", "did_any", "did_none")
        },
        "common_profile_properties": st.fixed_dictionaries({}, optional={"profile_fields": json}) | json,
    },
) | st.dictionaries(keys, json)


@laws
@given(queries, st.dictionaries(keys, json, max_size=5))
def test_any_json_is_a_query_or_refused(query: Any, data: dict[str, Any]) -> None:
    """Nothing else is raised, and a query that was judged can be asked of any event."""
    try:
        judged = judge(query, TODAY)
    except BadQuery:
        return
    assert matcher(judged.filters)(data) in (True, False)


HOLDS: list[tuple[str, object, list[object], list[object]]] = [
    ("equals", 1, [1, 1.0, "1", "1.0", ["a", "1"]], [2, True, "one", [], {"a": 1}, [{"a": 1}]]),
    ("equals", "1", [1, "1", 1.0], ["1.0", "01", True]),
    ("equals", "Red", ["Red", ["Blue", "Red"]], ["red", "Red ", {"Red": "Red"}]),
    ("equals", True, [True, "true"], [1, "True", False]),
    ("equals", "$D_1735689600", ["$D_1735689600", 1735689600, "$D_1735689600.0"], ["$D_1735689601", "$D_"]),
    ("not_equals", "Red", ["red", [], {"a": 1}, 7], ["Red", ["Blue", "Red"]]),
    ("contains", "piz", ["pizza", ["soup", "pizza"]], ["Pizza", "", 1, []]),
    ("contains", 5, ["a5", 15], [1, "a"]),
    ("not_contains", "piz", ["Pizza", 1], ["pizza", ["soup", "pizza"]]),
    ("gt", 10, [11, 10.5, "11", [1, 11], "$D_11"], [10, "ten", True, "", "9"]),
    ("gte", 10, [10, 11], [9.99]),
    ("lt", "$D_1735689600", ["$D_1735689599", 0, -1], ["$D_1735689600"]),
    ("lte", 0.5, [0.5, 0], [0.51]),
    ("exists", None, [0, "", False, [], {}], [None]),
    ("not_exists", None, [None], [0, "", []]),
    ("in", ["a", 2], ["a", 2, "2", ["z", "a"]], ["b", 3, []]),
    ("in", "a", ["a"], ["b"]),
    ("not_in", ["a", 2], ["b", 3, []], ["a", "2"]),
]


@pytest.mark.parametrize(("operator", "value", "yes", "no"), HOLDS)
def test_operators(operator: str, value: object, yes: list[object], no: list[object]) -> None:
    """Numbers, dates and what reads as one compare as numbers, text exactly; a list does what one of its items does."""
    query = judge(asked(event_properties=[one("Unit Price", operator, value)]), TODAY)
    matches = matcher(query.filters)
    assert ([True] * len(yes), [False] * len(no)) == tuple(
        [matches({"other": 1, "UNIT price": found}) for found in values] for values in (yes, no)
    )


scalars = st.one_of(st.sampled_from(["1", "1.0", "$D_1", 1, 1.0, True, "true", "a", "", "$D_", -0.0, 0, "-0", 1e22]), st.text())


@laws
@given(st.lists(scalars, min_size=1, max_size=5), scalars | st.lists(scalars, max_size=3))
def test_one_of_several_is_equal(values: list[object], found: object) -> None:
    """`in` holds where `equals` does of one of its values."""
    equal = [matcher([Filter("a", "equals", value)])({"a": found}) for value in values]
    assert any(equal) is matcher([Filter("a", "in", values)])({"a": found})


class Counted(str):
    """A text that counts how often it is compared or hashed."""

    times = 0

    def __hash__(self) -> int:
        Counted.times += 1
        return super().__hash__()

    def __eq__(self, other: object) -> bool:
        Counted.times += 1
        return super().__eq__(other)


@pytest.mark.parametrize("operator", ["in", "not_in"])
def test_many_values_cost_no_more_than_one(operator: str) -> None:
    """An item of a list is looked up once, however many values the filter has."""
    matches = matcher([Filter("tags", operator, [f"value {number}" for number in range(100)])])
    Counted.times = 0
    assert matches({"tags": [Counted(f"item {number}") for number in range(100)]}) is (operator == "not_in")
    assert Counted.times <= 200


def test_the_table_of_operators_is_tried() -> None:
    """Each operator has a row above."""
    assert {operator.name for operator in OPERATORS} == {row[0] for row in HOLDS}


@pytest.mark.parametrize("operator", OPERATORS, ids=lambda operator: operator.name)
def test_what_is_not_there(operator: Any) -> None:
    """Where there is no such property, only the operators that deny hold."""
    matches = matcher([Filter("price", operator.name, [1] if operator.name.endswith("in") else 1)])
    assert operator.negated is matches({"other": 1})


def test_all_filters_have_to_hold() -> None:
    """Each filter narrows."""
    matches = matcher(judge(asked(event_properties=[one("a", "gt", 1), one("b", "equals", "x")]), TODAY).filters)
    assert [True, False, False] == [matches(data) for data in ({"a": 2, "b": "x"}, {"a": 2, "b": "y"}, {"b": "x"})]


PROFILES: list[tuple[dict[str, object], bool]] = [
    (fields(one("Customer Type", "equals", "Silver")), True),
    (fields(one("customertype", "equals", "Gold")), False),
    (fields(one("Age", "gte", 18), one("Email", "contains", "@example"), one("Phone", "exists"), one("Name", "exists")), True),
    (fields(one("identity", "equals", "x")), True),
    (fields(one("tags", "equals", "b")), True),
    (asked(did_all=[{"event_name": "Bought"}, {"event_name": "seen"}]), True),
    (asked(did_all=[{"event_name": "Bought"}, {"event_name": "left"}]), False),
    (asked(did_any=[{"event_name": "Left"}, {"event_name": "seen"}]), True),
    (asked(did_any=[{"event_name": "left"}]), False),
    (asked(did_none=[{"event_name": "left"}]), True),
    (asked(did_none=[{"event_name": "Bought"}]), False),
]


@pytest.mark.parametrize(("query", "kept"), PROFILES)
def test_what_is_asked_of_profiles(query: dict[str, object], kept: bool) -> None:
    """Properties and fields under any spelling, and the events a profile has, also those of its parts."""
    world = World()
    data = {
        "Customer Type": "Silver",
        "Age": 20,
        "Email": "x@example.com",
        "Phone": "+14155551234",
        "Name": "X",
        "tags": ["a", "b"],
    }
    world.upload({"type": "event", "objectId": "d", "evtName": "Seen"}, person(data) | {"objectId": "d"})
    world.upload({"type": "event", "identity": "x", "evtName": "Bought"})
    keeps = keeper(judge(query, TODAY))
    assert keeps is not None
    assert kept is keeps(world.profile("x"))


def test_a_query_for_any_profile_keeps_all() -> None:
    """Without anything asked of profiles there is nothing to read them for."""
    assert keeper(judge(asked(), TODAY)) is None


def test_days_count_from_1970() -> None:
    """The first day is day 0."""
    assert judge(asked(**{"from": 19700101}), TODAY).first == 0
    assert 719_163 == EPOCH
