"""Opt-ins, do-not-disturb by address, subscription groups. Source: contract A4.7."""

from typing import Any

import pytest

from tests.core.world import CLEAN, World, code_of, person

EMAIL, PHONE = "a@b.co", "+14155551234"


@pytest.mark.parametrize("name", ["MSG-email", "MSG-push", "MSG-sms", "MSG-whatsapp"])
@pytest.mark.parametrize(
    ("sent", "kept"), [(True, True), (False, False), ("true", True), ("false", False), (1, True), (0, False)]
)
def test_opt_in(name: str, sent: object, kept: bool) -> None:
    """An opt-in is this profile's own; GET shows it under its lower-case name."""
    world = World()
    base = {"Email": EMAIL}
    world.upload(person(base), person(base, identity="y"))
    assert world.upload(person({name: sent})) == CLEAN
    assert {name.lower(): kept} == world.data()
    assert world.data("y") == {}


DND: list[tuple[str, dict[str, Any], str]] = [
    ("MSG-dndEmail", {"Email": EMAIL}, "msg-dndemail"),
    ("MSG-dndPhone", {"Phone": PHONE}, "msg-dndphone"),
    ("MSG-dndSMS", {"Phone": PHONE}, "msg-dndphone"),
    ("MSG-dndWhatsApp", {"Phone": PHONE}, "msg-dndwhatsapp"),
]


@pytest.mark.parametrize(("name", "address", "shown"), DND)
def test_dnd_holds_for_the_address(name: str, address: dict[str, Any], shown: str) -> None:
    """Every profile with that address has the flag, now or later; a profile that leaves it loses it."""
    world = World()
    other = {"Email": "other@b.co", "Phone": "+14155550000"}
    world.upload(person(address, identity="now"), person(other, identity="later"), person(other, identity="never"))
    assert world.upload(person({**address, name: True}, identity="sender")) == CLEAN
    world.upload(person(address, identity="later"))
    assert [world.data(identity)[shown] for identity in ("sender", "now", "later")] == [True, True, True]
    assert shown not in world.data("never")
    world.upload(person(other, identity="now"))
    assert shown not in world.data("now")
    world.upload(person({name: False}, identity="later"))
    assert [world.data(identity)[shown] for identity in ("sender", "later")] == [False, False]


def test_dnd_costs_one_row() -> None:
    """The profiles that share an address are not written."""
    world = World()
    world.upload(*(person({"Email": EMAIL}, identity=f"p{n}") for n in range(50)))
    world.upload(person({"MSG-dndEmail": True}, identity="p7"))
    assert (len(world.changes.flags), len(world.changes.profiles)) == (1, 1)
    assert world.data("p49")["msg-dndemail"] is True


def test_dnd_follows_the_address_of_the_same_record() -> None:
    """A record that sets address and flag means the new address."""
    world = World()
    world.upload(person({"Email": "old@b.co"}), person({"Email": "old@b.co"}, identity="y"))
    world.upload(person({"MSG-dndEmail": True, "Email": EMAIL}))
    assert world.data("x")["msg-dndemail"] is True
    assert "msg-dndemail" not in world.data("y")


def test_dnd_holds_for_an_identity_that_serves_as_email() -> None:
    """An identity in the form of an email is the profile's email (A5.3)."""
    world = World()
    world.upload(person({"MSG-dndEmail": True}, identity=EMAIL), person({"Email": EMAIL}, identity="y"))
    assert [world.data(identity)["msg-dndemail"] for identity in (EMAIL, "y")] == [True, True]


def test_dnd_and_opt_in_are_two_things() -> None:
    """Neither changes the other."""
    world = World()
    world.upload(person({"Email": EMAIL, "MSG-email": True, "MSG-dndEmail": True}))
    assert world.data() == {"msg-email": True, "msg-dndemail": True}


GROUPS: list[tuple[list[dict[str, Any]], dict[str, list[str]]]] = [
    ([{"category-unsubscribe": {"email": ["A", "B"]}}], {"email": ["A", "B"]}),
    ([{"category-unsubscribe": {"email": ["A"]}}, {"category-unsubscribe": {"email": ["B", "A"]}}], {"email": ["A", "B"]}),
    ([{"category-unsubscribe": {"email": ["A", "B"]}}, {"category-resubscribe": {"email": ["A"]}}], {"email": ["B"]}),
    ([{"category-unsubscribe": {"email": ["A", "B"]}}, {"category-subscribe": {"email": ["B"]}}], {"email": ["A"]}),
    ([{"category-unsubscribe": {"email": ["A"]}}, {"category-resubscribe": {"email": ["A"]}}], {}),
    ([{"category-resubscribe": {"email": ["A"]}}], {}),
    ([{"category-unsubscribe": {"email": ["A"]}, "category-resubscribe": {"email": ["B"]}}], {"email": ["A"]}),
    ([{"category-unsubscribe": {"email": []}}], {}),
]


@pytest.mark.parametrize(("steps", "expected"), GROUPS)
def test_groups(steps: list[dict[str, Any]], expected: dict[str, list[str]]) -> None:
    """Each profile keeps the groups it left; what GET shows is what is kept."""
    world = World()
    for data in steps:
        assert world.upload(person(data)) == CLEAN
    left = world.profile("x").unsubscribed
    assert {channel: set(groups) for channel, groups in expected.items()} == {k: set(v) for k, v in left.items()}
    assert [len(set(groups)) for groups in left.values()] == [len(groups) for groups in left.values()]
    assert left == world.data().get("category-unsubscribe", {})


def test_groups_are_per_profile() -> None:
    """Sharing an address does not share the groups."""
    world = World()
    world.upload(person({"Email": EMAIL, "category-unsubscribe": {"email": ["A"]}}), person({"Email": EMAIL}, identity="y"))
    assert "category-unsubscribe" not in world.data("y")


@pytest.mark.parametrize("name", ["category-unsubscribe", "category-resubscribe", "category-subscribe"])
@pytest.mark.parametrize("value", ["Group", 1, True, ["Group"], {"email": 1}, {"email": [1]}, {"email": {"a": 1}}])
def test_groups_of_another_shape(name: str, value: object) -> None:
    """An unsupported value gets 527."""
    assert code_of({name: value}) == 527
