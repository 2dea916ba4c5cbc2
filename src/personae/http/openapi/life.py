"""What deletes profiles, takes them apart, releases phones, and sets the flags of addresses."""

from typing import Final

from ...core import faults
from ...core.answers import upload_answer
from ...core.history import NOBODY
from ...core.life import disassociate, subscribe
from ...core.rules import Rules
from ...core.work import Found
from ...settings import Settings
from ..life import DONE
from ..targets import DELETABLE, MAX_TARGETS
from . import refusals
from .pieces import SECURED, Json, body, dry_run, gzipped
from .records import batch, identifier
from .refusals import answered
from .uploads import named

SUBSCRIBE_FAULTS: Final = (
    *dict.fromkeys(channel.fault for channel in subscribe.CHANNELS.values()), faults.SUBSCRIPTION, faults.SUBSCRIPTION_STATUS,
)  # fmt: skip
RELEASE_FAULTS: Final = (faults.PHONE, faults.RELEASE)

LEAVES: Final[Json] = {"type": "phone", "value": "+919812345678", "status": "Unsubscribe"}
RETURNS: Final[Json] = {"type": "email", "value": "jack@example.com", "status": "Resubscribe"}
PHONE: Final[Json] = {"type": "phone", "value": "+919812345678"}
NO_PHONE: Final[Json] = {"type": "phone", "value": "12"}


def schemas(settings: Settings) -> Json:
    one = identifier(settings)
    target = {"anyOf": [one, {"type": "array", "items": one, "minItems": 1, "maxItems": MAX_TARGETS}]}
    addresses = {"type": ["string", "integer"]}
    words = [status.capitalize() for status in subscribe.STATUSES]
    return {
        "Deletion": {
            "type": "object",
            "description": "One of the two; `guid` is an objectId.",
            "properties": dict.fromkeys(DELETABLE, target),
            "oneOf": [{"required": [name]} for name in DELETABLE],
        },
        "Demerge": {"type": "object", "properties": {"identities": target}, "required": ["identities"]},
        "Done": {"const": DONE},
        "Subscriptions": batch("Subscription", settings),
        "Subscription": {
            "type": "object",
            "description": "Words are taken in any case.",
            "properties": {"type": {"enum": list(subscribe.CHANNELS)}, "value": addresses, "status": {"enum": words}},
            "required": ["type", "value", "status"],
        },
        "Releases": batch("Release", settings),
        "Release": {
            "type": "object",
            "properties": {"type": {"enum": ["phone"]}, "value": {"type": ["string", "number"]}},
            "required": ["type", "value"],
        },
    }


def operations(settings: Settings) -> Json:
    return {
        "/1/delete/profiles.json": {"post": delete(settings)},
        "/1/demerge/profiles.json": {"post": demerge(settings)},
        "/1/subscribe": {"post": subscriptions(settings)},
        "/1/disassociate": {"post": releases(settings)},
    }


def delete(settings: Settings) -> Json:
    return {
        "operationId": "deleteProfiles",
        "summary": "Delete profiles, at once and with all that belongs to them",
        "description": f"Takes up to {MAX_TARGETS}. Those that nobody has are no fault. One that is no identifier refuses "
        "the whole request.",
        "security": SECURED,
        "parameters": [dry_run(), gzipped()],
        "requestBody": body(
            "Deletion", {"one": {"identity": "jack"}, "several": {"guid": ["Aa1bb2", "-cc3"]}}, "Whom to delete."
        ),
        "responses": {"200": done()}
        | refusals.refused((faults.ONE_KIND, faults.TARGETS, *refusals.BODY, *refusals.ACCESS), settings),
    }


def demerge(settings: Settings) -> Json:
    return {
        "operationId": "demergeProfiles",
        "summary": "Take profiles apart: every further device gets a profile of its own",
        "description": f"Takes up to {MAX_TARGETS}. Profiles that were merged are there again as they were. The profile "
        "itself keeps its identities and its first device.",
        "security": SECURED,
        "parameters": [dry_run(), gzipped()],
        "requestBody": body("Demerge", {"one": {"identities": ["jack"]}}, "Whom to take apart."),
        "responses": {"200": done()} | refusals.refused((faults.TARGETS, *refusals.BODY, *refusals.ACCESS), settings),
    }


def done() -> Json:
    return answered("It is done and on disk.", ("Done",), {"success": DONE})


def subscriptions(settings: Settings) -> Json:
    records = [LEAVES, RETURNS | {"value": "jack"}]
    accepted, rejected = subscribe.screen(records)
    examples = {
        "success": upload_answer(1, [], [], [LEAVES]),
        "partial": upload_answer(len(accepted) + len(rejected), rejected, [], records),
    }
    text = "The flags belong to the addresses: they hold for everybody who has one, now or later."
    return {
        "operationId": "subscribe",
        "summary": "Set or lift do-not-disturb of addresses",
        "description": f"{text} {codes(SUBSCRIBE_FAULTS)}",
        "security": SECURED,
        "parameters": [dry_run(), gzipped()],
        "requestBody": body("Subscriptions", {"two": {"d": [LEAVES, RETURNS]}}, limit(settings)),
        "responses": {"200": answered("What became of the records.", ("UploadAnswer",), examples)}
        | refusals.refused(refusals.RECORDS, settings),
    }


def releases(settings: Settings) -> Json:
    return {
        "operationId": "disassociate",
        "summary": "Take phones from the profiles that have them as identities",
        "description": f"The next upload with such a phone makes a new profile. {codes(RELEASE_FAULTS)}",
        "security": SECURED,
        "parameters": [dry_run(), gzipped()],
        "requestBody": body("Releases", {"one": {"d": [PHONE]}}, limit(settings)),
        "responses": {"200": answered("What became of the records.", ("UploadAnswer",), released())}
        | refusals.refused(refusals.RECORDS, settings),
    }


def released() -> Json:
    """A phone that somebody had, and one that nobody has beside one that is none."""
    records = [PHONE, NO_PHONE]
    accepted, rejected = disassociate.screen(records, Rules())
    changes = disassociate.disassociate(accepted, Found({}, {}), 0, Rules(), NOBODY)
    return {
        "success": upload_answer(1, [], [], [PHONE]),
        "partial, with a warning": upload_answer(2, rejected, changes.warnings, records),
    }


def codes(rows: tuple[faults.Fault, ...]) -> str:
    return f"Codes of refused records: {'; '.join(map(named, sorted(rows)))}."


def limit(settings: Settings) -> str:
    return f"At most {settings.max_batch} records."
