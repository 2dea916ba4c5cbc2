"""GET /1/profile.json (contract A6)."""

from urllib.parse import quote

import pytest

from tests.conftest import StartServer
from tests.server import Json, Server, credentials, fresh, profile

MALFORMED = {"status": "fail", "error": "Malformed request", "code": 400}
NOT_FOUND = {"status": "fail", "error": "Profile not found", "code": 404}


def found(server: Server, query: str) -> str | None:
    """The identity of the profile a raw query finds; None for none."""
    answer = server.get(query)
    assert answer.status in (200, 404)
    return None if answer.status == 404 else str(answer.json["record"]["identity"])


def test_a_profile_is_found_by_each_of_its_names(server: Server) -> None:
    """By identity, email and objectId, the same record comes back."""
    identity, email, device = fresh(), f"{fresh()}@example.com", fresh("device")
    server.upload(profile(identity, {"Email": email}, objectId=device))
    answers = [server.get(query) for query in (f"identity={identity}", f"email={email}", f"objectId={device}")]
    assert [200] * 3 == [answer.status for answer in answers]
    assert answers[0].json == answers[1].json == answers[2].json
    assert identity == answers[0].json["record"]["identity"]


def test_email_goes_before_identity_before_object_id(server: Server) -> None:
    """Of several parameters the first of these three is used, in whatever order they come; the others do not matter."""
    by_email, by_identity, by_device = fresh(), fresh(), fresh()
    for name in (by_email, by_identity, by_device):
        server.upload(profile(name, {"Email": f"{name}@example.com"}, objectId=f"device-{name}"))
    email, identity, device = f"email={by_email}@example.com", f"identity={by_identity}", f"objectId=device-{by_device}"
    assert by_email == found(server, f"{device}&{identity}&{email}")
    assert by_identity == found(server, f"{device}&{identity}")
    assert by_device == found(server, f"more=1&{device}")
    assert found(server, f"email=nobody@example.com&{identity}") is None
    assert found(server, f"identity=nobody&{device}") is None


@pytest.mark.parametrize(
    "query", ["", "email=", "identity=", "objectId=", "phone=1", "Identity=x", "email", "=x", "email=&identity="]
)
def test_a_query_that_names_nobody_gets_400(server: Server, query: str) -> None:
    """Without one of the three parameters, or with an empty one, the request is malformed."""
    answer = server.get(query)
    assert (400, MALFORMED) == (answer.status, answer.json)


def test_a_query_is_not_needed_to_get_400(server: Server) -> None:
    """No question mark at all is the same."""
    assert 400 == server.request("GET", "/1/profile.json", credentials()).status


@pytest.mark.parametrize("kind", ["email", "identity", "objectId"])
def test_an_unknown_name_gets_404(server: Server, kind: str) -> None:
    """Nobody of that name is a 404 in the envelope."""
    answer = server.get(f"{kind}=nobody@example.com")
    assert (404, NOT_FOUND) == (answer.status, answer.json)


def test_not_found_may_be_answered_with_200(start: StartServer) -> None:
    """With `not_found_status` 200 the body is the same; other refusals keep their status."""
    server = start(not_found_status=200)
    answer = server.get("identity=nobody")
    assert (200, "fail", "Profile not found") == (answer.status, answer.json["status"], answer.json["error"])
    assert [400, 404] == [server.get("").status, server.request("GET", "/1/nothing").status]


ENCODED = ["a b", "a+b", "a%b", "a&b=c", "a#b", "a/b?c", "ä€😀", "%2B", "a;b", "[x]", '"q"', "a\\b"]


@pytest.mark.parametrize("text", ENCODED)
@pytest.mark.parametrize("safe", ["", "+;[]/"])
def test_values_are_percent_decoded(server: Server, text: str, safe: str) -> None:
    """Every character can be asked for, encoded as clients do, by identity and by objectId."""
    identity = f"{fresh()}{text}"
    server.upload(profile(identity, {}, objectId=f"o{identity}"))
    assert identity == found(server, f"identity={quote(identity, safe=safe)}")
    assert identity == found(server, f"objectId={quote(f'o{identity}', safe=safe)}")


def test_a_plus_is_a_plus_first(server: Server) -> None:
    """Clients do not escape it; only where that finds nobody is it read as a blank."""
    name = fresh()
    server.upload(profile(f"{name} x"))
    assert f"{name} x" == found(server, f"identity={name}+x")
    assert found(server, f"identity={name}%2Bx") is None
    server.upload(profile(f"{name}+x"))
    assert f"{name}+x" == found(server, f"identity={name}+x")
    assert f"{name}+x" == found(server, f"identity={name}%2Bx")
    assert f"{name} x" == found(server, f"identity={name}%20x")


def test_a_plus_in_an_email_or_a_phone_is_a_plus(server: Server) -> None:
    """Addresses such as a+b@c.de and phones as identity are found as clients ask for them."""
    name = fresh()
    server.upload(profile(name, {"Email": f"{name}+tag@example.com"}))
    assert name == found(server, f"email={name}+tag@example.com")
    server.upload(profile("+14155550001"))
    assert "+14155550001" == found(server, "identity=+14155550001")


