"""Events: their names, their properties, whom they are of, how they are counted. Source: contract B 2.6, B 4.2, B 6.1."""

from typing import Any

import pytest

from personae.core.events import MAX_EVENT_NAMES, RESTRICTED
from personae.core.properties import normal_form
from personae.core.rules import Rules
from personae.core.work import Happened
from tests.core.world import CLEAN, NOW, World, code, event, person, warned_keys

DROP = Rules(drop=True)


def kept(data: object, name: object = "Bought", rules: Rules | None = None) -> dict[str, Any]:
    """The properties that are kept of one event, which must be processed without a word."""
    world = World(rules)
    assert CLEAN == world.upload(event(data, name))
    (happened,) = world.changes.events
    return happened.data


def refused(data: object, name: object = "Bought", rules: Rules | None = None, **more: object) -> int | None:
    return code(World(rules).upload(event(data, name, **more)))


# --- names


@pytest.mark.parametrize("name", [None, "", " ", "\t\n", 5, True, [], {}, ["Bought"]])
def test_a_name_is_text(name: object) -> None:
    """Missing, empty, blank or something else than text: 509."""
    assert refused({}, name) == 509
    assert code(World().upload({"type": "event", "identity": "x", "evtData": {}})) == 509


@pytest.mark.parametrize(
    "name", ["App Launched", "app launched", "APPLAUNCHED", " A pp Launched ", "Web Page Viewed", "stayed"]
)
def test_names_of_system_events_are_refused(name: str) -> None:
    """In any case and with any blanks: 513."""
    assert refused({}, name) == 513


@pytest.mark.parametrize("name", ["App Launch", "Stayed Long", "App\tLaunched", "Charged", "$x", "🎉", "n" * 512, "é" * 256])
def test_other_names_are_taken(name: str) -> None:
    """What only resembles a system event is an event like others."""
    assert refused({}, name) is None


def test_restricted_names_are_the_documented_ones() -> None:
    """Sixteen documented ones and the one recorded."""
    assert len(RESTRICTED) == 17
    assert {"notificationsent", "utmvisited", "webpageviewed"} <= RESTRICTED
    assert set(map(normal_form, RESTRICTED)) == RESTRICTED


@pytest.mark.parametrize("name", ["n" * 513, "é" * 257, "n" * 100_000])
def test_a_name_has_at_most_512_bytes(name: str) -> None:
    """Over it 521; with `drop` it is trimmed, and a warning says so."""
    assert refused({}, name) == 521
    world = World(DROP)
    assert warned_keys(world.upload(event({}, name))) == ["evtName"]
    (shown,) = world.view("x")["events"]
    assert shown == name.encode()[:512].decode(errors="ignore")


def test_names_compare_without_case_and_blanks() -> None:
    """They are counted as one, under the spelling first seen."""
    world = World()
    for name in ("Product Viewed", " product viewed", "PRODUCTVIEWED", "pro duct viewed"):
        assert CLEAN == world.upload(event({}, name, ts=NOW))
    assert world.view("x")["events"] == {"Product Viewed": {"count": 4, "first_seen": NOW, "last_seen": NOW}}


@pytest.mark.parametrize("rules", [Rules(), DROP])
def test_a_profile_has_at_most_512_names(rules: Rules) -> None:
    """One more is refused with 521, which names it and the limit; those there are still counted."""
    world = World(rules)
    records = [event({}, f"event {n}") for n in range(MAX_EVENT_NAMES)]
    answer = world.upload(*records, event({}, "too many"), event({}, "EVENT 7"))
    (entry,) = answer["unprocessed"]
    text = "Event data is incorrect. too many is one event name too many, at most 512 are allowed per profile."
    assert (521, f"{text}Skipped record number : 513") == (entry["code"], entry["error"])
    assert MAX_EVENT_NAMES == len(world.profile("x").events)
    assert world.profile("x").events["event7"].count == 2
    assert len(world.changes.events) == MAX_EVENT_NAMES + 1


