"""The API description and the page made of it."""

import json
from collections.abc import Iterator
from dataclasses import replace
from html.parser import HTMLParser
from typing import Any

import pytest

from personae.core.answers import refusal_answer
from personae.core.faults import BATCH_SIZE, FAULTS, REFUSALS, Refusal
from personae.core.fields import FIELDS
from personae.core.operators import OPERATORS
from personae.http.app import API, OPEN
from personae.http.docs_page import page
from personae.http.openapi import LIMITS, document, name_of
from personae.settings import load

SETTINGS = load({}, {}, None).settings
DOCUMENT = document(SETTINGS)

VOID = ("meta",)


def nodes(node: Any) -> Iterator[dict[str, Any]]:
    """Every object of a JSON value."""
    if isinstance(node, dict):
        yield node
    for inner in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from nodes(inner)


def resolve(reference: str) -> Any:
    found: Any = DOCUMENT
    for part in reference.removeprefix("#/").split("/"):
        found = found[part]
    return found


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
    assert all(isinstance(resolve(reference), dict) for reference in references)


@pytest.mark.parametrize("refusal", REFUSALS, ids=name_of)
def test_each_refusal_has_its_exact_body(refusal: Refusal) -> None:
    """Each refusal is there with the body the server sends."""
    answer = DOCUMENT["components"]["responses"][name_of(refusal)]
    assert [refusal_answer(refusal, max_batch=1000)] == values(answer)


def test_both_routes_list_their_statuses() -> None:
    """The routes list every status they may answer with."""
    paths = DOCUMENT["paths"]
    expected = ["200", "400", "401", "405", "408", "413", "429", "500", "503"]
    assert expected == list(paths["/1/upload"]["post"]["responses"])
    expected = ["200", "400", "401", "404", "405", "429", "500", "503"]
    assert expected == list(paths["/1/profile.json"]["get"]["responses"])


def test_every_code_is_listed() -> None:
    """The codes of refused records are those of the fault table."""
    schemas = DOCUMENT["components"]["schemas"]
    assert [fault.code for fault in FAULTS] == schemas["Unprocessed"]["properties"]["code"]["enum"]
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
    assert values(described["components"]["responses"][name_of(BATCH_SIZE)])[0]["error"] == "Batch size exceeds limit of 7"


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
        *LIMITS,
    ]
    assert [row for row in rows if row not in text] == []


def test_page_escapes() -> None:
    """Text of the description cannot become markup."""
    described = document(SETTINGS)
    described["info"]["summary"] = "<b>&"
    assert b"&lt;b&gt;&amp;" in page(described)
