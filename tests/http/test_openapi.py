"""The API description and the page made of it."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from html.parser import HTMLParser
from typing import Any

import pytest

from personae.core.faults import BATCH_SIZE, FAULTS, REFUSALS, Refusal
from personae.core.fields import FIELDS
from personae.core.operators import OPERATORS
from personae.core.query.operators import BY_NAME
from personae.http.app import API, OPEN
from personae.http.docs_page import page
from personae.http.openapi import LIMITS, document
from personae.http.openapi.refusals import NAMES
from personae.settings import load
from tests.http.fitting import Fitting

SETTINGS = load({}, {}, None).settings
DOCUMENT = document(SETTINGS)
FITTING = Fitting(DOCUMENT)

OPERATIONS = [(path, verb) for path, verbs in DOCUMENT["paths"].items() for verb in verbs]

VOID = ("meta",)


def nodes(node: Any) -> Iterator[dict[str, Any]]:
    """Every object of a JSON value."""
    if isinstance(node, dict):
        yield node
    for inner in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from nodes(inner)


def values(answer: dict[str, Any]) -> list[Any]:
    """The examples of an answer."""
    return [example["value"] for example in answer["content"]["application/json"]["examples"].values()]


def test_it_is_json() -> None:
    """The description survives a round trip through JSON."""
    assert json.loads(json.dumps(DOCUMENT)) == DOCUMENT


def test_every_route_is_described() -> None:
    """The description has the paths and methods the application answers, and no others."""
    routes = {path: {method.lower() for method in methods} for table in (API, OPEN) for path, methods in table.items()}
    assert routes == {path: set(operations) for path, operations in DOCUMENT["paths"].items()}


def test_references_resolve() -> None:
    """Every reference leads to a part of the description."""
    references = [node["$ref"] for node in nodes(DOCUMENT) if "$ref" in node]
    assert references
    assert all(isinstance(FITTING.resolve(reference), dict) for reference in references)


@pytest.mark.parametrize("refusal", REFUSALS, ids=NAMES.__getitem__)
def test_each_refusal_has_its_exact_body(refusal: Refusal) -> None:
    """Each refusal is there with a body as the server sends it: nothing is left to be filled in."""
    [body] = values(DOCUMENT["components"]["responses"][NAMES[refusal]])
    assert list(body) == ["status", "error", "code"]
    assert (body["status"], body["code"]) == ("fail", refusal.code)
    assert re.fullmatch(re.sub(r"\\{\w+\\}", ".+", re.escape(refusal.error)), body["error"])
    assert "{" not in body["error"]


WITH_RECORDS = "200 400 401 405 408 413 429 500 503"
WITH_URL = "200 400 401 405 429 500 503"

STATUSES = {
    "/1/upload": {"post": WITH_RECORDS},
    "/1/profile.json": {"get": "200 400 401 404 405 429 500 503"},
    "/1/profiles.json": {"post": WITH_RECORDS, "get": WITH_URL},
    "/1/events.json": {"post": WITH_RECORDS, "get": WITH_URL},
    "/1/counts/profiles.json": {"post": WITH_RECORDS, "get": WITH_URL},
    "/1/counts/events.json": {"post": WITH_RECORDS, "get": WITH_URL},
    "/1/delete/profiles.json": {"post": WITH_RECORDS},
    "/1/demerge/profiles.json": {"post": WITH_RECORDS},
    "/1/subscribe": {"post": WITH_RECORDS},
    "/1/disassociate": {"post": WITH_RECORDS},
    "/1/profiles/export": {"get": WITH_URL},
}


def test_each_route_lists_its_statuses() -> None:
    """The routes of the API list every status they may answer with."""
    paths = {path: verbs for path, verbs in DOCUMENT["paths"].items() if path in API}
    described = {path: {verb: " ".join(row["responses"]) for verb, row in verbs.items()} for path, verbs in paths.items()}
    assert described == STATUSES


@pytest.mark.parametrize(("path", "verb"), OPERATIONS)
def test_each_operation_is_whole(path: str, verb: str) -> None:
    """An operation has an id of its own, says what it is for, and asks for credentials under `/1/` only."""
    operation = DOCUMENT["paths"][path][verb]
    ids = [DOCUMENT["paths"][path][verb]["operationId"] for path, verb in OPERATIONS]
    assert ids.count(operation["operationId"]) == 1
    assert operation["summary"]
    assert bool(operation["security"]) is path.startswith("/1/")


def test_examples_fit_their_schemas() -> None:
    """Every example of a body, an answer or a parameter is one its schema allows; of lines each one is."""
    holders = [node for node in nodes(DOCUMENT) if "schema" in node and ("examples" in node or "example" in node)]
    shown = [(row["value"], kind["schema"]) for kind in holders for row in kind.get("examples", {}).values()]
    shown += [(holder["example"], holder["schema"]) for holder in holders if "example" in holder]
    shown += [
        (json.loads(line), kind["x-line-schema"])
        for kind in holders
        if "x-line-schema" in kind
        for row in kind["examples"].values()
        for line in row["value"].splitlines()
    ]
    assert [value for value, schema in shown if not FITTING.fits(value, schema)] == []
    assert len(shown) > 60


def test_every_code_is_listed() -> None:
    """The codes of refused records are those of the fault table."""
    schemas = DOCUMENT["components"]["schemas"]
    assert sorted({fault.code for fault in FAULTS}) == schemas["Unprocessed"]["properties"]["code"]["enum"]
    assert [field.name for field in FIELDS] == list(schemas["ProfileData"]["properties"])


def test_upload_examples_are_answers_of_the_core() -> None:
    """The three statuses are shown, a refused record with its text and its echo."""
    success, partial, fail, warned = values(DOCUMENT["paths"]["/1/upload"]["post"]["responses"]["200"])
    assert success == {"status": "success", "processed": 1, "unprocessed": []}
    assert (partial["status"], partial["processed"]) == ("partial", 1)
    text = "Profile data is incorrect. Email is not valid.Skipped record number : "
    assert [text + "2", text + "1"] == [answer["unprocessed"][0]["error"] for answer in (partial, fail)]
    assert [warning["record"] for warning in warned["warnings"]] == [1]


def test_profile_example_is_the_quick_start() -> None:
    """The profile shown is the one CleverTap's quick start prints, but for its random objectId."""
    [answer] = values(DOCUMENT["paths"]["/1/profile.json"]["get"]["responses"]["200"])
    record = answer["record"]
    object_id = record["platformInfo"][0].pop("objectId")
    assert record == {
        "platformInfo": [{"df": {}, "platform": "Web"}],
        "identity": "george.montana@clevertap.com",
        "name": "George Montana",
        "email": "george.montana@clevertap.com",
        "all_identities": ["george.montana@clevertap.com"],
        "profileData": {"customertype": "Silver"},
    }
    assert len(object_id) == 22


