"""Records of type event and token over the wire: exact codes, mixed batches in order, what GET shows of them."""

import pytest

from tests.server import Json, Server, fresh, profile
from tests.wire.faults import assert_only_the_middle_refused

TS = 1_767_225_600


def event(identity: object, name: object = "Product Viewed", data: object = None, **more: object) -> Json:
    return {"type": "event", "identity": identity, "evtName": name, "evtData": {} if data is None else data, **more}


def token(device: object, data: object) -> Json:
    return {"type": "token", "objectId": device, "tokenData": data}


BAD_EVENTS: list[tuple[int, Json]] = [
    (523, event(None)),
    (525, event("x", ts=0)),
    (509, event("x", None)),
    (509, event("x", "  ")),
    (509, event("x", 5)),
    (513, event("x", "App Launched")),
    (513, event("x", " notificationSENT ")),
    (513, event("x", "Web Page Viewed")),
    (512, event("x", data=[])),
    (512, event("x", data="price")),
    (522, event("x", data={f"k{n}": n for n in range(257)})),
]
BAD_TOKENS: list[tuple[int, Json]] = [
    (530, token(None, {"id": "t", "type": "fcm"})),
    (530, token("", {"id": "t", "type": "fcm"})),
    (531, token("__g1", None)),
    (531, token("__g1", "t")),
    (532, token("__g1", {"type": "fcm"})),
    (532, token("__g1", {"id": "", "type": "fcm"})),
    (533, token("__g1", {"id": "t"})),
    (533, token("__g1", {"id": "t", "type": "pager"})),
    (534, token("__g1", {"id": "t", "type": "apns"})),
    (534, token("-1a", {"id": "t", "type": "fcm"})),
    (535, token("web1", {"id": "t", "type": "chrome"})),
]


@pytest.mark.parametrize(("code", "record"), BAD_EVENTS + BAD_TOKENS, ids=repr)
def test_what_is_wrong_is_told_by_its_code(server: Server, code: int, record: Json) -> None:
    """One such record is refused with the exact text, and those beside it are stored."""
    assert_only_the_middle_refused(server, code, record)


@pytest.mark.parametrize(
    ("code", "data", "key"),
    [
        (521, {"long": "x" * 513}, "long"),
        (521, {"k" * 121: 1}, "kkk"),
        (527, {"op": {"$incr": 1}}, "op"),
        (527, {"big": 2**63}, "big"),
    ],
)
def test_limits_name_the_property(server: Server, code: int, data: Json, key: str) -> None:
    """A limit or a value that is not supported is told with the property, as of profiles."""
    (entry,) = server.upload(event(fresh(), data=data))["unprocessed"]
    assert code == entry["code"]
    assert entry["error"].startswith("Event data is incorrect. ")
    assert key in entry["error"]
    assert entry["error"].endswith(".Skipped record number : 1")


def test_a_mixed_batch_is_applied_in_order(server: Server) -> None:
    """Events, tokens and profiles in one upload: a later one sees what an earlier one did; GET shows all of it."""
    identity, device = fresh(), f"__g{fresh()}"
    answer = server.upload(
        event(identity, "Product Viewed", {"Price": 5}, objectId=device, ts=TS),
        token(device, {"id": "tok", "type": "FCM"}),
        profile(identity, {"plan": "gold"}),
        event(identity, "productviewed", ts=TS - 5),
        event(identity, "Charged", {"Amount": 1.5, "Items": [{"Product": "a"}, {"Product": "b"}]}, ts=TS),
    )
    assert {"status": "success", "processed": 5, "unprocessed": []} == answer
    record = server.read(identity)
    assert {
        "Product Viewed": {"count": 2, "first_seen": TS - 5, "last_seen": TS},
        "Charged": {"count": 1, "first_seen": TS, "last_seen": TS},
    } == record["events"]
    assert [{"platform": "Android", "objectId": device, "push_token": "tok", "df": {}}] == record["platformInfo"]
    assert "gold" == record["profileData"]["plan"]


def test_an_event_of_nobody_makes_a_profile(server: Server) -> None:
    """Unknown users are created, with nothing but the event (contract B 6.1)."""
    identity = fresh()
    server.upload(event(identity, ts=TS))
    record = server.read(identity)
    assert ({}, 1) == (record["profileData"], record["events"]["Product Viewed"]["count"])


def test_a_dry_run_of_events_and_tokens(server: Server) -> None:
    """The same answer, and nobody is made."""
    identity, device = fresh(), f"-{fresh()}"
    records = event(identity), token(device, {"id": "t", "type": "apns"})
    answer = server.upload(*records, path="/1/upload?dryRun=1")
    assert {"status": "success", "processed": 2, "unprocessed": []} == answer
    assert [404, 404] == [server.get(f"identity={identity}").status, server.get(f"objectId={device}").status]
