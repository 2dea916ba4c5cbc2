"""`POST /1/subscribe` (contract B 6.5)."""

from typing import Any

import pytest

from tests.server import Server, batch, fresh, profile
from tests.wire.lives import CLEAN, SUBSCRIBE, found


def say(kind: object, value: object, status: object = "Unsubscribe", **more: object) -> dict[str, Any]:
    return {"type": kind, "value": value, "status": status, **more}


FLAGS = [("email", "msg-dndemail"), ("phone", "msg-dndphone"), ("whatsapp", "msg-dndwhatsapp")]


@pytest.mark.parametrize(("kind", "flag"), FLAGS)
def test_a_flag_holds_for_all_who_have_the_address(server: Server, kind: str, flag: str) -> None:
    """Those who have it now and who gets it later, until it is taken back."""
    first, second, later = fresh(), fresh(), fresh()
    email, phone = f"{fresh()}@Example.com", f"+1415{fresh('').strip('-').zfill(8)}"
    shared = {"Email": email, "Phone": phone}
    value = email.upper() if kind == "email" else phone
    server.upload(profile(first, shared), profile(second, shared))
    assert CLEAN == server.upload(say(kind, value), path=SUBSCRIBE)
    server.upload(profile(later, shared))
    assert [{flag: True}] * 3 == [server.properties(identity) for identity in (first, second, later)]
    assert CLEAN == server.upload(say(kind, value, "Resubscribe"), path=SUBSCRIBE)
    assert [{flag: False}] * 3 == [server.properties(identity) for identity in (first, second, later)]


def test_nobody_is_made(server: Server) -> None:
    """An address nobody has is fine; who gets it later has the flag."""
    email, identity = f"{fresh()}@example.com", fresh()
    assert CLEAN == server.upload(say("email", email), path=SUBSCRIBE)
    assert not found(server, email, "email")
    assert not found(server, email)
    server.upload(profile(identity, {"Email": email}))
    assert {"msg-dndemail": True} == server.properties(identity)


def test_each_record_has_its_outcome(server: Server) -> None:
    """Bad ones come back as they were sent, with their numbers; the others are applied in order."""
    email, identity = f"{fresh()}@example.com", fresh()
    server.upload(profile(identity, {"Email": email}))
    bad = [
        (550, say("sms", "+14155551234", more=1)), (515, say("email", "1234")), (516, say("phone", "223")),
        (551, say("email", email, "Stop")), (550, None), (550, "text"), (516, say("whatsapp", 1.5)),
    ]  # fmt: skip
    records = [say("email", email), *(record for _, record in bad), say("email", email, "RESUBSCRIBE")]
    answer = server.upload(*records, path=SUBSCRIBE)
    assert ("partial", 2) == (answer["status"], answer["processed"])
    assert [(code, record) for code, record in bad] == [(entry["code"], entry["record"]) for entry in answer["unprocessed"]]
    assert [
        "Subscription data is incorrect. Type needs to be phone/email/whatsapp.Skipped record number : 2",
        "Profile data is incorrect. Email is not valid.Skipped record number : 3",
        "Profile data is incorrect. Phone number is not valid.Skipped record number : 4",
        "Subscription data is incorrect. Status needs to be Unsubscribe/Resubscribe.Skipped record number : 5",
    ] == [entry["error"] for entry in answer["unprocessed"][:4]]
    assert {"msg-dndemail": False} == server.properties(identity)


def test_none_and_all_refused(server: Server) -> None:
    """An empty batch succeeds; one with nothing but bad records fails."""
    assert {"status": "success", "processed": 0, "unprocessed": []} == server.upload(path=SUBSCRIBE)
    assert ("fail", 0) == tuple(server.upload({}, path=SUBSCRIBE)[key] for key in ("status", "processed"))


def test_a_thousand_at_once(server: Server) -> None:
    """As many as an upload may have; one more is refused and nothing is set."""
    prefix, identity = fresh(), fresh()
    records = [say("email", f"{prefix}.{number}@example.com") for number in range(1001)]
    server.upload(profile(identity, {"Email": f"{prefix}.999@example.com"}))
    answer = server.post(batch(*records), SUBSCRIBE)
    assert (400, "Batch size exceeds limit of 1000") == (answer.status, answer.json["error"])
    assert {} == server.properties(identity)
    assert 1000 == server.upload(*records[:1000], path=SUBSCRIBE)["processed"]
    assert {"msg-dndemail": True} == server.properties(identity)


def test_a_dry_run_sets_nothing(server: Server) -> None:
    """It answers as the real one."""
    email, identity = f"{fresh()}@example.com", fresh()
    server.upload(profile(identity, {"Email": email}))
    answer = server.upload(say("email", email), say("email", "x"), path=f"{SUBSCRIBE}?dryRun=1")
    assert ("partial", [515]) == (answer["status"], [entry["code"] for entry in answer["unprocessed"]])
    assert {} == server.properties(identity)
