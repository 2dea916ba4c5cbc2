"""The exact texts of contract B 2.6, and the frame of those that are ours (contract A4.4)."""

from typing import Any

import pytest

from personae.core.faults import FAULTS
from tests.core.world import World, person

Record = dict[str, Any]


def event(data: object = None, name: object = "Product Viewed") -> Record:
    """An event somebody may raise."""
    return {"identity": "jack", "type": "event", "evtName": name, "evtData": data}


def token(**data: object) -> Record:
    """The token of an Android device, but for what `data` says."""
    return {"type": "token", "objectId": "__g1", "tokenData": {"id": "t", "type": "fcm"} | data}


TEXTS: list[tuple[object, int, str]] = [
    (person({"Gender": "X"}), 514, "Profile data is incorrect. Gender needs to be M/F.Skipped record number : 2"),
    (person({"Email": "1234"}), 515, "Profile data is incorrect. Email is not valid.Skipped record number : 2"),
    (person({"Phone": "223"}), 516, "Profile data is incorrect. Phone number is not valid.Skipped record number : 2"),
    (person({"Employed": "223"}), 517, "Profile data is incorrect. Employed needs to be Y/N.Skipped record number : 2"),
    (
        person({"Education": "223"}),
        518,
        "Profile data is incorrect. Education needs to be School/College/Graduate..Skipped record number : 2",
    ),
    (person({"Married": "223"}), 519, "Profile data is incorrect. Married needs to be Y/N.Skipped record number : 2"),
    (person({"Age": "aa"}), 520, "Profile data is incorrect. Age is invalid.Skipped record number : 2"),
    (
        person(identity=None),
        523,
        "Atleast one of identity / fbId / gpId / objectId is mandatory under 1024 chars to identify the user. "
        "Skipped record number : 2",
    ),
    ("x", 524, "Data should be either of type event or profile. Skipped record number : 2"),
    (person(ts=0), 525, "Timestamp should be present in the Unix Epoch format. Skipped record number : 2"),
    (person(objectId=[]), 526, "objectId is invalid. Skipped record number : 2"),
    (event(name=None), 509, "Event Name is incorrect. ErrorCode: 509 - Event name is mandatory. Skipped record number : 2"),
    (event([]), 512, "Event structure is incorrect. ErrorCode: 512 - Event data is invalid. Skipped record number : 2"),
    (
        event(name="app launched"),
        513,
        "Event Name is incorrect. ErrorCode: 513 - Trying to raise a restricted system event. Skipped record number : 2",
    ),
    (event({f"key {n}": n for n in range(257)}), 522, "Event properties limit exceeded. Skipped record number : 2"),
    (
        token() | {"objectId": None, "identity": "jack"},
        530,
        "Device token is incorrect. objectId is mandatory under 1024 chars to identify the device. Skipped record number : 2",
    ),
    (token() | {"tokenData": None}, 531, "Device token is incorrect. Token data is invalid. Skipped record number : 2"),
    (token(id=" "), 532, "Device token is incorrect. Token id is mandatory under 4096 bytes. Skipped record number : 2"),
    (
        token(type="sms"),
        533,
        "Device token is incorrect. Token type needs to be apns/gcm/fcm/wns/mpns/chrome. Skipped record number : 2",
    ),
    (
        token(type="apns"),
        534,
        "Device token is incorrect. Token type does not match the platform of the objectId. Skipped record number : 2",
    ),
    (
        token(type="chrome", keys={"auth": "a"}) | {"objectId": "web1"},
        535,
        "Device token is incorrect. Keys p256dh and auth are mandatory for type chrome. Skipped record number : 2",
    ),
]


@pytest.mark.parametrize(("record", "code", "error"), TEXTS, ids=[str(row[1]) for row in TEXTS])
def test_text(record: object, code: int, error: str) -> None:
    """Code, text and 1-based number are those recorded, and the record comes back as it was sent."""
    expected = [{"status": "fail", "code": code, "error": error, "record": record}]
    assert expected == World().upload(person(identity="ok"), record)["unprocessed"]


OURS: list[tuple[Record, int, list[str]]] = [
    (person({"k" * 121: "v"}), 521, ["kkk", "121", "120"]),
    (person({"Plan": "v" * 513}), 521, ["Plan", "513", "512"]),
    (person({f"key {n:03}": n for n in range(257)}), 521, ["key 256", "256"]),
    (person({"Deep": {"b": {"c": {"d": {}}}}}), 521, ["Deep", "3"]),
    (person({"Big": 2**63}), 527, ["Big", "64"]),
    (person({"Mix": [1, []]}), 527, ["Mix", "list"]),
    (person({"Op": {"$mul": 2}}), 527, ["$mul", "$incr"]),
    (person({"Op": {"$incr": "2"}}), 527, ["Op", "number"]),
    (event({"k" * 121: "v"}), 521, ["kkk", "121", "120"]),
    (event(name="v" * 513), 521, ["evtName", "513", "512"]),
    (event({"Items": [{}] * 257}, "Charged"), 521, ["Items", "257", "256"]),
    (event({"Big": 2**63}), 527, ["Big", "64"]),
    (event({"Op": {"$incr": 2}}), 527, ["Op", "operator"]),
    (event({"Items": [1]}, "Charged"), 527, ["Items", "object"]),
]


@pytest.mark.parametrize(("record", "code", "named"), OURS)
def test_frame_of_our_own_texts(record: Record, code: int, named: list[str]) -> None:
    """521 and 527 name the key, what was found and what is allowed, in the frame of the other texts."""
    (entry,) = World().upload(record)["unprocessed"]
    error = entry["error"]
    assert code == entry["code"]
    assert error.startswith(f"{record['type'].capitalize()} data is incorrect. ")
    assert error.endswith(".Skipped record number : 1")
    assert [part for part in named if part not in error] == []


def test_the_table_has_each_fault_once() -> None:
    """The codes are those of the contract, ours beside them; two of them are said of profiles and of events."""
    profiles = [514, 515, 516, 517, 518, 519, 520, 521, 523, 524, 525, 526, 527]
    events, tokens = [509, 512, 513, 521, 522, 527], [530, 531, 532, 533, 534, 535]
    assert sorted([*profiles, *events, *tokens, 550, 551, 552, 599]) == [fault.code for fault in FAULTS]
    assert len(set(FAULTS)) == len(FAULTS)
