"""Every way a record or a request can be wrong, each declared once with its code and exact text.

A `Fault` is about one record: it is returned, never raised. A `Refusal` is about a whole request.
Sources: contract A1.3 and B 2.6. The marks say how sure we are that CleverTap says the same.
"""

from typing import Literal, NamedTuple

import msgspec

Mark = Literal["documented", "recorded", "inferred", "ours"]


class Fault(NamedTuple):
    """One reason to leave a record unprocessed. `{detail}` in the text names key, finding and limit."""

    code: int
    meaning: str
    text: str
    mark: Mark
    fix: str

    def error(self, number: int, detail: str = "") -> str:
        """The `error` of the answer for the record with this 1-based number."""
        return self.text.replace("{detail}", detail) + f"Skipped record number : {number}"


# Recorded: no blank before "Skipped" after a profile error, one after an event, identity or ts error, and
# two dots in the Education text.
EVENT_NAME = Fault(
    509,
    "Event name missing",
    "Event Name is incorrect. ErrorCode: 509 - Event name is mandatory. ",
    "inferred",
    "Send evtName as text that is not blank.",
)
EVENT_DATA = Fault(
    512,
    "Event structure invalid",
    "Event structure is incorrect. ErrorCode: 512 - Event data is invalid. ",
    "inferred",
    "Send evtData as an object, or leave it out.",
)
EVENT_RESTRICTED = Fault(
    513,
    "The event is a system event",
    "Event Name is incorrect. ErrorCode: 513 - Trying to raise a restricted system event. ",
    "recorded",
    "Give the event another name: this one, in any case and with any blanks, is the product's own.",
)
GENDER = Fault(
    514,
    "Gender invalid",
    "Profile data is incorrect. Gender needs to be M/F.",
    "inferred",
    "Send M, F, O or U, or one of the words male, female, others, unknown.",
)
EMAIL = Fault(
    515,
    "Email invalid",
    "Profile data is incorrect. Email is not valid.",
    "recorded",
    "Send one address with a dotted domain and no blanks, at most 512 bytes.",
)
PHONE = Fault(
    516,
    "Phone invalid",
    "Profile data is incorrect. Phone number is not valid.",
    "recorded",
    "Send + and 8 to 15 digits, country code first, or the digits as a JSON integer.",
)
EMPLOYED = Fault(
    517,
    "Employed invalid",
    "Profile data is incorrect. Employed needs to be Y/N.",
    "recorded",
    "Send Y or N.",
)
EDUCATION = Fault(
    518,
    "Education invalid",
    "Profile data is incorrect. Education needs to be School/College/Graduate..",
    "recorded",
    "Send School, College or Graduate.",
)
MARRIED = Fault(
    519,
    "Married invalid",
    "Profile data is incorrect. Married needs to be Y/N.",
    "recorded",
    "Send Y or N.",
)
AGE = Fault(
    520,
    "Age invalid",
    "Profile data is incorrect. Age is invalid.",
    "recorded",
    "Send an integer from 1 to 120, or its digits as text.",
)
LIMIT = Fault(
    521,
    "A limit on profile properties is broken",
    "Profile data is incorrect. {detail}.",
    "ours",
    "Shorten the key or value the text names, or set property_violations to drop.",
)
EVENT_PROPERTIES = Fault(
    522,
    "Too many event properties",
    "Event properties limit exceeded. ",
    "inferred",
    "Send at most max_event_properties properties with one event, or set property_violations to drop.",
)
IDENTITY = Fault(
    523,
    "Identity missing or invalid",
    "Atleast one of identity / fbId / gpId / objectId is mandatory under 1024 chars to identify the user. ",
    "documented",
    "Send identity, FBID, GPID or objectId as non-empty text of at most 1024 characters.",
)
TYPE = Fault(
    524,
    "Record type or structure invalid",
    "Data should be either of type event or profile. ",
    "inferred",
    'Send an object with "type": "profile", "event" or "token"; profileData, if any, has to be an object.',
)
TIMESTAMP = Fault(
    525,
    "ts invalid",
    "Timestamp should be present in the Unix Epoch format. ",
    "recorded",
    "Send epoch seconds (not milliseconds) or an ISO 8601 date-time, or leave ts out.",
)
OBJECT_ID = Fault(
    526,
    "objectId invalid",
    "objectId is invalid. ",
    "inferred",
    "Send objectId as non-empty text of at most 1024 characters.",
)
EVENT_LIMIT = Fault(
    521,
    "A limit on events is broken",
    "Event data is incorrect. {detail}.",
    "ours",
    "Shorten the name, key or value the text names, or set property_violations to drop.",
)
VALUE = Fault(
    527,
    "Unsupported value or malformed operator",
    "Profile data is incorrect. {detail}.",
    "ours",
    "Send text, a boolean, a number, a list, a nested object or one documented operator.",
)
SUBSCRIPTION = Fault(
    550,
    "Subscription type or structure invalid",
    "Subscription data is incorrect. Type needs to be phone/email/whatsapp.",
    "ours",
    'Send an object with "type": "phone", "email" or "whatsapp", a value and a status.',
)
SUBSCRIPTION_STATUS = Fault(
    551,
    "Subscription status invalid",
    "Subscription data is incorrect. Status needs to be Unsubscribe/Resubscribe.",
    "ours",
    "Send Unsubscribe or Resubscribe as status.",
)
RELEASE = Fault(
    552,
    "Disassociate type or structure invalid",
    "Disassociate data is incorrect. Type needs to be phone.",
    "ours",
    'Send an object with "type": "phone" and the phone as value.',
)
EVENT_VALUE = Fault(
    527,
    "Unsupported value in an event",
    "Event data is incorrect. {detail}.",
    "ours",
    "Send text, a boolean, a number, a list or a nested object; operators are for profiles only.",
)
TOKEN_OBJECT_ID = Fault(
    530,
    "objectId of a device token missing or invalid",
    "Device token is incorrect. objectId is mandatory under 1024 chars to identify the device. ",
    "inferred",
    "Send the objectId of the device beside tokenData; identity does not count here.",
)
TOKEN_DATA = Fault(
    531,
    "Token data missing or no object",
    "Device token is incorrect. Token data is invalid. ",
    "inferred",
    "Send tokenData as an object with id and type.",
)
TOKEN_ID = Fault(
    532,
    "Token id missing or invalid",
    "Device token is incorrect. Token id is mandatory under 4096 bytes. ",
    "inferred",
    "Send tokenData.id as non-empty text of at most 4096 bytes.",
)
TOKEN_TYPE = Fault(
    533,
    "Token type missing or unknown",
    "Device token is incorrect. Token type needs to be apns/gcm/fcm/wns/mpns/chrome. ",
    "inferred",
    "Send tokenData.type as one of these words, in any case.",
)
TOKEN_PLATFORM = Fault(
    534,
    "Token type does not fit the objectId",
    "Device token is incorrect. Token type does not match the platform of the objectId. ",
    "inferred",
    "Send apns for an objectId that begins with -, gcm or fcm for __, wns or mpns for ~, chrome for any other.",
)
TOKEN_KEYS = Fault(
    535,
    "Keys of a chrome token missing or invalid",
    "Device token is incorrect. Keys p256dh and auth are mandatory for type chrome. ",
    "inferred",
    "Send tokenData.keys.p256dh and tokenData.keys.auth as non-empty text of at most 512 bytes.",
)
UNSTORED = Fault(
    599,
    "The record could not be stored",
    "The record could not be stored: {detail}. ",
    "ours",
    "Send the record again if the text says so; the log of the server has the cause.",
)

