"""What an upload answers and does when nothing is wrong with it: envelope, warnings, dry run, operators (A2, A4)."""

import pytest

from tests.server import Json, Server, batch, fresh, profile

SUCCESS = {"status": "success", "processed": 1, "unprocessed": []}


def test_an_empty_batch_is_a_success(server: Server) -> None:
    """Nothing to do is done (contract A2.1)."""
    answer = server.post(batch())
    assert (200, b'{"status":"success","processed":0,"unprocessed":[]}') == (answer.status, answer.body)


def test_keys_beside_d_are_ignored(server: Server) -> None:
    """Segment sends a root key of its own (contract A8)."""
    answer = server.post(b'{"source":"Segment","d":[],"more":{"d":1}}')
    assert 0 == answer.json["processed"]


@pytest.mark.parametrize("query", ["dryRun=1", "dryRun=true", "a=b&dryRun=1", "dryRun=%31"])
def test_a_dry_run_stores_nothing(server: Server, query: str) -> None:
    """Same checks, same answer, and afterwards nobody new is there (contract A2.5)."""
    identity, device = fresh(), fresh("device")
    records = [profile(identity, {"a": 1, "MSG-sms": "?"}, objectId=device), profile(identity, {"Email": "1234"})]
    dry = server.upload(*records, path=f"/1/upload?{query}")
    assert [404, 404] == [server.get(f"identity={identity}").status, server.get(f"objectId={device}").status]
    assert dry == server.upload(*records)
    assert 1 == dry["processed"]


def test_a_dry_run_changes_nobody(server: Server) -> None:
    """A profile that is there stays as it was, and what only it can show is reported."""
    identity = fresh()
    server.upload(profile(identity, {"count": 2**63 - 1, "a": 1}))
    answer = server.upload(profile(identity, {"a": 2}), profile(identity, {"count": {"$incr": 1}}), path="/1/upload?dryRun=1")
    assert [527] == [fault["code"] for fault in answer["unprocessed"]]
    assert {"count": 2**63 - 1, "a": 1} == server.properties(identity)


@pytest.mark.parametrize("query", ["dryRun=0", "dryRun=false", "dryRun=", "dryrun=1", "dry=1"])
def test_anything_else_is_a_real_run(server: Server, query: str) -> None:
    """clevertap-ruby sends `dryRun=0` with every call (contract A8)."""
    identity = fresh()
    assert SUCCESS == server.upload(profile(identity), path=f"/1/upload?{query}")
    assert 200 == server.get(f"identity={identity}").status


# --- warnings

NOTEWORTHY: list[tuple[str, Json]] = [
    ("count", {"count": {"$incr": 1}}),
    ("text", {"text": {"$decr": 1}}),
    ("Phone", {"Phone": {"$delete": 1}}),
    ("text", {"text": {"$delete": True}}),
    ("50% off", {"50% off": 1}),
    ("a.b", {"a.b": {"$set": 1}}),
    ("customertype", {"Customer Type": 1, "customertype": 2}),
    ("list", {"list": [str(number) for number in range(101)]}),
    ("MSG-email", {"MSG-email": "maybe"}),
    ("MSG-dndEmail", {"MSG-dndEmail": []}),
]


@pytest.mark.parametrize(("key", "data"), NOTEWORTHY, ids=lambda value: str(value)[:40])
def test_what_deserves_notice_is_processed_with_a_warning(server: Server, key: str, data: Json) -> None:
    """Record number, key and text; the record counts as processed (contract A2.4, A4.5)."""
    identity = fresh()
    server.upload(profile(identity, {"text": "five", "Phone": "+14155551234"}))
    answer = server.upload(profile(fresh()), profile(identity, data))
    (warning,) = answer.pop("warnings")
    assert {"status": "success", "processed": 2, "unprocessed": []} == answer
    assert ["record", "key", "warning"] == list(warning)
    assert (2, key) == (warning["record"], warning["key"])
    assert warning["warning"]


def test_an_identifier_of_somebody_else_is_left_there_with_a_warning(server: Server) -> None:
    """Two identified profiles never become one (contract A5.1)."""
    first, second = fresh(), fresh()
    server.upload(profile(first, {"who": 1}), profile(second, {"who": 2}))
    answer = server.upload(profile(first, {"identity": second, "new": True}))
    assert ([1], "success") == ([warning["record"] for warning in answer["warnings"]], answer["status"])
    assert {"who": 1, "new": True} == server.properties(first)
    assert {"who": 2} == server.properties(second)


def test_a_clean_answer_has_no_warnings(server: Server) -> None:
    """With nothing to say the key is not there."""
    answer = server.post(
        batch(profile(fresh(), {"Name": "a", "Name ": None, "Gender": {"$delete": 1}, "k": None, "ok-key_1": 1}))
    )
    assert b'{"status":"success","processed":1,"unprocessed":[]}' == answer.body


def test_a_refused_record_has_no_warnings(server: Server) -> None:
    """Warnings are about processed records."""
    assert "warnings" not in server.upload(profile(fresh(), {"a.b": 1, "MSG-sms": 7, "Age": "aa"}))


def test_at_most_a_hundred_warnings_are_listed(server: Server) -> None:
    """The hundred and first entry says how many more there were."""
    noteworthy = [profile(fresh(), {"MSG-sms": "?"}) for _ in range(150)]
    assert 100 == len(server.upload(*noteworthy[:100])["warnings"])
    warnings = server.upload(*noteworthy)["warnings"]
    assert [*range(1, 101)] == [warning["record"] for warning in warnings[:100]]
    assert 101 == len(warnings)
    assert "50" in warnings[100]["warning"]


