"""The OpenAPI 3.1 description of the server, built from the tables the server itself runs on.

Error codes, texts, fields, operators and limits are read from `core` and from the settings in force;
the examples are answers `core` gives. Source: contract A1.3, A2, A3, A6.
"""

from typing import Final

from .. import __version__
from ..core import faults
from ..core.answers import profile_view, refusal_answer, upload_answer
from ..core.faults import REFUSALS, Refusal, Rejection, Warning
from ..core.fold import fold, screen
from ..core.rules import Rules
from ..core.work import Found
from ..settings import Settings
from .schemas import Json, ref, schemas, sentence

GEORGE: Final[Json] = {
    "identity": "george.montana@clevertap.com",
    "type": "profile",
    "profileData": {"Name": "George Montana", "Customer Type": "Silver"},
}
"""The record of CleverTap's quick start."""

NO_EMAIL: Final[Json] = {"identity": "4", "ts": 1521649274, "type": "profile", "profileData": {"Email": "$$$$$"}}
"""A record CleverTap was seen to refuse."""

EXAMPLE_NOW_S: Final = 1_521_649_274

ACCESS: Final = (faults.CREDENTIALS, faults.CONCURRENCY, faults.METHOD, faults.BUG, faults.UNAVAILABLE)
"""What every route under `/1/` may answer."""

LIMITS: Final = (
    *(name for name in Rules._fields if name != "drop"),
    "max_body_bytes", "body_timeout", "upload_concurrency", "read_concurrency",
)  # fmt: skip
"""The settings that are limits; the description carries those in force as `x-limits`."""

UPLOAD_REFUSALS: Final = (faults.MALFORMED, faults.BATCH_SIZE, faults.BODY_TIMEOUT, faults.TOO_LARGE, *ACCESS)
PROFILE_REFUSALS: Final = (faults.MALFORMED, faults.PROFILE_NOT_FOUND, *ACCESS)


def document(settings: Settings) -> Json:
    """The whole description, with the limits of `settings`."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "personae",
            "version": __version__,
            "summary": "A self-hosted customer profile server that speaks CleverTap's REST API",
            "description": "Paths under `/1/` need the two headers of a project. Every refusal is JSON; "
            "an unknown path under `/1/` gets the answer `NotFound`.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "x-limits": {name: getattr(settings, name) for name in LIMITS},
        "paths": {
            "/1/upload": {"post": upload_operation(settings)},
            "/1/profile.json": {"get": profile_operation(settings)},
        }
        | {path: {"get": plain_operation(*row)} for path, row in PLAIN.items()},
        "components": {
            "securitySchemes": {
                "project": header("X-CleverTap-Account-Id", "The Project ID."),
                "passcode": header("X-CleverTap-Passcode", "A passcode of the project."),
            },
            "schemas": schemas(settings),
            "responses": {name_of(refusal): refused(refusal, settings) for refusal in REFUSALS},
        },
    }


def header(name: str, description: str) -> Json:
    return {"type": "apiKey", "in": "header", "name": name, "description": description}


# --- the two routes of the API


def upload_operation(settings: Settings) -> Json:
    return {
        "operationId": "upload",
        "summary": "Create or update profiles",
        "description": f"Takes 0 to {settings.max_batch} records and applies them in order. Each has exactly one outcome. "
        "The answer is 200 even when every record was refused: look at `status`.",
        "security": [{"project": [], "passcode": []}],
        "parameters": [
            parameter("dryRun", "query", "`1` or `true`: the same checks and the same answer, nothing is stored.", "1"),
            parameter(
                "Content-Encoding", "header", "`gzip`, where the body is compressed. The size limit is for the body inflated.",
                "gzip",
            ),
        ],
        "requestBody": {
            "required": True,
            "description": f"At most {settings.max_body_bytes} bytes, complete within {settings.body_timeout:g} s.",
            "content": json_content(ref("schemas", "Upload"), {"quick start": {"d": [GEORGE]}}),
        },
        "responses": {"200": upload_answered()} | refusals(UPLOAD_REFUSALS, settings),
    }  # fmt: skip


def upload_answered() -> Json:
    """The three statuses of an upload, and one with a warning, as `core` answers them."""
    refused = Rejection(1, faults.EMAIL)
    warned = Warning(0, "Points", "$incr left Points as it is: there is no number to change")
    examples = {
        "success": upload_answer(1, [], [], [GEORGE]),
        "partial": upload_answer(2, [refused], [], [GEORGE, NO_EMAIL]),
        "fail": upload_answer(1, [Rejection(0, faults.EMAIL)], [], [NO_EMAIL]),
        "success with a warning": upload_answer(1, [], [warned], [GEORGE]),
    }
    return {
        "description": "What became of the records.",
        "content": json_content(ref("schemas", "UploadAnswer"), examples),
    }


def profile_operation(settings: Settings) -> Json:
    asked = {
        "email": "Finds the profile whose Email, or whose identity, equals it without regard to case.",
        "identity": "Finds the profile by its identity.",
        "objectId": "Finds the profile by its objectId.",
    }
    example = {"email": GEORGE["identity"], "identity": GEORGE["identity"], "objectId": example_object_id()}
    answers = {"200": profile_answered()} | refusals(PROFILE_REFUSALS, settings)
    if settings.not_found_status == 200:
        del answers["404"]
        answers["200"]["content"] = not_found_as_200(answers["200"]["content"])
    return {
        "operationId": "profile",
        "summary": "Read one profile",
        "description": "One of the three parameters is meant; of several, email, then identity, then objectId is used. "
        "Every read sees what was acknowledged before it.",
        "security": [{"project": [], "passcode": []}],
        "parameters": [parameter(name, "query", text, example[name]) for name, text in asked.items()],
        "responses": answers,
    }


def profile_answered() -> Json:
    answer = {"record": example_record(), "status": "success"}
    return {
        "description": "The profile.",
        "content": json_content(ref("schemas", "ProfileAnswer"), {"quick start": answer}),
    }


def not_found_as_200(content: Json) -> Json:
    """The content of 200 where `not_found_status` lets a missing profile answer with it."""
    kind = content["application/json"]
    either = {"oneOf": [kind["schema"], ref("schemas", "Refusal")]}
    missing = {"no such profile": refusal_answer(faults.PROFILE_NOT_FOUND)}
    return json_content(either, {name: shown["value"] for name, shown in kind["examples"].items()} | missing)


def example_record() -> Json:
    """The quick start's profile as GET shows it: folded and viewed by `core`."""
    accepted, _ = screen([GEORGE], EXAMPLE_NOW_S, Rules())
    changes = fold(accepted, Found({}, {}), EXAMPLE_NOW_S * 1_000_000, b"example", Rules())
    [profile] = changes.profiles.values()
    return profile_view(profile, {})


