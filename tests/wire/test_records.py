"""Every way one record can be refused, with its code, its exact text and its echo (contract A3, A4.1, B 2.6)."""

from collections.abc import Sequence

import pytest

from personae.core.faults import FAULTS
from tests.conftest import StartServer
from tests.server import Json, Server, batch, fresh, profile
from tests.wire.faults import ERRORS, assert_explains, assert_only_the_middle_refused, entry

FIELD_VALUES: Sequence[tuple[str, int, list[object], list[object]]] = [
    (
        "Gender",
        514,
        ["M", "F", "O", "U", "m", "male", "FEMALE", "Others", "unknown"],
        ["X", "", " M", 1, True, [], {}, "malee"],
    ),
    (
        "Email",
        515,
        ["a@b.co", "a+b@c.example.com", "A@B.CO", "zoë@exämple.org"],
        ["1234", "$$$$$", "", "a@b", "@b.co", "a@", "a b@c.de", "a@b c.de", "a@b@c.de", "a@.", 5, True, ["a@b.co"], {"a": 1}],
    ),
    (
        "Phone",
        516,
        ["+14155551234", "+12345678", "+123456789012345", 14155551234, 12345678, 123456789012345],
        [
            "223",
            "123",
            "+44+441234",
            "",
            "+",
            "+1234567",
            "+1234567890123456",
            "14155551234",
            "+1415 555 1234",
            "+1415555123a",
            1234567,
            1234567890123456,
            14155551234.0,
            -14155551234,
            True,
            [],
            {},
            "+１４１５５５５１２３４",
        ],
    ),
    ("Employed", 517, ["Y", "N"], ["223", "y", "", "Yes", True, 1, []]),
    ("Education", 518, ["School", "College", "Graduate"], ["223", "school", "", "School ", 1, {}]),
    ("Married", 519, ["Y", "N"], ["223", "n", "", "No", False, 0, []]),
    (
        "Age",
        520,
        [1, 18, 120, "1", "18", "120"],
        ["aa", "", "18.5", "-1", "0", "121", " 18", "+18", "١٨", 0, -1, 121, 18.5, 18.0, True, [], {}],
    ),
]
"""Field, the code it is refused with, values that pass, values that do not."""

ACCEPTED = [(field, value) for field, _, good, _ in FIELD_VALUES for value in good]
REFUSED = [(code, {field: value}) for field, code, _, bad in FIELD_VALUES for value in bad]


@pytest.mark.parametrize(("field", "value"), ACCEPTED, ids=repr)
def test_good_field_values_are_stored(server: Server, field: str, value: object) -> None:
    """Values the contract takes are processed without a warning."""
    answer = server.upload(profile(fresh(), {field: value}))
    assert {"status": "success", "processed": 1, "unprocessed": []} == answer


@pytest.mark.parametrize(("code", "data"), REFUSED, ids=repr)
def test_bad_field_values_refuse_the_record(server: Server, code: int, data: Json) -> None:
    """A field's code and text, the record's number, the record as it came; its neighbours are stored."""
    identity = fresh()
    assert_only_the_middle_refused(server, code, profile(identity, {"Other": "kept away", **data}))
    assert 404 == server.get(f"identity={identity}").status


@pytest.mark.parametrize(("code", "data"), [REFUSED[0], REFUSED[8], REFUSED[-1]], ids=repr)
def test_field_names_have_neither_case_nor_blanks(server: Server, code: int, data: Json) -> None:
    """`e mail` and `EMAIL` are checked as Email is (contract A4.1)."""
    for name, value in data.items():
        for spelling in (name.upper(), name.lower(), f"{name[0]} {name[1:]}"):
            assert_only_the_middle_refused(server, code, profile(fresh(), {spelling: value}))


NOT_RECORDS: list[object] = [None, True, 0, 1.5, "profile", [], [profile("x")], {}]
OTHER_TYPES: list[object] = [None, "", "Profile", "profiles", "group", 1, True, ["profile"], {"type": "profile"}]


@pytest.mark.parametrize("record", NOT_RECORDS, ids=repr)
def test_what_is_no_record_gets_524(server: Server, record: object) -> None:
    """Values that are no objects, and objects without a type, are refused one by one."""
    assert_only_the_middle_refused(server, 524, record)


@pytest.mark.parametrize("kind", OTHER_TYPES, ids=repr)
def test_other_types_get_524(server: Server, kind: object) -> None:
    """`type` is one of the contract's words, exactly."""
    assert_only_the_middle_refused(server, 524, {"type": kind, "identity": fresh(), "profileData": {}})


