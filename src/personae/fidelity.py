"""How close each behaviour is to CleverTap, one row each: the source of `docs/fidelity.md`.

Faults, refusals, reserved fields and operators carry their marks in their own tables; this one holds
the behaviours that live in no other table. `rule` is the clause of the contract the code cites.
"""

from collections.abc import Mapping
from typing import Final, NamedTuple

from .core.faults import FAULTS, REFUSALS, Fault, Mark, Refusal
from .core.fields import FIELDS, Field
from .core.operators import OPERATORS, Operator

MARKS: Final[Mapping[Mark, str]] = {
    "documented": "CleverTap's documentation says so",
    "recorded": "a real answer of CleverTap shows it",
    "inferred": "follows from the documentation, from recorded answers or from what working clients rely on",
    "ours": "our choice: nothing is known of CleverTap here, or we do otherwise on purpose",
}


class Row(NamedTuple):
    """One behaviour: the clause it comes from, what holds, how sure we are, and why where that helps."""

    rule: str
    behaviour: str
    mark: Mark
    why: str = ""


TRANSPORT: Final = (
    Row("A1.1", "Paths begin with `/1/`.", "documented"),
    Row("A1.1", "`Host` is never judged.", "ours", "CleverTap chooses the region by host; here there is one."),
    Row("A1.1", "Header names are taken in any case.", "documented"),
    Row("A1.1", "`Content-Type` is not judged: what parses as JSON is taken.", "inferred", "The pages send it on GET too."),
    Row("A1.1", "Request bodies may be gzip, chunked, and announced with `Expect: 100-continue`.", "ours"),
    Row(
        "A1.2",
        "The order of checks: path, method, credentials, concurrency, body size and deadline, JSON, envelope, records.",
        "inferred",
        "It fits every recorded answer.",
    ),
    Row("A1.2", "After a refusal with a body still unread the connection stays usable or is closed cleanly.", "ours"),
    Row("A1.3", "Answers are `application/json;charset=utf-8`, refusals too.", "recorded"),
    Row("A1.3", "JSON is answered without blanks around separators.", "ours", "CleverTap was seen to print them."),
    Row("A1.3", "Every cause of a 401 gets the same bytes in the same time.", "ours", "Older answers told the causes apart."),
    Row("A1.3", "A 429 has `Retry-After: 1`.", "ours", "CleverTap documents no such header."),
    Row("A1.3", "Every answer has an `X-Request-Id`, which the log repeats; no answer has a trace.", "ours"),
    Row("A1.3", "There are no CORS headers, and OPTIONS is 405.", "ours", "CleverTap is said to take requests from browsers."),
    Row("A1.4", "15 uploads in flight per project, 3 requests for every other route.", "documented", "Once 3 for uploads too."),
    Row("A1.4", "Over the cap the answer is 429 at once; nothing is queued or partly done.", "inferred"),
    Row("A1.4", "A cap of 0 means no cap.", "ours"),
    Row("A1.4", "Caps hold for one server, over all its workers; several servers have a cap each.", "ours"),
    Row("A1.5", "Integers are exact to 64 bits signed.", "ours"),
    Row(
        "A1.5", "The character NUL is stored and shown as it came, in identifiers, keys and values, on every database.",
        "ours", "PostgreSQL's own text cannot hold it; documents keep it as `\\u0000`.",
    ),
    Row("A1.5", "A property with an integer beyond 64 bits refuses its record with 527; nothing is rounded.", "ours"),
    Row("A1.5", "A property with a number beyond the largest float (`1e400`) refuses its record with 527.", "ours"),
    Row("A1.5", "NaN, lone surrogates, invalid UTF-8, comments and trailing commas are not JSON: 400.", "inferred"),
    Row(
        "A1.6", "Of the same key twice in one JSON object the last stands.", "inferred",
        "The upload page's own example has `Name` twice.",
    ),
)  # fmt: skip

