"""Who a record may name, and when it may have happened (contract A3.2, A3.4)."""

import pytest

from tests.server import Server, fresh, profile
from tests.wire.faults import assert_only_the_middle_refused

IDENTIFIERS = ["identity", "FBID", "GPID", "objectId"]


def code_of(kind: str) -> int:
    return 526 if kind == "objectId" else 523


@pytest.mark.parametrize("kind", IDENTIFIERS)
@pytest.mark.parametrize("value", [True, False, [], ["x"], {}, {"id": "x"}, "x" * 1025, 10**1024], ids=lambda v: repr(v)[:20])
def test_bad_identifiers_refuse_the_record(server: Server, kind: str, value: object) -> None:
    """Lists, objects, booleans and more than 1024 characters are no identifier, of whatever kind."""
    assert_only_the_middle_refused(server, code_of(kind), {"type": "profile", kind: value, "profileData": {}})


@pytest.mark.parametrize("kind", IDENTIFIERS)
@pytest.mark.parametrize("value", [None, "", " ", "\t\n "], ids=repr)
def test_empty_identifiers_count_as_absent(server: Server, kind: str, value: object) -> None:
    """With nothing else to identify the person that is a 523; beside another identifier it does not matter."""
    assert_only_the_middle_refused(server, 523, {"type": "profile", kind: value, "profileData": {}})
    other = next(name for name in IDENTIFIERS if name != kind)
    answer = server.upload({"type": "profile", kind: value, other: fresh(), "profileData": {}})
    assert "success" == answer["status"]


@pytest.mark.parametrize("kind", IDENTIFIERS)
def test_a_bad_identifier_beside_a_good_one_refuses_the_record(server: Server, kind: str) -> None:
    """A list where an identifier stands is refused even if another identifier would do."""
    other = next(name for name in IDENTIFIERS if name != kind)
    record = {"type": "profile", kind: ["x"], other: fresh(), "profileData": {}}
    assert_only_the_middle_refused(server, code_of(kind), record)


@pytest.mark.parametrize(
    ("sent", "identity"),
    [("1189549.5", "1189549.5"), ("9007199254740993", "9007199254740993"), ("0", "0"), ("-7", "-7"),
     ("18446744073709551616", "18446744073709551616"), ('"  padded\\t"', "padded"), ("1" * 1024, "1" * 1024)],
    ids=lambda text: text[:24],
)  # fmt: skip
def test_numbers_and_padded_text_identify(server: Server, sent: str, identity: str) -> None:
    """A number is taken as its text, exactly; blanks around an identifier are trimmed."""
    body = b'{"d":[{"type":"profile","identity":%b,"profileData":{}}]}' % sent.encode()
    assert 1 == server.post(body).json["processed"]
    assert identity == server.read(identity)["identity"]


def test_no_identifier_at_all_gets_523(server: Server) -> None:
    """A record that names nobody is refused, an Email notwithstanding."""
    assert_only_the_middle_refused(server, 523, {"type": "profile", "profileData": {"Email": "a@b.co"}})
    assert_only_the_middle_refused(server, 523, {"type": "profile", "Email": "a@b.co", "profileData": {}})
    assert_only_the_middle_refused(server, 523, {"type": "profile", "fbid": "x", "profileData": {}})


GOOD_TIMES: list[object] = [None, 1, 1468308340, "1468308340", "2016-07-12T07:25:40Z", "2016-07-12T07:25:40.123+02:00"]
BAD_TIMES: list[object] = [0, -1, 1.5, 1468308340.0, 1468308340000, 10**400, "0", "-5", "1.5", "1468308340000", "yesterday", ""]
BAD_TIMES += ["2016-07-12T25:00:00Z", "12:30", True, False, [], {}, [1468308340], "１４６８３０８３４０"]


@pytest.mark.parametrize("ts", GOOD_TIMES, ids=repr)
def test_good_times_are_taken(server: Server, ts: object) -> None:
    """Epoch seconds, the same as text, ISO 8601, or nothing."""
    assert "success" == server.upload(profile(fresh(), ts=ts))["status"]


@pytest.mark.parametrize("ts", BAD_TIMES, ids=lambda ts: repr(ts)[:24])
def test_bad_times_refuse_the_record(server: Server, ts: object) -> None:
    """Zero, negative, fractions, milliseconds and other text are no time."""
    assert_only_the_middle_refused(server, 525, profile(fresh(), ts=ts))