# --- data


@pytest.mark.parametrize("data", [[], "", "x", 0, False, 1.5, [{}]])
def test_data_is_an_object(data: object) -> None:
    """Anything else: 512."""
    assert refused(data) == 512


def test_data_may_be_missing() -> None:
    """An event without properties may leave them out, as null too."""
    assert {} == kept(None) == kept({})
    world = World()
    assert CLEAN == world.upload({"type": "event", "identity": "x", "evtName": "Bought"})


VALUES: list[tuple[object, object]] = [
    ("text", "text"), ("", ""), ("$D_1487576752", "$D_1487576752"), (5, 5), (-(2**63), -(2**63)), (1.5, 1.5), (True, True),
    (["a", " b ", "a", 1], ["a", "b", "1"]), ([], []), ({"a": {"b": 1}}, {"a": {"b": 1}}), ([{"a": 1}], [{"a": 1}]),
    ({}, {}),
]  # fmt: skip


@pytest.mark.parametrize(("value", "expected"), VALUES)
def test_values_are_those_of_profiles(value: object, expected: object) -> None:
    """Text, numbers, booleans, dates, lists and objects, in the form a property has."""
    assert [{"Some Key": expected}] == [kept({"Some Key": value, "nothing": None})]


BAD: list[tuple[dict[str, Any], int]] = [
    ({"v": "x" * 513}, 521), ({"k" * 121: 1}, 521), ({" ": 1}, 521), ({"v": {"a": {"b": {"c": {}}}}}, 521),
    ({"v": ["x" * 513]}, 521), ({"v": {"k" * 121: 1}}, 521), ({"v": 2**63}, 527), ({"v": [1, []]}, 527), ({"v": [[]]}, 527),
    ({"v": {"$incr": 1}}, 527), ({"v": {"$set": 1}}, 527), ({"v": {"$odd": 1, "a": 1}}, 527), ({"v": {"a": {"$add": 1}}}, 527),
    ({"a": 2**63, "b": "x" * 513}, 527), ({"b": "x" * 513, "a": 2**63}, 521),
]  # fmt: skip


@pytest.mark.parametrize(("data", "expected"), BAD)
def test_limits_and_values(data: dict[str, Any], expected: int) -> None:
    """A broken limit is 521, what cannot be kept 527; the first in the record is reported."""
    assert expected == refused(data)


@pytest.mark.parametrize("data", [data for data, _ in BAD])
def test_dropping_keeps_the_event(data: dict[str, Any]) -> None:
    """With `drop` the event is stored without what is wrong with it, and a warning says so."""
    world = World(DROP)
    answer = world.upload(event({**data, "ok": 1}))
    assert (1, []) == (answer["processed"], answer["unprocessed"])
    assert answer["warnings"]
    assert world.changes.events[0].data["ok"] == 1


def test_property_texts_name_what_is_wrong() -> None:
    """The text of an operator says that events have none."""
    (entry,) = World().upload(event({"Visits": {"$incr": 1}}))["unprocessed"]
    text = "Event data is incorrect. Visits has an operator, which only properties of profiles can have."
    assert f"{text}Skipped record number : 1" == entry["error"]


@pytest.mark.parametrize(("most", "sent"), [(256, 256), (256, 257), (3, 3), (3, 4)])
def test_properties_are_counted(most: int, sent: int) -> None:
    """Over `max_event_properties`, null and further spellings not counted: 522; with `drop` the last are left out."""
    data = {f"key {n}": n for n in range(sent)} | {"nothing": None}
    rules = Rules(max_event_properties=most)
    assert (522 if sent > most else None) == refused(data, rules=rules)
    world = World(rules._replace(drop=True))
    assert (["evtData"] if sent > most else []) == warned_keys(world.upload(event(data)))
    assert {f"key {n}": n for n in range(most)} == world.changes.events[0].data