UPLOAD: Final = (
    Row("A2.1", 'The body is `{"d": [record, ...]}`; other keys beside `d` are ignored.', "documented", "Segment sends one."),
    Row("A2.1", "At most 1000 records a request.", "documented", "The upload page says 100; `max_batch` sets it."),
    Row("A2.1", "An empty `d` answers success with 0.", "inferred"),
    Row("A2.2", "Records of type `event` and `token` are refused with 524 in this version.", "ours", "They come later."),
    Row("A2.2", "Records are applied in order; a later one sees what an earlier one did.", "inferred"),
    Row("A2.2", "A refused record changes nothing and does not hold up the others.", "recorded"),
    Row("A2.3", "The answer is HTTP 200 even when every record was refused; `status` tells.", "recorded"),
    Row("A2.3", "`success`, `partial` or `fail`, with `processed` and `unprocessed`.", "documented"),
    Row("A2.3", "A refused record has one entry: status, code, error, record, in that order.", "recorded"),
    Row("A2.3", "The number in the error text is that of the record in `d`, the first is 1.", "recorded"),
    Row(
        "A2.3", "`record` repeats the record exactly as it was received.", "ours",
        "CleverTap echoes its working copy: a Phone that passed came back as a number.",
    ),
    Row("A2.4", "`warnings` name what deserves notice in processed records; the key is absent when there is nothing.", "ours"),
    Row("A2.4", "At most 100 warnings, then one that says how many more.", "ours"),
    Row("A2.5", "`dryRun=1` checks and answers as the real upload would and stores nothing.", "documented"),
    Row("A2.5", "`dryRun=true` is the same; anything else is a real upload.", "inferred", "A client sends `dryRun=0` always."),
    Row("A2.5", "A dry run creates no profile and takes no identity.", "inferred"),
    Row("A2.6", "A record that was acknowledged is on disk before the answer leaves.", "ours"),
    Row(
        "A2.6", "A record the database does not take is refused with 599 by itself; the others of its batch are stored.",
        "ours", "On PostgreSQL, where a batch may be stored in several steps.",
    ),
    Row(
        "A2.6", "A record of which it is not known whether it is stored gets 599 too, and the text says so.", "ours",
        "The database was lost in the middle of a commit and did not come back in time.",
    ),
    Row("A2.6", "After a 503 nothing of the upload is stored.", "ours"),
)  # fmt: skip

RECORD: Final = (
    Row("A3.1", "A record that is not an object, or has another `type`, gets 524.", "inferred", "524 is documented."),
    Row("A3.1", "A missing `profileData` counts as `{}`.", "inferred", "Documented as required; Segment leaves it out."),
    Row("A3.1", "A `profileData` that is not an object gets 524.", "inferred"),
    Row("A3.2", "One of identity, FBID, GPID and objectId is needed.", "documented"),
    Row("A3.2", "An identifier is at most 1024 characters.", "documented"),
    Row("A3.2", "Numbers are taken as their text; null and empty text count as absent; blanks around are trimmed.", "inferred"),
    Row("A3.2", "A list, an object or a boolean as identifier gets 523, as objectId 526.", "inferred"),
    Row("A3.2", "No identifier has to match a pattern.", "inferred", "The pages show decimals and addresses as objectId."),
    Row("A3.3", "`identity`, `FBID` and `GPID` in `profileData` attach a further identifier.", "inferred", "Clients alias so."),
    Row("A3.4", "`ts` is epoch seconds, the time of the upload when absent.", "documented"),
    Row("A3.4", "A `ts` of 0 gets 525.", "recorded"),
    Row("A3.4", "`ts` may be its digits as text, or an ISO 8601 date-time.", "inferred", "Segment sends the latter."),
    Row("A3.4", "An ISO 8601 date-time without a zone is UTC.", "ours"),
    Row("A3.4", "A `ts` that is null counts as absent.", "inferred"),
    Row("A3.4", "Negative numbers, fractions, milliseconds and other text as `ts` get 525.", "inferred"),
    Row("A3.4", "The value received last wins, whatever its `ts`.", "ours"),
    Row("A3.5", "Unknown keys of a record are ignored, and echoed if it is refused.", "recorded"),
    Row("A3.5", "`$source` and `source` are kept as the origin of the record.", "inferred"),
    Row("A3.6", "Checks stop at the first fault, in a fixed order, whatever the order of the keys.", "recorded"),
    Row("A3.6", "524, identifiers, ts, then the fields in the order of the table below.", "inferred", "ts to Age is recorded."),
)  # fmt: skip

