"""The OpenAPI 3.1 description of the server, built from the tables the server itself runs on.

Error codes, texts, fields, operators and limits are read from `core` and from the settings in force;
the examples are answers `core` gives. A module for each family of routes. Source: contract A1.3, A2, A3, A6, B 5, B 6.
"""

from typing import Final

from ... import __version__
from ...core.rules import Rules
from ...settings import Settings
from . import export, life, plain, queries, reading, records, refusals, uploads
from .pieces import Json

LIMITS: Final = (
    *(name for name in Rules._fields if name != "drop"),
    "max_body_bytes", "body_timeout", "upload_concurrency", "read_concurrency",
)  # fmt: skip
"""The settings that are limits; the description carries those in force as `x-limits`."""


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
            "/1/upload": {"post": uploads.operation(settings)},
            "/1/profile.json": {"get": reading.operation(settings)},
            **queries.operations(settings),
            **life.operations(settings),
            "/1/profiles/export": {"get": export.operation(settings)},
            **plain.operations(),
        },
        "components": {
            "securitySchemes": {
                "project": header("X-CleverTap-Account-Id", "The Project ID."),
                "passcode": header("X-CleverTap-Passcode", "A passcode of the project."),
            },
            "schemas": records.schemas(settings)
            | uploads.schemas()
            | reading.schemas()
            | queries.schemas()
            | life.schemas(settings)
            | export.schemas(),
            "responses": refusals.components(settings),
        },
    }


def header(name: str, description: str) -> Json:
    return {"type": "apiKey", "in": "header", "name": name, "description": description}
