"""What the server answers is what its description says."""

import json
from typing import Any
from urllib.parse import quote

import pytest

from tests.http.fitting import Fitting
from tests.server import Json, Server, credentials, fresh, profile

EVENT = fresh("Described")
QUERY = {"event_name": EVENT, "from": 20260101, "to": 20260101}
PHONE = {"type": "phone", "value": "+919812345678"}
RAISED = {"type": "event", "evtName": EVENT, "evtData": {"Price": 39.9}, "ts": 1767225600}
TOKEN = {"type": "token", "objectId": "__g1", "tokenData": {"id": "t", "type": "fcm"}}


@pytest.fixture(scope="module")
def identity(server: Server) -> str:
    """Somebody who did something twice, on a device with a token."""
    name = fresh()
    keys = {"objectId": "__g1", "identity": name}
    server.upload(profile(name, {"Plan": "Gold", "Email": f"{name}@example.com"}, objectId="__g1"), RAISED | keys, TOKEN)
    server.upload(RAISED | keys)
    return name


@pytest.fixture(scope="module")
def fitting(server: Server) -> Fitting:
    return Fitting(json.loads(server.request("GET", "/openapi.json").body))


def ask(server: Server, verb: str, path: str, body: Any = None) -> tuple[int, bytes]:
    data = None if body is None else json.dumps(body).encode()
    answer = server.request(verb, path, credentials(), data)
    return answer.status, answer.body


def described(fitting: Fitting, path: str, verb: str, status: int) -> Json:
    """The content of this answer."""
    answer = fitting.document["paths"][path.partition("?")[0]][verb.lower()]["responses"][str(status)]
    content: Json = (fitting.resolve(answer["$ref"]) if "$ref" in answer else answer)["content"]
    return content


ASKED: list[tuple[str, str, Any, int]] = [
    ("POST", "/1/upload", {"d": [TOKEN, 7]}, 200),
    ("POST", "/1/upload", {"d": 7}, 400),
    ("GET", "/1/profile.json?objectId=__g1", None, 200),
    ("GET", "/1/profile.json?objectId=nobody", None, 404),
    ("GET", f"/1/profiles.json?query={quote(json.dumps(QUERY))}", None, 200),
    ("POST", "/1/profiles.json", QUERY | {"event_name": "nothing"}, 200),
    ("POST", "/1/profiles.json", QUERY | {"to": 20250101}, 400),
    ("POST", "/1/profiles.json?cursor=x", None, 400),
    ("POST", "/1/counts/events.json", QUERY, 200),
    ("GET", "/1/counts/profiles.json?req_id=1", None, 400),
    ("POST", "/1/subscribe", {"d": [PHONE | {"status": "Unsubscribe"}, PHONE]}, 200),
    ("POST", "/1/disassociate", {"d": [PHONE, 7]}, 200),
    ("POST", "/1/demerge/profiles.json", {"identities": ["nobody"]}, 200),
    ("POST", "/1/delete/profiles.json", {"identity": "nobody"}, 200),
    ("POST", "/1/delete/profiles.json", {"identity": "a", "guid": "b"}, 400),
    ("GET", "/1/profiles/export?cursors=maybe", None, 400),
]


@pytest.mark.parametrize(("verb", "path", "body", "status"), ASKED)
def test_answers_fit(server: Server, fitting: Fitting, identity: str, verb: str, path: str, body: Any, status: int) -> None:
    """Each answer has a status that is described, and fits the schema there is for it."""
    got, answer = ask(server, verb, path, body)
    assert status == got
    assert fitting.fits(json.loads(answer), described(fitting, path, verb, status)["application/json"]["schema"]), answer


@pytest.mark.parametrize("path", ["/1/profiles.json", "/1/events.json"])
@pytest.mark.parametrize("options", ["", "&profile=false&events=false&app=false"])
def test_pages_fit(server: Server, fitting: Fitting, identity: str, path: str, options: str) -> None:
    """A page with records fits, whatever they show."""
    _, opened = ask(server, "POST", f"{path}?batch_size=1{options}", QUERY)
    page = f"{path}?cursor={json.loads(opened)['cursor']}"
    _, answer = ask(server, "GET", page)
    assert json.loads(answer)["records"]
    assert fitting.fits(json.loads(answer), described(fitting, path, "GET", 200)["application/json"]["schema"]), answer


@pytest.mark.parametrize("fields", ["", "&fields=identity,Plan"])
def test_lines_fit(server: Server, fitting: Fitting, identity: str, fields: str) -> None:
    """Every line of an export fits."""
    path = "/1/profiles/export"
    _, answer = ask(server, "GET", f"{path}?cursors=true{fields}")
    schema = described(fitting, path, "GET", 200)["application/x-ndjson"]["x-line-schema"]
    assert identity.encode() in answer
    lines = [*map(json.loads, answer.splitlines()), {"cursor": "as after every ten thousand"}]
    assert [line for line in lines if not fitting.fits(line, schema)] == []


def test_what_does_not_fit_is_found(fitting: Fitting) -> None:
    """The check would tell: a key too many, one too few, another type."""
    schema = {"$ref": "#/components/schemas/UploadAnswer"}
    answer: Json = {"status": "success", "processed": 1, "unprocessed": []}
    wrong = [answer | {"more": 1}, {"status": "success"}, answer | {"processed": "1"}, answer | {"status": "done"}, []]
    assert [True] + [False] * len(wrong) == [fitting.fits(value, schema) for value in (answer, *wrong)]


def test_an_upload_as_described_is_taken(server: Server, fitting: Fitting) -> None:
    """The examples of bodies are bodies the server takes."""
    upload = fitting.document["paths"]["/1/upload"]["post"]["requestBody"]["content"]["application/json"]["examples"]
    answers = [server.upload(*example["value"]["d"], path="/1/upload?dryRun=1") for example in upload.values()]
    assert {"success"} == {answer["status"] for answer in answers}
