"""`POST /1/upload`: its answers are those of `core`."""

from typing import Final

from ...core import faults
from ...core.answers import MAX_WARNINGS, upload_answer
from ...core.faults import FAULTS, Fault, Rejection, Warning
from ...settings import Settings
from . import refusals
from .pieces import SECURED, TEXT, Json, body, closed, dry_run, gzipped, ref
from .refusals import answered

GEORGE: Final[Json] = {
    "identity": "george.montana@clevertap.com",
    "type": "profile",
    "profileData": {"Name": "George Montana", "Customer Type": "Silver"},
}
"""The record of CleverTap's quick start."""

NO_EMAIL: Final[Json] = {"identity": "4", "ts": 1521649274, "type": "profile", "profileData": {"Email": "$$$$$"}}
"""A record CleverTap was seen to refuse."""

VIEWED: Final[Json] = {
    "identity": "george.montana@clevertap.com",
    "type": "event",
    "evtName": "Product Viewed",
    "evtData": {"Product": "Kettle", "Price": 39.9},
    "ts": 1769770800,
}
TOKEN: Final[Json] = {"type": "token", "objectId": "__g0123456789", "tokenData": {"id": "dOnE3kYc", "type": "fcm"}}


def schemas() -> Json:
    return {
        "UploadAnswer": closed(
            {
                "status": {"enum": ["success", "partial", "fail"]},
                "processed": {"type": "integer", "minimum": 0},
                "unprocessed": {"type": "array", "items": ref("schemas", "Unprocessed")},
                "warnings": {"type": "array", "items": ref("schemas", "Warning"), "maxItems": MAX_WARNINGS + 1},
            },
            "status", "processed", "unprocessed",
        ),
        "Unprocessed": closed(
            {
                "status": {"const": "fail"},
                "code": {
                    "enum": list(dict.fromkeys(fault.code for fault in FAULTS)),
                    "description": "; ".join(map(named, FAULTS)),
                },
                "error": TEXT,
                "record": {"description": "The record as received."},
            },
            "status", "code", "error", "record",
        ),
        "Warning": closed(
            {
                "record": {"type": "integer", "minimum": 1, "description": "The number of the record, the first is 1."},
                "key": TEXT,
                "warning": TEXT,
            },
            "record", "key", "warning",
        ),
    }  # fmt: skip


def named(fault: Fault) -> str:
    return f"{fault.code}: {fault.meaning}"


def operation(settings: Settings) -> Json:
    return {
        "operationId": "upload",
        "summary": "Create or update profiles, add events and device tokens",
        "description": f"Takes 0 to {settings.max_batch} records of any type and applies them in order. "
        "Each has exactly one outcome. The answer is 200 even when every record was refused: look at `status`.",
        "security": SECURED,
        "parameters": [dry_run(), gzipped()],
        "requestBody": body(
            "Upload",
            {"quick start": {"d": [GEORGE]}, "event and token": {"d": [VIEWED, TOKEN]}},
            f"At most {settings.max_body_bytes} bytes, complete within {settings.body_timeout:g} s.",
        ),
        "responses": {"200": outcomes()} | refusals.refused(refusals.RECORDS, settings),
    }


def outcomes() -> Json:
    """The three statuses of an upload, and one with a warning."""
    refused = Rejection(1, faults.EMAIL)
    warned = Warning(0, "Points", "$incr left Points as it is: there is no number to change")
    examples = {
        "success": upload_answer(1, [], [], [GEORGE]),
        "partial": upload_answer(2, [refused], [], [GEORGE, NO_EMAIL]),
        "fail": upload_answer(1, [Rejection(0, faults.EMAIL)], [], [NO_EMAIL]),
        "success with a warning": upload_answer(1, [], [warned], [GEORGE]),
    }
    return answered("What became of the records.", ("UploadAnswer",), examples)
