"""What a profile's history is told of records. Source: core.history."""

import copy
from typing import Any

import msgspec
import pytest

from personae.core.history import Author, Change
from personae.core.rules import Rules
from tests.core.world import NOW, World, event, person, token

BY = Author("request-7", "back office")


def told(*uploads: list[dict[str, Any]], rules: Rules | None = None) -> list[Change]:
    """What the last of these uploads tells."""
    world = World(rules)
    for records in uploads:
        world.upload(*records, author=BY)
    return [entry.change for entry in world.changes.history]


def changed(data: dict[str, Any], before: dict[str, Any] | None = None) -> list[dict[str, tuple[Any, Any]]]:
    """(what it was, what it became) that this record tells of a profile that has `before`."""
    return [change.properties for change in told([person(before)], [person(data)])]


def test_a_profile_is_created() -> None:
    """When, by whom, what it began with, and its identifiers."""
    data = {"Customer Type": "Gold", "Name": "Jack", "n": 1, "category-unsubscribe": {"sms": ["A"]}, "FBID": "f"}
    expected = Change(
        "created",
        NOW * 1_000_000,
        "request-7",
        "back office",
        attached=[("identity", "x"), ("FBID", "f"), ("objectId", "d")],
        values={"Customer Type": "Gold", "n": 1, "name": "Jack", "category-unsubscribe.sms": ["A"]},
    )
    assert [expected] == told([person(data, objectId="d")])


@pytest.mark.parametrize("record", [event({}), token(), person(None)])
def test_every_type_of_record_creates(record: dict[str, Any]) -> None:
    """Events and tokens too, the device that was made for it among the identifiers."""
    (change,) = told([record])
    assert change.kind == "created"
    assert change.attached[-1][0] == "objectId"


CHANGED: list[tuple[dict[str, Any], dict[str, Any], dict[str, tuple[Any, Any]]]] = [
    ({"a": 1}, {"a": 2}, {"a": (1, 2)}),
    ({}, {"a": 2}, {"a": (None, 2)}),
    ({"a": 1, "b": 2}, {"a": {"$delete": 1}}, {"a": (1, None)}),
    ({"a": 1}, {"a": {"$incr": 2}}, {"a": (1, 3)}),
    ({"l": ["a"]}, {"l": {"$add": ["b"]}, "a": 1}, {"l": (["a"], ["a", "b"]), "a": (None, 1)}),
    ({"Customer Type": "Gold"}, {"customertype": "Silver"}, {"Customer Type": ("Gold", "Silver")}),
    ({"Customer Type": 1, "a": 1}, {"customertype": {"$incr": 1}}, {"Customer Type": (1, 2)}),
    ({"a": 1}, {"a": True}, {"a": (1, True)}),
    ({"a": 1}, {"a": 1.0}, {"a": (1, 1.0)}),
    ({"a": {"b": 1}}, {"a": {"b": 2}}, {"a": ({"b": 1}, {"b": 2})}),
    ({"Name": "A", "Age": 5}, {"Name": "B", "Gender": "F"}, {"name": ("A", "B"), "gender": (None, "F")}),
    ({"Name": "A"}, {"Name": {"$delete": 1}}, {"name": ("A", None)}),
    ({"MSG-sms": True}, {"MSG-sms": False}, {"msg-sms": (True, False)}),
    (
        {"category-unsubscribe": {"email": ["A"]}},
        {"category-unsubscribe": {"email": ["B"], "sms": ["C"]}},
        {"category-unsubscribe.email": (["A"], ["A", "B"]), "category-unsubscribe.sms": (None, ["C"])},
    ),
    (
        {"category-unsubscribe": {"email": ["A"]}},
        {"category-resubscribe": {"email": ["A"]}},
        {"category-unsubscribe.email": (["A"], None)},
    ),
]


@pytest.mark.parametrize(("before", "data", "expected"), CHANGED)
def test_a_profile_is_changed(before: dict[str, Any], data: dict[str, Any], expected: dict[str, Any]) -> None:
    """What was and what became of it, exactly, and of nothing else."""
    assert [repr(expected)] == [repr(pairs) for pairs in changed(data, before)]


SAME: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"a": 1, "Name": "A"}, {"a": 1, "Name": "A"}), ({"a": 1}, {}), ({"l": ["a"]}, {"l": {"$add": "a"}}),
    ({"a": "x"}, {"a": {"$incr": 1}}), ({}, {"a": {"$delete": 1}}), ({"A": 1}, {"a": 1}), ({}, {"MSG-dndEmail": True}),
    ({"category-unsubscribe": {"email": ["A"]}}, {"category-unsubscribe": {"email": ["A"]}}),
    ({"identity": "y"}, {"identity": "y"}),
]  # fmt: skip