@pytest.mark.parametrize("data", [[], "", "Name", 0, 1, True, False, [{}]], ids=repr)
def test_profile_data_that_is_no_object_gets_524(server: Server, data: object) -> None:
    """profileData is an object, or not there."""
    assert_only_the_middle_refused(server, 524, {"type": "profile", "identity": fresh(), "profileData": data})


def test_profile_data_may_be_missing(server: Server) -> None:
    """An identify with nothing to say makes a profile (contract A3.1)."""
    identity = fresh()
    answer = server.upload({"type": "profile", "identity": identity})
    assert {"status": "success", "processed": 1, "unprocessed": []} == answer
    assert {} == server.properties(identity)


def test_the_first_failing_check_is_reported(server: Server) -> None:
    """Type, identity, ts, then the fields in their fixed order, whatever the order in the record (B 3.3)."""
    faults: list[tuple[int, Json]] = [
        (524, {"type": "other"}),
        (523, {"identity": []}),
        (525, {"ts": 0}),
        (514, {"Gender": "X"}),
        (515, {"Email": "1234"}),
        (516, {"Phone": "223"}),
        (517, {"Employed": "223"}),
        (518, {"Education": "223"}),
        (519, {"Married": "223"}),
        (520, {"Age": "aa"}),
        (527, {"custom": {"$none": 1}}),
    ]
    for at, (code, _) in enumerate(faults):
        record: Json = {"type": "profile", "identity": fresh(), "profileData": {}}
        for _, fault in reversed(faults[at:]):
            (record if fault.keys() & {"type", "identity", "ts"} else record["profileData"]).update(fault)
        assert [code] == [fault["code"] for fault in server.upload(record)["unprocessed"]]


def test_every_record_of_a_failing_batch_has_its_entry(server: Server) -> None:
    """Test vectors of the contract: two bad emails are a `fail`, one of two a `partial`."""
    bad = profile(fresh(), {"Email": "1234"})
    expected = {"status": "fail", "processed": 0, "unprocessed": [entry(515, 1, bad), entry(515, 2, bad)]}
    assert expected == server.upload(bad, bad)
    assert {"status": "partial", "processed": 1, "unprocessed": [entry(515, 2, bad)]} == server.upload(profile(fresh()), bad)


def test_all_faults_in_one_batch_keep_their_numbers(server: Server) -> None:
    """Good and bad records alternate: each bad one has one entry with its own number, each good one is stored."""
    bad = [(code, profile(fresh(), data)) for code, data in REFUSED]
    good = [fresh() for _ in bad]
    records = [record for (_, refused), identity in zip(bad, good, strict=True) for record in (profile(identity), refused)]
    answer = server.upload(*records)
    assert (len(good), "partial") == (answer["processed"], answer["status"])
    assert [entry(code, 2 * at, record) for at, (code, record) in enumerate(bad, 1)] == answer["unprocessed"]
    assert good == [server.read(identity)["identity"] for identity in good]


def test_entries_have_their_keys_in_the_recorded_order(server: Server) -> None:
    """`status`, `code`, `error`, `record`; the answer itself `status`, `processed`, `unprocessed`."""
    answer = server.upload(None)
    assert ["status", "processed", "unprocessed"] == list(answer)
    assert ["status", "code", "error", "record"] == list(answer["unprocessed"][0])


ECHOES = [
    b'{"type":"profile","identity":"x","ts":0,"profileData":{}}',
    b'{"zz":1,"aa":{"z":[],"a":null},"type":"none","identity":"x"}',
    b'{"type":"none","type":"nothing","a":1,"a":2}',
    b'{"type":"none","n":[1.0e5,1E30,-0,-0.0,0.1000,1e-7,12345678901234567890123,100000000000000000000.0]}',
    b'{"type":"none","t":"\\u00e9\\/\\ud83d\\ude00\\n"}',
    '{"type":"none","t":"é€😀\u2028"}'.encode(),
    b'{"type":"none","identity":' + b"9" * 5000 + b"}",
    b'"text"',
    b"1.0e5",
    b"[ ]",
]


@pytest.mark.parametrize("record", ECHOES, ids=lambda record: record[:40])
def test_a_refused_record_comes_back_byte_for_byte(server: Server, record: bytes) -> None:
    """Unknown keys, their order, doubled keys and the spelling of numbers survive (contract A2.3)."""
    answer = server.post(b'{"d":[%b]}' % record)
    assert 200 == answer.status
    assert answer.body.endswith(b'"record":%b}]}' % record)


def test_unknown_record_keys_are_ignored(server: Server) -> None:
    """Keys the contract does not know change nothing, `$source` and `source` among them."""
    identity = fresh()
    record = profile(
        identity, {"a": 1}, Email="no@where.com", extra={"deep": [1]}, source="Segment", **{"$source": "Talon.One"}
    )
    assert {"status": "success", "processed": 1, "unprocessed": []} == server.upload(record)
    assert {"a": 1} == server.properties(identity)
    assert "email" not in server.read(identity)


