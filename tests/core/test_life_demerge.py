"""Taking profiles apart, as a pure step (contract B 6.4)."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from personae.core.events import summary
from personae.core.history import places_of
from personae.core.profile import Profile
from personae.core.records.absorbing import MAX_LEVELS, levels
from personae.core.rules import Rules
from tests.core.lives import BY, Lives, event, token
from tests.core.strategies import laws, sensible_data
from tests.core.world import NOW, person


def device(name: str, data: dict[str, Any] | None = None, **more: object) -> dict[str, Any]:
    """A record of somebody only a device is known of."""
    return person(data, identity=None, objectId=name, **more)


def facts(profile: Profile) -> Profile:
    """The profile without what says when it was written, and its history."""
    return msgspec.structs.replace(profile, updated=0, ts=0, history=[])


def counts(profile: Profile) -> dict[str, int]:
    return {name: seen.count for name, seen in summary(profile).items()}


def reached(world: Lives) -> dict[Any, list[bytes]]:
    return {contact: sorted(rows) for contact, rows in world.shelf.contacts.items() if rows}


happenings = st.lists(
    st.one_of(
        st.builds(lambda data: person(data, objectId="own"), sensible_data),
        st.builds(lambda data: device("d", data), sensible_data),
        st.sampled_from([event("bought"), event("bought", identity=None, objectId="d"), event("seen", identity="x")]),
    ),
    max_size=6,
)


@laws
@given(happenings)
def test_merge_then_demerge_restores_both(before: list[Any]) -> None:
    """Whatever the two were, they are that again, and the same addresses lead to each."""
    world = Lives()
    world.upload(person(objectId="own"), device("d"), *before)
    if not world.device("d").anonymous:
        return
    expected = [facts(world.profile("x")), facts(world.device("d"))]
    contacts = reached(world)
    world.upload(person(objectId="d"))
    assert world.profile("x") == world.device("d")
    world.demerge("x")
    assert expected == [facts(world.profile("x")), facts(world.device("d"))]
    assert contacts == reached(world)


def test_several_merges_are_undone() -> None:
    """Each anonymous profile is itself again, with its own properties, events and devices."""
    world = Lives()
    world.upload(person({"a": "x"}, objectId="own"), event("e"))
    for name in ("d", "e", "f"):
        world.upload(device(name, {"a": name, name: 1, "Name": name}), event("e", identity=None, objectId=name))
        world.upload(person(objectId=name))
    assert ({"a": "x", "d": 1, "e": 1, "f": 1}, {"e": 4}) == (world.profile("x").properties, counts(world.profile("x")))
    world.demerge("x")
    winner = world.profile("x")
    assert (["own"], {"a": "x"}, {}, {"e": 1}) == (list(winner.devices), winner.properties, winner.fields, counts(winner))
    for name in ("d", "e", "f"):
        part = world.device(name)
        assert ([name], {"a": name, name: 1}, {"name": name}) == (list(part.devices), part.properties, part.fields)
        assert ({"e": 1}, True) == (counts(part), part.anonymous)


def test_what_changed_since_stays() -> None:
    """A property that was taken over is given back if it is what it was then; each profile has its own value otherwise."""
    world = Lives()
    world.upload(person({"own": 1}), device("d", {"n": 1, "truth": True, "list": ["a"], "kept": 1, "gone": 1, "Gender": "M"}))
    world.upload(person(objectId="d"))
    world.upload(person({"n": {"$incr": 1}, "truth": 1, "list": {"$add": ["b"]}, "gone": {"$delete": 1}, "Gender": "F"}))
    world.demerge("x")
    winner, part = world.profile("x"), world.device("d")
    assert {"own": 1, "n": 2, "truth": 1, "list": ["a", "b"]} == winner.properties
    assert {"gender": "F"} == winner.fields
    assert {"n": 1, "truth": True, "list": ["a"], "kept": 1, "gone": 1} == part.properties
    assert {"gender": "M"} == part.fields


RESAID: list[tuple[dict[str, Any], dict[str, Any], dict[str, Any], dict[str, Any]]] = [
    # said again after the merge, the properties, fields and groups that stay
    ({"city": "Paris", "Name": "Z"}, {"city": "Paris"}, {"name": "Z"}, {}),
    ({"CITY": "Paris", "name": "Z"}, {"city": "Paris"}, {"name": "Z"}, {}),
    ({"city": {"$set": "Paris"}}, {"city": "Paris"}, {}, {}),
    ({"n": {"$incr": 1}}, {"n": 2}, {}, {}),
    ({"list": {"$add": ["a"]}}, {"list": ["a"]}, {}, {}),
    ({"list": {"$incr": 1}}, {}, {}, {}),
    ({"city": {"$delete": 1}}, {}, {}, {}),
    ({"category-unsubscribe": {"sms": ["B"]}}, {}, {}, {"sms": ["B"]}),
    ({"Email": "d@b.co"}, {}, {"email": "d@b.co"}, {}),
    ({}, {}, {}, {}),
]


@pytest.mark.parametrize(("said", "properties", "fields", "groups"), RESAID)
def test_what_was_said_again_is_its_own(
    said: dict[str, Any], properties: dict[str, Any], fields: dict[str, Any], groups: dict[str, Any]
) -> None:
    """What a profile is told itself after a merge stays, though it is what it had taken over; the other has its own."""
    world = Lives()
    left = {"category-unsubscribe": {"email": ["A"], "sms": ["B"]}}
    theirs = device("d", {"city": "Paris", "n": 1, "list": ["a"], "Name": "Z", "Email": "d@b.co", **left})
    world.upload(person(objectId="own"), theirs)
    before = facts(world.device("d"))
    world.upload(person(objectId="d"))
    world.upload(person(said))
    world.demerge("x")
    winner = world.profile("x")
    assert (properties, fields, groups) == (winner.properties, winner.fields, winner.unsubscribed)
    assert before == facts(world.device("d"))


def test_what_changed_and_changed_back_is_its_own() -> None:
    """It was told, so it stays."""
    world = Lives()
    world.upload(person(objectId="own"), device("d", {"n": 1, "gone": 1}))
    world.upload(person(objectId="d"))
    world.upload(person({"n": {"$incr": 1}, "gone": {"$delete": 1}}))
    world.upload(person({"n": {"$decr": 1}, "gone": 1}))
    world.demerge("x")
    assert {"n": 1, "gone": 1} == world.profile("x").properties


def test_what_was_said_again_between_two_merges() -> None:
    """A later merge takes over nothing that is there, and what was told stays."""
    world = Lives()
    world.upload(person(objectId="own"), device("d", {"a": 1, "b": 1}), device("e", {"a": 1, "c": 1}))
    world.upload(person(objectId="d"))
    world.upload(person({"a": 1}))
    world.upload(person({"b": 1}, objectId="e"))
    world.demerge("x")
    assert {"a": 1, "b": 1} == world.profile("x").properties
    assert {"a": 1, "c": 1} == world.device("e").properties


def chained(count: int) -> Lives:
    """Person after person gets a phone, loses it, and becomes part of the next; each has an event and a property."""
    world = Lives()
    for n in range(count):
        phone = f"+49{n:010d}"
        world.upload(person({f"p{n}": n}, phone, objectId=f"h{n}"), event("e", identity=phone))
        if n:
            world.upload(person(identity=phone, objectId=f"h{n - 1}"))
        if n < count - 1:
            world.disassociate({"type": "phone", "value": phone})
    return world


def homes(profile: Profile) -> list[str]:
    """The homes of a profile and of all that became part of it."""
    return [profile.home[1], *(home for part in profile.merged for home in homes(part.profile))]


@pytest.mark.parametrize("count", [2, MAX_LEVELS, MAX_LEVELS + 1])
def test_merges_in_each_other_are_undone_one_by_one(count: int) -> None:
    """Up to as many levels as a document holds, what is restored is as it was, with all within it."""
    world = chained(count)
    last = f"+49{count - 1:010d}"
    assert {f"p{n}": n for n in range(count)} == world.profile(last).properties
    for n in range(count - 1, 0, -1):
        assert n == levels(world.profile(last))
        world.demerge(last)
        top, below = world.device(f"h{n}"), world.device(f"h{n - 1}")
        assert ({f"p{n}": n}, [f"h{n}"], {"e": 1}) == (top.properties, list(top.devices), counts(top))
        assert {f"p{m}": m for m in range(n)} == below.properties
        assert ([f"h{m}" for m in range(n - 1, -1, -1)], {"e": n}) == (list(below.devices), counts(below))
        last = f"again {n}"
        world.upload(person(identity=last, objectId=below.home[1]))


@pytest.mark.parametrize("count", [MAX_LEVELS + 2, 2 * MAX_LEVELS + 3, 40])
def test_a_long_chain_of_merges(count: int) -> None:
    """No document is deeper than it may be, and all events and all of the history are found from it, then and apart."""
    world = chained(count)
    last = f"+49{count - 1:010d}"
    profile = world.profile(last)
    names = [f"h{n}" for n in range(count)]
    assert MAX_LEVELS == levels(profile)
    assert sorted(names) == sorted(homes(profile)) == sorted(profile.devices)
    assert {"e": count} == counts(profile)
    places = places_of(profile)
    assert (len(places), 3 * count - 2) == (len(set(places)), len(places))
    world.demerge(last)
    parts = {world.device(name).home: world.device(name) for name in names}
    assert sorted(names) == sorted(home for part in parts.values() for home in homes(part))
    assert sorted(names) == sorted(device for part in parts.values() for device in part.devices)
    assert count == sum(counts(part)["e"] for part in parts.values())
    assert set(places) <= {place for part in parts.values() for place in places_of(part)}
    top = parts["objectId", names[-1]]
    assert ({f"p{count - 1}": count - 1}, [names[-1]]) == (top.properties, list(top.devices))


def test_what_came_after_the_merge_stays_with_the_identified_one() -> None:
    """Events that were sent then are those of the person; a token goes with its device."""
    world = Lives()
    world.upload(person(objectId="own"), device("__d"), event("e", identity=None, objectId="__d"))
    world.upload(person(objectId="__d"))
    world.upload(event("e", identity=None, objectId="__d"), token("__d", "push"), person({"later": 1}, None, objectId="__d"))
    world.demerge("x")
    winner, part = world.profile("x"), world.device("__d")
    assert ({"e": 1}, {"e": 1}) == (counts(winner), counts(part))
    assert ({"later": 1}, {}) == (winner.properties, part.properties)
    assert "push" == part.devices["__d"]["push_token"]


def test_addresses_go_back() -> None:
    """An email that was taken over finds the restored profile alone."""
    world = Lives()
    world.upload(person(objectId="own"), device("d", {"Email": "d@b.co", "Phone": "+14155551234"}))
    world.upload(person(objectId="d"))
    assert [["own", "d"]] == world.found_by("d@b.co")
    world.demerge("x")
    assert [["d"]] == world.found_by("d@b.co")
    assert (None, "d@b.co") == (world.profile("x").email, world.device("d").email)


def test_every_further_device_gets_a_profile_of_its_own() -> None:
    """One that came without a merge goes with nothing but what is known of it."""
    world = Lives()
    world.upload(person({"a": 1}, objectId="own"), person(objectId="__second"), token("__second", "push"))
    world.demerge("x")
    winner, part = world.profile("x"), world.device("__second")
    assert (["own"], {"a": 1}, ["x"]) == (list(winner.devices), winner.properties, winner.identities)
    assert (True, {}, NOW + 1) == (part.anonymous, part.properties, part.created)
    assert "push" == part.devices["__second"]["push_token"]


def test_a_profile_within_a_merged_one_stays_there() -> None:
    """What is restored is as it was: with what had been merged into it before, and all its devices."""
    world = Lives()
    world.upload(device("inner", {"i": 1}), person({"p": 1}, "+14155551234", objectId="outer"))
    world.upload(person(identity="+14155551234", objectId="inner"))
    world.disassociate({"type": "phone", "value": "+14155551234"})
    before = facts(world.device("outer"))
    assert (True, 1) == (before.anonymous, len(before.merged))
    world.upload(person({"p": 2}, objectId="own"), person(objectId="outer"))
    assert ["own", "outer", "inner"] == list(world.profile("x").devices)
    world.demerge("x")
    assert before == facts(world.device("outer")) == facts(world.device("inner"))
    assert ({"p": 2}, ["own"]) == (world.profile("x").properties, list(world.profile("x").devices))


def test_merging_again_after_a_demerge() -> None:
    """A restored profile can be merged and taken apart as often as one likes."""
    world = Lives()
    world.upload(person({"a": 1}, objectId="own"), device("d", {"b": 2}))
    expected = [facts(world.profile("x")), facts(world.device("d"))]
    for _ in range(3):
        world.upload(person(objectId="d"))
        assert {"a": 1, "b": 2} == world.profile("x").properties
        world.demerge("x")
        assert expected == [facts(world.profile("x")), facts(world.device("d"))]


def test_groups_left_go_back() -> None:
    """Subscription groups of a channel that were taken over go back, unless others were left since."""
    world = Lives()
    left = {"category-unsubscribe": {"email": ["A"], "sms": ["B"]}}
    world.upload(person(), device("d", left))
    world.upload(person(objectId="d"))
    world.upload(person({"category-unsubscribe": {"sms": ["C"]}}))
    world.demerge("x")
    assert {"sms": ["B", "C"]} == world.profile("x").unsubscribed
    assert {"email": ["A"], "sms": ["B"]} == world.device("d").unsubscribed


def test_one_device_is_left_as_it_is() -> None:
    """There is nothing to take apart, so nothing is written; nobody is fine too."""
    world = Lives()
    world.upload(person())
    changes = world.demerge("x", "nobody")
    assert ({}, []) == (changes.profiles, changes.history)


def test_history_tells_of_it() -> None:
    """Each profile that comes of it has an entry with who did it and what went."""
    world = Lives()
    world.upload(person(objectId="own"), device("d", {"a": 1}))
    world.upload(person(objectId="d"))
    world.upload(person(objectId="e"))
    world.demerge("x")
    winner, *parts = (world.history(profile)[0] for profile in (world.profile("x"), world.device("d"), world.device("e")))
    assert [("objectId", "d"), ("objectId", "e")] == winner.detached
    assert {"a": (1, None)} == winner.properties
    assert [[("objectId", "d")], [("objectId", "e")]] == [part.attached for part in parts]
    for entry in (winner, *parts):
        assert ("demerged", BY) == (entry.kind, (entry.request, entry.passcode))
    assert 3 == len({winner.at, *(part.at for part in parts)})


def test_without_history() -> None:
    """With `max_history` 0 nothing is remembered."""
    world = Lives(Rules(max_history=0))
    world.upload(person(objectId="own"), device("d"))
    world.upload(person(objectId="d"))
    assert [] == world.demerge("x").history
