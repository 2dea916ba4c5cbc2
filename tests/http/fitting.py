"""Whether a value fits a JSON schema: as much of JSON Schema as the description uses."""

from collections.abc import Callable
from typing import Any

Json = dict[str, Any]

TYPES: dict[str, Callable[[object], bool]] = {
    "object": lambda value: type(value) is dict,
    "array": lambda value: type(value) is list,
    "string": lambda value: type(value) is str,
    "integer": lambda value: type(value) is int,
    "number": lambda value: type(value) in (int, float),
    "boolean": lambda value: type(value) is bool,
    "null": lambda value: value is None,
}


class Fitting:
    """Checks values against the schemas of one document."""

    def __init__(self, document: Json) -> None:
        self.document = document
        self.rules: dict[str, Callable[[Any, Any, Json], bool]] = {
            "$ref": lambda value, name, _: self.fits(value, self.resolve(name)),
            "type": lambda value, kinds, _: any(TYPES[kind](value) for kind in ([kinds] if type(kinds) is str else kinds)),
            "const": lambda value, expected, _: value == expected,
            "enum": lambda value, values, _: value in values,
            "oneOf": lambda value, schemas, _: sum(self.fits(value, schema) for schema in schemas) == 1,
            "anyOf": lambda value, schemas, _: any(self.fits(value, schema) for schema in schemas),
            "allOf": lambda value, schemas, _: all(self.fits(value, schema) for schema in schemas),
            "required": lambda value, names, _: type(value) is not dict or set(names) <= value.keys(),
            "properties": lambda value, known, _: all(
                self.fits(value[name], schema) for name, schema in known.items() if type(value) is dict and name in value
            ),
            "additionalProperties": lambda value, schema, whole: all(
                schema is not False and self.fits(value[name], schema)
                for name in (value if type(value) is dict else {})
                if name not in whole.get("properties", {})
            ),
            "items": lambda value, schema, _: all(self.fits(item, schema) for item in (value if type(value) is list else ())),
            "minItems": lambda value, least, _: type(value) is not list or len(value) >= least,
            "maxItems": lambda value, most, _: type(value) is not list or len(value) <= most,
            "maxProperties": lambda value, most, _: type(value) is not dict or len(value) <= most,
            "maxLength": lambda value, most, _: type(value) is not str or len(value) <= most,
            "minimum": lambda value, least, _: type(value) not in (int, float) or value >= least,
            "description": lambda value, text, _: True,
        }

    def resolve(self, reference: str) -> Any:
        """The part of the document a reference leads to."""
        found: Any = self.document
        for part in reference.removeprefix("#/").split("/"):
            found = found[part]
        return found

    def fits(self, value: object, schema: Json) -> bool:
        """Whether the value keeps every rule of the schema; one of which nothing is known here raises `KeyError`."""
        return all(self.rules[rule](value, argument, schema) for rule, argument in schema.items())
