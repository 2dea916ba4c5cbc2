"""The laws that hold for whatever is uploaded. Source: the five laws, and contract A2.2, A2.5, A5.2."""

from functools import partial
from itertools import pairwise
from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from personae.core.events import summary
from personae.core.fold import fold, keys_of, screen
from personae.core.identity import KINDS, Key, Ref
from personae.core.profile import IDENTIFIERS, Profile, contacts
from personae.core.properties import normal_form
from personae.core.records.changes import everything as everything_said
from personae.core.rules import Rules
from personae.core.work import Accepted, Changes
from tests.core.strategies import batches, hostile_records, laws, rules
from tests.core.world import NOW, World
from tests.storage.model import Shelf

SEED = b"seed"


def world_with(before: list[object], limits: Rules) -> World:
    world = World(limits)
    world.upload(*before)
    return world


def everything(shelf: Shelf) -> str:
    """All a shelf holds, types and order of keys included."""
    contacts = {contact: sorted(rows) for contact, rows in shelf.contacts.items() if rows}
    held = (shelf.rows, shelf.aliases, contacts, shelf.flags, shelf.events, shelf.history.changes)
    return repr([sorted(part.items()) for part in held])


def step(shelf: Shelf, accepted: list[Accepted], limits: Rules) -> Changes:
    """Fold these accepted records onto the shelf and write what comes of it."""
    changes = fold(accepted, shelf.find(keys_of(accepted)), NOW * 1_000_000, SEED, limits)
    shelf.write(changes)
    return changes


def cut(items: list[Accepted], at: list[int]) -> list[list[Accepted]]:
    """The list in pieces, cut at these places."""
    edges = [0, *sorted(place % (len(items) + 1) for place in at), len(items)]
    return [items[start:end] for start, end in pairwise(edges)]


@laws
@given(batches, batches, rules)
def test_each_record_has_exactly_one_outcome(before: list[object], batch: list[object], limits: Rules) -> None:
    """Screening accepts or rejects each, folding rejects some of the accepted, the answer adds up."""
    accepted, rejected = screen(batch, NOW, limits)
    assert list(range(len(batch))) == sorted(
        [record.index for record in accepted] + [rejection.index for rejection in rejected]
    )
    answer = world_with(before, limits).upload(*batch)
    numbers = [int(entry["error"].rsplit(" ", 1)[1]) for entry in answer["unprocessed"]]
    assert len(batch) == answer["processed"] + len(numbers)
    assert numbers == sorted(set(numbers))
    assert [batch[number - 1] for number in numbers] == [entry["record"] for entry in answer["unprocessed"]]
    assert set() == {warning["record"] for warning in answer.get("warnings", [])} & set(numbers)


@laws
@given(batches, batches, st.lists(st.integers(0, 8), max_size=3), rules)
def test_cutting_a_batch_changes_nothing(before: list[object], batch: list[object], at: list[int], limits: Rules) -> None:
    """Folding a batch, or its parts in turn, leaves the same in the store, and rejects and warns of the same."""
    whole, parts = world_with(before, limits).shelf, world_with(before, limits).shelf
    accepted, _ = screen(batch, NOW, limits)
    expected = step(whole, accepted, limits)
    pieces = [step(parts, piece, limits) for piece in cut(accepted, at)]
    assert everything(whole) == everything(parts)
    assert expected.rejected == [rejection for piece in pieces for rejection in piece.rejected]
    assert expected.warnings == [warning for piece in pieces for warning in piece.warnings]


@laws
@given(batches, batches, rules)
def test_records_are_never_changed(before: list[object], batch: list[object], limits: Rules) -> None:
    """Neither screening nor folding touches what arrived, now or when the profile changes later."""
    sent = repr((before, batch))
    world = World(limits)
    world.upload(*before, *batch)
    world.upload(*batch)
    assert sent == repr((before, batch))


@laws
@given(batches, batches, rules)
def test_a_fold_can_run_again(before: list[object], batch: list[object], limits: Rules) -> None:
    """On profiles read anew the same fold gives the same changes."""
    shelf = world_with(before, limits).shelf
    accepted, _ = screen(batch, NOW, limits)
    again = partial(fold, accepted, now_us=NOW, seed=SEED, rules=limits)
    first = repr(again(shelf.find(keys_of(accepted))))
    assert first == repr(again(shelf.find(keys_of(accepted))))


@laws
@given(st.lists(hostile_records, max_size=6), batches, rules)
def test_no_json_value_makes_them_raise(hostile: list[object], batch: list[object], limits: Rules) -> None:
    """Whatever JSON arrives, there is an answer, and what is stored can be shown; both are JSON."""
    world = World(limits)
    for upload in (hostile, batch, hostile):
        msgspec.json.encode(world.upload(*upload))
    for row in world.shelf.rows:
        for device in world.shelf.profile(row).devices:
            msgspec.json.encode(world.view(device, "objectId"))


@laws
@given(batches, batches, rules)
def test_a_dry_run_answers_as_the_real_run(before: list[object], batch: list[object], limits: Rules) -> None:
    """The same answer, and the store stays as it was."""
    world = world_with(before, limits)
    stored = everything(world.shelf)
    dry = world.upload(*batch, dry_run=True)
    assert stored == everything(world.shelf)
    assert repr(dry) == repr(world.upload(*batch))