RESERVED: Final = (
    Row("A4.1", "Names are matched without regard to case and blanks.", "inferred"),
    Row("A4.1", "A bad value refuses the whole record.", "recorded"),
    Row("A4.1", "`null` leaves the stored value as it is.", "inferred", "CleverTap's SDKs leave nulls out."),
    Row("A4.1", "Empty text fails the check of a field that has one.", "inferred"),
    Row("A4.1", "Phone may be a JSON integer of 8 to 15 digits.", "inferred", "The web SDK sends one."),
    Row("A4.1", "Gender takes O, U and the words, and is kept as the letter.", "inferred", "Newer SDKs send them."),
    Row("A4.1", "Age is 1 to 120.", "inferred", "That text is taken is recorded."),
    Row("A4.1", "DOB, Name, Photo and Tz have no code: what is neither text nor a number gets 527.", "ours"),
)

PROPERTIES: Final = (
    Row(
        "A4.2", "Keys are at most 120 bytes, text values at most 512 bytes, custom keys at most 256 per profile.", "documented"
    ),
    Row("A4.2", "Bytes are those of UTF-8.", "documented", "Newer pages say characters."),
    Row("A4.2", "Keys that differ only in case and blanks are one property.", "inferred", "GET shows `customertype`."),
    Row(
        "A4.2",
        "One record may name four times as many custom keys as a profile holds; more get 521, after the checked fields.",
        "ours",
    ),
    Row("A4.2", "The spelling first seen is kept.", "ours"),
    Row("A4.2", "Of two spellings of one key in a record the last wins, with a warning.", "ours"),
    Row("A4.3", "Values are text, booleans, numbers, dates (`$D_<epoch seconds>`) and lists.", "documented"),
    Row("A4.3", "A list replaces the property.", "inferred", "Setting overwrites, and so does `$set`."),
    Row("A4.3", "Items of a list are unique; of more than 100 the oldest are dropped, with a warning.", "documented"),
    Row("A4.3", "Items are trimmed and keep their case; numbers and booleans become their text.", "inferred"),
    Row("A4.3", "Objects and lists of objects nest up to three levels.", "documented", "In beta there."),
    Row("A4.3", "The objects of one value have at most `max_custom_keys` keys in all levels together.", "ours"),
    Row("A4.3", "Inside nested objects the same limits hold, and keys keep their spelling.", "ours"),
    Row("A4.3", "An empty list or object is kept as it is.", "ours", "There empty objects are dropped."),
    Row("A4.3", "A list with an object or a list among scalars gets 527.", "ours"),
    Row("A4.4", "A broken limit refuses the record with 521.", "ours", "CleverTap's SDKs trim or drop and go on."),
    Row("A4.4", "With `property_violations = drop` it is trimmed or left out, with a warning.", "inferred", "As the SDKs do."),
    Row("A4.5", "A key with a character CleverTap bars is stored, with a warning.", "ours", "There the property is dropped."),
)

