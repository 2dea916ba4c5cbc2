"""POST and GET /1/profiles.json and /1/events.json, and the counts (contract A8, B 5, B 6.1, B 6.7)."""

import json
import random
import threading
from collections import Counter
from urllib.parse import quote, quote_plus

import pytest

from tests.conftest import StartServer
from tests.server import Json, Server, credentials, fresh, profile
from tests.wire.asking import ask, by_get, cursor_of, day, did, has, names, page, pages, query, records

PATHS = ["profiles", "events"]


def test_a_query_opens_a_cursor_and_the_cursor_gives_pages(server: Server) -> None:
    """Each person comes once; pages have `batch_size` records; the last one has no `next_cursor`."""
    event, people = fresh("Viewed"), sorted(fresh() for _ in range(25))
    server.upload(*[did(name, event) for name in people], *[did(name, event) for name in people[:9]])
    found = list(pages(server, "profiles", cursor_of(server, "profiles", query(event), "batch_size=10")))
    assert [10, 10, 5] == [len(records) for records in found]
    assert people == names([record for records in found for record in records])


def test_the_form_of_a_page(server: Server) -> None:
    """A record of people is that of GET /1/profile.json; one of events has the person, the packed time and the properties."""
    event, name = fresh("Viewed"), fresh()
    server.upload(profile(name, {"Plan": "Gold", "Email": f"{name}@example.com", "MSG-dndEmail": True}))
    server.upload(did(name, event, {"Price": 2.5, "Tags": ["a", "b"]}, ts=1_700_000_000))
    asked = query(event) | {"from": 20231114, "to": 20231114}
    answer = page(server, "profiles", cursor_of(server, "profiles", asked))
    assert {"status": "success", "records": [server.read(name)]} == answer.json
    assert answer.json["records"][0]["profileData"]["msg-dndemail"] is True
    [record] = records(server, "events", asked)
    [device] = server.read(name)["platformInfo"]
    expected = {key: value for key, value in server.read(name).items() if key != "platformInfo"} | device
    assert {
        "profile": expected, "ts": 20231114221320, "event_props": {"Price": 2.5, "Tags": ["a", "b"]}, "session_props": {},
    } == record  # fmt: skip


@pytest.mark.parametrize("path", PATHS)
def test_an_empty_answer(server: Server, path: str) -> None:
    """A query nobody matches opens a cursor, whose first page is the last."""
    event = fresh("Viewed")
    server.upload(did(fresh(), event))
    answer = page(server, path, cursor_of(server, path, query(event, has("Price", "exists"))))
    assert (200, {"status": "success", "records": []}) == (answer.status, answer.json)


@pytest.mark.parametrize("path", PATHS)
def test_get_opens_a_cursor_too(server: Server, path: str) -> None:
    """As CleverTap's client for Node does it, and with blanks as plus signs."""
    event, name = fresh("Product Viewed"), fresh()
    server.upload(did(name, event))
    for parameters in (by_get(query(event)), f"query={quote_plus(json.dumps(query(event)))}"):
        answer = server.request("GET", f"/1/{path}.json?batch_size=10&{parameters}", credentials())
        assert (200, {"status", "cursor"}) == (answer.status, answer.json.keys())
        assert [1] == [len(records) for records in pages(server, path, answer.json["cursor"])]


@pytest.mark.parametrize("path", PATHS)
def test_a_plus_in_the_url_is_a_plus_or_a_blank(server: Server, path: str) -> None:
    """A blank where there is no event with a plus in its name."""
    blank, plus = fresh("Product Viewed"), fresh("A+B")
    server.upload(did(fresh(), blank), did(fresh(), plus))
    for event in (blank.replace(" ", "+"), plus):
        text = quote(json.dumps(query(event), separators=(",", ":")), safe="+")
        answer = server.request("GET", f"/1/{path}.json?query={text}", credentials())
        assert (200, {"status", "cursor"}) == (answer.status, answer.json.keys()), answer


@pytest.mark.parametrize("path", PATHS)
def test_post_reads_a_page_too(server: Server, path: str) -> None:
    """With the cursor in the URL; what the body is does not matter then."""
    event = fresh("Viewed")
    server.upload(did(fresh(), event))
    cursor = cursor_of(server, path, query(event))
    assert [1, 1] == [len(ask(server, path, body, f"cursor={cursor}").json["records"]) for body in (b"", b"{")]


OPTIONS = [
    ("", {"platformInfo", "identity", "all_identities", "profileData", "events"}),
    ("app=true&events=1&profile=True", {"platformInfo", "identity", "all_identities", "profileData", "events"}),
    ("events=false", {"platformInfo", "identity", "all_identities", "profileData"}),
    ("profile=0&app=false", {"platformInfo", "identity", "all_identities", "events"}),
]