def test_limits_are_those_in_force() -> None:
    """Limits come from the settings, not from their defaults."""
    described = document(replace(SETTINGS, max_batch=7, max_key_bytes=33))
    assert described["x-limits"]["max_key_bytes"] == 33
    assert described["components"]["schemas"]["Upload"]["properties"]["d"]["maxItems"] == 7
    assert values(described["components"]["responses"][NAMES[BATCH_SIZE]])[0]["error"] == "Batch size exceeds limit of 7"


@pytest.mark.parametrize(("status", "expected"), [(404, 1), (200, 2)])
def test_a_missing_profile_may_answer_200(status: int, expected: int) -> None:
    """With `not_found_status` 200 a missing profile is among the answers with 200."""
    described = document(replace(SETTINGS, not_found_status=status))  # type: ignore[arg-type]
    responses = described["paths"]["/1/profile.json"]["get"]["responses"]
    assert expected == len(values(responses["200"]))
    assert (status == 404) == ("404" in responses)


class Balance(HTMLParser):
    """Notes tags that are closed out of order."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.wrong: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.wrong.append(tag)


def test_page_is_balanced_html_without_network() -> None:
    """The page closes what it opens, has no script, and names no other host."""
    text = page(DOCUMENT).decode()
    balance = Balance()
    balance.feed(text)
    assert (balance.open, balance.wrong) == ([], [])
    assert not any(part in text for part in ("<script", "<link", "<img", "@import", 'href="http', "url("))


def test_page_shows_every_row() -> None:
    """The page has every path, code, field, operator and limit."""
    text = page(DOCUMENT).decode()
    rows = [
        *DOCUMENT["paths"],
        *(str(fault.code) for fault in FAULTS),
        *(str(refusal.status) for refusal in REFUSALS if refusal.error != "Not Found"),
        *(field.name for field in FIELDS),
        *OPERATORS,
        *BY_NAME,
        *LIMITS,
    ]
    assert [row for row in rows if row not in text] == []


def test_page_escapes() -> None:
    """Text of the description cannot become markup."""
    described = document(SETTINGS)
    described["info"]["summary"] = "<b>&"
    assert b"&lt;b&gt;&amp;" in page(described)