CHANGES: Final = (
    Row("A4.6", "An operator is an object with exactly one key that begins with `$`.", "documented"),
    Row("A4.6", "An unknown operator, two in one object, or one inside a nested object gets 527.", "ours"),
    Row("A4.6", "An argument of the wrong type gets 527.", "ours", "SDKs ignore it."),
    Row("A4.6", "`$add` on a scalar keeps it as the first item.", "documented"),
    Row("A4.6", "That item is its text.", "inferred"),
    Row("A4.6", "`$add` and `$remove` take one scalar for a list; null items and an empty list are no-ops.", "inferred"),
    Row("A4.6", "`$remove` on a property that is not there does nothing.", "inferred"),
    Row("A4.6", "`$add` and `$remove` leave an object as it is, with a warning.", "ours"),
    Row("A4.6", "`$incr` keeps an integer an integer; with a float it gives a float.", "inferred"),
    Row("A4.6", "`$incr` and `$decr` take zero and negative numbers.", "inferred", "SDKs refuse them before sending."),
    Row("A4.6", "A result beyond a 64-bit integer or the largest float gets 527.", "ours"),
    Row("A4.5", "`$incr` where there is no number leaves the property as it is, with a warning.", "documented"),
    Row(
        "A4.5", "`$delete` is applied to every property, with a warning beyond Name and Gender.", "inferred", "Sources differ."
    ),
    Row("A4.6", "`$delete` with 0, false or null does nothing.", "inferred"),
    Row("A4.6", "Reserved fields take `$set` and `$delete` only, Age also `$incr` and `$decr`; others get 527.", "ours"),
    Row("A4.6", "A change that takes Age out of 1 to 120 gets 520.", "ours"),
)

SUBSCRIPTIONS: Final = (
    Row("A4.7", "`MSG-whatsapp` is false unless set.", "documented"),
    Row("A4.7", "`MSG-email`, `MSG-push` and `MSG-sms` are true unless set.", "inferred"),
    Row("A4.7", "`MSG-dnd…` hold for every profile that has the address.", "documented"),
    Row("A4.7", "They hold for profiles that get the address later too.", "inferred"),
    Row("A4.7", "They go to the address the profile has after the record; with none they are ignored, with a warning.", "ours"),
    Row("A4.7", "Flags may be `true`, `false`, the same as text, 1 or 0.", "documented", "For the file import."),
    Row("A4.5", "A flag that is none of these is ignored, with a warning.", "inferred"),
    Row("A4.7", "Channels of groups are email, push, sms and whatsapp; another gets 527.", "ours", "Only email was ever seen."),
    Row("A4.7", "`category-unsubscribe` leaves groups, `category-resubscribe` joins them again.", "documented"),
    Row("A4.8", "Every way of writing goes through the same checks.", "ours"),
)

IDENTITY: Final = (
    Row("A5.1", "An unknown identifier creates a profile.", "documented"),
    Row("A5.1", "A new profile has an objectId and one `Web` platform entry.", "documented", "The quick start shows it."),
    Row("A5.1", "That objectId is 22 random URL-safe characters.", "ours"),
    Row(
        "A5.1",
        "The platform of a given objectId is told by its prefix: `__` Android, `-` iOS, `~` Windows, else Web.",
        "inferred",
    ),
    Row("A5.1", "Of several profiles the owner of the identity is meant, else of FBID, GPID, objectId.", "inferred"),
    Row("A5.1", "Another profile that has only devices is merged into it.", "inferred", "Pages of different years differ."),
    Row("A5.1", "A merged profile's properties fill gaps only.", "ours"),
    Row(
        "A5.1",
        "Another profile that is identified is left alone, with a warning.",
        "inferred",
        "No merge is the default there.",
    ),
    Row("A5.2", "Unknown identifiers of the record are attached to the profile chosen.", "inferred"),
    Row("A5.2", "Two requests that create one identifier at the same time make one profile.", "ours"),
    Row(
        "A5.3", "Email and Phone do not identify on upload; profiles may share them.", "ours", "A setting of the account there."
    ),
    Row(
        "A5.3", "An identity in the form of an email is the email too, until an Email is set.", "documented", "The quick start."
    ),
    Row("A5.4", "`all_identities`: identity, further ones, then the email, each once.", "inferred"),
    Row("A5.4", "FBID and GPID are not shown.", "inferred"),
)

