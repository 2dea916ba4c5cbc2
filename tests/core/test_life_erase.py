"""Deleting profiles, as a pure step (contract B 6.3)."""

import pytest

from personae.core.identity import Key
from personae.core.life.erase import erase
from personae.core.life.whole import Incomplete
from tests.core.lives import Lives, event
from tests.core.world import person


def test_nothing_is_left() -> None:
    """Profile, aliases, contacts, events and history are gone, whatever it was found by."""
    for kind, value in (("identity", "x"), ("FBID", "f"), ("objectId", "d"), ("identity", "X@b.co")):
        world = Lives()
        empty = Lives().shelf
        world.upload(
            person({"Email": "x@b.co", "identity": "X@b.co", "Phone": "+14155551234"}, FBID="f", objectId="d"), event("e")
        )
        world.delete(value, kind=kind)
        shelf = world.shelf
        contacts = {contact: rows for contact, rows in shelf.contacts.items() if rows}
        assert (empty.rows, empty.aliases, {}) == (shelf.rows, shelf.aliases, contacts)
        assert ({}, {}) == (shelf.events, shelf.history.changes)


def test_a_merged_profile_goes_with_the_one_it_is_part_of() -> None:
    """Its device, events and history are those of one person."""
    world = Lives()
    world.upload(event("anon", identity=None, objectId="d"), person(), event("own"))
    world.upload(person(objectId="d"))
    world.delete("x")
    assert [False, False] == [world.known("x"), world.known("d", "objectId")]
    assert ({}, {}) == (world.shelf.events, world.shelf.history.changes)


def test_a_later_upload_makes_a_new_profile() -> None:
    """Nothing of the old one is in it: it has another objectId and no old property."""
    world = Lives()
    world.upload(person({"old": 1}), event("e"))
    (old,) = world.profile("x").devices
    world.delete("x")
    world.upload(person({"new": 2}))
    (new,) = world.profile("x").devices
    assert old != new
    assert ({"new": 2}, {}) == (world.profile("x").properties, world.profile("x").events)


def test_several_at_once() -> None:
    """Two identifiers of one profile, one of another and one of nobody; the others stay."""
    world = Lives()
    world.upload(*(person(identity=name, FBID=f"f{name}") for name in "abc"))
    keys: list[Key] = [("identity", "a"), ("FBID", "fa"), ("identity", "b"), ("identity", "nobody")]
    changes = world.act(keys, lambda found: erase(keys, found))
    assert 2 == len(changes.erased)
    assert [False, False, True] == [world.known(name) for name in "abc"]


def test_flags_of_its_addresses_stay() -> None:
    """Do-not-disturb belongs to the address: who comes back with it is still not to be written to."""
    world = Lives()
    world.upload(person({"Email": "x@b.co", "MSG-dndEmail": True}))
    world.delete("x")
    world.upload(person({"Email": "x@b.co"}, identity="y"))
    assert world.data("y")["msg-dndemail"] is True


@pytest.mark.parametrize("missing", [("FBID", "f"), ("identity", "y"), ("objectId", "d")])
def test_an_identifier_that_was_not_looked_up(missing: Key) -> None:
    """Nothing is released by halves: the step asks to be given all identifiers."""
    world = Lives()
    world.upload(person({"identity": "y"}, FBID="f", objectId="d"))
    keys = [key for key in world.profile("x").keys if key != missing]
    with pytest.raises(Incomplete):
        erase([("identity", "x")], world.shelf.find(keys))
