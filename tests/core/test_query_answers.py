"""The records of a page (contract B 5, B 6.1)."""

import pytest

from personae.core.profile import Json
from personae.core.query.answers import event_profile, event_record, packed_time, profile_record
from personae.core.query.asked import Options
from tests.core.world import World

DEVICE = {"df": {}, "objectId": "__g1", "platform": "Android"}


def world() -> World:
    world = World()
    world.upload(
        {"type": "profile", "identity": "x", "objectId": "__g1", "profileData": {"Name": "X", "Plan": "Gold"}},
        {"type": "event", "identity": "x", "evtName": "Viewed", "ts": 1_700_000_000},
        {"type": "token", "objectId": "__g1", "tokenData": {"id": "t1", "type": "fcm"}},
    )
    return world


OPTIONS: list[tuple[Options, list[str], set[str]]] = [
    (Options(), [], set()),
    (Options(app=False), [], {"push_token"}),
    (Options(events=False), ["events"], set()),
    (Options(profile=False), ["profileData"], set()),
    (Options(app=False, events=False, profile=False), ["events", "profileData"], {"push_token"}),
]


@pytest.mark.parametrize(("options", "without", "of_device"), OPTIONS)
def test_options_leave_out(options: Options, without: list[str], of_device: set[str]) -> None:
    """A record is what GET shows, but for what the options leave out."""
    shown = world().view("x")
    record = profile_record(world().profile("x"), {}, options)
    expected = {key: value for key, value in shown.items() if key not in (*without, "platformInfo")}
    assert expected == {key: value for key, value in record.items() if key != "platformInfo"}
    (device,), (whole,) = record["platformInfo"], shown["platformInfo"]
    assert of_device == whole.keys() - device.keys()


def test_the_profile_of_an_event() -> None:
    """It has the first device in place of a list."""
    profile = event_profile(world().profile("x"), {}, Options(app=False, events=False))
    expected: Json = {**DEVICE, "identity": "x", "name": "X", "all_identities": ["x"], "profileData": {"plan": "Gold"}}
    assert expected == profile


def test_an_event() -> None:
    """The time is packed, and there are no session properties."""
    expected = {"profile": {}, "ts": 20231114221320, "event_props": {"a": 1}, "session_props": {}}
    assert expected == event_record({}, 1_700_000_000, {"a": 1})


@pytest.mark.parametrize(("ts", "packed"), [(0, 19700101000000), (86_399, 19700101235959), (1_735_689_600, 20250101000000)])
def test_times_are_packed(ts: int, packed: int) -> None:
    """yyyyMMddHHmmss, in UTC."""
    assert packed == packed_time(ts)