READING: Final = (
    Row("A6.1", "Of several parameters email, then identity, then objectId is used.", "inferred", "CleverTap's own client."),
    Row("A6.1", "Of a parameter given twice the first counts.", "ours"),
    Row("A6.1", "No parameter, or an empty one, gets 400.", "inferred"),
    Row(
        "A6.1",
        "A `+` in the query is a plus; if nothing is found it is read as a blank.",
        "inferred",
        "Clients do not escape it.",
    ),
    Row("A6.2", "`email` finds an Email or an identity equal to it, without regard to case.", "inferred"),
    Row("A6.2", "Of several profiles with that email the one updated last is shown.", "ours"),
    Row(
        "A6.3",
        "`platformInfo`, identity, name, email, `all_identities`, `profileData`, and `status` after `record`.",
        "documented",
    ),
    Row("A6.3", "Keys of `profileData` are lower case without blanks.", "documented"),
    Row("A6.3", "Other reserved fields and flags are in `profileData` under lower-case names.", "inferred"),
    Row("A6.3", "Flags and opt-ins that were never set are not shown.", "ours"),
    Row("A6.3", "Groups that were left are shown as `category-unsubscribe`.", "ours"),
    Row("A6.3", "`df` is `{}`.", "recorded", "Of a profile made by the API."),
    Row("A6.3", "`events` is absent where there are none.", "documented"),
    Row("A6.4", "A missing profile is HTTP 404; `not_found_status = 200` makes it 200.", "inferred", "Clients disagree."),
    Row("A6.5", "Every read sees what was acknowledged before it.", "ours"),
)

ACCESS: Final = (
    Row("A7", "A project has many passcodes, each with a name, an optional expiry and a last use.", "documented"),
    Row("A7", "Generated Project IDs look like `ABC-123-456Z`.", "documented"),
    Row("A7", "Project IDs and passcodes that are given are taken as they are.", "inferred"),
    Row("A7", "Generated passcodes have at least 128 random bits.", "ours", "Shorter ones were seen there."),
    Row("A7", "A revoked passcode is refused within a second.", "ours"),
)


def fault_row(fault: Fault) -> Row:
    return Row("A3.6", f"{fault.code}, {fault.meaning}: `{fault.text.rstrip()}`", fault.mark)


def refusal_row(refusal: Refusal) -> Row:
    return Row("A1.3", f"{refusal.status} `{refusal.error}`: {refusal.meaning}.", refusal.mark)


def field_row(field: Field) -> Row:
    code = f", else {field.fault.code}" if field.fault else ""
    return Row("A4.1", f"`{field.name}`: {field.accepts}{code}.", field.mark)


def operator_row(operator: Operator) -> Row:
    return Row("A4.6", f"`{operator.name}` {operator.does}; it takes {operator.accepts}.", operator.mark)


SECTIONS: Final = {
    "Transport": TRANSPORT,
    "Refused requests": tuple(map(refusal_row, REFUSALS)),
    "Uploads": UPLOAD,
    "The record": RECORD,
    "Refused records": tuple(map(fault_row, FAULTS)),
    "Reserved fields": (*RESERVED, *map(field_row, FIELDS)),
    "Custom properties": PROPERTIES,
    "Operators": (
        Row("A4.6", "`$set` replaces the property; it takes a value or a list.", "documented", "For the file import and SDKs."),
        *map(operator_row, OPERATORS.values()),
        *CHANGES,
    ),
    "Subscriptions": SUBSCRIPTIONS,
    "Whom a record means": IDENTITY,
    "Reading a profile": READING,
    "Projects and passcodes": ACCESS,
}
"""Every row by the heading it stands under, in the order of the page."""
