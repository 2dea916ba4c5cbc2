"""What bad queries, parameters and request ids get (contract B 5, B 6.7)."""

import json
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.core.strategies import json as any_json
from tests.core.strategies import laws
from tests.server import Json, Server, credentials, fresh
from tests.wire.asking import ask, day, did, fail, has, query, records
from tests.wire.sending import MALFORMED

PATHS = ["profiles", "events", "counts/profiles", "counts/events"]
CURSORED = PATHS[:2]
COUNTS = PATHS[2:]


@pytest.fixture(scope="module")
def event(server: Server) -> str:
    """An event that somebody did."""
    name = fresh("Viewed")
    server.upload(did(fresh(), name))
    return name


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("body", [b"{", b"nothing", b'{"event_name": "a", // why\n}', b"\xff", b"[" * 9000])
def test_what_is_no_json(server: Server, path: str, body: bytes) -> None:
    """It is malformed, or too long to be looked at."""
    answer = ask(server, path, body)
    assert (400, "fail") == (answer.status, answer.json["status"])
    assert len(body) > 8192 or answer.json == MALFORMED


BAD: list[tuple[Json, int, str]] = [
    ({"event_name": None}, 400, "Malformed request. event_name is missing or no text; name one event"),
    ({"from": "last week"}, 4002, "from is not a day; give a day as YYYYMMDD, for example from 20250131"),
    ({"to": None}, 4002, "to is missing; give a day as YYYYMMDD, for example to 20250131"),
    ({"from": day(), "to": day(-1)}, 4004, "from is after to; give the earlier day as from"),
    ({"to": day(9)}, 4004, f"to is in the future; give at most today, {day()} in UTC"),
    (
        {"event_properties": [has("Price", "like", 1)]},
        400,
        "Malformed request. like is no operator; those known are equals, not_equals, contains, not_contains, gt, gte, lt, lte, "
        "exists, not_exists, in, not_in",
    ),
    (
        {"event_properties": [has("Price", "in", list(range(101)))]},
        400,
        "Malformed request. The list for Price has 101 values; give 1 to 100",
    ),
    (
        {"session_properties": [has("utm_source", "equals", "x")]},
        400,
        "Malformed request. session_properties cannot be answered, as nothing is stored of it; take it out of the query",
    ),
    ({"event_name": "No such\" event"}, 400, '["Invalid event : No such\\" event"]'),
]  # fmt: skip


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(("change", "code", "error"), BAD)
def test_bad_queries(server: Server, event: str, path: str, change: Json, code: int, error: str) -> None:
    """The text names what is wrong and what to change; an unknown event gets its answer with 200, all else with 400."""
    answer = ask(server, path, query(event) | change)
    assert (200 if "Invalid event" in error else 400, fail(error, code)) == (answer.status, answer.json)


def test_the_text_of_an_unknown_event_is_json(server: Server) -> None:
    """A list with one text, whatever the name is."""
    assert ['Invalid event : a"\\b'] == json.loads(ask(server, "profiles", query('a"\\b')).json["error"])


@pytest.mark.parametrize("path", PATHS)
def test_a_query_may_not_be_long(server: Server, event: str, path: str) -> None:
    """More than 8 KiB are refused."""
    answer = ask(server, path, query(event) | {"did_all": [], "did_any": [], "did_none": [], "session_properties": " " * 8192})
    assert (400, True) == (answer.status, answer.json["error"].endswith("; at most 8192 are allowed"))


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_request_without_a_query(server: Server, path: str, method: str) -> None:
    """Says how to send one."""
    answer = server.request(method, f"/1/{path}.json", credentials(), b"" if method == "POST" else None)
    error = "Malformed request. There is no query; send one as the body, or as query= in the URL"
    assert (400, fail(error)) == (answer.status, answer.json)


SIZE = "Malformed request. batch_size has to be a number from 1 to 5000"
PARAMETERS = [
    ("batch_size=0", SIZE),
    ("batch_size=-1", SIZE),
    ("batch_size=5001", SIZE),
    ("batch_size=99999999999999999999", SIZE),
    ("batch_size=ten", SIZE),
    ("batch_size=1.5", SIZE),
    ("batch_size=%D9%A1", SIZE),
    ("app=maybe", "Malformed request. app has to be true or false"),
    ("events=", "Malformed request. events has to be true or false"),
    ("profile=2", "Malformed request. profile has to be true or false"),
]


@pytest.mark.parametrize("path", CURSORED)
@pytest.mark.parametrize(("parameters", "error"), PARAMETERS)
def test_bad_parameters(server: Server, event: str, path: str, parameters: str, error: str) -> None:
    """Each is named, with what is allowed."""
    answer = ask(server, path, query(event), parameters)
    assert (400, fail(error)) == (answer.status, answer.json)


@pytest.mark.parametrize("size", [1, 5000])
def test_the_bounds_of_batch_size_are_fine(server: Server, event: str, size: int) -> None:
    """The smallest and the largest."""
    assert 1 == len(records(server, "profiles", query(event), f"batch_size={size}"))


@pytest.mark.parametrize("path", COUNTS)
@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("req_id", ["", "1", "384649162721759", "-84649162721759", "38464916272175x", "%D9%A1" * 15, "9" * 400])
def test_unknown_request_ids(server: Server, path: str, method: str, req_id: str) -> None:
    """One text for all that there is no count for."""
    answer = server.request(method, f"/1/{path}.json?req_id={req_id}", credentials(), b"" if method == "POST" else None)
    assert (400, fail("Invalid request id")) == (answer.status, answer.json)


@pytest.mark.parametrize("path", PATHS)
def test_other_methods(server: Server, path: str) -> None:
    """POST and GET are taken."""
    answer = server.request("DELETE", f"/1/{path}.json", credentials())
    assert (405, "POST, GET") == (answer.status, answer.headers["allow"])


def query_strings() -> Any:
    names = st.sampled_from(["batch_size", "cursor", "query", "req_id", "app", "events", "profile"]) | st.text(max_size=5)
    values = st.text(max_size=20) | st.sampled_from(["1", "true", "A" * 60, "{}", "999999999999999"])
    values |= any_json.map(json.dumps)
    parts = st.tuples(names, values).map(lambda part: f"{part[0]}={part[1]}")
    return st.lists(parts.map(lambda text: quote(text, safe="=+%", errors="replace")), max_size=4).map("&".join)


bodies = any_json.map(lambda value: json.dumps(value).encode()) | st.binary(max_size=40)
near = st.dictionaries(st.sampled_from(["event_name", "from", "to", "event_properties", "did_all", "x"]), any_json, max_size=3)


@settings(laws, max_examples=60, suppress_health_check=[*HealthCheck])
@given(st.sampled_from(PATHS), query_strings(), bodies | near)
def test_nothing_is_an_error_of_the_server(server: Server, event: str, path: str, parameters: str, asked: Any) -> None:
    """Any parameters with any body get an answer in the envelope: 200 or 400."""
    body = asked if isinstance(asked, bytes) else json.dumps(query(event) | asked).encode()
    with server.connect() as connection:
        for method, content in (("POST", body), ("GET", None)):
            answer = connection.request(method, f"/1/{path}.json?{parameters}", credentials(), content)
            assert answer.status in (200, 400), answer
            assert answer.json["status"] in ("success", "fail")