# --- what becomes of values

STEPS: list[tuple[str, list[Json], Json]] = [
    ("the last value wins", [{"k": 1}, {"k": "two"}], {"k": "two"}),
    ("null leaves it", [{"k": 1}, {"k": None}], {"k": 1}),
    ("$set replaces", [{"k": ["a"]}, {"k": {"$set": ["b"]}}], {"k": ["b"]}),
    ("$incr adds", [{"k": 1}, {"k": {"$incr": 10}}], {"k": 11}),
    ("$decr subtracts", [{"k": 1}, {"k": {"$decr": 30}}], {"k": -29}),
    ("integers stay exact", [{"k": 2**62}, {"k": {"$incr": 1}}], {"k": 2**62 + 1}),
    ("$incr by a float", [{"k": 1}, {"k": {"$incr": 0.5}}], {"k": 1.5}),
    ("$incr creates nothing", [{"k": {"$incr": 1}}], {}),
    ("$incr leaves text", [{"k": "5"}, {"k": {"$incr": 1}}], {"k": "5"}),
    ("$add creates", [{"k": {"$add": ["a", "a", "b"]}}], {"k": ["a", "b"]}),
    ("$add promotes", [{"k": "English"}, {"k": {"$add": ["Spanish", "German"]}}], {"k": ["English", "Spanish", "German"]}),
    ("$add promotes a number", [{"k": 5}, {"k": {"$add": "a"}}], {"k": ["5", "a"]}),
    ("$add appends what is new", [{"k": ["a", "b"]}, {"k": {"$add": ["b", "c"]}}], {"k": ["a", "b", "c"]}),
    ("$remove takes away", [{"k": ["a", "b"]}, {"k": {"$remove": ["a", "x"]}}], {"k": ["b"]}),
    ("$remove of all removes", [{"k": ["a", "b"]}, {"k": {"$remove": ["b", "a"]}}], {}),
    ("$delete removes", [{"k": 1, "l": 2}, {"k": {"$delete": 1}}], {"l": 2}),
    ("$delete 0 does nothing", [{"k": 1}, {"k": {"$delete": 0}}], {"k": 1}),
    ("spelling does not matter", [{"My Key": 1}, {"mykey": {"$incr": 1}}, {"MY KEY": {"$incr": 1}}], {"mykey": 3}),
    ("lists are made of distinct text", [{"k": [" a ", "a", 1, True, 1.5, None]}], {"k": ["a", "1", "true", "1.5"]}),
    ("dates stay text", [{"k": "$D_1487576752"}], {"k": "$D_1487576752"}),
    ("flags are the profile's", [{"MSG-email": False, "MSG-whatsapp": True}], {"msg-email": False, "msg-whatsapp": True}),
]


@pytest.mark.parametrize(("steps", "expected"), [step[1:] for step in STEPS], ids=[step[0] for step in STEPS])
@pytest.mark.parametrize("together", [False, True], ids=["one by one", "in one batch"])
def test_values_change_as_the_contract_says(server: Server, steps: list[Json], expected: Json, together: bool) -> None:
    """The same whether the records come one by one or together (contract A4.3, A4.6)."""
    identity = fresh()
    records = [profile(identity, data) for data in steps]
    answers = [server.upload(*records)] if together else [server.upload(record) for record in records]
    assert len(steps) == sum(answer["processed"] for answer in answers)
    assert expected == server.properties(identity)


def test_values_follow_arrival_not_ts(server: Server) -> None:
    """The last received wins, whatever its `ts` (contract A3.4)."""
    identity = fresh()
    server.upload(profile(identity, {"k": "new"}, ts=2_000_000_000))
    server.upload(profile(identity, {"k": "old"}, ts=1_000_000_000))
    assert {"k": "old"} == server.properties(identity)


def test_dnd_belongs_to_the_address(server: Server) -> None:
    """It holds for everybody with that address, now and later, in whatever case (contract A4.7)."""
    first, second, third, email = fresh(), fresh(), fresh(), f"{fresh()}@example.com"
    server.upload(profile(first, {"Email": email}), profile(second, {"Email": email.upper()}))
    server.upload(profile(first, {"MSG-dndEmail": True}))
    server.upload(profile(third, {"Email": email}))
    assert [True] * 3 == [server.properties(identity)["msg-dndemail"] for identity in (first, second, third)]
    server.upload(profile(third, {"MSG-dndEmail": False}))
    assert [False] * 3 == [server.properties(identity)["msg-dndemail"] for identity in (first, second, third)]
    server.upload(profile(third, {"Email": f"{fresh()}@example.com"}))
    assert "msg-dndemail" not in server.properties(third)


def test_groups_are_left_and_joined_per_profile(server: Server) -> None:
    """category-unsubscribe adds to what was left, resubscribe and subscribe take away from it."""
    identity = fresh()
    server.upload(profile(identity, {"category-unsubscribe": {"email": ["News", "Sport", "Film"]}}))
    server.upload(profile(identity, {"category-resubscribe": {"email": ["Sport"]}}))
    server.upload(profile(identity, {"category-subscribe": {"email": ["Film"]}}))
    assert {"category-unsubscribe": {"email": ["News"]}} == server.properties(identity)
