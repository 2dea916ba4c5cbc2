"""The checked fields of profileData. Source: contract A4.1, B 3.1."""

from typing import Any

import pytest

from personae.core.fields import FIELDS
from tests.core.world import World, code, code_of, person

CHECKED = {"Gender": 514, "Email": 515, "Phone": 516, "Employed": 517, "Education": 518, "Married": 519, "Age": 520}

VALID: dict[str, dict[object, object]] = {
    "Gender": {
        "M": "M", "F": "F", "O": "O", "U": "U", "m": "M", "f": "F", "o": "O", "u": "U", "male": "M", "Male": "M",
        "MALE": "M", "female": "F", "FeMale": "F", "others": "O", "Others": "O", "unknown": "U", "Unknown": "U",
    },
    "Email": {
        text: text
        for text in ("a@b.co", "A.b+c@X-y.example", "1@2.3", "ü@exämple.com", "a'b@c.d.e.co", "$$@b.co", "a" * 506 + "@b.com")
    },
    "Phone": {
        "+12345678": "+12345678", "+14155551234": "+14155551234", "+123456789012345": "+123456789012345",
        12345678: "+12345678", 14155551234: "+14155551234", 123456789012345: "+123456789012345",
    },
    "Employed": {"Y": "Y", "N": "N"},
    "Education": {"School": "School", "College": "College", "Graduate": "Graduate"},
    "Married": {"Y": "Y", "N": "N"},
    "Age": {1: 1, 18: 18, 120: 120},
}  # fmt: skip

PLACE = {"Email": "email", "Phone": "phone"}
"""Where GET shows a field that is not in its profileData."""


@pytest.mark.parametrize(("name", "sent", "kept"), [(n, s, k) for n, row in VALID.items() for s, k in row.items()])
def test_valid(name: str, sent: object, kept: object) -> None:
    """A value the field takes is kept in the one form GET shows."""
    world = World()
    assert code(world.upload(person({name: sent}))) is None
    record = world.view("x")
    assert kept == (record[PLACE[name]] if name in PLACE else record["profileData"][name.lower()])


INVALID: dict[str, list[object]] = {
    "Gender": ["X", "other", "man", "MF", " M", "M ", "ſ", 1],
    "Email": [
        "1234", "$$$$$", "a@b", "@b.co", "a@", "@", "a@@b.co", "a@b@c.co", "a b@c.co", "a@b c.co", " a@b.co", "a@b.co ",
        "a@b.co\n", "a\u00a0b@c.co", "a@.", "a@b.", "a@.b", "a.b", 1234, "a" * 507 + "@b.com",
    ],
    "Phone": [
        "223", "123", "+44+441234", "14155551234", "+1415555", "+1234567", "+1234567890123456", "+", "+1415555 1234",
        "+1-415-555-1234", "(415) 5551234", "++14155551234", " +14155551234", "+14155551234\n", "+١٢٣٤٥٦٧٨٩", "+1415555123a",
        1234567, 10**15, -14155551234, 0, 14155551234.0, 10**30,
    ],
    "Employed": ["223", "y", "n", "Yes", "No", "true", 1, 0],
    "Education": ["223", "school", "COLLEGE", "Graduate ", "PhD", 1],
    "Married": ["223", "y", "n", "Yes", "No", "true", 1, 0],
    "Age": ["aa", 0, 121, -1, 18.0, 18.5, 2**63, "0", "121", "-1", "18.0", "18.5", "1e1", "eighteen", "9" * 400],
}  # fmt: skip

NEVER: list[object] = ["", " ", True, False, [], ["M"], ["a@b.co"], {}, {"a": 1}]


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, row in INVALID.items() for value in row + NEVER])
def test_invalid(name: str, value: object) -> None:
    """What the field does not take, empty text too, refuses the record with the field's own code."""
    assert CHECKED[name] == code_of({name: value})


