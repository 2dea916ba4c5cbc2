"""The JSON schemas of what is sent and answered, built from the tables of `core` and the limits in force."""

from typing import Any

from ..core.faults import FAULTS
from ..core.fields import FIELDS, Field
from ..core.identity import KINDS
from ..core.operators import OPERATORS, SET
from ..settings import Settings

Json = dict[str, Any]


def schemas(settings: Settings) -> Json:
    return {
        "Upload": {
            "type": "object",
            "properties": {"d": {"type": "array", "items": ref("schemas", "Record"), "maxItems": settings.max_batch}},
            "required": ["d"],
        },
        "Record": record_schema(settings),
        "ProfileData": {
            "type": "object",
            "description": property_rules(settings),
            "properties": {field.name: field_schema(field) for field in FIELDS},
            "additionalProperties": {"anyOf": [ref("schemas", "Value"), ref("schemas", "Operator")]},
        },
        "Value": {
            "type": ["string", "boolean", "number", "array", "object", "null"],
            "description": "Text, boolean, 64-bit integer, float, `$D_<epoch seconds>`, list or nested object.",
        },
        "Operator": {"description": "Exactly one operator.", "oneOf": [operator_schema(*row) for row in operator_rows()]},
        "UploadAnswer": closed(
            {
                "status": {"enum": ["success", "partial", "fail"]},
                "processed": {"type": "integer", "minimum": 0},
                "unprocessed": {"type": "array", "items": ref("schemas", "Unprocessed")},
                "warnings": {"type": "array", "items": ref("schemas", "Warning"), "maxItems": 101},
            },
            "status", "processed", "unprocessed",
        ),
        "Unprocessed": closed(
            {
                "status": {"const": "fail"},
                "code": {
                    "enum": [fault.code for fault in FAULTS],
                    "description": "; ".join(f"{fault.code}: {fault.meaning}" for fault in FAULTS),
                },
                "error": {"type": "string"},
                "record": {"description": "The record as received."},
            },
            "status", "code", "error", "record",
        ),
        "Warning": closed(
            {
                "record": {"type": "integer", "minimum": 1, "description": "The number of the record, the first is 1."},
                "key": {"type": "string"},
                "warning": {"type": "string"},
            },
            "record", "key", "warning",
        ),
        "ProfileAnswer": closed({"record": ref("schemas", "Profile"), "status": {"const": "success"}}, "record", "status"),
        "Profile": profile_schema(),
        "Refusal": closed(
            {"status": {"const": "fail"}, "error": {"type": "string"}, "code": {"type": "integer"}}, "status", "error", "code"
        ),
    }  # fmt: skip


def property_rules(settings: Settings) -> str:
    return (
        f"Reserved fields and custom properties: keys of at most {settings.max_key_bytes} bytes, "
        f"texts of at most {settings.max_value_bytes} bytes, at most {settings.max_custom_keys} custom properties per profile, "
        f"lists of at most {settings.max_list_items} items, objects nested at most {settings.max_nesting} deep. "
        "Keys that differ only in case and blanks are one property. null leaves a property as it is."
    )


def record_schema(settings: Settings) -> Json:
    identifier = {"type": ["string", "number", "null"], "maxLength": settings.max_identifier_chars}
    return {
        "type": "object",
        "description": "One of identity, FBID, GPID and objectId is needed. Other keys are ignored.",
        "properties": {
            "type": {"const": "profile"},
            **dict.fromkeys(KINDS, identifier),
            "ts": {"type": ["integer", "string", "null"], "description": "Epoch seconds, or an ISO 8601 date-time."},
            "profileData": ref("schemas", "ProfileData"),
        },
        "required": ["type"],
        "anyOf": [{"required": [kind]} for kind in KINDS],
    }


def profile_schema() -> Json:
    text = {"type": "string"}
    device = closed({"df": {"type": "object"}, "objectId": text, "platform": text}, "df", "objectId", "platform")
    return {
        "type": "object",
        "properties": {
            "platformInfo": {"type": "array", "minItems": 1, "items": device | {"additionalProperties": True}},
            **dict.fromkeys(("identity", "name", "email", "phone"), text),
            "all_identities": {"type": "array", "items": text},
            "profileData": {"type": "object", "description": "Under lower-case keys without blanks: `customertype`."},
        },
        "required": ["platformInfo", "all_identities", "profileData"],
    }


def field_schema(field: Field) -> Json:
    code = f" A bad value is refused with {field.fault.code}." if field.fault else ""
    return {"description": sentence(field.accepts) + code}


def operator_rows() -> list[tuple[str, str, str]]:
    """Name, what it takes and what it does, `$set` first."""
    others = [(operator.name, operator.accepts, operator.does) for operator in OPERATORS.values()]
    return [(SET, "a value or a list", "replaces the property"), *others]


def operator_schema(name: str, accepts: str, does: str) -> Json:
    return closed({name: {"description": f"Takes {accepts}; {does}."}}, name)


def closed(properties: Json, *required: str) -> Json:
    """An object with these properties and no others."""
    return {"type": "object", "properties": properties, "required": list(required), "additionalProperties": False}


def ref(section: str, name: str) -> Json:
    return {"$ref": f"#/components/{section}/{name}"}


def sentence(text: str) -> str:
    """The text of a table's row with a capital and a full stop."""
    return f"{text[0].upper()}{text[1:]}."
