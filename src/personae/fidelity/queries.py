"""Queries, cursors, counts."""

from typing import Final

from ..core.query.operators import OPERATORS, Operator
from .row import Row

QUERIES: Final = (
    Row("B 5", "A query by POST gives a cursor, the cursor a page.", "documented"),
    Row("A8", "Both may come by GET and by POST; by GET the query is `query=`.", "documented", "CleverTap's client for Node."),
    Row("A8", "Where a `+` in `query=` makes it no JSON, each stands for a blank.", "ours"),
    Row("B 5", "`batch_size` is 1 to 5000; another one is refused with 400.", "documented", "The refusal is ours."),
    Row("B 5", "It is taken as it is, and is 50 if not given.", "ours", "There less than 23 was seen to mean no limit."),
    Row("B 5", "`app`, `events` and `profile` are true unless they are given.", "inferred", "A client turns them off."),
    Row("B 5", "`app=false` leaves the push token out of `platformInfo`.", "inferred"),
    Row("B 5", "`from` and `to` are days, YYYYMMDD, both included.", "documented"),
    Row("B 5", "They may be text, and are days of UTC.", "ours"),
    Row("B 5", "A missing or wrong day gets 400 with code 4002, days in the wrong order or in the future 4004.", "inferred"),
    Row("B 5", "An event nobody has is HTTP 200 with `Invalid event`.", "inferred"),
    Row("B 5", "A query for a system event, such as `App Launched`, finds nothing.", "ours", "No upload may raise one."),
    Row("B 5", "All of `event_properties` have to hold.", "inferred"),
    Row("B 5", "`profile_fields` of `common_profile_properties` filter by fields and properties of the profile.", "inferred"),
    Row("B 5", "`did_all`, `did_any` and `did_none` are events by name, at any time.", "inferred"),
    Row("B 5", "What cannot be answered, such as `session_properties`, is refused by name; nothing is ignored.", "ours"),
    Row("B 5", "At most 20 filters a query, 100 values a list, 8 KiB in all.", "ours"),
    Row("B 5", "Names of events and properties are compared without regard to case and blanks.", "inferred"),
    Row("B 5", "Text compares exactly, with its case.", "ours"),
    Row("B 5", "Numbers, dates and text that reads as a number compare as numbers, unless both sides are text.", "ours"),
    Row("B 5", "A list does what one of its items does; an object does nothing but exist.", "ours"),
    Row("B 5", "`not_equals`, `not_contains` and `not_in` hold where there is no such property.", "ours"),
    Row(
        "B 5",
        "Each profile comes exactly once, in no order of time, while uploads go on; one that takes in another meanwhile may"
        " come twice.",
        "ours",
    ),
    Row("B 5", "The last page is the one without `next_cursor`.", "documented"),
    Row("B 5", "Others may have fewer records than `batch_size`, or none.", "ours"),
    Row("B 5", "An empty page has `records` all the same.", "ours", "A client expects it to be absent at times."),
    Row("B 5", "There is no `previous_cursor`.", "ours", "Documented there; no client seen reads it."),
    Row("B 5", "A record of a profile is that of `GET /1/profile.json`.", "documented"),
    Row("B 6.1", "A record of an event has `profile`, `ts`, `event_props` and `session_props`.", "documented"),
    Row("B 6.1", "`ts` of a record is `yyyyMMddHHmmss`.", "recorded"),
    Row("B 6.1", "It is in UTC.", "ours", "In the time zone of the account there."),
    Row("B 6.1", "`profile` shows its first device in place of a list; `session_props` is `{}`.", "inferred"),
    Row("B 6.1", "It is the profile as it is now, with events of profiles that were merged into it.", "ours"),
)  # fmt: skip

CURSORS: Final = (
    Row("B 5", "A cursor is to be sent as it was given; it needs no encoding in a URL.", "documented"),
    Row("B 5", "One of profiles lasts 4 days from the query.", "documented"),
    Row("B 5", "One of events lasts 4 hours from the query, and one hour from the page that gave it.", "documented"),
    Row("B 5", "One that is altered, expired or encoded twice gets 400, `Incorrect Usage`.", "inferred", "A client quotes it."),
    Row("B 5", "It is sealed, and holds for one project and one route.", "ours"),
    Row("B 5", "It holds over a restart, and at every server with the same database and server key.", "ours"),
)  # fmt: skip

COUNTS: Final = (
    Row("B 6.7", "A count is `count`, or `partial` with a `req_id` to ask for it by.", "documented"),
    Row("B 6.7", "It is `partial` after a second.", "ours"),
    Row("B 6.7", "The result is kept for a day at least, and every server of the database gives it.", "ours"),
    Row("B 6.7", "A `req_id` that the project and the route do not know gets 400.", "inferred"),
    Row("B 6.7", "A project may have three counts running at a server process; a further one gets 429.", "ours"),
    Row("B 6.7", "One that takes over ten minutes, or whose server stops, is given up, and asking for it gets 400.", "ours"),
    Row("B 6.7", "Profiles that were merged count as one.", "ours"),
)  # fmt: skip


def query_operator_row(operator: Operator) -> Row:
    names = " or ".join(f"`{name}`" for name in operator.other_names)
    also = f", or {names}," if names else ""
    return Row("B 5", f"`{operator.name}`{also} takes {operator.takes}.", operator.mark)


QUERY_OPERATORS: Final = tuple(map(query_operator_row, OPERATORS))