def keys_of_profile(profile: Profile) -> list[Key]:
    held: dict[str, list[str]] = {kind: getattr(profile, place) for kind, place in IDENTIFIERS.items()}
    held["objectId"] = list(profile.devices)
    return [(kind, value) for kind in KINDS for value in held[kind]]


@laws
@given(st.lists(batches, max_size=4), rules)
def test_every_identifier_leads_to_its_profile(uploads: list[list[object]], limits: Rules) -> None:
    """Each key of each profile leads to it, each address finds those that have it, and no key is held twice."""
    world = World(limits)
    for batch in uploads:
        world.upload(*batch)
    held: list[Key] = []
    for row in world.shelf.rows:
        profile = world.shelf.profile(row)
        keys = keys_of_profile(profile)
        held += keys
        assert dict.fromkeys(keys, row) == world.shelf.find(keys).owners
        assert [contact for contact in contacts(profile) if profile not in world.shelf.find_by_contact(contact)] == []
    assert sorted(held) == sorted(set(held))
    for contact in world.shelf.contacts:
        assert [profile for profile in world.shelf.find_by_contact(contact) if contact not in contacts(profile)] == []


def texts_in(value: Any) -> list[str]:
    """Every text inside a stored value."""
    if isinstance(value, dict):
        return [text for item in value.values() for text in texts_in(item)]
    if isinstance(value, list):
        return [text for item in value for text in texts_in(item)]
    return [value] if isinstance(value, str) else []


def keys_in(value: Any) -> int:
    """How many keys the objects inside a stored value have."""
    if isinstance(value, dict):
        return len(value) + sum(map(keys_in, value.values()))
    return sum(map(keys_in, value)) if isinstance(value, list) else 0


def lists_in(value: Any) -> list[list[Any]]:
    """Every list inside a stored value."""
    inner = list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else []
    return [*([value] if isinstance(value, list) else []), *(found for item in inner for found in lists_in(item))]


@laws
@given(st.lists(batches, max_size=4), rules)
def test_what_is_stored_keeps_the_limits(uploads: list[list[object]], limits: Rules) -> None:
    """No upload, merge or operator takes a profile beyond them, and no property has two spellings."""
    world = World(limits)
    for batch in uploads:
        world.upload(*batch)
    for row in world.shelf.rows:
        profile = world.shelf.profile(row)
        properties = profile.properties
        assert len(properties) <= limits.max_custom_keys
        assert len(properties) == len({normal_form(key) for key in properties})
        assert [key for key in properties if len(key.encode()) > limits.max_key_bytes] == []
        assert [text for text in texts_in(properties) if len(text.encode()) > limits.max_value_bytes] == []
        assert [found for found in lists_in(properties) if len(found) > limits.max_list_items] == []
        assert [value for value in properties.values() if keys_in(value) > limits.max_custom_keys] == []
        assert len(profile.source.encode()) <= limits.max_value_bytes


@laws
@given(st.lists(batches, max_size=4), rules)
def test_every_event_is_counted_once(uploads: list[list[object]], limits: Rules) -> None:
    """What profiles say of events is what was kept of them, by their owners, whatever was merged."""
    world = World(limits)
    kept: dict[tuple[Ref, str], list[int]] = {}
    happened = []
    for batch in uploads:
        world.upload(*batch)
        happened += world.changes.events
    for event in happened:
        kept.setdefault((world.shelf.find([event.owner]).owners[event.owner], event.name), []).append(event.ts)
    said = {
        (row, name): (seen.count, seen.first, seen.last)
        for row in world.shelf.rows
        for name, seen in summary(world.shelf.profile(row)).items()
    }
    assert {key: (len(times), min(times), max(times)) for key, times in kept.items()} == said


@laws
@given(st.lists(batches, max_size=4), rules.filter(lambda limits: limits.max_history > 0))
def test_history_tells_every_change(uploads: list[list[object]], limits: Rules) -> None:
    """Told from the beginning, it leads to what each profile says, and each step begins where the last one ended."""
    world = World(limits)
    told: dict[Key, dict[str, Any]] = {}
    for batch in uploads:
        world.upload(*batch)
        for entry in world.changes.history:
            if entry.change.kind == "created":
                assert told.setdefault(entry.profile.home, entry.change.values) is entry.change.values
            state = dict(told[entry.profile.home])
            for key, (was, became) in entry.change.properties.items():
                assert was == state.pop(key, None)
                state |= {} if became is None else {key: became}
            told[entry.profile.home] = state
    alive = [world.shelf.profile(row) for row in world.shelf.rows]
    gone = [merged.profile for profile in alive for merged in profile.merged]
    assert {profile.home: everything_said(profile) for profile in [*alive, *gone]} == told


@laws
@given(batches, batches, rules)
def test_what_a_fold_gives_stays_as_it_is(before: list[object], batch: list[object], limits: Rules) -> None:
    """Later records of the batch change neither what was told of earlier ones nor what a merge kept."""
    world = world_with(before, limits)
    accepted, _ = screen(batch, NOW, limits)
    found = world.shelf.find(keys_of(accepted))
    given_so_far: list[tuple[object, str]] = []
    for record in accepted:
        changes = fold([record], found, NOW * 1_000_000, SEED, limits)
        assert [text for item, text in given_so_far if text != repr(item)] == []
        given_so_far += [(item, repr(item)) for item in (*changes.events, *(entry.change for entry in changes.history))]
        given_so_far += [(merged, repr(merged)) for profile in changes.profiles.values() for merged in profile.merged]