@pytest.mark.parametrize(("before", "data"), SAME)
def test_what_changes_nothing_tells_nothing(before: dict[str, Any], data: dict[str, Any]) -> None:
    """A record that leaves everything as it was; the times of a profile do not count."""
    assert changed(data, before) == []


def test_events_and_tokens_of_known_people_tell_nothing() -> None:
    """They change no property; events are kept by themselves."""
    assert told([person(objectId="__g1")], [event({"a": 1}), token("__g1")]) == []


def test_identifiers_are_told() -> None:
    """Those that were attached."""
    ((change),) = told([person()], [event({}, FBID="f", objectId="d")])
    assert ("changed", [("FBID", "f"), ("objectId", "d")], {}) == (change.kind, change.attached, change.properties)


@pytest.mark.parametrize("merging", [person({"c": 3}, FBID="f", objectId="d"), event({}, objectId="d")])
def test_a_merge_is_told(merging: dict[str, Any]) -> None:
    """The devices that came, what the winner took over, and what the record changed."""
    loser = person({"a": 1, "Name": "D", "category-unsubscribe": {"sms": ["A"]}}, identity=None, objectId="d")
    (change,) = told([loser, person({"b": 2})], [merging])
    taken = {"a": (None, 1), "name": (None, "D"), "category-unsubscribe.sms": (None, ["A"])}
    assert ("merged", ("objectId", "d")) == (change.kind, change.attached[0])
    if merging["type"] == "profile":
        assert change.attached[1:] == [("FBID", "f")]
        taken["c"] = (None, 3)
    assert taken == change.properties


def test_every_record_tells_by_itself() -> None:
    """In order, each at a time of its own; a profile that is merged away in the batch keeps what was told of it."""
    world = World()
    world.upload(
        person({"a": 1}, identity=None, objectId="d"), person(objectId="w"), person({"b": 1}), person({"Email": "bad"}),
        person(objectId="d"), person({"a": 2}), author=BY,
    )  # fmt: skip
    entries = world.changes.history
    assert ["created", "created", "changed", "merged", "changed"] == [entry.change.kind for entry in entries]
    assert [0, 1, 2, 4, 5] == [entry.change.at - NOW * 1_000_000 for entry in entries]
    assert ["d", "w", "w", "w", "w"] == [entry.profile.home[1] for entry in entries]
    assert entries[-1].change.properties == {"a": (1, 2)}


@pytest.mark.parametrize("keep", [1, 100])
def test_how_many_are_kept_is_told(keep: int) -> None:
    """The store learns it with each change."""
    world = World(Rules(max_history=keep))
    world.upload(person({"a": 1}), person({"a": 2}))
    assert [keep, keep] == [entry.keep for entry in world.changes.history]


def test_history_can_be_off() -> None:
    """With `max_history` 0 nothing is told, and profiles are the same but for it."""
    records = [person({"a": 1}, identity=None, objectId="d"), person({"b": 2}), person({"a": 3}, objectId="d"), event({})]
    assert told(records, rules=Rules(max_history=0)) == []
    off, on = World(Rules(max_history=0)), World()
    for world in (off, on):
        world.upload(*records)
    assert forget(off) == forget(on)


def forget(world: World) -> Any:
    """The profile of x as plain data, without its history."""
    return {name: value for name, value in msgspec.to_builtins(world.profile("x")).items() if name != "history"} | {"merged": 1}


def test_a_dry_run_tells_nothing() -> None:
    """What is stored knows nothing of it."""
    world = World()
    world.upload(person({"a": 1}), dry_run=True)
    assert world.changes.history == []
    assert not world.known("x")


def test_what_was_told_stays() -> None:
    """Later records do not change the values that were told."""
    world = World()
    world.upload(
        person({"l": ["a"], "o": {"k": 1}, "category-unsubscribe": {"sms": ["A"]}}, objectId="d"),
        person({"l": {"$add": ["b"]}}),
    )
    first = world.changes.history[0].change
    expected = copy.deepcopy(first)
    world.upload(person({"l": {"$add": ["c"]}, "o": {"k": 2}, "category-unsubscribe": {"sms": ["B"]}}))
    assert expected == first
    assert first.values["l"] == ["a"]