@pytest.mark.parametrize(("parameters", "keys"), OPTIONS)
def test_parameters_say_what_a_record_shows(server: Server, parameters: str, keys: set[str]) -> None:
    """They hold for all pages of the cursor."""
    event = fresh("Viewed")
    server.upload(*[did(fresh(), event) for _ in range(3)])
    found = records(server, "profiles", query(event), f"batch_size=2&{parameters}")
    assert [keys] * 3 == [record.keys() for record in found]


FILTERS: list[tuple[list[Json], list[int]]] = [
    ([], [0, 1, 2, 3]),
    ([has("price", "equals", 20)], [2]),
    ([has("Price", "not_equals", 20)], [0, 1, 3]),
    ([has("UNIT PRICE", "greater_than", 5)], [1, 2, 3]),
    ([has("unitprice", "lte", "5")], [0]),
    ([has("Color", "contains", "ree")], [1, 3]),
    ([has("Color", "not_contains", "ree")], [0, 2]),
    ([has("Tags", "equals", "b")], [2]),
    ([has("Tags", "exists")], [2, 3]),
    ([has("Tags", "not_exists")], [0, 1]),
    ([has("Color", "in", ["Red", "Blue"])], [0, 2]),
    ([has("Color", "not_in", ["Red", "Blue"])], [1, 3]),
    ([has("When", "gte", "$D_1700000002")], [2, 3]),
    ([has("Color", "equals", "Green"), has("Price", "lt", 30)], [1]),
]

DATA: list[Json] = [
    {"Price": 0, "Unit Price": 5, "Color": "Red", "When": "$D_1700000000"},
    {"Price": 10, "Unit Price": 6, "Color": "Green", "When": "$D_1700000001"},
    {"Price": 20, "Unit Price": 7, "Color": "Blue", "When": "$D_1700000002", "Tags": ["a", "b"]},
    {"Price": 30, "Unit Price": 8, "Color": "Green", "When": "$D_1700000003", "Tags": ["c"]},
]


@pytest.mark.parametrize(("filters", "rows"), FILTERS)
def test_filters(server: Server, filters: list[Json], rows: list[int]) -> None:
    """People, events and both counts agree on what matches."""
    event, people = fresh("Viewed"), [fresh(f"p{row}") for row in range(len(DATA))]
    server.upload(*[did(name, event, data) for name, data in zip(people, DATA, strict=True)])
    expected = sorted(people[row] for row in rows)
    asked = query(event, *filters)
    assert expected == names(records(server, "profiles", asked, "batch_size=1"))
    assert expected == names([record["profile"] for record in records(server, "events", asked, "batch_size=1")])
    counts = [ask(server, f"counts/{path}", asked).json for path in PATHS]
    assert [{"status": "success", "count": len(rows)}] * 2 == counts


DAYS = [((-9, -9), [9]), ((-9, -8), [9, 8]), ((-7, -3), []), ((-8, 0), [8, 1, 0]), ((-1, -1), [1])]


@pytest.mark.parametrize(("span", "ages"), DAYS)
def test_days_are_both_included(server: Server, span: tuple[int, int], ages: list[int]) -> None:
    """Whole days of UTC, by the time of the event."""
    event, noon = fresh("Viewed"), 1_735_732_800
    moments = {0: 20250101, 1: 20241231, 8: 20241224, 9: 20241223}
    server.upload(*[did(fresh(), event, {"age": age}, ts=noon - age * 86_400 + 43_199) for age in moments])
    first, last = (20250101 if offset == 0 else int(f"2024{1232 + offset}") for offset in span)
    asked = query(event) | {"from": first, "to": str(last)}
    assert ages == [record["event_props"]["age"] for record in records(server, "events", asked)]
    assert {"status": "success", "count": len(ages)} == ask(server, "counts/profiles", asked).json


def test_what_people_are_is_asked_too(server: Server) -> None:
    """By their properties, and by what else they did."""
    event, left, (gold, other) = fresh("Viewed"), fresh("Left"), (fresh(), fresh())
    server.upload(profile(gold, {"Plan": "Gold"}), did(gold, event), did(other, event), did(other, left))
    by_property = query(event, common_profile_properties={"profile_fields": [has("plan", "equals", "Gold")]})
    for asked, name in ((by_property, gold), (query(event, did_all=[{"event_name": left}]), other)):
        assert [name] == names(records(server, "profiles", asked))
        assert [name] == [record["profile"]["identity"] for record in records(server, "events", asked)]
        assert [1, 1] == [ask(server, f"counts/{path}", asked).json["count"] for path in PATHS]


