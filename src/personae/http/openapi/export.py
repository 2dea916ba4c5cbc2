"""`GET /1/profiles/export`: lines of JSON."""

from ...core import faults
from ...export import CURSOR_PROFILES, Selection, lines
from ...settings import Settings
from . import refusals
from .pieces import SECURED, TEXT, Json, closed, one_of, parameter
from .queries import CURSOR
from .reading import example_profile
from .uploads import GEORGE, VIEWED


def schemas() -> Json:
    return {"ExportCursor": closed({"cursor": TEXT}, "cursor")}


def operation(settings: Settings) -> Json:
    often = f"`true`: a line with a cursor after every {CURSOR_PROFILES} profiles or some more."
    names = "Parts of the record and properties, with commas between them; everything if not given."
    return {
        "operationId": "export",
        "summary": "Every profile of the project, a line each",
        "description": "All profiles as they are when the request begins, in no order that means anything. An answer that "
        "breaks off has no end of its body.",
        "security": SECURED,
        "parameters": [
            parameter("fields", "query", names, "identity,email,Customer Type"),
            parameter("cursors", "query", often, True),
            parameter("cursor", "query", "Go on after the line with this cursor.", CURSOR),
            parameter("Accept-Encoding", "header", "`gzip`: the answer is compressed.", "gzip"),
        ],
        "responses": {"200": streamed()} | refusals.refused((faults.QUERY, faults.CURSOR, *refusals.ACCESS), settings),
    }


def streamed() -> Json:
    """Lines as they are sent; the schema is that of one line."""
    profile = example_profile(GEORGE, VIEWED)
    examples = {
        "profiles": lines([profile], {}, None).decode(),
        "with fields=identity,Customer Type": lines([profile], {}, Selection(["identity", "Customer Type"])).decode(),
    }
    return {
        "description": "The lines; with gzip where the client takes it.",
        "headers": {"Content-Encoding": {"description": "gzip, where it is compressed.", "schema": TEXT}},
        "content": {
            "application/x-ndjson": {
                "schema": TEXT | {"description": "One JSON object a line, of `x-line-schema`."},
                "x-line-schema": one_of("Profile", "ExportCursor"),
                "examples": {name: {"value": value} for name, value in examples.items()},
            }
        },
    }
