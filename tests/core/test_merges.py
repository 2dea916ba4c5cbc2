"""What a merge keeps, so that it can be undone, and what both profiles' events come to. Source: contract A5.1, B 6.4."""

from typing import Any

import msgspec
import pytest

from personae.core.events import summary
from personae.core.history import places_of
from personae.core.profile import Merged, Profile, Seen
from personae.core.records.absorbing import MAX_LEVELS, MAX_MERGED, keep_merged, levels
from personae.core.rules import Rules
from tests.core.world import NOW, World, code, event, person, token, warned_keys


def device(data: dict[str, Any], object_id: str = "d") -> dict[str, Any]:
    return person(data, identity=None, objectId=object_id)


def merge_after(*records: dict[str, Any], merging: dict[str, Any] | None = None, rules: Rules | None = None) -> Merged:
    """What is kept of device `d` after it became part of x."""
    world = World(rules)
    world.upload(*records)
    world.upload(merging or person(objectId="d"))
    (merged,) = world.profile("x").merged
    return merged


def test_the_loser_is_kept_as_it_was() -> None:
    """Whole: devices, token, properties, events, times."""
    world = World()
    loser = device({"p": 1, "Email": "a@b.co", "category-unsubscribe": {"email": ["News"]}}, "__d")
    world.upload(loser | {"ts": 5, "source": "Seg"}, token(), event({}, identity=None, objectId="__d"))
    before = world.profile("__d", "objectId")
    world.upload(person({"p": 2, "q": 3}), person({"r": 4}, objectId="__d"))
    (merged,) = world.profile("x").merged
    assert before == merged.profile
    assert merged.at == NOW + 1


TAKEN: list[tuple[dict[str, Any], dict[str, Any], dict[str, Any], dict[str, Any], dict[str, Any]]] = [
    # of the device, of x before, said by the record, properties taken, fields taken
    ({"a": 1, "B b": 2}, {"bB": 9}, {}, {"a": 1}, {}),
    ({"a": 1, "b": 2}, {}, {"A": 1}, {"b": 2}, {}),
    ({"a": 1, "b": 2}, {}, {"a": {"$incr": 1}, "b": {"$delete": 1}}, {}, {}),
    ({"a": "x", "b": 2}, {}, {"a": {"$incr": 1}, "c": {"$delete": 1}}, {"a": "x", "b": 2}, {}),
    ({"Name": "D", "Gender": "F"}, {"Name": "X"}, {}, {}, {"gender": "F"}),
    ({"Name": "D", "Gender": "F"}, {}, {"Name": "D"}, {}, {"gender": "F"}),
    ({"MSG-sms": False, "Age": 5}, {}, {"Age": {"$incr": 1}}, {}, {"msg-sms": False}),
    ({}, {"a": 1}, {"b": 2}, {}, {}),
]


@pytest.mark.parametrize(("theirs", "ours", "said", "properties", "fields"), TAKEN)
def test_what_was_taken_over(
    theirs: dict[str, Any], ours: dict[str, Any], said: dict[str, Any], properties: dict[str, Any], fields: dict[str, Any]
) -> None:
    """Exactly what the winner lacked and the record neither said itself nor changed."""
    merged = merge_after(device(theirs), person(ours), merging=person(said, objectId="d"))
    assert (properties, fields) == (merged.properties, merged.fields)


def test_groups_taken_over() -> None:
    """By channel, where the winner left none; not where the record says something of the channel."""
    theirs = device({"category-unsubscribe": {"email": ["A"], "sms": ["B"], "push": ["C"]}})
    ours = person({"category-unsubscribe": {"email": ["X"]}})
    merging = person({"category-unsubscribe": {"push": ["D"]}}, objectId="d")
    assert merge_after(theirs, ours, merging=merging).unsubscribed == {"sms": ["B"]}


def test_what_there_is_no_room_for_is_not_taken_over() -> None:
    """A profile that is full takes as many as fit, with a warning; the loser is kept with all."""
    world = World(Rules(max_custom_keys=2))
    world.upload(device({"a": 1, "b": 2}), person({"x": 1}))
    assert warned_keys(world.upload(person(objectId="d"))) == ["b"]
    (merged,) = world.profile("x").merged
    assert ({"a": 1}, {"a": 1, "b": 2}) == (merged.properties, merged.profile.properties)


def test_a_merge_by_an_event() -> None:
    """An event record merges as a profile record does."""
    merged = merge_after(device({"a": 1, "Name": "D"}), person({"b": 2}), merging=event({}, objectId="d"))
    assert ({"a": 1}, {"name": "D"}) == (merged.properties, merged.fields)


