"""Device tokens: which are taken, where they are kept. Source: contract B 2.6, B 6.2."""

from typing import Any

import pytest

from tests.core.world import CLEAN, World, code, person, token

WEB_KEYS = {"p256dh": "BNc", "auth": "tBH"}


FITS = [
    ("-g1", "apns"), ("__g1", "fcm"), ("__g1", "gcm"), ("~1", "wns"), ("~1", "mpns"), ("__g1", "FCM"), ("-1", "Apns"),
    ("__g1", " fcm "),
]  # fmt: skip


@pytest.mark.parametrize(("device", "kind"), FITS)
def test_types_that_fit(device: str, kind: str) -> None:
    """In any case; the device is created with its token, which GET shows."""
    world = World()
    assert CLEAN == world.upload(token(device, id="tok", type=kind))
    profile = world.profile(device, "objectId")
    assert profile.anonymous
    assert {"push_token": "tok", "token_type": kind.strip().lower()} == profile.devices[device]
    (shown,) = world.view(device, "objectId")["platformInfo"]
    assert [*shown] == ["df", "objectId", "platform", "push_token"]
    assert shown["push_token"] == "tok"


@pytest.mark.parametrize(
    ("device", "kind"),
    [("-1", "fcm"), ("__1", "apns"), ("~1", "fcm"), ("__1", "wns"), ("web", "fcm"), ("-1", "chrome"), ("web", "apns")],
)
def test_types_that_do_not_fit(device: str, kind: str) -> None:
    """The beginning of the objectId tells the platform; the wrong type is 534."""
    assert code(World().upload(token(device, type=kind, keys=WEB_KEYS))) == 534


@pytest.mark.parametrize("kind", [None, "", " ", "sms", "f c m", 5, [], {}, True])
def test_unknown_types(kind: object) -> None:
    """Missing or unknown: 533."""
    assert code(World().upload(token("__g1", type=kind))) == 533
    assert code(World().upload({"type": "token", "objectId": "__g1", "tokenData": {"id": "t"}})) == 533


@pytest.mark.parametrize("text", [None, "", "  ", 5, True, [], {}, "t" * 4097, "é" * 2049])
def test_bad_ids(text: object) -> None:
    """Missing, empty, something else than text, or over 4096 bytes: 532."""
    assert code(World().upload(token("__g1", id=text))) == 532
    assert code(World().upload({"type": "token", "objectId": "__g1", "tokenData": {"type": "fcm"}})) == 532


@pytest.mark.parametrize("text", ["t" * 4096, " t\n", "é" * 2048])
def test_long_ids_are_kept_whole(text: str) -> None:
    """Up to 4096 bytes, without the blanks around."""
    world = World()
    world.upload(token("__g1", id=text))
    assert text.strip() == world.profile("__g1", "objectId").devices["__g1"]["push_token"]


@pytest.mark.parametrize("data", [None, [], "", "tok", 5, True])
def test_bad_data(data: object) -> None:
    """No object: 531."""
    assert code(World().upload({"type": "token", "objectId": "__g1", "tokenData": data})) == 531
    assert code(World().upload({"type": "token", "objectId": "__g1"})) == 531


@pytest.mark.parametrize("device", [None, "", " ", [], {}, True, "__" + "g" * 1023])
def test_bad_object_ids(device: object) -> None:
    """Missing or invalid: 530, an identity beside it notwithstanding."""
    assert code(World().upload(token(device) | {"identity": "x"})) == 530


BAD_KEYS: list[object] = [
    None, [], "x", {}, {"auth": "a"}, {"p256dh": "p"}, {"p256dh": "", "auth": "a"}, {"p256dh": 5, "auth": "a"},
    {"p256dh": "p", "auth": None}, {"p256dh": "p" * 513, "auth": "a"},
]  # fmt: skip


@pytest.mark.parametrize("keys", BAD_KEYS)
def test_a_browser_needs_its_keys(keys: object) -> None:
    """p256dh and auth as text: 535 without; other types need none."""
    assert code(World().upload(token("web", type="chrome", keys=keys))) == 535
    assert code(World().upload(token("__g1", keys=keys))) is None


def test_keys_are_kept_but_not_shown() -> None:
    """GET shows the token alone."""
    world = World()
    assert CLEAN == world.upload(token("web", id="tok", type="chrome", keys={**WEB_KEYS, "more": 1}))
    expected = {"push_token": "tok", "token_type": "chrome", "token_keys": WEB_KEYS}
    assert expected == world.profile("web", "objectId").devices["web"]
    assert [{"df": {}, "objectId": "web", "platform": "Web", "push_token": "tok"}] == world.view("web", "objectId")[
        "platformInfo"
    ]


LADDER: list[tuple[dict[str, Any], int]] = [
    ({"objectId": None}, 530), ({"tokenData": 5}, 531), ({"tokenData": {"type": "odd"}}, 532),
    ({"tokenData": {"id": "t", "type": "odd"}}, 533), ({"tokenData": {"id": "t", "type": "apns"}}, 534),
]  # fmt: skip


@pytest.mark.parametrize("step", range(len(LADDER)))
def test_order_of_checks(step: int) -> None:
    """The one with the lowest code is reported; `ts` is not looked at."""
    record = token("web") | {"ts": 0}
    for flaw, _ in reversed(LADDER[step:]):
        record |= flaw
    assert LADDER[step][1] == code(World().upload(record))


def test_only_the_object_id_counts() -> None:
    """An identity beside it is not attached and finds nobody."""
    world = World()
    world.upload(person({"a": 1}), token("__g1") | {"identity": "x", "FBID": []})
    assert world.profile("__g1", "objectId").identities == []
    assert "__g1" not in world.profile("x").devices


def test_a_known_device_keeps_what_it_has() -> None:
    """The token is put on the device of the person it belongs to, in the place of an earlier one."""
    world = World()
    world.upload(person({"a": 1}, objectId="__g1"), token("__g1", id="old", type="gcm"), token("__g1", id="new"))
    assert {"push_token": "new", "token_type": "fcm"} == world.profile("x").devices["__g1"]
    assert world.data() == {"a": 1}


def test_a_token_is_on_one_device_of_a_person() -> None:
    """Where it comes again for another device, the first one loses it."""
    world = World()
    world.upload(person(objectId="__g1"), person(objectId="__g2"), token("__g1", id="tok"), token("__g2", id="tok"))
    assert {"__g1": {}, "__g2": {"push_token": "tok", "token_type": "fcm"}} == world.profile("x").devices


@pytest.mark.parametrize("batch", [True, False])
def test_a_merge_brings_the_token(batch: bool) -> None:
    """What is known of the loser's devices is known of the winner's, and not of those the loser was."""
    world = World()
    records = [token("__g1", id="tok"), person(objectId="w"), person(objectId="__g1"), token("__g1", id="later")]
    for upload in [records] if batch else [[record] for record in records]:
        world.upload(*upload)
    profile = world.profile("x")
    assert {"w": {}, "__g1": {"push_token": "later", "token_type": "fcm"}} == profile.devices
    assert {"__g1": {"push_token": "tok", "token_type": "fcm"}} == profile.merged[0].profile.devices
