"""CleverTap's official client for Node works against the server as it is (contract A8)."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.clients.node_client import NodeClient, connected, install
from tests.server import Json, Server, fresh, profile

SUCCESS = {"status": "success"}
BATCHES: list[Json] = [{"status": "success", "processed": size, "unprocessed": []} for size in (100, 100, 50)]
NOT_FOUND = {"status": "fail", "error": "Profile not found", "code": 404}


@pytest.fixture(scope="session")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return install(tmp_path_factory.mktemp("node") / "client")


@pytest.fixture(scope="module")
def client(installed: Path, server: Server) -> Iterator[NodeClient]:
    with connected(installed, server) as client:
        yield client


def event(identity: str, name: str, data: Json | None = None, **more: object) -> Json:
    return {"type": "event", "identity": identity, "evtName": name, "evtData": data or {}, "ts": int(time.time()), **more}


def days(name: str, **more: object) -> Json:
    """A query for an event, yesterday and today."""
    now = time.time()
    first, last = (int(datetime.fromtimestamp(at, UTC).strftime("%Y%m%d")) for at in (now - 86_400, now))
    return {"event_name": name, "from": first, "to": last, **more}


def record(client: NodeClient, **key: str) -> Json:
    answer = client.ask("profile", key)
    assert "success" == answer["status"], answer
    found: Json = answer["record"]
    return found


# --- uploads


def test_many_records_are_sent_in_batches(client: NodeClient) -> None:
    """250 records are three calls, each with its answer; profiles and events may be mixed."""
    people = [fresh() for _ in range(125)]
    records = [one for name in people for one in (profile(name, {"Plan": "free"}), event(name, "Signed Up", {"via": "web"}))]
    assert BATCHES == client.ask("upload", records, {})
    assert {"plan": "free"} == record(client, identity=people[-1])["profileData"]
    assert 1 == record(client, identity=people[0])["events"]["Signed Up"]["count"]


def test_one_batch_is_one_answer(client: NodeClient) -> None:
    """Up to a hundred records are answered by one object, smaller batches by one each."""
    assert {**SUCCESS, "processed": 2, "unprocessed": []} == client.ask("upload", [profile(fresh()), profile(fresh())], {})
    answers = client.ask("upload", [profile(fresh()) for _ in range(5)], {"batchSize": 2})
    assert [2, 2, 1] == [answer["processed"] for answer in answers]


def test_refused_records_are_told(client: NodeClient) -> None:
    """Those at fault come back with code, text and the record; the others are stored."""
    good, bad, odd = profile(fresh()), profile(fresh(), {"Email": "1234"}), event(fresh(), "App Launched")
    answer = client.ask("upload", [good, bad, odd], {})
    assert ("partial", 1) == (answer["status"], answer["processed"])
    assert [(515, bad), (513, odd)] == [(entry["code"], entry["record"]) for entry in answer["unprocessed"]]
    assert "fail" == client.ask("upload", [bad], {})["status"]


def test_device_tokens(client: NodeClient) -> None:
    """A token is in the `platformInfo` of its device."""
    device = f"__{fresh('device')}"
    token = {"type": "token", "objectId": device, "tokenData": {"id": "a-token", "type": "fcm"}}
    assert 1 == client.ask("uploadDeviceTokens", [token], {})["processed"]
    [shown] = record(client, objectId=device)["platformInfo"]
    assert (device, "Android", "a-token") == (shown["objectId"], shown["platform"], shown["push_token"])


# --- one profile

NAMES = ["plain-1", "with+plus", "+14155550199", "with blank", "пример"]


@pytest.mark.parametrize("name", NAMES)
def test_a_profile_by_identity(client: NodeClient, name: str) -> None:
    """The client does not escape what it asks for; a plus is a plus."""
    client.ask("upload", [profile(name, {"Name": f"the {name}"})], {})
    assert (name, f"the {name}") == (record(client, identity=name)["identity"], record(client, identity=name)["name"])


def test_a_profile_by_email_and_object_id(client: NodeClient) -> None:
    """Each finds the same profile, the email in any case and with a plus."""
    identity, device = fresh(), fresh("device")
    email = f"some.{fresh()}+tag@example.com"
    client.ask("upload", [profile(identity, {"Email": email, "Customer Type": "Gold"}, objectId=device)], {})
    found = [record(client, **key) for key in ({"email": email}, {"email": email.upper()}, {"objectId": device})]
    assert [record(client, identity=identity)] * 3 == found
    assert ([identity, email], {"customertype": "Gold"}) == (found[0]["all_identities"], found[0]["profileData"])


def test_a_profile_that_is_not_there(client: NodeClient) -> None:
    """The refusal comes as the answer."""
    assert NOT_FOUND == client.ask("profile", {"identity": fresh()})


# --- queries and counts


def test_all_pages_of_profiles(client: NodeClient) -> None:
    """The client follows the cursors to the end: each profile once, with its properties, however large a page is."""
    name = fresh("Bought")
    people = [fresh() for _ in range(60)]
    bought = [event(person, name, {"price": index % 2}) for index, person in enumerate(people)]
    client.ask("upload", [*(profile(person, {"Number": index}) for index, person in enumerate(people)), *bought, *bought], {})
    for options in ({}, {"batchSize": 7}, {"batchSize": 60}, {"batchSize": 9_000}):
        found = client.ask("profiles", days(name), options)
        assert sorted(people) == sorted(one["identity"] for one in found)
        assert list(range(60)) == sorted(one["profileData"]["number"] for one in found)
    cheap = {"event_properties": [{"name": "price", "operator": "equals", "value": 0}]}
    assert sorted(people[::2]) == sorted(one["identity"] for one in client.ask("profiles", days(name, **cheap), {}))
    assert {**SUCCESS, "count": 60} == client.ask("getProfilesCount", days(name), {})
    assert {**SUCCESS, "count": 30} == client.ask("getProfilesCount", days(name, **cheap), {})


def test_all_pages_of_events(client: NodeClient) -> None:
    """Each event once, with its properties, its time and its profile."""
    name = fresh("Viewed")
    people = [fresh() for _ in range(3)]
    client.ask("upload", [event(people[index % 3], name, {"index": index}) for index in range(55)], {})
    for options in ({}, {"batchSize": 23}):
        found = client.ask("events", days(name), options)
        assert list(range(55)) == sorted(one["event_props"]["index"] for one in found)
        assert {people[one["event_props"]["index"] % 3] for one in found} == {one["profile"]["identity"] for one in found}
        assert all(len(str(one["ts"])) == 14 for one in found)
    assert {**SUCCESS, "count": 55} == client.ask("getEventsCount", days(name), {})


def test_a_query_that_finds_nothing(client: NodeClient) -> None:
    """An empty list, and the count 0."""
    name = fresh("Rare")
    client.ask("upload", [event(fresh(), name, {"n": 1})], {})
    nothing = days(name, event_properties=[{"name": "n", "operator": "equals", "value": 2}])
    assert [[], []] == [client.ask(method, nothing, {}) for method in ("profiles", "events")]
    assert [0, 0] == [client.ask(method, nothing, {})["count"] for method in ("getProfilesCount", "getEventsCount")]


# --- the life of a profile


def test_subscribe(client: NodeClient) -> None:
    """Do-not-disturb holds for everybody who has the address, until it is taken back."""
    phone, people = f"+1415555{len(fresh()):04}", [fresh(), fresh()]
    client.ask("upload", [profile(person, {"Phone": phone}) for person in people], {})
    for status, flag in (("Unsubscribe", True), ("Resubscribe", False)):
        answer = client.ask("subscribe", {"d": [{"type": "phone", "value": phone, "status": status}]}, {})
        assert {**SUCCESS, "processed": 1, "unprocessed": []} == answer
        assert [flag] * 2 == [record(client, identity=person)["profileData"]["msg-dndphone"] for person in people]


def test_disassociate(client: NodeClient) -> None:
    """A phone that was an identity is free for somebody else."""
    phone = "+919820000001"
    client.ask("upload", [profile(phone, {"Note": "first"}, objectId=fresh("device"))], {})
    answer = client.ask("disassociate", {"d": [{"type": "phone", "value": phone}]}, {})
    assert {**SUCCESS, "processed": 1, "unprocessed": []} == answer
    assert NOT_FOUND == client.ask("profile", {"identity": phone})
    client.ask("upload", [profile(phone, {"Other": "second"})], {})
    assert {"other": "second"} == record(client, identity=phone)["profileData"]


def test_demerge(client: NodeClient) -> None:
    """What was two before a merge is two again."""
    identity, own, device = fresh(), fresh("device"), fresh("device")
    anonymous = {"type": "profile", "objectId": device, "profileData": {"Seen": "before"}}
    client.ask("upload", [profile(identity, {"Plan": "free"}, objectId=own), anonymous], {})
    before = [record(client, identity=identity), record(client, objectId=device)]
    client.ask("upload", [profile(identity, objectId=device)], {})
    assert {"plan": "free", "seen": "before"} == record(client, identity=identity)["profileData"]
    assert SUCCESS == client.ask("demerge", {"identities": [identity]}, {})
    assert before == [record(client, identity=identity), record(client, objectId=device)]


def test_delete(client: NodeClient) -> None:
    """By identity or guid, one or many; who comes back is somebody new."""
    people, device, name = [fresh() for _ in range(3)], fresh("device"), fresh("Left")
    client.ask("upload", [*(profile(person, {"Plan": "free"}) for person in people), event(people[0], name)], {})
    client.ask("upload", [profile(fresh(), objectId=device)], {})
    assert [SUCCESS] * 3 == [
        client.ask("delete", target, {}) for target in ({"identity": people[0]}, {"identity": people[1:]}, {"guid": device})
    ]
    gone: list[dict[str, str]] = [*({"identity": person} for person in people), {"objectId": device}]
    assert [NOT_FOUND] * 4 == [client.ask("profile", key) for key in gone]
    client.ask("upload", [profile(people[0])], {})
    back = record(client, identity=people[0])
    assert ({}, False) == (back["profileData"], "events" in back)


# --- refusals

REFUSED: list[tuple[str, Any, int, str]] = [
    ("getProfilesCount", {"event_name": "Never Uploaded", "from": 20200101, "to": 20200102}, 400, "Invalid event"),
    ("getEventsCount", {"event_name": "x", "from": 20201301, "to": 20200102}, 4002, "from"),
    ("getProfilesCount", {"event_name": "x", "from": 20200102, "to": 20200101}, 4004, "from"),
    ("delete", {"identity": "a", "guid": "b"}, 400, "identity"),
    ("delete", {}, 400, "identity"),
    ("demerge", {"identities": []}, 400, "identities"),
    ("subscribe", {}, 400, "Malformed request"),
]


@pytest.mark.parametrize(("method", "argument", "code", "text"), REFUSED)
def test_refusals_come_as_answers(client: NodeClient, method: str, argument: Json, code: int, text: str) -> None:
    """With the envelope's status and code, and a text that says what is wrong."""
    answer = client.ask(method, argument, {})
    assert ("fail", code) == (answer["status"], answer["code"])
    assert text in answer["error"]


@pytest.mark.parametrize("method", ["profiles", "events"])
def test_a_query_that_is_refused_ends(client: NodeClient, method: str) -> None:
    """The client gives no records and does not ask again."""
    assert [] == client.ask(method, days("Never Uploaded"), {})


def test_wrong_credentials(installed: Path, server: Server) -> None:
    """Every call says so."""
    with connected(installed, server, passcode="wrong") as stranger:
        answers = [stranger.ask("profile", {"identity": "a"}), stranger.ask("upload", [profile("a")], {})]
    assert [{"status": "fail", "error": "Invalid Credentials", "code": 401}] * 2 == answers
