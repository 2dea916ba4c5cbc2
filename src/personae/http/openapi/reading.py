"""`GET /1/profile.json`, and what a profile looks like."""

from typing import Final

from ...core import faults
from ...core.answers import profile_view
from ...core.fold import fold, screen
from ...core.profile import Profile
from ...core.rules import Rules
from ...core.work import Found
from ...settings import Settings
from . import refusals
from .pieces import SECURED, TEXT, Json, closed, parameter, ref
from .refusals import answered
from .uploads import GEORGE

EXAMPLE_NOW_S: Final = 1_521_649_274

REFUSALS: Final = (faults.MALFORMED, faults.PROFILE_NOT_FOUND, *refusals.ACCESS)

DATA: Final = "Under lower-case keys without blanks: `customertype`."
EVENTS: Final = "By the name first seen: how often, the first and the last time in epoch seconds."

WHOLE: Final = ("platformInfo", "all_identities", "profileData")
"""What every profile has."""


def schemas() -> Json:
    whole = {"allOf": [ref("schemas", "Profile"), {"required": list(WHOLE)}]}
    return {
        "ProfileAnswer": closed({"record": whole, "status": {"const": "success"}}, "record", "status"),
        "Profile": closed({"platformInfo": devices()} | about()),
        "Refusal": closed({"status": {"const": "fail"}, "error": TEXT, "code": {"type": "integer"}}, "status", "error", "code"),
    }


def devices() -> Json:
    return {"type": "array", "minItems": 1, "items": closed(device(), "df", "objectId", "platform")}


def device() -> Json:
    """What is said of a device; the token is there if it has one."""
    return {"df": {"type": "object"}, "objectId": TEXT, "platform": TEXT, "push_token": TEXT}


def about() -> Json:
    """What is said of a person beside the devices."""
    seen = {"count": {"type": "integer", "minimum": 1}, "first_seen": {"type": "integer"}, "last_seen": {"type": "integer"}}
    return {
        **dict.fromkeys(("identity", "name", "email", "phone"), TEXT),
        "all_identities": {"type": "array", "items": TEXT},
        "profileData": {"type": "object", "description": DATA},
        "events": {"type": "object", "description": EVENTS, "additionalProperties": closed(seen, *seen)},
    }


def operation(settings: Settings) -> Json:
    asked = {
        "email": "Finds the profile whose Email, or whose identity, equals it without regard to case.",
        "identity": "Finds the profile by its identity.",
        "objectId": "Finds the profile by its objectId.",
    }
    value = {"email": GEORGE["identity"], "identity": GEORGE["identity"], "objectId": example_object_id()}
    rows = tuple(row for row in REFUSALS if row != faults.PROFILE_NOT_FOUND or settings.not_found_status == row.status)
    return {
        "operationId": "profile",
        "summary": "Read one profile",
        "description": "One of the three parameters is meant; of several, email, then identity, then objectId is used. "
        "Every read sees what was acknowledged before it.",
        "security": SECURED,
        "parameters": [parameter(name, "query", text, value[name]) for name, text in asked.items()],
        "responses": {"200": found(settings)} | refusals.refused(rows, settings),
    }


def found(settings: Settings) -> Json:
    """The answer with a profile; a missing one has the same status where `not_found_status` says so."""
    example = {"quick start": {"record": example_record(), "status": "success"}}
    missing = {"no such profile": refusals.example(faults.PROFILE_NOT_FOUND, settings)}
    return answered("The profile.", ("ProfileAnswer",), example, missing if settings.not_found_status == 200 else None)


def example_record() -> Json:
    """The quick start's profile as GET shows it: folded and viewed by `core`."""
    return profile_view(example_profile(GEORGE), {})


def example_profile(*records: Json) -> Profile:
    """The one profile these records make."""
    accepted, _ = screen(records, EXAMPLE_NOW_S, Rules())
    changes = fold(accepted, Found({}, {}), EXAMPLE_NOW_S * 1_000_000, b"example", Rules())
    [profile] = changes.profiles.values()
    return profile


def example_object_id() -> str:
    return str(example_record()["platformInfo"][0]["objectId"])
