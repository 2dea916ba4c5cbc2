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


# Recorded: no blank before "Skipped" after a profile error, one after an identity or ts error, and two
# dots in the Education text.
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
    'Send an object with "type": "profile" and, if any, profileData as an object.',
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
VALUE = Fault(
    527,
    "Unsupported value or malformed operator",
    "Profile data is incorrect. {detail}.",
    "ours",
    "Send text, a boolean, a number, a list, a nested object or one documented operator.",
)
UNSTORED = Fault(
    599,
    "The record could not be stored",
    "The record could not be stored: {detail}. ",
    "ours",
    "Send the record again if the text says so; the log of the server has the cause.",
)

FAULTS = (
    GENDER, EMAIL, PHONE, EMPLOYED, EDUCATION, MARRIED, AGE, LIMIT, IDENTITY, TYPE, TIMESTAMP, OBJECT_ID, VALUE,
    UNSTORED,
)  # fmt: skip


class Refusal(NamedTuple):
    """One reason to refuse a whole request; the body repeats the HTTP status as `code`."""

    status: int
    error: str
    meaning: str
    mark: Mark


MALFORMED = Refusal(
    400,
    "Malformed request",
    "the body is empty, is not JSON or has comments in it; `d` is missing or not a list; a query parameter is missing",
    "recorded",
)
BATCH_SIZE = Refusal(400, "Batch size exceeds limit of {max_batch}", "more records than `max_batch`; nothing is stored", "ours")
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

REFUSALS = (
    MALFORMED, BATCH_SIZE, CREDENTIALS, NOT_FOUND, PROFILE_NOT_FOUND, METHOD, BODY_TIMEOUT, TOO_LARGE, CONCURRENCY,
    BUG, UNAVAILABLE,
)  # fmt: skip


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