def test_emails_have_no_case(server: Server) -> None:
    """An Email, and an identity that has the form of one, are found in any case; an identity as such has case."""
    name = fresh("Mixed")
    server.upload(profile(name, {"Email": f"{name}.Case@Example.COM"}))
    for spelling in (f"{name}.case@example.com".lower(), f"{name}.CASE@EXAMPLE.COM".upper(), f"{name}.Case@Example.COM"):
        assert name == found(server, f"email={spelling}")
    other = f"{fresh('Other')}@Example.com"
    server.upload(profile(other))
    assert [other, other] == [found(server, f"email={spelling}") for spelling in (other.lower(), other.upper())]
    assert [other, None] == [found(server, f"identity={spelling}") for spelling in (other, other.lower())]


def test_of_several_with_one_email_the_last_updated_is_found(server: Server) -> None:
    """An Email may be shared; whoever was uploaded last is meant, also within one batch."""
    first, second, email = fresh(), fresh(), f"{fresh()}@example.com"
    server.upload(profile(first, {"Email": email}), profile(second, {"Email": email}))
    assert second == found(server, f"email={email}")
    server.upload(profile(first, {"touched": True}))
    assert first == found(server, f"email={email}")
    server.upload(profile(second, {"touched": True}))
    assert second == found(server, f"email={email}")


def test_an_identity_competes_with_an_email(server: Server) -> None:
    """Whose identity is the address and whose Email it is: the last updated of both."""
    email, owner = f"{fresh()}@example.com", fresh()
    server.upload(profile(email))
    server.upload(profile(owner, {"Email": email}))
    assert owner == found(server, f"email={email}")
    server.upload(profile(email, {"touched": True}))
    assert email == found(server, f"email={email}")
    assert email == found(server, f"identity={email}")


def test_an_email_that_was_changed_finds_nobody(server: Server) -> None:
    """Only the present address counts."""
    identity, old, new = fresh(), f"{fresh()}@example.com", f"{fresh()}@example.com"
    server.upload(profile(identity, {"Email": old}))
    server.upload(profile(identity, {"Email": new}))
    assert [None, identity] == [found(server, f"email={email}") for email in (old, new)]
    server.upload(profile(identity, {"Email": {"$delete": 1}}))
    assert found(server, f"email={new}") is None


def test_the_record_has_the_documented_shape(server: Server) -> None:
    """Keys and their order, names in normal form, reserved fields beside custom ones (contract A6.3)."""
    identity, email, device = fresh(), f"{fresh()}@example.com", f"__{fresh()}"
    data = {"Name": "Jack", "Email": email, "Phone": "+14155550042", "Gender": "male", "Age": "18", "DOB": "$D_1487576752"}
    custom: Json = {
        "Customer Type": "Platinum",
        "List": ["a", 1, True],
        "Nested": {"In Here": [{"a": 1}]},
        "Score": 1.5,
        "VIP": True,
    }
    server.upload(profile(identity, data | custom | {"MSG-sms": False, "Married": "Y"}, objectId=device))
    answer = server.get(f"identity={identity}")
    assert ["record", "status"] == list(answer.json)
    record = answer.json["record"]
    assert ["platformInfo", "identity", "name", "email", "phone", "all_identities", "profileData"] == list(record)
    assert [{"df": {}, "objectId": device, "platform": "Android"}] == record["platformInfo"]
    assert (identity, "Jack", email, "+14155550042") == tuple(record[key] for key in ("identity", "name", "email", "phone"))
    assert [identity, email] == record["all_identities"]
    assert {
        "customertype": "Platinum",
        "list": ["a", "1", "true"],
        "nested": {"In Here": [{"a": 1}]},
        "score": 1.5,
        "vip": True,
        "gender": "M",
        "age": 18,
        "dob": "$D_1487576752",
        "married": "Y",
        "msg-sms": False,
    } == record["profileData"]


def test_a_bare_profile_has_a_platform_and_nothing_it_was_not_given(server: Server) -> None:
    """One Web entry with an objectId of ours, no name, no email, no phone, no events."""
    identity = fresh()
    server.upload(profile(identity))
    record = server.read(identity)
    assert ["platformInfo", "identity", "all_identities", "profileData"] == list(record)
    (device,) = record["platformInfo"]
    assert ({}, "Web", 22) == (device["df"], device["platform"], len(device["objectId"]))
    assert record == server.read(device["objectId"], "objectId")


def test_an_anonymous_profile_has_no_identity(server: Server) -> None:
    """Found by its device only."""
    device = fresh("device")
    server.upload({"type": "profile", "objectId": device, "profileData": {"a": 1}})
    record = server.read(device, "objectId")
    assert ("identity" in record, [], {"a": 1}) == (False, record["all_identities"], record["profileData"])


def test_a_read_sees_what_was_acknowledged(server: Server) -> None:
    """Each upload is seen by the very next read, on another connection (contract A6.5)."""
    identity = fresh()
    for number in range(50):
        server.upload(profile(identity, {"number": number}))
        assert {"number": number} == server.properties(identity)