def test_who_is_deleted_is_gone_from_pages_and_counts(server: Server) -> None:
    """At once, for a cursor that is on its way too."""
    event, people = fresh("Viewed"), [fresh() for _ in range(6)]
    server.upload(*[did(name, event) for name in people])
    cursor = cursor_of(server, "profiles", query(event), "batch_size=2")
    assert 200 == server.post(json.dumps({"identity": people[:2]}).encode(), "/1/delete/profiles.json").status
    assert sorted(people[2:]) == names([record for records in pages(server, "profiles", cursor) for record in records])
    assert [4, 4] == [ask(server, f"counts/{path}", query(event)).json["count"] for path in PATHS]
    assert 4 == len(records(server, "events", query(event)))


def test_system_events_are_known_everywhere(server: Server) -> None:
    """Nobody can raise them here; to ask for them is no mistake."""
    assert [] == records(server, "profiles", query("App Launched"))
    assert {"status": "success", "count": 0} == ask(server, "counts/events", query("App Launched")).json


def test_names_of_events_compare_without_case_and_blanks(server: Server) -> None:
    """In a query, too."""
    event = fresh("Product Viewed")
    server.upload(did(fresh(), event))
    assert 1 == len(records(server, "profiles", query(event.upper().replace(" ", ""))))


class Meanwhile:
    """Uploads while a query is read: new people, new events of known ones, and merges of devices into them."""

    def __init__(self, server: Server, event: str, people: list[str], devices: list[str]) -> None:
        self.server, self.event, self.people, self.devices = server, event, people, devices
        self.ended = threading.Event()
        self.thread = threading.Thread(target=self.run)

    def __enter__(self) -> None:
        self.thread.start()

    def __exit__(self, *_: object) -> None:
        self.ended.set()
        self.thread.join()

    def run(self) -> None:
        choose = random.Random(1)
        devices = list(self.devices)
        while not self.ended.is_set():
            batch = [did(choose.choice(self.people), self.event) for _ in range(5)] + [did(fresh("new"), self.event)]
            if devices:
                batch.append(profile(choose.choice(self.people), {"Plan": "Gold"}, objectId=devices.pop()))
            self.server.upload(*batch)


@pytest.mark.parametrize("merged_before", [False, True])
def test_everybody_comes_once_while_uploads_go_on(server: Server, merged_before: bool) -> None:
    """People who had the event come exactly once, and once more at most where a device that had it too became part of them."""
    event, people = fresh("Viewed"), [fresh() for _ in range(60)]
    devices = [fresh("device") for _ in range(60)]
    server.upload(*[did(name, event) for name in people], *[did(None, event, objectId=device) for device in devices])
    if merged_before:
        server.upload(*[profile(name, objectId=device) for name, device in zip(people, devices[:30], strict=False)])
        devices = devices[30:]
    cursor = cursor_of(server, "profiles", query(event), "batch_size=7")
    with Meanwhile(server, event, people, devices):
        found = [record for records in pages(server, "profiles", cursor) for record in records]
    identified = Counter(record["identity"] for record in found if "identity" in record)
    grown = {name for name in people if {row["objectId"] for row in server.read(name)["platformInfo"]} & set(devices)}
    assert dict.fromkeys(people, 1) == {name: identified[name] - (name in grown and identified[name] == 2) for name in people}
    shown = {device["objectId"] for record in found for device in record["platformInfo"]}
    owners = {name: server.read(name, "objectId").get("identity") for name in devices}
    assert [] == [device for device, owner in owners.items() if device not in shown and owner not in identified]


def test_a_restart_between_pages_changes_nothing(start: StartServer) -> None:
    """Cursors go on at another server on the same database with the same key."""
    server = start()
    event, people = fresh("Viewed"), sorted(fresh() for _ in range(9))
    server.upload(*[did(name, event) for name in people])
    cursors = {path: cursor_of(server, path, query(event), "batch_size=5") for path in PATHS}
    first = {path: page(server, path, cursor).json for path, cursor in cursors.items()}
    server.stop()
    again = start()
    for path, answer in first.items():
        rest = [record for records in pages(again, path, answer["next_cursor"]) for record in records]
        whole = [record["profile"] if path == "events" else record for record in [*answer["records"], *rest]]
        assert people == names(whole)


def test_a_large_page(server: Server) -> None:
    """It has 5000 records at most, and may end early."""
    event = fresh("Viewed")
    for start in range(0, 2000, 1000):
        server.upload(*[did(f"{event}-{number}", event) for number in range(start, start + 1000)])
    for path in PATHS:
        assert 2000 == len(records(server, path, query(event), "batch_size=5000"))


def test_today_counts_in_utc(server: Server) -> None:
    """An event of now is of today."""
    event = fresh("Viewed")
    server.upload(did(fresh(), event))
    assert 1 == len(records(server, "profiles", query(event) | {"from": day(-1), "to": day()}))
