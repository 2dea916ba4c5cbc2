"""The routes about the server itself: no credentials."""

from typing import Final

from .pieces import Json

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
"""Path: operation id, what it is for, and its answers as (description, content type)."""


def operations() -> Json:
    return {path: {"get": operation(*row)} for path, row in PLAIN.items()}


def operation(name: str, summary: str, answers: dict[str, tuple[str, str]]) -> Json:
    kinds = {"application/json": {"type": "object"}, "text/plain": {"type": "string"}, "text/html": {"type": "string"}}
    return {
        "operationId": name,
        "summary": summary,
        "security": [],
        "responses": {
            status: {"description": text, "content": {kind: {"schema": kinds[kind]}}}
            for status, (text, kind) in answers.items()
        },
    }
