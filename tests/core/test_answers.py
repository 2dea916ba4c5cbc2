"""The answer to an upload. Source: contract A2.1 to A2.5, B 2.4, B 2.5."""

from typing import Any

import pytest

from personae.core.answers import upload_answer
from tests.core.world import CLEAN, World, event, person, token

BAD = person({"Email": "1234"}, identity="bad")


def good(identity: str = "x") -> dict[str, Any]:
    return person({"Name": "Jack"}, identity=identity)


STATUS: list[tuple[list[object], str, int, list[int]]] = [
    ([], "success", 0, []),
    ([good()], "success", 1, []),
    ([good(), good("y")], "success", 2, []),
    ([good(), BAD], "partial", 1, [2]),
    ([BAD, good(), BAD], "partial", 1, [1, 3]),
    ([BAD], "fail", 0, [1]),
    ([BAD, BAD], "fail", 0, [1, 2]),
]


@pytest.mark.parametrize(("records", "status", "processed", "numbers"), STATUS)
def test_status(records: list[object], status: str, processed: int, numbers: list[int]) -> None:
    """`partial` when some were stored, `fail` when none was and there was one."""
    answer = World().upload(*records)
    skipped = [int(entry["error"].rsplit(" ", 1)[1]) for entry in answer["unprocessed"]]
    assert (status, processed, numbers) == (answer["status"], answer["processed"], skipped)


def test_key_order() -> None:
    """Keys stand in the recorded order."""
    answer = World().upload(BAD)
    assert list(answer) == ["status", "processed", "unprocessed"]
    assert list(answer["unprocessed"][0]) == ["status", "code", "error", "record"]


def test_screened_and_folded_rejections_come_in_record_order() -> None:
    """A record only the stored profile can refuse stands where its number says."""
    world = World()
    world.upload(person({"n": 2**63 - 1}))
    answer = world.upload(BAD, person({"n": {"$incr": 1}}), BAD)
    assert [entry["code"] for entry in answer["unprocessed"]] == [515, 527, 515]
    assert [int(entry["error"][-1]) for entry in answer["unprocessed"]] == [1, 2, 3]


def test_the_record_is_echoed_as_received() -> None:
    """Key order, unknown keys and values come back untouched."""
    record = {
        "zeta": 1,
        "profileData": {"identity": 7, "Phone": 35922333232, "Age": "aa"},
        "type": "profile",
        "FBID": " f ",
        "alpha": None,
    }
    (entry,) = World().upload(record)["unprocessed"]
    assert record is entry["record"]
    assert list(entry["record"]) == ["zeta", "profileData", "type", "FBID", "alpha"]


def test_a_clean_answer_has_no_warnings_key() -> None:
    """Where there is nothing to say the answer is the documented one, byte for byte."""
    assert World().upload(good()) == CLEAN
    assert upload_answer(0, [], [], []) == CLEAN | {"processed": 0}


def test_records_are_applied_in_order() -> None:
    """A later record sees what an earlier one did; a refused one between them changes nothing."""
    world = World()
    world.upload(
        person({"n": 1, "who": "first"}),
        person({"n": {"$incr": 5}, "Email": "bad"}),
        person({"n": {"$incr": 10}}),
        person({"who": "last"}),
    )
    assert world.data() == {"n": 11, "who": "last"}


@pytest.mark.parametrize("kind", [None, "", "Event", "profiles", 1, [], {}])
def test_other_types_are_refused(kind: object) -> None:
    """Anything but profile, event and token is 524; those beside it are stored."""
    answer = World().upload({"identity": "x", "type": kind}, good(), event({}), token())
    assert (3, [524]) == (answer["processed"], [entry["code"] for entry in answer["unprocessed"]])


def test_warnings_name_record_key_and_text() -> None:
    """A warning has the 1-based record, the key and a text; only processed records get any."""
    noisy = {"n": {"$incr": 1}}
    answer = World().upload(good(), person(noisy), person({**noisy, "Email": "bad"}))
    (warning,) = answer["warnings"]
    assert list(warning) == ["record", "key", "warning"]
    assert (warning["record"], warning["key"]) == (2, "n")
    assert warning["warning"]


@pytest.mark.parametrize(("notes", "shown", "more"), [(99, 99, None), (100, 100, None), (101, 101, "1"), (350, 101, "250")])
def test_at_most_a_hundred_warnings_and_one(notes: int, shown: int, more: str | None) -> None:
    """Over 100 warnings, a last one says how many more there are."""
    answer = World().upload(*(person({"n": {"$incr": 1}}) for _ in range(notes)))
    warnings = answer["warnings"]
    assert shown == len(warnings)
    assert list(range(1, min(notes, 100) + 1)) == [warning["record"] for warning in warnings[:100]]
    if more:
        assert more in warnings[-1]["warning"]


def test_a_dry_run_answers_alike_and_takes_nothing() -> None:
    """No profile is created and no identity taken; the answer is that of the real upload."""
    world = World()
    records = [good(), BAD, person({"n": {"$incr": 1}}, identity="y")]
    dry = world.upload(*records, dry_run=True)
    assert [world.known("x"), world.known("y")] == [False, False]
    assert dry == world.upload(*records)
    assert world.known("x")
