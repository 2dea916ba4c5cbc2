"""Limits of the contract at one below, at, and one above, in characters of one to four bytes (A3.2, A4.1 to A4.3)."""

import pytest

from tests.server import Json, Server, fresh, profile

CHARACTERS = {1: "a", 2: "é", 3: "€", 4: "😀"}
MAX_VALUE_BYTES = 512
MAX_KEY_BYTES = 120
MAX_IDENTIFIER_CHARS = 1024
MAX_CUSTOM_KEYS = 256
MAX_LIST_ITEMS = 100
MAX_NESTING = 3

widths = pytest.mark.parametrize("width", CHARACTERS)
overs = pytest.mark.parametrize("over", [-1, 0, 1])


def text_of(size: int, width: int) -> str:
    """Text of exactly `size` bytes in characters of `width` bytes, as far as that goes."""
    return CHARACTERS[width] * (size // width) + "x" * (size % width)


def judge(server: Server, data: Json, identity: str | None = None) -> list[int]:
    """The codes this profileData is refused with; none when it is processed without a word."""
    answer = server.upload(profile(identity or fresh(), data))
    assert "warnings" not in answer
    return [fault["code"] for fault in answer["unprocessed"]]


@widths
@overs
@pytest.mark.parametrize("form", ["plain", "$set", "list", "$add", "nested", "Name"])
def test_values_have_at_most_512_bytes(server: Server, form: str, over: int, width: int) -> None:
    """The bytes count, not the characters, wherever the text stands; what is accepted comes back whole."""
    text = text_of(MAX_VALUE_BYTES + over, width)
    shapes: dict[str, tuple[Json, object]] = {
        "plain": ({"k": text}, text),
        "$set": ({"k": {"$set": text}}, text),
        "list": ({"k": ["a", text]}, ["a", text]),
        "$add": ({"k": {"$add": [text]}}, [text]),
        "nested": ({"k": {"deep": [{"er": text}]}}, {"deep": [{"er": text}]}),
        "Name": ({"Name": text}, text),
    }
    identity = fresh()
    data, stored = shapes[form]
    assert [521][: max(over, 0)] == judge(server, data, identity)
    if over <= 0:
        record = server.read(identity)
        assert stored == (record["name"] if form == "Name" else record["profileData"]["k"])


@widths
@overs
@pytest.mark.parametrize("form", ["plain", "operator", "nested"])
def test_keys_have_at_most_120_bytes(server: Server, form: str, over: int, width: int) -> None:
    """The bytes count, not the characters, at the top and below."""
    key = text_of(MAX_KEY_BYTES + over, width)
    shapes: dict[str, Json] = {"plain": {key: 1}, "operator": {key: {"$add": ["a"]}}, "nested": {"k": {key: 1}}}
    data = shapes[form]
    identity = fresh()
    assert [521][: max(over, 0)] == judge(server, data, identity)
    if over <= 0:
        stored = server.properties(identity)
        assert key in (stored["k"] if form == "nested" else stored)


@widths
@overs
@pytest.mark.parametrize("kind", ["identity", "FBID", "GPID", "objectId"])
def test_identifiers_have_at_most_1024_characters(server: Server, kind: str, over: int, width: int) -> None:
    """Here the characters count, however many bytes they have; blanks around do not."""
    value = fresh().ljust(MAX_IDENTIFIER_CHARS + over, CHARACTERS[width])
    answer = server.upload({"type": "profile", kind: f"  {value} ", "profileData": {}})
    code = 526 if kind == "objectId" else 523
    assert [code][: max(over, 0)] == [fault["code"] for fault in answer["unprocessed"]]


@widths
@overs
def test_attached_identities_have_at_most_1024_characters(server: Server, over: int, width: int) -> None:
    """The limit holds inside profileData too."""
    value = fresh().ljust(MAX_IDENTIFIER_CHARS + over, CHARACTERS[width])
    assert [523][: max(over, 0)] == judge(server, {"identity": value})


@widths
@overs
def test_emails_have_at_most_512_bytes(server: Server, over: int, width: int) -> None:
    """A longer one is no email: 515, not 521."""
    local = text_of(MAX_VALUE_BYTES + over - len("@example.com"), width)
    assert [515][: max(over, 0)] == judge(server, {"Email": f"{local}@example.com"})


@overs
def test_a_profile_has_at_most_256_custom_keys(server: Server, over: int) -> None:
    """In one record; reserved fields, flags and identifiers do not count."""
    data: Json = {f"k{number}": number for number in range(MAX_CUSTOM_KEYS + over)}
    identity = fresh()
    assert [521][: max(over, 0)] == judge(server, data | {"Name": "a", "Age": 5, "MSG-sms": True}, identity)
    if over <= 0:
        assert data.items() <= server.properties(identity).items()


def test_custom_keys_count_over_several_records(server: Server) -> None:
    """A full profile takes new values for its keys and no new key, until one is deleted."""
    identity = fresh()
    full: Json = {f"Key {number}": number for number in range(MAX_CUSTOM_KEYS)}
    assert [] == judge(server, full, identity)
    assert [] == judge(server, {"KEY 0": -1, "key1": {"$incr": 5}}, identity)
    assert [521] == judge(server, {"Key 0": -2, "one more": 1}, identity)
    assert [521] == judge(server, {"one more": {"$add": ["a"]}}, identity)
    assert "success" == server.upload(profile(identity, {"Key 9": {"$delete": 1}}))["status"]
    assert [] == judge(server, {"one more": 1}, identity)
    stored = server.properties(identity)
    assert (MAX_CUSTOM_KEYS, -1, 6, 1) == (len(stored), stored["key0"], stored["key1"], stored["onemore"])


@overs
@pytest.mark.parametrize("form", ["plain", "$set", "$add"])
def test_a_list_keeps_its_last_100_items(server: Server, form: str, over: int) -> None:
    """Of more the oldest go, with a warning; the record is processed."""
    items = [f"item {number}" for number in range(MAX_LIST_ITEMS + over)]
    identity = fresh()
    answer = server.upload(profile(identity, {"k": items if form == "plain" else {form: items}}))
    assert ("success", over > 0) == (answer["status"], "warnings" in answer)
    assert items[-MAX_LIST_ITEMS:] == server.properties(identity)["k"]


def test_a_list_grows_to_100_items_over_several_records(server: Server) -> None:
    """Appending to a full list drops from its front."""
    identity = fresh()
    items = [f"item {number}" for number in range(MAX_LIST_ITEMS)]
    server.upload(profile(identity, {"k": items}))
    answer = server.upload(profile(identity, {"k": {"$add": ["new", "item 50"]}}))
    assert [{"record": 1, "key": "k"}] == [{"record": w["record"], "key": w["key"]} for w in answer["warnings"]]
    assert [*items[1:], "new"] == server.properties(identity)["k"]


@overs
def test_objects_nest_three_deep(server: Server, over: int) -> None:
    """Three levels below profileData, through lists as well."""
    value: object = "deep"
    for level in range(MAX_NESTING + over):
        value = {"in": [value]} if level % 2 else {"in": value}
    identity = fresh()
    assert [521][: max(over, 0)] == judge(server, {"k": value}, identity)
    if over <= 0:
        assert value == server.properties(identity)["k"]


@pytest.mark.parametrize("value", [2**63 - 1, -(2**63), 2**53 + 1, 0, -1, 0.1, 1e308, 5e-324, -0.0])
def test_numbers_come_back_exactly(server: Server, value: float) -> None:
    """Integers to 64 bits and all floats keep value and type (contract A1.5)."""
    identity = fresh()
    assert [] == judge(server, {"k": value}, identity)
    assert repr(value) == repr(server.properties(identity)["k"])


@pytest.mark.parametrize("value", [2**63, -(2**63) - 1, 2**64, 10**30])
def test_integers_beyond_64_bits_are_refused(server: Server, value: int) -> None:
    """They are never rounded: the record is refused, at the top, in a list and below."""
    assert [527] == judge(server, {"k": value})
    assert [527] == judge(server, {"k": [value]})
    assert [527] == judge(server, {"k": {"deep": value}})
    assert [527] == judge(server, {"k": {"$set": value}})
    assert [527] == judge(server, {"k": {"$incr": value}})