def example_object_id() -> str:
    return str(example_record()["platformInfo"][0]["objectId"])


# --- the routes about the server itself

PLAIN: Final = {
    "/healthz": ("health", "Is the process up?", {"200": ("It is.", "application/json")}),
    "/readyz": (
        "ready",
        "Can the store be written?",
        {"200": ("It can.", "application/json"), "503": ("It cannot now.", "application/json")},
    ),
    "/metrics": ("metrics", "Figures for Prometheus", {"200": ("The figures.", "text/plain")}),
    "/openapi.json": ("openapi", "This description", {"200": ("An OpenAPI 3.1 document.", "application/json")}),
    "/docs": ("docs", "This description as a page", {"200": ("A page that needs no script and no network.", "text/html")}),
}
"""Path: operation id, what it is for, and its answers as (description, content type). No credentials."""


def plain_operation(operation: str, summary: str, answers: dict[str, tuple[str, str]]) -> Json:
    kinds = {"application/json": {"type": "object"}, "text/plain": {"type": "string"}, "text/html": {"type": "string"}}
    return {
        "operationId": operation,
        "summary": summary,
        "security": [],
        "responses": {
            status: {"description": text, "content": {kind: {"schema": kinds[kind]}}}
            for status, (text, kind) in answers.items()
        },
    }


# --- refusals


def name_of(refusal: Refusal) -> str:
    """The name a refusal has in `components`, from its text: "Profile not found" is `ProfileNotFound`."""
    words = refusal.error.replace("{max_batch}", "").split()
    return "".join(word[0].upper() + word[1:] for word in words)


def refused(refusal: Refusal, settings: Settings) -> Json:
    """One refusal with its exact body and the headers that come with it."""
    body = refusal_answer(refusal, max_batch=settings.max_batch)
    headers = REQUEST_ID | HEADERS.get(refusal, {})
    return {
        "description": sentence(refusal.meaning),
        "headers": {name: {"description": text, "schema": {"type": "string"}} for name, text in headers.items()},
        "content": json_content(ref("schemas", "Refusal"), {body["error"]: body}),
    }


REQUEST_ID: Final = {"X-Request-Id": "The id of this request; what the log says of it has the same."}

HEADERS: Final = {
    faults.METHOD: {"Allow": "The methods the path takes."},
    faults.CONCURRENCY: {"Retry-After": "Seconds to wait: 1."},
}


def refusals(rows: tuple[Refusal, ...], settings: Settings) -> Json:
    """The answers of one operation by HTTP status; two refusals with one status become one answer."""
    by_status: dict[str, list[Refusal]] = {}
    for row in sorted(rows, key=lambda row: row.status):
        by_status.setdefault(str(row.status), []).append(row)
    return {
        status: ref("responses", name_of(same[0])) if len(same) == 1 else joined(same, settings)
        for status, same in by_status.items()
    }


def joined(same: list[Refusal], settings: Settings) -> Json:
    bodies = [refusal_answer(row, max_batch=settings.max_batch) for row in same]
    return {
        "description": " Or: ".join(sentence(row.meaning) for row in same),
        "content": json_content(ref("schemas", "Refusal"), {body["error"]: body for body in bodies}),
    }


def parameter(name: str, place: str, description: str, example: str) -> Json:
    return {"name": name, "in": place, "description": description, "schema": {"type": "string"}, "example": example}


def json_content(schema: Json, examples: Json) -> Json:
    shown = {name: {"value": value} for name, value in examples.items()}
    return {"application/json": {"schema": schema, "examples": shown}}
