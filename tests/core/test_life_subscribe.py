"""Do-not-disturb of addresses, as a pure step (contract B 6.5)."""

from typing import Any

import pytest

from tests.core.lives import Lives
from tests.core.world import person

PHONE = "+919812345678"


def say(kind: object, value: object, status: object = "Unsubscribe") -> dict[str, Any]:
    return {"type": kind, "value": value, "status": status}


@pytest.mark.parametrize(
    ("kind", "value", "flag"),
    [
        ("email", "Me@b.co", "msg-dndemail"),
        ("phone", PHONE, "msg-dndphone"),
        ("phone", 919812345678, "msg-dndphone"),
        ("whatsapp", PHONE, "msg-dndwhatsapp"),
        ("WhatsApp", PHONE, "msg-dndwhatsapp"),
    ],
)
def test_a_flag_holds_for_whoever_has_the_address(kind: str, value: object, flag: str) -> None:
    """Those who have it, in any case, and who gets it later; none of them is written."""
    world = Lives()
    shared = {"Email": "me@B.co", "Phone": PHONE}
    world.upload(person(shared), person(identity="me@b.co"))
    changes = world.subscribe(say(kind, value))
    assert ({}, []) == (changes.profiles, changes.rejected)
    world.upload(person(shared, "later"))
    assert [True, True] == [world.data(identity).get(flag) for identity in ("x", "later")]
    assert (flag == "msg-dndemail") is world.data("me@b.co").get(flag, False)
    assert {flag} == {key for key in world.data("x") if key.startswith("msg-dnd")}
    world.subscribe(say(kind, value, "resubscribe"))
    assert world.data("x")[flag] is False


def test_the_last_of_several_stands() -> None:
    """Records are applied in order."""
    world = Lives()
    world.upload(person({"Email": "a@b.co"}))
    world.subscribe(say("email", "a@b.co"), say("email", "A@b.co", "Resubscribe"))
    assert world.data("x")["msg-dndemail"] is False


def test_an_upload_says_otherwise_later() -> None:
    """It is the same flag as that of `MSG-dndEmail`."""
    world = Lives()
    world.upload(person({"Email": "a@b.co"}))
    world.subscribe(say("email", "a@b.co"))
    world.upload(person({"MSG-dndEmail": False}))
    assert world.data("x")["msg-dndemail"] is False


REFUSED: list[tuple[Any, int]] = [
    ("x", 550), (None, 550), ([], 550), (1, 550), ({}, 550), (say("sms", PHONE), 550), (say(None, PHONE), 550),
    (say(["email"], "a@b.co"), 550), (say({}, "a@b.co", 1), 550),
    (say("email", "1234"), 515), (say("email", PHONE), 515), (say("email", None), 515), (say("email", ["a@b.co"]), 515),
    (say("email", "a@b.co" * 600), 515), (say("phone", "a@b.co"), 516), (say("whatsapp", ""), 516), (say("phone", 1), 516),
    (say("phone", 10**400), 516), (say("phone", True), 516), (say("phone", {"a": []}, "x"), 516),
    (say("email", "a@b.co", "stop"), 551), (say("email", "a@b.co", None), 551), (say("phone", PHONE, ["Unsubscribe"]), 551),
    (say("phone", PHONE, True), 551), (say("phone", PHONE, ""), 551),
]  # fmt: skip


@pytest.mark.parametrize(("record", "code"), REFUSED, ids=repr)
def test_refused(record: object, code: int) -> None:
    """The first fault in the order type, value, status; the other records are taken."""
    world = Lives()
    changes = world.subscribe(record, say("email", "ok@b.co"))
    assert [(0, code)] == [(rejection.index, rejection.fault.code) for rejection in changes.rejected]
    assert {("dndemail", "ok@b.co"): True} == world.shelf.flags
