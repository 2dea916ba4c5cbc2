"""A profile as GET shows it. Source: contract A6.3, B 4.2, B 4.3."""

import msgspec

from tests.core.world import World, event, person, token


def test_key_order() -> None:
    """The keys stand as in the documented sample, phone beside email."""
    world = World()
    world.upload(person({"z": 1, "Phone": "+14155551234", "Email": "a@b.co", "Name": "Jack"}))
    expected = ["platformInfo", "identity", "name", "email", "phone", "all_identities", "profileData"]
    assert expected == list(world.view("x"))
    assert list(world.view("x")["platformInfo"][0]) == ["df", "objectId", "platform"]
    world.upload(event({}))
    assert [*expected, "events"] == list(world.view("x"))


def test_events() -> None:
    """Each by the name first seen, with how often, first and last, in the order they came."""
    world = World()
    world.upload(event({}, "Product Viewed", ts=20), event({}, "Paid", ts=5), event({}, "product viewed", ts=10))
    assert list(world.view("x")["events"].items()) == [
        ("Product Viewed", {"count": 2, "first_seen": 10, "last_seen": 20}),
        ("Paid", {"count": 1, "first_seen": 5, "last_seen": 5}),
    ]


def test_push_token() -> None:
    """Beside the device it is of."""
    world = World()
    world.upload(person(objectId="__d"), token("__d", id="t"))
    expected = [{"df": {}, "objectId": "__d", "platform": "Android", "push_token": "t"}]
    assert expected == world.view("x")["platformInfo"]


def test_absent_is_absent() -> None:
    """name, email and phone are there only if set, and so is the identity."""
    world = World()
    world.upload(person(identity=None, objectId="d"))
    record = world.view("d", "objectId")
    assert record["platformInfo"] == [{"df": {}, "objectId": "d", "platform": "Web"}]
    assert [key for key in ("identity", "name", "email", "phone", "events") if key in record] == []
    assert record["profileData"] == {}


def test_profile_data_names() -> None:
    """Custom keys are lower-cased without blanks; reserved ones without a place of their own stand beside them."""
    data = {
        "Customer Type": "Silver", "camelCase": 1, "ÄRGER Level": True, "under_Score": 1.5, "List Of": ["A b"],
        "Nested Object": {"Inner Key": {"Deep Key": 1}}, "Gender": "female", "Employed": "Y", "Education": "College",
        "Married": "N", "Age": 20, "DOB": "$D_1487576752", "Photo": "https://example.com/P.png", "Tz": "Asia/Kolkata",
        "MSG-email": False, "Email": "a@b.co", "Phone": 14155551234, "Name": "Jack",
    }  # fmt: skip
    world = World()
    world.upload(person(data))
    assert world.data() == {
        "customertype": "Silver", "camelcase": 1, "ärgerlevel": True, "under_score": 1.5, "listof": ["A b"],
        "nestedobject": {"Inner Key": {"Deep Key": 1}}, "gender": "F", "employed": "Y", "education": "College",
        "married": "N", "age": 20, "dob": "$D_1487576752", "photo": "https://example.com/P.png", "tz": "Asia/Kolkata",
        "msg-email": False,
    }  # fmt: skip


def test_values_keep_their_json_type() -> None:
    """What was a number comes back as that number, exactly."""
    values = {"a": 2**63 - 1, "b": -(2**63), "c": 1.0, "d": True, "e": "1", "f": 0.1, "g": 2**53 + 1, "h": ""}
    world = World()
    world.upload(person(values))
    assert msgspec.json.encode(values) == msgspec.json.encode(world.data())


def test_several_devices() -> None:
    """One platform entry per device, the first known first."""
    world = World()
    for device in ("d1", "__d2", "-d3"):
        world.upload(person(objectId=device))
    entries = [(entry["objectId"], entry["platform"]) for entry in world.view("x")["platformInfo"]]
    assert entries == [("d1", "Web"), ("__d2", "Android"), ("-d3", "iOS")]


def test_main_identity_is_the_first() -> None:
    """A further identity does not replace it."""
    world = World()
    world.upload(person({"identity": "y"}), person({"identity": "z"}, identity="y"))
    assert world.view("z")["identity"] == "x"