def test_a_refused_event_merges_nothing() -> None:
    """What only the stored profile can tell is told before anything is changed."""
    world = World()
    world.upload(*(event({}, f"e {n}") for n in range(512)), device({"a": 1}))
    assert code(world.upload(event({}, "another", objectId="d", FBID="f"))) == 521
    assert world.profile("d", "objectId").properties == {"a": 1}
    assert not world.known("f", "FBID")


def test_a_refused_record_changes_nothing_of_either() -> None:
    """Nor is a merge kept."""
    world = World()
    world.upload(device({"a": 1}), person({"n": 2**63 - 1}))
    assert code(world.upload(person({"n": {"$incr": 1}}, objectId="d"))) == 527
    assert world.profile("x").merged == []


@pytest.mark.parametrize("batch", [True, False])
def test_events_are_summed_where_they_are_shown(batch: bool) -> None:
    """The winner's own stay its own; GET shows both together, under the winner's spelling."""
    world = World()
    records = [
        event({}, "some event", identity=None, objectId="d", ts=5),
        event({}, "Only Theirs", identity=None, objectId="d", ts=6),
        event({}, "Some Event", ts=7),
        event({}, "SOME EVENT", objectId="d", ts=9),
    ]
    for upload in [records] if batch else [[record] for record in records]:
        world.upload(*upload)
    profile = world.profile("x")
    assert {"someevent": Seen("Some Event", 2, 7, 9)} == profile.events
    assert {"someevent": Seen("Some Event", 3, 5, 9), "onlytheirs": Seen("Only Theirs", 1, 6, 6)} == summary(profile)
    assert world.view("x")["events"] == {
        "Some Event": {"count": 3, "first_seen": 5, "last_seen": 9},
        "Only Theirs": {"count": 1, "first_seen": 6, "last_seen": 6},
    }


def test_events_of_what_was_merged_into_a_merged_profile() -> None:
    """Are summed too."""
    inner = Profile(created=1, events={"e": Seen("E", 1, 1, 1), "inner": Seen("Inner", 1, 2, 2)})
    outer = Profile(created=1, events={"e": Seen("e", 2, 3, 4)}, merged=[Merged(inner, 5)])
    whole = Profile(created=1, merged=[Merged(outer, 6), Merged(inner, 7)])
    assert {"e": Seen("e", 4, 1, 4), "inner": Seen("Inner", 2, 2, 2)} == summary(whole)
    assert {"e": Seen("e", 2, 3, 4)} == outer.events


@pytest.mark.parametrize("batch", [True, False])
def test_the_last_merges_can_be_undone_in_full(batch: bool) -> None:
    """Older ones keep devices, events and history, and nothing of what they said."""
    world = World()
    count = MAX_MERGED + 5
    records = [event({}, identity=None, objectId=f"d{n}", ts=n + 1) for n in range(count)]
    records += [device({f"p{n}": n}, f"d{n}") for n in range(count)]
    records += [event({}, objectId=f"d{n}", ts=1000) for n in range(count)]
    for upload in [records] if batch else [[record] for record in records]:
        world.upload(*upload)
    profile = world.profile("x")
    assert [[f"d{n}"] for n in range(1, count)] == [list(merged.profile.devices) for merged in profile.merged]
    said = [(merged.profile.properties, merged.properties) for merged in profile.merged]
    assert [({}, {})] * 4 + [({f"p{n}": n},) * 2 for n in range(5, count)] == said
    assert {f"p{n}": n for n in range(count)} == profile.properties
    assert {"bought": Seen("Bought", count + 1, 1, 1000)} == profile.events
    assert {"bought": Seen("Bought", 2 * count, 1, 1000)} == summary(profile)


def test_a_chain_of_merges_can_be_read() -> None:
    """However many profiles become part of the next one, the document stays shallow, with all their events and history."""
    count = 400
    last = Profile(created=1, devices={"d0": {}}, events={"e": Seen("e", 1, 0, 0)}, history=[0])
    for n in range(1, count):
        devices: dict[str, Any] = {f"d{n}": {}} | last.devices
        winner = Profile(created=1, devices=devices, events={"e": Seen("e", 1, n, n)}, history=[n])
        keep_merged(winner, [Merged(last, n)])
        last = winner
    read = msgspec.json.decode(msgspec.json.encode(last), type=Profile)
    assert (MAX_LEVELS, last) == (levels(read), read)
    assert {"e": Seen("e", count, 0, count - 1)} == summary(read)
    assert sorted(places_of(read)) == list(range(count))


def test_an_event_owner_stays_with_the_merge() -> None:
    """Events before it are of the device that raised them, later ones of the winner's home."""
    world = World()
    world.upload(event({}, identity=None, objectId="d"), person(objectId="home"))
    assert [("objectId", "d")] == [happened.owner for happened in world.changes.events]
    world.upload(event({}, objectId="d"))
    assert [("objectId", "home")] == [happened.owner for happened in world.changes.events]