def test_age_as_integer_text() -> None:
    """Integer text from 1 to 120 is an age."""
    assert [code_of({"Age": age}) for age in ("1", "18", "120")] == [None] * 3


@pytest.mark.parametrize("char", ["a", "é", "你", "🎉"])
@pytest.mark.parametrize(("size", "fault"), [(511, None), (512, None), (513, 515)])
def test_email_is_limited_in_bytes(char: str, size: int, fault: int | None) -> None:
    """512 bytes of UTF-8, whatever the characters; beyond is 515."""
    count, rest = divmod(size - len("@b.co"), len(char.encode()))
    address = char * count + "a" * rest + "@b.co"
    assert size == len(address.encode())
    assert fault == code_of({"Email": address})


SPELLINGS = ("email", "EMAIL", "e mail", " Email ", "eMail")


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_names_are_matched_without_case_and_blanks(spelling: str) -> None:
    """Every spelling of a checked name is checked, and means the same field."""
    assert code_of({spelling: "1234"}) == 515
    world = World()
    world.upload(person({spelling: "a@b.co"}))
    assert world.view("x")["email"] == "a@b.co"


@pytest.mark.parametrize("name", [field.name for field in FIELDS])
def test_null_leaves_a_field_as_it_is(name: str) -> None:
    """`null` is no value: nothing is checked, nothing changes."""
    world = World()
    valid: dict[str, Any] = {name: next(iter(row)) for name, row in VALID.items()}
    world.upload(person({**valid, "Name": "Jack", "DOB": "$D_1487576752", "MSG-sms": False, "MSG-dndEmail": True}))
    before = world.view("x")
    assert world.upload(person({name: None})) == {"status": "success", "processed": 1, "unprocessed": []}
    assert before == world.view("x")


UNCHECKED: list[tuple[str, object]] = [
    ("Name", "J"),
    ("Name", "N" * 512),
    ("DOB", "$D_1487576752"),
    ("DOB", "$D_-86400"),
    ("DOB", "12 May 1980"),
    ("DOB", 19800512),
    ("Photo", "https://example.com/p.png"),
    ("Tz", "GMT+05:30"),
    ("Tz", "Asia/Kolkata"),
]


@pytest.mark.parametrize(("name", "value"), UNCHECKED)
def test_unchecked_fields(name: str, value: object) -> None:
    """The other reserved fields are stored as they come."""
    world = World()
    assert code(world.upload(person({name: value}))) is None
    record = world.view("x")
    assert value == (record["name"] if name == "Name" else record["profileData"][name.lower()])


BEYOND: list[object] = [2**63, -(2**63) - 1, 10**300, float("nan"), float("inf"), float("-inf")]


@pytest.mark.parametrize("name", ["Name", "DOB", "Photo", "Tz"])
@pytest.mark.parametrize("value", BEYOND)
def test_numbers_that_cannot_be_kept(name: str, value: object) -> None:
    """An integer beyond 64 bits, or a float that is no number, is an unsupported value: 527 (A1.5)."""
    assert [code_of({name: value}), code_of({name: {"$set": value}})] == [527, 527]


@pytest.mark.parametrize("value", [2**63 - 1, -(2**63), 1.5])
def test_numbers_that_can_be_kept(value: object) -> None:
    """DOB keeps any other number as it is."""
    world = World()
    world.upload(person({"DOB": value}))
    assert world.data() == {"dob": value}


def test_one_bad_field_refuses_the_whole_record() -> None:
    """A record is all or nothing: a refused one creates nothing and changes nothing."""
    world = World()
    world.upload(person({"a": 1}))
    world.upload(person({"a": 2, "Age": 0}), person({"b": 1, "Age": 0}, identity="new"))
    assert world.data() == {"a": 1}
    assert not world.known("new")


def test_customer_type_is_an_ordinary_property() -> None:
    """The samples' `Customer Type` is a custom key."""
    world = World()
    world.upload(person({"Customer Type": "Gold"}))
    assert world.profile("x").properties == {"Customer Type": "Gold"}