def test_records_apply_in_order(server: Server) -> None:
    """A later record of a batch sees what an earlier one did, and a refused one between them does nothing."""
    identity = fresh()
    answer = server.upload(
        profile(identity, {"count": 1, "last": "first"}),
        profile(identity, {"count": {"$incr": 100}, "Email": "1234"}),
        profile(identity, {"count": {"$incr": 2}, "last": "third"}),
    )
    assert 2 == answer["processed"]
    assert {"count": 3, "last": "third"} == server.properties(identity)


def test_a_refused_record_changes_nothing_of_a_stored_profile(server: Server) -> None:
    """All or nothing: the good properties of a refused record are not stored either."""
    identity = fresh()
    server.upload(profile(identity, {"a": 1}))
    server.upload(profile(identity, {"a": 2, "b": 3, "Age": "aa"}))
    server.upload(profile(identity, {"a": 2, "big": 2**63}))
    assert {"a": 1} == server.properties(identity)


FLAWS: list[Json] = [
    {"big": 2**63},
    {"small": -(2**63) - 1},
    {"op": {"$push": 1}},
    {"op": {"$incr": 1, "$decr": 1}},
    {"op": {"$incr": 1, "plain": 1}},
    {"op": {"$incr": "1"}},
    {"op": {"$incr": True}},
    {"op": {"$decr": [1]}},
    {"op": {"$incr": None}},
    {"op": {"$incr": 2**63}},
    {"op": {"$add": {"a": 1}}},
    {"op": {"$remove": None}},
    {"op": {"$add": [["a"]]}},
    {"op": {"$delete": "yes"}},
    {"op": {"$delete": 2}},
    {"op": {"$set": {"$set": 1}}},
    {"list": [1, {"a": 1}]},
    {"list": [[1]]},
    {"list": [2**63]},
    {"deep": {"a": {"$incr": 1}}},
    {"Name": ["a"]},
    {"Email": {"$incr": 1}},
    {"category-unsubscribe": "News"},
]


@pytest.mark.parametrize("data", FLAWS, ids=repr)
def test_unsupported_values_and_operators_get_527(server: Server, data: Json) -> None:
    """The text names the key; the record is refused as a whole, its neighbours are stored."""
    before, record, after = profile(fresh()), profile(fresh(), data), profile(fresh())
    answer = server.upload(before, record, after)
    (fault,) = answer["unprocessed"]
    assert (2, 527, record) == (answer["processed"], fault["code"], fault["record"])
    assert_explains(fault["error"], next(iter(data)), 2)


def test_flaws_only_the_stored_profile_shows_get_527(server: Server) -> None:
    """`$incr` past 64 bits is refused when it is applied, with number and echo as any other."""
    identity = fresh()
    record = profile(identity, {"count": {"$incr": 1}})
    answer = server.upload(profile(identity, {"count": 2**63 - 1}), record, profile(identity, {"after": True}))
    (fault,) = answer["unprocessed"]
    assert (2, 527, record) == (answer["processed"], fault["code"], fault["record"])
    assert_explains(fault["error"], "count", 2)
    assert {"count": 2**63 - 1, "after": True} == server.properties(identity)


def test_dropping_keeps_the_rest_of_the_record(start: StartServer) -> None:
    """With `property_violations` drop a flawed property is left out with a warning, the record is stored."""
    server = start(property_violations="drop")
    data: Json = {"ok": 1, "big": 2**63, "op": {"$push": 1}, "long": "é" * 300, "k" * 121: 1}
    answer = server.upload(profile("a", data))
    assert ("success", 1, []) == (answer["status"], answer["processed"], answer["unprocessed"])
    assert {1} == {warning["record"] for warning in answer["warnings"]}
    assert {"big", "op", "long"} <= {warning["key"] for warning in answer["warnings"]}
    assert {"ok": 1, "long": "é" * 256} == server.properties("a")
    assert [515] == [fault["code"] for fault in server.upload(profile("a", {"Email": "1234"}))["unprocessed"]]


def test_the_tables_have_every_code() -> None:
    """Each fault the server knows is in a table of these tests; those of subscriptions are in tests of their own."""
    assert {*ERRORS, 521, 527, 550, 551, 552, 599} == {fault.code for fault in FAULTS}


def test_a_big_batch_of_bad_records_is_answered_whole(server: Server) -> None:
    """A thousand refusals are a thousand entries, numbered 1 to 1000."""
    records = [profile(f"n{index}", {"Email": "1234"}) for index in range(1000)]
    answer = server.post(batch(*records)).json
    assert [entry(515, number, record) for number, record in enumerate(records, 1)] == answer["unprocessed"]