def test_two_spellings_are_one_property() -> None:
    """The last value stands under the spelling first seen, with a warning."""
    world = World()
    answer = world.upload(event({"Unit Price": 1, "other": 2, "unitprice": 3}))
    assert ["unitprice"] == warned_keys(answer)
    assert {"Unit Price": 3, "other": 2} == world.changes.events[0].data


def test_spellings_of_different_events_are_their_own() -> None:
    """Each event keeps its properties as they were sent."""
    world = World()
    world.upload(event({"Unit Price": 1}), event({"unitprice": 2}))
    assert [{"Unit Price": 1}, {"unitprice": 2}] == [happened.data for happened in world.changes.events]


def test_barred_characters_are_kept_with_a_warning() -> None:
    """As in the keys of a profile."""
    world = World()
    assert ["a.b"] == warned_keys(world.upload(event({"a.b": 1})))
    assert {"a.b": 1} == world.changes.events[0].data


def test_names_of_profile_fields_are_ordinary_here() -> None:
    """An event's Email is not checked and sets nothing."""
    world = World()
    assert CLEAN == world.upload(event({"Email": "1234", "Age": "aa", "identity": "y", "MSG-dndEmail": True}))
    assert world.profile("x").fields == {}
    assert world.profile("x").identities == ["x"]


# --- Charged

ITEM = {"Category": "books", "Quantity": 2, "Price": 9.5, "gift": None}


def test_charged_items() -> None:
    """Up to 256 flat objects, more than a list of a profile has."""
    items = [ITEM | {"n": n} for n in range(256)]
    expected = [{"Category": "books", "Quantity": 2, "Price": 9.5, "n": n} for n in range(256)]
    assert [{"Amount": 1, "Items": expected}] == [kept({"Amount": 1, "Items": items}, " charged")]
    assert {"items": []} == kept({"items": []}, "Charged")
    assert {"Items": [{}]} == kept({"Items": [None, {}]}, "Charged")


@pytest.mark.parametrize(
    ("items", "expected"),
    [
        ([{}] * 257, 521), ([{"a": "x" * 513}], 521), ([{"k" * 121: 1}], 521), ("x", 527), ({}, 527), (5, 527), ([1], 527),
        ([{}, "x"], 527), ([{"a": {}}], 527), ([{"a": [1]}], 527), ([{"a": 2**63}], 527), ([{"$add": 1}], 527), ([[]], 527),
    ],
)  # fmt: skip
def test_bad_charged_items(items: object, expected: int) -> None:
    """Too many or too large is 521, no list of flat objects 527; with `drop` the event stays."""
    assert expected == refused({"Items": items}, "Charged")
    world = World(DROP)
    assert warned_keys(world.upload(event({"Items": items, "Amount": 1}, "Charged")))
    assert world.changes.events[0].data["Amount"] == 1
    assert len(world.changes.events[0].data.get("Items", [])) <= 256


def test_items_of_other_events_are_ordinary() -> None:
    """Only `Charged` has Items."""
    assert {"Items": "x"} == kept({"Items": "x"})
    assert {"Items": ["1"]} == kept({"Items": [1]})


# --- order of checks

LADDER: list[tuple[dict[str, Any], int | None]] = [
    ({"type": "evnt"}, 524), ({"identity": []}, 523), ({"objectId": []}, 526), ({"ts": 0}, 525), ({"evtName": ""}, 509),
    ({"evtName": "n" * 513}, 521), ({"evtName": "Stayed"}, 513), ({"evtData": []}, 512),
    ({"evtData": {f"k{n}": "x" * 513 for n in range(257)}}, 522), ({"evtData": {"v": 2**63}}, 527), ({}, None),
]  # fmt: skip


