"""The exact texts of contract B 2.6, and the frame of the two that are ours (contract A4.4)."""

from typing import Any

import pytest

from personae.core.faults import FAULTS
from tests.core.world import World, person

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
]


@pytest.mark.parametrize(("record", "code", "error"), TEXTS, ids=[str(row[1]) for row in TEXTS])
def test_text(record: object, code: int, error: str) -> None:
    """Code, text and 1-based number are those recorded, and the record comes back as it was sent."""
    expected = [{"status": "fail", "code": code, "error": error, "record": record}]
    assert expected == World().upload(person(identity="ok"), record)["unprocessed"]


OURS: list[tuple[dict[str, Any], int, list[str]]] = [
    ({"k" * 121: "v"}, 521, ["kkk", "121", "120"]),
    ({"Plan": "v" * 513}, 521, ["Plan", "513", "512"]),
    ({f"key {n:03}": n for n in range(257)}, 521, ["key 256", "256"]),
    ({"Deep": {"b": {"c": {"d": {}}}}}, 521, ["Deep", "3"]),
    ({"Big": 2**63}, 527, ["Big", "64"]),
    ({"Mix": [1, []]}, 527, ["Mix", "list"]),
    ({"Op": {"$mul": 2}}, 527, ["$mul", "$incr"]),
    ({"Op": {"$incr": "2"}}, 527, ["Op", "number"]),
]


@pytest.mark.parametrize(("data", "code", "named"), OURS)
def test_frame_of_our_own_texts(data: dict[str, Any], code: int, named: list[str]) -> None:
    """521 and 527 name the key, what was found and what is allowed, in the frame of the other texts."""
    (entry,) = World().upload(person(data))["unprocessed"]
    error = entry["error"]
    assert code == entry["code"]
    assert error.startswith("Profile data is incorrect. ")
    assert error.endswith(".Skipped record number : 1")
    assert [part for part in named if part not in error] == []


def test_the_table_has_each_code_once() -> None:
    """The codes profiles can get are those of the contract and 599 of the store, each declared once."""
    expected = [514, 515, 516, 517, 518, 519, 520, 521, 523, 524, 525, 526, 527, 599]
    assert expected == sorted(fault.code for fault in FAULTS)