FAULTS = (
    EVENT_NAME, EVENT_DATA, EVENT_RESTRICTED, GENDER, EMAIL, PHONE, EMPLOYED, EDUCATION, MARRIED, AGE, LIMIT, EVENT_LIMIT,
    EVENT_PROPERTIES, IDENTITY, TYPE, TIMESTAMP, OBJECT_ID, VALUE, EVENT_VALUE, TOKEN_OBJECT_ID, TOKEN_DATA, TOKEN_ID,
    TOKEN_TYPE, TOKEN_PLATFORM, TOKEN_KEYS, SUBSCRIPTION, SUBSCRIPTION_STATUS, RELEASE, UNSTORED,
)  # fmt: skip
"""Every fault, by code. Profiles and events share 521 and 527, each with a text of its own."""


class Refusal(NamedTuple):
    """One reason to refuse a whole request; the body repeats the HTTP status as `code` unless it has one of its own."""

    status: int
    error: str
    meaning: str
    mark: Mark
    own_code: int = 0

    @property
    def code(self) -> int:
        """What the body says."""
        return self.own_code or self.status


MALFORMED = Refusal(
    400,
    "Malformed request",
    "the body is empty, is not JSON or has comments in it; `d` is missing or not a list; a query parameter is missing",
    "recorded",
)
BATCH_SIZE = Refusal(400, "Batch size exceeds limit of {max_batch}", "more records than `max_batch`; nothing is stored", "ours")
ONE_KIND = Refusal(
    400,
    "Send either identity or guid, exactly one of them",
    "a deletion that names both `identity` and `guid`, or neither",
    "documented",
)
TARGETS = Refusal(
    400,
    "Identifiers are incorrect. {detail}",
    "`identity`, `guid` or `identities` is empty, is too long a list, or has something in it that is no identifier",
    "ours",
)
CREDENTIALS = Refusal(
    401,
    "Invalid Credentials",
    "a header is missing, the project is unknown, or the passcode is wrong, revoked or expired",
    "documented",
)
NOT_FOUND = Refusal(404, "Not Found", "unknown path", "inferred")
PROFILE_NOT_FOUND = Refusal(404, "Profile not found", "no profile has this email, identity or objectId", "inferred")
METHOD = Refusal(405, "Method Not Allowed", "the path does not take this method; `Allow` names those it does", "inferred")
BODY_TIMEOUT = Refusal(408, "Request timeout", "the body was not complete within `body_timeout`", "ours")
TOO_LARGE = Refusal(413, "Request too large", "the body, inflated, is over `max_body_bytes`", "ours")
CONCURRENCY = Refusal(
    429, "Too many concurrent requests", "more requests in flight than the project may have; retry after a second", "documented"
)
BUG = Refusal(500, "An unknown error occurred", "a bug; the log has the X-Request-Id of the answer", "inferred")
UNAVAILABLE = Refusal(
    503, "Service Unavailable", "the store cannot be written or read now; nothing was acknowledged, retry later", "inferred"
)