@pytest.mark.parametrize("step", range(len(LADDER)))
def test_order_of_checks(step: int) -> None:
    """Type, identifiers, ts, name, data: the first that fails is reported."""
    record = event({})
    for flaw, _ in reversed(LADDER[step:]):
        record |= flaw
    assert LADDER[step][1] == code(World().upload(record))


@pytest.mark.parametrize("ts", [-1, 1.5, "x", 1_700_000_000_000, [], True])
def test_bad_ts(ts: object) -> None:
    """As for profiles."""
    assert refused({}, ts=ts) == 525


# --- whom they are of


@pytest.mark.parametrize("kind", ["identity", "FBID", "GPID", "objectId"])
def test_an_unknown_user_is_created(kind: str) -> None:
    """By any identifier, as a profile record would; a later record finds the same person."""
    world = World()
    assert CLEAN == world.upload({"type": "event", kind: "x", "evtName": "Bought", "evtData": {}, "ts": 9, "source": "Seg"})
    profile = world.profile("x", kind)
    assert (NOW, "Seg", 9) == (profile.created, profile.source, profile.ts)
    assert len(profile.devices) == 1
    world.upload({"type": "profile", kind: "x", "profileData": {"a": 1}})
    assert list(world.profile("x", kind).events) == ["bought"]


def test_an_identity_serves_as_email_here_too() -> None:
    """A person whose first record is an event is found by the address."""
    world = World()
    world.upload(event({}, identity="Me@b.co"))
    assert [["Me@b.co"]] == [profile.identities for profile in world.by_email("ME@b.co")]


def test_events_attach_identifiers() -> None:
    """What the record names beside a known identifier leads to the same person."""
    world = World()
    world.upload(person({"a": 1}), event({}, FBID="f", objectId="d"))
    assert world.profile("x") == world.profile("f", "FBID") == world.profile("d", "objectId")


def test_what_happened() -> None:
    """Owner, normal name, time and data; the owner is the first device, whatever is attached later."""
    world = World()
    world.upload(event({"a": 1}, "Some Event", objectId="d1", ts=5), event({}, objectId="d2", ts="7"))
    home = ("objectId", "d1")
    assert [Happened(home, "someevent", 5, {"a": 1}), Happened(home, "bought", 7, {})] == world.changes.events


def test_without_ts_it_is_now() -> None:
    """The time the upload came."""
    world = World()
    world.upload(event({}))
    assert [NOW] == [happened.ts for happened in world.changes.events]


def test_first_and_last_are_by_time() -> None:
    """Not by arrival."""
    world = World()
    for ts in (50, 10, 90, 60):
        world.upload(event({}, ts=ts))
    assert world.view("x")["events"] == {"Bought": {"count": 4, "first_seen": 10, "last_seen": 90}}


def test_a_mixed_batch_is_applied_in_order() -> None:
    """Events, tokens and profiles see each other; a refused one changes nothing."""
    world = World()
    answer = world.upload(
        event({}, identity=None, objectId="__d"),
        {"type": "token", "objectId": "__d", "tokenData": {"id": "t", "type": "fcm"}},
        event({}, "", identity="x", objectId="__d"),
        person({"a": 1}, objectId="__d"),
        event({}, "Paid"),
    )
    assert [(509, "Event Name is incorrect. ErrorCode: 509 - Event name is mandatory. Skipped record number : 3")] == [
        (entry["code"], entry["error"]) for entry in answer["unprocessed"]
    ]
    record = world.view("x")
    assert record["platformInfo"] == [{"df": {}, "objectId": "__d", "platform": "Android", "push_token": "t"}]
    assert {"Bought": 1, "Paid": 1} == {name: seen["count"] for name, seen in record["events"].items()}
    assert record["profileData"] == {"a": 1}


def test_a_dry_run_counts_nothing() -> None:
    """No event, no person."""
    world = World()
    assert CLEAN == world.upload(event({}), dry_run=True)
    assert not world.known("x")
    assert world.shelf.events == {}
