"""Whom a record means (contract A5)."""

import pytest

from tests.server import Json, Server, fresh, profile


def devices(record: Json) -> set[str]:
    return {device["objectId"] for device in record["platformInfo"]}


def test_further_identifiers_are_attached(server: Server) -> None:
    """What a record brings that nobody has yet becomes the profile's own."""
    identity, further, facebook, device = fresh(), fresh(), fresh("fb"), fresh("device")
    server.upload(profile(identity))
    answer = server.upload(profile(identity, {"identity": further, "FBID": facebook}, objectId=device))
    assert "warnings" not in answer
    record = server.read(identity)
    assert [identity, further] == record["all_identities"]
    assert device in devices(record)
    assert record == server.read(further) == server.read(device, "objectId")
    server.upload({"type": "profile", "FBID": facebook, "profileData": {"by": "facebook"}})
    assert {"by": "facebook"} == server.properties(identity)


@pytest.mark.parametrize("kind", ["FBID", "GPID"])
def test_other_networks_identify(server: Server, kind: str) -> None:
    """FBID and GPID address a profile as an identity does, and stay out of all_identities."""
    value, identity = fresh(kind), fresh()
    server.upload({"type": "profile", kind: value, "profileData": {"a": 1}})
    server.upload({"type": "profile", kind: value, "identity": identity, "profileData": {"b": 2}})
    assert {"a": 1, "b": 2} == server.properties(identity)
    assert [identity] == server.read(identity)["all_identities"]


def test_an_anonymous_profile_becomes_identified(server: Server) -> None:
    """A device that gets an identity nobody has keeps its profile."""
    device, identity = fresh("device"), fresh()
    server.upload({"type": "profile", "objectId": device, "profileData": {"a": 1}})
    server.upload({"type": "profile", "objectId": device, "profileData": {"identity": identity}})
    record = server.read(identity)
    assert ({device}, {"a": 1}) == (devices(record), record["profileData"])


def test_an_anonymous_profile_is_merged_into_the_identity(server: Server) -> None:
    """Devices move, properties only where the winner lacks them (contract A5.1)."""
    device, identity = fresh("device"), fresh()
    server.upload(
        profile(identity, {"both": "winner", "mine": 1}),
        {"type": "profile", "objectId": device, "profileData": {"both": "loser", "theirs": 2, "Name": "Anon"}},
    )
    own = devices(server.read(identity))
    answer = server.upload(profile(identity, {"new": 3}, objectId=device))
    assert "warnings" not in answer
    record = server.read(identity)
    assert {"both": "winner", "mine": 1, "theirs": 2, "new": 3} == record["profileData"]
    assert (own | {device}, "Anon") == (devices(record), record["name"])
    assert record == server.read(device, "objectId")


def test_a_device_of_an_identified_profile_stays_there(server: Server) -> None:
    """The record goes to the owner of the identity, the device stays, and a warning says so."""
    device, owner, other = fresh("device"), fresh(), fresh()
    server.upload(profile(owner, {"who": 1}, objectId=device), profile(other, {"who": 2}))
    answer = server.upload(profile(other, {"new": 3}, objectId=device))
    assert [1] == [warning["record"] for warning in answer["warnings"]]
    assert owner == server.read(device, "objectId")["identity"]
    assert {"who": 2, "new": 3} == server.properties(other)


def test_an_alias_as_rudderstack_sends_it(server: Server) -> None:
    """The old id as identity and the new one in profileData lead to one profile (contract A8)."""
    old, new = fresh(), fresh()
    server.upload(profile(old, {"a": 1}))
    server.upload(profile(old, {"identity": new}))
    server.upload(profile(new, {"b": 2}))
    assert {"a": 1, "b": 2} == server.properties(old)


def test_emails_and_phones_do_not_identify(server: Server) -> None:
    """Two people may have one address and one phone (contract A5.3)."""
    first, second = fresh(), fresh()
    shared = {"Email": f"{fresh()}@example.com", "Phone": "+14155550000"}
    server.upload(profile(first, shared | {"who": 1}), profile(second, shared | {"who": 2}))
    assert [{"who": 1}, {"who": 2}] == [server.properties(identity) for identity in (first, second)]


def test_an_identity_that_looks_like_an_email_serves_as_one(server: Server) -> None:
    """Until an Email is set (contract A5.3)."""
    address, other = f"{fresh()}@example.com", f"{fresh()}@example.com"
    server.upload(profile(address))
    assert (address, [address]) == (server.read(address)["email"], server.read(address)["all_identities"])
    server.upload(profile(address, {"Email": other}))
    assert (other, [address, other]) == (server.read(address)["email"], server.read(address)["all_identities"])
