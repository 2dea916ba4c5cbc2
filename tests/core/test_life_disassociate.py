"""Taking phones from those who have them as identities, as a pure step (contract B 6.6)."""

from typing import Any

import pytest

from personae.core.identity import Key
from personae.core.life import disassociate as phones
from personae.core.life.whole import Incomplete
from personae.core.rules import Rules
from tests.core.lives import BY, Lives, event
from tests.core.world import NOW, person

PHONE = "+919812345678"


def phone(value: object = PHONE, **more: object) -> dict[str, Any]:
    return {"type": "phone", "value": value, **more}


WAYS: dict[str, list[dict[str, Any]]] = {
    "created by the phone": [person({"a": 1, "identity": "x", "Email": "x@b.co"}, PHONE, FBID="f", objectId="d")],
    "created by the phone alone": [
        person(identity=PHONE), person({"a": 1, "identity": "x", "Email": "x@b.co"}, PHONE, FBID="f"),
    ],
    "attached later": [person({"a": 1, "Email": "x@b.co"}, FBID="f"), person({"identity": PHONE})],
    "created by a device": [
        person({"a": 1, "Email": "x@b.co"}, None, objectId="d"), person({"identity": "x"}, None, objectId="d", FBID="f"),
        person({"identity": PHONE}),
    ],
}  # fmt: skip
"""Each makes a profile with this phone among its identities."""


@pytest.mark.parametrize("way", WAYS)
def test_the_phone_is_free(way: str) -> None:
    """The profile keeps everything else; the next upload with the phone makes a new one, with nothing of the old."""
    world = Lives()
    world.upload(*WAYS[way], event("e"))
    (old,) = world.profile("x").devices
    changes = world.disassociate(phone())
    assert ([], []) == (changes.rejected, changes.warnings)
    profile = world.profile("x")
    assert (["x"], ["f"], {"a": 1}) == (profile.identities, profile.fbids, profile.properties)
    assert profile == world.profile("f", "FBID") == world.device(old)
    assert [False, True] == [world.known(PHONE), world.known("x")]
    assert [[old]] == world.found_by("x@b.co")
    assert 1 == profile.events["e"].count
    world.upload(person({"b": 2}, PHONE), person({"c": 3}))
    assert ({"b": 2}, {"a": 1, "c": 3}) == (world.profile(PHONE).properties, world.profile("x").properties)
    assert [[old]] == world.found_by("x@b.co")


def test_a_profile_without_another_identity_becomes_anonymous() -> None:
    """Its device still leads to it, and its history goes on."""
    world = Lives()
    world.upload(person({"a": 1}, PHONE, objectId="d"))
    world.disassociate(phone())
    assert (True, {"a": 1}) == (world.device("d").anonymous, world.device("d").properties)
    world.upload(person({"identity": "x"}, None, objectId="d"))
    assert {"a": 1} == world.profile("x").properties
    assert ["changed", "disassociated", "created"] == [change.kind for change in world.history(world.profile("x"))]


def test_history_tells_of_it() -> None:
    """Who took which identity."""
    world = Lives()
    world.upload(person(identity=PHONE, objectId="d"))
    world.disassociate(phone())
    entry = world.history(world.device("d"))[0]
    assert ("disassociated", [("identity", PHONE)], BY) == (entry.kind, entry.detached, (entry.request, entry.passcode))


def test_the_phone_field_stays() -> None:
    """A Phone is an address: it leads to the profile as before, and is no identity."""
    world = Lives()
    world.upload(person({"Phone": PHONE, "MSG-dndPhone": True}), person({"Phone": PHONE}, PHONE))
    world.disassociate(phone())
    assert [PHONE, PHONE] == [profile.phone for profile in world.shelf.find_by_contact(("phone", PHONE))]
    assert world.data("x")["msg-dndphone"] is True


def test_several_phones_of_one_profile() -> None:
    """All of them go in one batch; a phone named twice is nobody's the second time."""
    world = Lives()
    world.upload(person({"identity": PHONE}), person({"identity": "+14155551234"}))
    changes = world.disassociate(phone(), phone("+14155551234"), phone())
    assert ["x"] == world.profile("x").identities
    assert [2] == [warning.index for warning in changes.warnings]
    assert 1 == len(changes.profiles)


def test_a_phone_nobody_has_is_worth_a_warning() -> None:
    """Nothing is written; the text names the phone. A Phone field alone is no identity."""
    world = Lives()
    world.upload(person({"Phone": PHONE}))
    changes = world.disassociate(phone())
    assert ({}, []) == (changes.profiles, changes.rejected)
    assert [(0, True)] == [(warning.index, PHONE in warning.text) for warning in changes.warnings]


@pytest.mark.parametrize(
    ("identity", "value", "same"),
    [
        (PHONE, PHONE, True),
        (PHONE, f" {PHONE} ", True),
        (919812345678, 919812345678, True),
        (919812345678, "919812345678", True),
        (PHONE, "919812345678", False),
        (919812345678, PHONE, False),
    ],
)
def test_phones_compare_as_identities_do(identity: object, value: object, same: bool) -> None:
    """As text: numbers are their text, blanks around are trimmed, a + is a character."""
    world = Lives()
    world.upload(person(identity=identity))
    world.disassociate(phone(value))
    assert same is not world.known(str(identity))


REFUSED: list[tuple[Any, int]] = [
    ("x", 552), (None, 552), ([], 552), ({}, 552), ({"value": PHONE}, 552), ({"type": "email", "value": "a@b.co"}, 552),
    ({"type": ["phone"], "value": PHONE}, 552), ({"type": "phone"}, 516), (phone(None), 516), (phone(""), 516),
    (phone("x"), 516), (phone("+1234567"), 516), (phone("+1234567890123456"), 516), (phone([PHONE]), 516),
    (phone({}), 516), (phone(True), 516), (phone(1.5), 516), (phone("+9198 1234 5678"), 516), (phone("+" * 2000), 516),
    (phone(-919812345678), 516), (phone("\u0661" * 10), 516),
]  # fmt: skip


@pytest.mark.parametrize(("record", "code"), REFUSED, ids=repr)
def test_refused(record: object, code: int) -> None:
    """Another type than phone, and what is no phone, refuse their record; the others are taken."""
    world = Lives()
    world.upload(person(identity=PHONE))
    changes = world.disassociate(record, phone(type="Phone"))
    assert [(0, code)] == [(rejection.index, rejection.fault.code) for rejection in changes.rejected]
    assert not world.known(PHONE)


@pytest.mark.parametrize("missing", [("identity", "x"), ("objectId", "d")])
def test_an_identifier_that_was_not_looked_up(missing: Key) -> None:
    """A profile moves with all its identifiers or not at all."""
    world = Lives()
    world.upload(person({"identity": PHONE}, objectId="d"))
    keys = [key for key in world.profile("x").keys if key != missing]
    accepted, _ = phones.screen([phone()], Rules())
    with pytest.raises(Incomplete):
        phones.disassociate(accepted, world.shelf.find(keys), NOW * 1_000_000, Rules(), BY)
