"""The schemas of what an upload holds: profiles, events, tokens."""

from typing import Final

from ...core.fields import FIELDS, Field
from ...core.identity import DEVICE_KIND, KINDS
from ...core.operators import OPERATORS, SET
from ...core.records.event.data import MAX_ITEMS
from ...core.records.token import MAX_TOKEN_BYTES, PLATFORMS, WEB_KEYS
from ...settings import Settings
from .pieces import TEXT, Json, closed, one_of, ref, sentence

VALUE: Final[Json] = {"type": ["string", "boolean", "number", "array", "object", "null"]}


def schemas(settings: Settings) -> Json:
    return {
        "Upload": batch("Record", settings),
        "Record": one_of("ProfileRecord", "EventRecord", "TokenRecord"),
        "ProfileRecord": profile_record(settings),
        "EventRecord": event_record(settings),
        "TokenRecord": token_record(settings),
        "ProfileData": {
            "type": "object",
            "description": property_rules(settings),
            "properties": {field.name: field_schema(field) for field in FIELDS},
            "additionalProperties": {"anyOf": [ref("schemas", "Value"), ref("schemas", "Operator")]},
        },
        "EventData": {
            "type": "object",
            "description": event_rules(settings),
            "additionalProperties": ref("schemas", "Value"),
        },
        "Value": VALUE | {"description": "Text, boolean, 64-bit integer, float, `$D_<epoch seconds>`, list or nested object."},
        "Operator": {"description": "Exactly one operator.", "oneOf": [operator_schema(*row) for row in operator_rows()]},
    }


def batch(record: str, settings: Settings) -> Json:
    """A body with a list of these records."""
    records = {"type": "array", "items": ref("schemas", record), "maxItems": settings.max_batch}
    return {"type": "object", "properties": {"d": records}, "required": ["d"]}


def identifier(settings: Settings) -> Json:
    return {"type": ["string", "number", "null"], "maxLength": settings.max_identifier_chars}


def about_someone(kind: str, content: Json, settings: Settings) -> Json:
    """A record that names a person."""
    return {
        "type": "object",
        "properties": {
            "type": {"const": kind},
            **dict.fromkeys(KINDS, identifier(settings)),
            "ts": {"type": ["integer", "string", "null"], "description": "Epoch seconds, or an ISO 8601 date-time."},
            **content,
        },
        "required": ["type"],
        "anyOf": [{"required": [kind]} for kind in KINDS],
    }


def profile_record(settings: Settings) -> Json:
    record = about_someone("profile", {"profileData": ref("schemas", "ProfileData")}, settings)
    return record | {"description": "One of identity, FBID, GPID and objectId is needed. Other keys are ignored."}


def event_record(settings: Settings) -> Json:
    name = TEXT | {"description": "Names that differ only in case and blanks are one event."}
    record = about_someone("event", {"evtName": name, "evtData": ref("schemas", "EventData")}, settings)
    return record | {
        "description": "Something a person did, named as by a profile record. `ts` is when; a person who is not known is made.",
        "required": ["type", "evtName"],
    }


def token_record(settings: Settings) -> Json:
    keys = closed(dict.fromkeys(WEB_KEYS, TEXT), *WEB_KEYS)
    data = {
        "type": "object",
        "properties": {
            "id": TEXT | {"description": f"At most {MAX_TOKEN_BYTES} bytes."},
            "type": {"enum": list(PLATFORMS), "description": "In any case; it has to fit the platform of the objectId."},
            "keys": keys | {"description": "For type chrome."},
        },
        "required": ["id", "type"],
    }
    return {
        "type": "object",
        "description": "The push token of a device.",
        "properties": {"type": {"const": "token"}, DEVICE_KIND: identifier(settings), "tokenData": data},
        "required": ["type", DEVICE_KIND, "tokenData"],
    }


def property_rules(settings: Settings) -> str:
    return (
        f"Reserved fields and custom properties: keys of at most {settings.max_key_bytes} bytes, "
        f"texts of at most {settings.max_value_bytes} bytes, at most {settings.max_custom_keys} custom properties per profile, "
        f"lists of at most {settings.max_list_items} items, objects nested at most {settings.max_nesting} deep. "
        "Keys that differ only in case and blanks are one property. null leaves a property as it is."
    )


def event_rules(settings: Settings) -> str:
    return (
        f"At most {settings.max_event_properties} properties, with the limits of custom properties, and no operators. "
        f"`Items` of the event `Charged` is a list of at most {MAX_ITEMS} flat objects."
    )


def field_schema(field: Field) -> Json:
    code = f" A bad value is refused with {field.fault.code}." if field.fault else ""
    return {"description": sentence(field.accepts) + code}


def operator_rows() -> list[tuple[str, str, str]]:
    """Name, what it takes and what it does, `$set` first."""
    others = [(operator.name, operator.accepts, operator.does) for operator in OPERATORS.values()]
    return [(SET, "a value or a list", "replaces the property"), *others]


def operator_schema(name: str, accepts: str, does: str) -> Json:
    return closed({name: {"description": f"Takes {accepts}; {does}."}}, name)
