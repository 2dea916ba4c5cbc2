"""The pieces every part of the description is made of."""

from collections.abc import Mapping
from typing import Any, Final

Json = dict[str, Any]

TEXT: Final[Json] = {"type": "string"}
SECURED: Final[list[Json]] = [{"project": [], "passcode": []}]
"""What every route under `/1/` asks for."""

DRY_RUN: Final = "`1` or `true`: the same checks and the same answer, nothing is stored."
GZIPPED: Final = "`gzip`, where the body is compressed. The size limit is for the body inflated."


def ref(section: str, name: str) -> Json:
    return {"$ref": f"#/components/{section}/{name}"}


def one_of(*names: str) -> Json:
    """The schema of that name, or of one of several."""
    return ref("schemas", names[0]) if len(names) == 1 else {"oneOf": [ref("schemas", name) for name in names]}


def closed(properties: Json, *required: str) -> Json:
    """An object with these properties and no others."""
    return {"type": "object", "properties": properties, "required": list(required), "additionalProperties": False}


def parameter(name: str, place: str, description: str, example: object) -> Json:
    kinds: Mapping[type, Json] = {str: TEXT, int: {"type": "integer"}, bool: {"type": "boolean"}}
    return {"name": name, "in": place, "description": description, "schema": kinds[type(example)], "example": example}


def dry_run() -> Json:
    return parameter("dryRun", "query", DRY_RUN, "1")


def gzipped() -> Json:
    return parameter("Content-Encoding", "header", GZIPPED, "gzip")


def json_content(schema: Json, examples: Json) -> Json:
    shown = {name: {"value": value} for name, value in examples.items()}
    return {"application/json": {"schema": schema, "examples": shown}}


def body(schema: str, examples: Json, description: str, *, required: bool = True) -> Json:
    return {"required": required, "description": description, "content": json_content(ref("schemas", schema), examples)}


def sentence(text: str) -> str:
    """The text of a table's row with a capital and a full stop."""
    return f"{text[0].upper()}{text[1:]}."