QUERY = Refusal(
    400,
    "Malformed request. {detail}",
    "a query or a parameter cannot be understood or answered; the text says what to change",
    "ours",
)
DATES = Refusal(400, "{detail}", "`from` or `to` is missing or not a day", "inferred", 4002)
DATE_ORDER = Refusal(400, "{detail}", "`from` is after `to`, or one of them is in the future", "inferred", 4004)
EVENT = Refusal(200, '["Invalid event : {event}"]', "no event of this name is stored", "inferred", 400)
CURSOR = Refusal(
    400,
    "Incorrect Usage. {detail}",
    "the cursor is altered, expired, encoded twice, or of another project, route or database",
    "inferred",
)
REQUEST_ID = Refusal(400, "Invalid request id", "the project has no such count, or it is older than a day", "inferred")
COUNT_LOST = Refusal(
    400,
    "The count was not finished; send the query again",
    "the server was stopped while it counted, or the count took longer than ten minutes",
    "ours",
)

QUERY_REFUSALS = (QUERY, DATES, DATE_ORDER, EVENT, CURSOR, REQUEST_ID, COUNT_LOST)
"""What queries and counts are refused with."""

REFUSALS = (
    MALFORMED, BATCH_SIZE, ONE_KIND, TARGETS, *QUERY_REFUSALS, CREDENTIALS, NOT_FOUND, PROFILE_NOT_FOUND, METHOD, BODY_TIMEOUT,
    TOO_LARGE, CONCURRENCY, BUG, UNAVAILABLE,
)  # fmt: skip
"""Every refusal."""


class Rejection(msgspec.Struct, frozen=True, gc=False):
    """A record that was refused: its 0-based index, why, and what exactly was found."""

    index: int
    fault: Fault
    detail: str = ""


class Warning(msgspec.Struct, frozen=True, gc=False):
    """Something in a processed record that deserves notice (contract A2.4, A4.5)."""

    index: int
    key: str
    text: str
