"""What surrounds `profileData`: type, identifiers, ts, origin, the order of checks. Source: contract A3."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from personae.core.rules import Rules
from tests.core.world import NOW, World, code, person

# --- type and profileData (A3.1)

NOT_A_RECORD: list[object] = [
    None,
    True,
    0,
    1.5,
    "profile",
    [],
    ["profile"],
    {},
    {"identity": "x", "profileData": {}},
    person(type=None),
    person(type="Profile"),
    person(type="profiles"),
    person(type=""),
    person(type=1),
    person(type=["profile"]),
    person(type={"profile": 1}),
    {"type": "profile", "identity": "x", "profileData": []},
    {"type": "profile", "identity": "x", "profileData": "Name"},
    {"type": "profile", "identity": "x", "profileData": 1},
    {"type": "profile", "identity": "x", "profileData": False},
]


@pytest.mark.parametrize("record", NOT_A_RECORD)
def test_what_is_no_record(record: object) -> None:
    """A record that is no object, has no known type, or whose profileData is no object, gets 524."""
    assert code(World().upload(record)) == 524


def test_profile_data_may_be_missing() -> None:
    """An identify that has nothing to say is taken as `{}`."""
    world = World()
    assert code(world.upload({"type": "profile", "identity": "x"})) is None
    assert world.data() == {}


# --- identifiers (A3.2)

KINDS = ("identity", "FBID", "GPID", "objectId")

AS_TEXT: list[tuple[object, str]] = [
    ("x", "x"),
    (" x\t\n", "x"),
    ("a b", "a b"),
    ("Ümlaut 你 🎉", "Ümlaut 你 🎉"),
    ("a@b.co", "a@b.co"),
    ("+14155551234", "+14155551234"),
    ("nul\0inside", "nul\0inside"),
    (12345, "12345"),
    (0, "0"),
    (-7, "-7"),
    (2**63 - 1, "9223372036854775807"),
    (1.5, "1.5"),
    ("x" * 1024, "x" * 1024),
    (" " + "🎉" * 1024 + " ", "🎉" * 1024),
]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("sent", "text"), AS_TEXT)
def test_identifier_as_text(kind: str, sent: object, text: str) -> None:
    """Text is trimmed, numbers are taken as their text, no pattern is imposed."""
    world = World()
    assert code(world.upload({"type": "profile", kind: sent})) is None
    assert world.known(text, kind)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("value", [True, False, [], ["x"], {}, {"a": 1}, "x" * 1025, "🎉" * 1025, float("nan"), float("inf")])
def test_invalid_identifier(kind: str, value: object) -> None:
    """A boolean, a list, an object, no finite number or over 1024 characters gets 523, or 526 for objectId."""
    expected = 526 if kind == "objectId" else 523
    other = "FBID" if kind == "identity" else "identity"
    assert expected == code(World().upload({"type": "profile", other: "fine", kind: value}))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("value", [None, "", " ", "\t\n "])
def test_null_and_empty_count_as_absent(kind: str, value: object) -> None:
    """Beside another identifier an empty one is not there; alone it leaves none: 523."""
    record = {"type": "profile", kind: value}
    assert code(World().upload(record)) == 523
    other = "FBID" if kind == "identity" else "identity"
    assert code(World().upload(record | {other: "x"})) is None


@pytest.mark.parametrize("char", ["a", "é", "你", "🎉"])
@pytest.mark.parametrize(("chars", "fault"), [(1023, None), (1024, None), (1025, 523)])
def test_identifiers_are_limited_in_characters(char: str, chars: int, fault: int | None) -> None:
    """1024 characters, however many bytes they have."""
    assert fault == code(World().upload(person(identity=char * chars)))


def test_the_identifier_limit_is_a_setting() -> None:
    """`max_identifier_chars` is the limit in force."""
    assert code(World(Rules(max_identifier_chars=3)).upload(person(identity="1234"))) == 523


@pytest.mark.parametrize("data", [{"identity": "y"}, {"FBID": "y"}, {"GPID": "y"}])
def test_identifiers_in_profile_data_do_not_address(data: dict[str, Any]) -> None:
    """What profileData attaches needs an identifier on the record: else 523."""
    assert code(World().upload(person(data, identity=None))) == 523


# --- identifiers in profileData (A3.3)


@pytest.mark.parametrize("kind", ["identity", "FBID", "GPID"])
@pytest.mark.parametrize("spelling", [str, str.upper, str.lower])
def test_profile_data_attaches(kind: str, spelling: Callable[[str], str]) -> None:
    """An identifier in profileData is attached to the addressed profile, and is no property."""
    world = World()
    assert code(world.upload(person({spelling(kind): 17}))) is None
    assert world.profile("17", kind) == world.profile("x")
    assert world.data() == {}


def test_object_id_with_identity_in_profile_data() -> None:
    """A device and the identity in profileData are one profile."""
    world = World()
    world.upload(person({"identity": "me"}, identity=None, objectId="d1"))
    assert world.profile("d1", "objectId").identities == ["me"]


@pytest.mark.parametrize("kind", ["identity", "FBID", "GPID"])
@pytest.mark.parametrize("value", [True, [], {"a": 1}, "x" * 1025])
def test_invalid_identifier_in_profile_data(kind: str, value: object) -> None:
    """The same rule holds there: 523."""
    assert code(World().upload(person({kind: value}))) == 523


# --- ts (A3.4)

TIMES: list[tuple[object, int]] = [
    (None, NOW),
    (1, 1),
    (1468308340, 1468308340),
    ("1468308340", 1468308340),
    (253_402_300_799, 253_402_300_799),
    ("2016-07-12T07:25:40Z", 1468308340),
    ("2016-07-12T07:25:40.123Z", 1468308340),
    ("2016-07-12T07:25:40+00:00", 1468308340),
    ("2016-07-12T12:55:40+05:30", 1468308340),
    ("2016-07-12T00:25:40-07:00", 1468308340),
    ("20160712T072540Z", 1468308340),
]


@pytest.mark.parametrize(("ts", "expected"), TIMES)
def test_ts(ts: object, expected: int) -> None:
    """Epoch seconds, the same as text, or ISO 8601; absent or null is now."""
    world = World()
    assert code(world.upload(person(ts=ts))) is None
    assert expected == world.profile("x").ts


def test_absent_ts_is_now() -> None:
    """Without `ts` the time of the event is the time of arrival."""
    world = World()
    world.upload(person())
    assert world.profile("x").ts == NOW


NO_TIMES: list[object] = [
    0, -1, 1.5, 1468308340.5, 1468308340000, 10**30, "0", "-1", "1468308340000", "1468308340.5", "", " ", "now", "1e9",
    "yesterday", "12:30", "2016-07-12", "2016-13-12T07:25:40Z", "2016-07-12T25:00:00Z", "1969-12-31T23:59:59Z",
    "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "١٤٦٨٣٠٨٣٤٠", "1" * 400, True, False,
    [], [1468308340], {}, {"a": 1},
]  # fmt: skip


@pytest.mark.parametrize("ts", NO_TIMES)
def test_invalid_ts(ts: object) -> None:
    """Zero, negative, fractions, milliseconds, dates without a time and other things get 525."""
    assert code(World().upload(person(ts=ts))) == 525


def test_values_follow_arrival_order() -> None:
    """The last received wins, whatever its `ts`; each ts is kept as the time of the event."""
    world = World()
    world.upload(person({"plan": "new"}, ts=2_000_000_000), person({"plan": "old"}, ts=1_000_000_000))
    assert world.data() == {"plan": "old"}
    assert datetime(2001, 9, 9, 1, 46, 40, tzinfo=UTC).timestamp() == world.profile("x").ts


# --- the rest of the record (A3.5)


@pytest.mark.parametrize(("origin", "expected"), [({"$source": "Talon.One"}, "Talon.One"), ({"source": "Segment"}, "Segment")])
def test_origin(origin: dict[str, Any], expected: str) -> None:
    """`$source` and `source` are kept as the origin."""
    world = World()
    world.upload(person(**origin))
    assert expected == world.profile("x").source


ORIGINS: list[tuple[str, str]] = [
    ("s" * 512, "s" * 512),
    ("s" * 513, "s" * 512),
    ("s" + "🎉" * 128, "s" + "🎉" * 127),
    ("é" * 100_000, "é" * 256),
]


@pytest.mark.parametrize("name", ["$source", "source"])
@pytest.mark.parametrize(("sent", "kept"), ORIGINS)
def test_a_long_origin_is_cut(name: str, sent: str, kept: str) -> None:
    """It is kept up to the limit of a value, never half a character; the record is not refused for it."""
    world = World()
    assert code(world.upload({**person(), name: sent})) is None
    assert kept == world.profile("x").source


@pytest.mark.parametrize("origin", [None, 1, [], {}, True])
def test_origin_is_never_validated(origin: Any) -> None:
    """An origin of another type refuses nothing."""
    assert code(World().upload(person(source=origin, **{"$source": origin}))) is None


def test_unknown_keys_are_ignored() -> None:
    """Keys the record may not have change nothing."""
    world = World()
    world.upload(person({"a": 1}, Email="a@b.co", whatever={"deep": [1]}, name="n"))
    assert world.data() == {"a": 1}
    assert "email" not in world.view("x")


# --- order of checks (A3.6, B 3.3)

FAULTY: dict[str, Any] = {
    "custom": "v" * 513,
    "Age": "aa",
    "identity": [],
    "Married": "?",
    "Education": "?",
    "Employed": "?",
    "Phone": "223",
    "Email": "1234",
    "Gender": "?",
}

REPAIRS: list[tuple[int, dict[str, Any]]] = [
    (514, {"Gender": "M"}),
    (515, {"Email": "a@b.co"}),
    (516, {"Phone": "+14155551234"}),
    (517, {"Employed": "Y"}),
    (518, {"Education": "College"}),
    (519, {"Married": "N"}),
    (523, {"identity": "y"}),
    (520, {"Age": 20}),
    (521, {"custom": "v"}),
]


@pytest.mark.parametrize("turned", [False, True])
def test_fields_are_checked_in_wire_order(turned: bool) -> None:
    """Mending the fault reported each time walks the fixed order, whatever the payload's."""
    data = dict(reversed(FAULTY.items())) if turned else dict(FAULTY)
    codes = []
    for _, repair in REPAIRS:
        codes.append(code(World().upload(person(data))))
        data |= repair
    assert [expected for expected, _ in REPAIRS] == codes
    assert code(World().upload(person(data))) is None


def test_record_level_checks_come_first() -> None:
    """Type, then identifiers, then ts, then profileData."""
    record: dict[str, Any] = {"profileData": {"Email": "1234"}, "ts": 0, "objectId": [], "type": "x"}
    codes = []
    for repair in ({"type": "profile"}, {"objectId": "d"}, {"ts": 1}):
        codes.append(code(World().upload(record)))
        record |= repair
    assert [*codes, code(World().upload(record))] == [524, 526, 525, 515]
    assert code(World().upload({"type": "profile", "ts": 0, "profileData": {"Email": "1234"}})) == 523
    assert code(World().upload({"type": "profile", "profileData": []})) == 524
