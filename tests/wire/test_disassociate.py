"""`POST /1/disassociate` (contract B 6.6)."""

from itertools import count
from typing import Any

import pytest

from tests.server import Json, Server, fresh, profile
from tests.wire.lives import CLEAN, DISASSOCIATE, counts, device, devices, event, found

_numbers = count(1)


def fresh_phone() -> str:
    return f"+9198{next(_numbers):08}"


def phone(value: object, **more: object) -> dict[str, Any]:
    return {"type": "phone", "value": value, **more}


def made_by_the_phone(number: str, identity: str, data: Json) -> list[Json]:
    return [profile(number, data | {"identity": identity})]


def made_by_another_identity(number: str, identity: str, data: Json) -> list[Json]:
    return [profile(identity, data | {"identity": number})]


def made_by_a_device(number: str, identity: str, data: Json) -> list[Json]:
    name = fresh("device")
    return [device(name, data), device(name, {"identity": identity}), device(name, {"identity": number})]


WAYS = [made_by_the_phone, made_by_another_identity, made_by_a_device]


@pytest.mark.parametrize("way", WAYS)
def test_the_phone_is_free(server: Server, way: Any) -> None:
    """Everything else stays with the person, also events; the next upload with the phone makes another profile."""
    number, identity, email = fresh_phone(), fresh(), f"{fresh()}@example.com"
    server.upload(*way(number, identity, {"a": 1, "Email": email}), event("Seen", identity=number))
    before = server.read(identity)
    assert CLEAN == server.upload(phone(number), path=DISASSOCIATE)
    after = server.read(identity)
    assert [identity, email] == after["all_identities"]
    assert ({"Seen": 1}, before["profileData"], devices(before)) == (counts(after), after["profileData"], devices(after))
    assert not found(server, number)
    assert after == server.get(f"email={email}").json["record"] == server.read(devices(after)[0], "objectId")
    server.upload(profile(number, {"b": 2}), event("Seen", identity=number), profile(identity, {"c": 3}))
    record = server.read(number)
    assert ([number], {"b": 2}, {"Seen": 1}) == (record["all_identities"], record["profileData"], counts(record))
    assert {"a": 1, "c": 3} == server.properties(identity)
    assert identity == server.get(f"email={email}").json["record"]["identity"]


def test_again_and_again(server: Server) -> None:
    """A phone can change hands as often as it likes."""
    number, identities = fresh_phone(), [fresh() for _ in range(3)]
    for identity in identities:
        server.upload(profile(number, {"who": identity, "identity": identity, "Email": f"{identity}@example.com"}))
        assert CLEAN == server.upload(phone(number), path=DISASSOCIATE)
    assert [{"who": identity} for identity in identities] == [server.properties(identity) for identity in identities]
    for identity in identities:
        assert identity == server.get(f"email={identity}@example.com").json["record"]["identity"]


def test_two_phones_of_one_person(server: Server) -> None:
    """The second is taken from a profile that has moved for the first."""
    first, second, identity = fresh_phone(), fresh_phone(), fresh()
    email = f"{fresh()}@example.com"
    server.upload(profile(first, {"identity": second, "Email": email}), profile(first, {"identity": identity}))
    for number in (first, second):
        assert CLEAN == server.upload(phone(number), path=DISASSOCIATE)
        assert identity == server.get(f"email={email}").json["record"]["all_identities"][-2]
    assert [False, False] == [found(server, number) for number in (first, second)]


def test_a_profile_without_another_identity_is_anonymous(server: Server) -> None:
    """Its device finds it; it merges into the next person who has that device."""
    number, identity = fresh_phone(), fresh()
    server.upload(profile(number, {"a": 1}))
    (name,) = devices(server.read(number))
    server.upload(phone(number), path=DISASSOCIATE)
    record = server.read(name, "objectId")
    assert ([], {"a": 1}, False) == (record["all_identities"], record["profileData"], "identity" in record)
    server.upload(profile(identity, {"b": 2}), profile(identity, objectId=name))
    assert {"a": 1, "b": 2} == server.properties(identity)


def test_the_phone_field_stays(server: Server) -> None:
    """It is an address and no identity."""
    number, identity = fresh_phone(), fresh()
    server.upload(profile(identity, {"Phone": number, "identity": number}))
    assert CLEAN == server.upload(phone(number), path=DISASSOCIATE)
    assert number == server.read(identity)["phone"]


def test_a_phone_nobody_has_as_identity(server: Server) -> None:
    """It is processed, and a warning says that there was nothing to do."""
    number, identity = fresh_phone(), fresh()
    server.upload(profile(identity, {"Phone": number}))
    answer = server.upload(phone(number), path=DISASSOCIATE)
    warnings = answer.pop("warnings")
    assert CLEAN == answer
    assert [(1, "value", True)] == [(entry["record"], entry["key"], number in entry["warning"]) for entry in warnings]
    assert number == server.read(identity)["phone"]


def test_each_record_has_its_outcome(server: Server) -> None:
    """Bad ones come back as they were sent, with their numbers; the others are taken."""
    numbers = [fresh_phone() for _ in range(3)]
    server.upload(*(profile(number) for number in numbers))
    bad = [(552, {"type": "email", "value": "a@b.co", "x": [1]}), (516, phone("223")), (552, 7), (516, phone(None))]
    records = [phone(numbers[0]), *(record for _, record in bad), *map(phone, numbers[1:])]
    answer = server.upload(*records, path=DISASSOCIATE)
    assert ("partial", 3) == (answer["status"], answer["processed"])
    assert bad == [(entry["code"], entry["record"]) for entry in answer["unprocessed"]]
    assert (
        "Disassociate data is incorrect. Type needs to be phone.Skipped record number : 2" == answer["unprocessed"][0]["error"]
    )
    assert [False] * 3 == [found(server, number) for number in numbers]


def test_a_dry_run_takes_nothing(server: Server) -> None:
    """It answers as the real one."""
    number = fresh_phone()
    server.upload(profile(number, {"a": 1}))
    assert CLEAN == server.upload(phone(number), path=f"{DISASSOCIATE}?dryRun=true")
    assert {"a": 1} == server.properties(number)
