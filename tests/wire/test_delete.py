"""`POST /1/delete/profiles.json` (contract B 6.3)."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.server import Server, fresh, profile
from tests.wire.lives import DELETE, SUBSCRIBE, ask, counts, device, devices, done, event, found
from tests.wire.test_projects import status_after


def test_a_deleted_profile_is_gone_at_once(server: Server) -> None:
    """No identifier and no address finds it."""
    identity, further, objectid = fresh(), fresh(), fresh("device")
    email = f"{fresh()}@example.com"
    server.upload(profile(identity, {"Email": email, "identity": further}, objectId=objectid), event("Seen", identity=identity))
    done(server, DELETE, {"identity": further})
    assert [False, False] == [found(server, identity), found(server, further)]
    assert [False, False] == [found(server, objectid, "objectId"), found(server, email, "email")]


def test_a_later_upload_makes_a_new_profile(server: Server) -> None:
    """It has another objectId, and no property or event of the old one."""
    identity = fresh()
    server.upload(profile(identity, {"old": 1, "Name": "Old"}), event("Seen", identity=identity))
    old = devices(server.read(identity))
    done(server, DELETE, {"identity": identity})
    server.upload(profile(identity, {"new": 2}))
    record = server.read(identity)
    assert ({"new": 2}, {}, False) == (record["profileData"], counts(record), "name" in record)
    assert set() == set(old) & set(devices(record))
    server.upload(event("Seen", identity=identity))
    assert {"Seen": 1} == counts(server.read(identity))


def test_delete_by_guid(server: Server) -> None:
    """A guid is an objectId, whether the profile is anonymous or not; it is no identity."""
    anonymous, known, identity = fresh("device"), fresh("device"), fresh()
    server.upload(device(anonymous), profile(identity, objectId=known))
    done(server, DELETE, {"identity": [anonymous, known]})
    assert [True, True] == [found(server, name, "objectId") for name in (anonymous, known)]
    done(server, DELETE, {"guid": [anonymous, known]})
    assert [False, False] == [found(server, name, "objectId") for name in (anonymous, known)]
    assert not found(server, identity)


def test_numbers_are_taken_as_text(server: Server) -> None:
    """As identifiers are everywhere; blanks around are trimmed."""
    server.upload(profile(918273645), profile("918273646"))
    done(server, DELETE, {"identity": [918273645, " 918273646 "]})
    assert [False, False] == [found(server, "918273645"), found(server, "918273646")]


def test_a_hundred_at_once(server: Server) -> None:
    """Known and unknown ones, some of them twice, two of one profile; whom it does not name stays."""
    names = [fresh() for _ in range(48)]
    stays = fresh()
    server.upload(profile(stays), *(profile(name, {"identity": f"{name}-b"}) for name in names))
    done(server, DELETE, {"identity": [*names, *(f"{name}-b" for name in names), names[0], *(fresh() for _ in range(3))]})
    assert [] == [name for name in names if found(server, name) or found(server, f"{name}-b")]
    assert found(server, stays)


@pytest.mark.parametrize("body", [{"identity": "nobody"}, {"guid": ["nobody"]}, {"identity": ["a b", "+1"]}])
def test_unknown_ids_succeed(server: Server, body: dict[str, Any]) -> None:
    """There is nothing to delete, which is what was asked for."""
    done(server, DELETE, body)


def test_null_counts_as_absent(server: Server) -> None:
    """A client that always sends both keys, one of them null, means the other."""
    identity = fresh()
    server.upload(profile(identity))
    done(server, DELETE, {"identity": identity, "guid": None})
    assert not found(server, identity)


def test_deletion_is_of_one_project(server: Server) -> None:
    """The same identity elsewhere stays."""
    other = server.new_project()
    identity = fresh()
    server.upload(profile(identity))
    assert 200 == status_after(server, other, 200)
    assert 200 == ask(server, DELETE, {"identity": identity}, other).status
    assert found(server, identity)


def test_email_finds_no_one_to_delete(server: Server) -> None:
    """Identities are compared exactly: an Email, or another case of an identity, is none."""
    identity, email = f"{fresh()}@Example.com", f"{fresh()}@example.com"
    server.upload(profile(identity, {"Email": email}))
    done(server, DELETE, {"identity": [email, identity.lower()]})
    assert found(server, identity)


def test_a_dry_run_deletes_nothing(server: Server) -> None:
    """It answers as the real one."""
    identity = fresh()
    server.upload(profile(identity, {"a": 1}))
    for query in ("?dryRun=1", "?dryRun=true"):
        done(server, DELETE + query, {"identity": identity})
        assert {"a": 1} == server.properties(identity)
    assert 400 == ask(server, f"{DELETE}?dryRun=1", {"identity": []}).status
    done(server, f"{DELETE}?dryRun=0", {"identity": identity})
    assert not found(server, identity)


def test_opt_outs_of_addresses_stay(server: Server) -> None:
    """Who comes back with the address is still not to be written to."""
    identity, email = fresh(), f"{fresh()}@example.com"
    server.upload(profile(identity, {"Email": email}))
    ask(server, SUBSCRIBE, {"d": [{"type": "email", "value": email, "status": "Unsubscribe"}]})
    done(server, DELETE, {"identity": identity})
    server.upload(profile(identity, {"Email": email}))
    assert {"msg-dndemail": True} == server.properties(identity)


BAD = [
    ({}, "identity or guid"),
    ({"identity": None, "guid": None}, "identity or guid"),
    ({"identities": ["a"]}, "identity or guid"),
    ({"identity": "a", "guid": "b"}, "exactly one"),
    ({"identity": [], "guid": "b"}, "exactly one"),
    ({"identity": ""}, "empty"),
    ({"identity": "  "}, "empty"),
    ({"identity": []}, "1 to 100"),
    ({"guid": []}, "guid"),
    ({"identity": ["a"] * 101}, "101"),
    ({"guid": list(range(5000))}, "5000"),
    ({"identity": ["a", "", "b"]}, "number 2 is empty"),
    ({"identity": ["a", None]}, "number 2 is empty"),
    ({"identity": True}, "neither text nor a number"),
    ({"identity": {"a": 1}}, "neither text nor a number"),
    ({"guid": ["a", ["b"]]}, "number 2"),
    ({"guid": "x" * 1025}, "too long"),
    ({"guid": ["x" * 100_000]}, "1024"),
]


@pytest.mark.parametrize(("body", "said"), BAD, ids=lambda value: str(value)[:40])
def test_refused(server: Server, body: dict[str, Any], said: str) -> None:
    """400 in the usual envelope; the text says what to change."""
    answer = ask(server, DELETE, body)
    assert (400, "fail", 400) == (answer.status, answer.json["status"], answer.json["code"])
    assert said in answer.json["error"]


def test_a_refused_deletion_deletes_nothing(server: Server) -> None:
    """One bad identifier in a list refuses the whole."""
    identity = fresh()
    server.upload(profile(identity))
    assert 400 == ask(server, DELETE, {"identity": [identity, ""]}).status
    assert found(server, identity)


def test_deleting_while_uploads_go_on(server: Server) -> None:
    """Each acknowledged upload is whole in a profile that was deleted, or whole in the one that is there."""
    identity, objectid = fresh(), fresh("device")
    emails = [f"{fresh()}@example.com" for _ in range(60)]

    def send(number: int) -> None:
        data = {f"k{number}": number, "identity": f"{identity}-{number}", "Email": emails[number]}
        answer = server.upload(profile(identity, data, objectId=objectid), event("Seen", identity=identity))
        assert 2 == answer["processed"]

    def erase(_: int) -> None:
        assert ask(server, DELETE, {"identity": identity}).status in (200, 429)

    with ThreadPoolExecutor(8) as pool:
        jobs = [pool.submit(erase if number % 5 == 0 else send, number) for number in range(60)]
        for job in jobs:
            job.result()
    server.upload(profile(identity, {"last": 1}, objectId=objectid), event("Seen", identity=identity))
    record = server.read(identity)
    kept = {key for key in record["profileData"] if key != "last"}
    assert {identity, *(f"{identity}-{key[1:]}" for key in kept)} == set(record["all_identities"]) - {record.get("email")}
    assert {"Seen": len(kept) + 1} == counts(record)
    assert [objectid] == devices(record)
    gone = [f"{identity}-{number}" for number in range(60) if f"k{number}" not in kept]
    assert [] == [name for name in gone if found(server, name)]
    done(server, DELETE, {"guid": objectid})
    assert [] == [email for email in emails if found(server, email, "email")]
    assert [] == [f"{identity}-{number}" for number in range(60) if found(server, f"{identity}-{number}")]
