"""Uploads and their records, whatever type they are of."""

from typing import Final

from .row import Row

UPLOAD: Final = (
    Row("A2.1", 'The body is `{"d": [record, ...]}`; other keys beside `d` are ignored.', "documented", "Segment sends one."),
    Row("A2.1", "At most 1000 records a request.", "documented", "The upload page says 100; `max_batch` sets it."),
    Row("A2.1", "An empty `d` answers success with 0.", "inferred"),
    Row("A2.2", "Profiles, events and device tokens may be mixed in one batch.", "documented", "CleverTap's own client does."),
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
