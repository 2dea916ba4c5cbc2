"""Deleting, demerging, subscribing, disassociating; export and history."""

from typing import Final

from .row import Row

DELETE: Final = (
    Row("B 6.3", "`identity` or `guid`, one or a list of up to 100.", "documented"),
    Row("B 6.3", "Both together get 400.", "documented"),
    Row("B 6.3", "So do neither, an empty list, more than 100, and a list with anything that is no identifier.", "ours"),
    Row("B 6.3", "Those that nobody has succeed.", "inferred"),
    Row("B 6.3", "Identities match exactly; no Email is looked up.", "ours"),
    Row("B 6.3", "A profile is deleted when the answer is there.", "ours", "Within 48 hours there."),
    Row("B 6.3", "Its events, tokens and history go with it.", "ours", "Events stay until their retention there."),
    Row("B 6.3", "Do-not-disturb of its addresses stays: it belongs to the addresses.", "ours"),
    Row("B 6.3", "Who comes back is a new person.", "documented"),
    Row("B 6.3", "`dryRun=1` checks only, here and on the other routes that change profiles.", "ours"),
    Row(
        "B 6.3", "After a 503 it may be done; the same request again does no harm. So on the other three routes.",
        "ours", "On PostgreSQL, where the database was lost in the middle of a commit.",
    ),
)  # fmt: skip

DEMERGE: Final = (
    Row("B 6.4", "`identities` is a list of up to 100; the answer is `success`.", "documented"),
    Row("B 6.4", "One identity may stand without its list; those that nobody has succeed.", "ours"),
    Row("B 6.4", "Afterwards every device has a profile of its own.", "documented"),
    Row("B 6.4", "It is done when the answer is there.", "ours", "In the morning there."),
    Row(
        "B 6.4", "The identities stay with the profile and its first device.", "ours",
        "There no profile has identities afterwards.",
    ),
    Row("B 6.4", "A profile with one device is left as it is.", "ours"),
    Row("B 6.4", "An anonymous profile that was merged is there again as it was, with its properties and events.", "ours"),
    Row("B 6.4", "What the other one took over from it is given back, unless it was told the same itself since.", "ours"),
    Row("B 6.4", "Events that came after the merge stay with the identity; tokens go with their device.", "ours"),
    Row(
        "B 6.4",
        "The last 20 merges of a profile can be undone in full; what came by an older one comes back without its properties.",
        "ours",
    ),
)  # fmt: skip

SUBSCRIBE: Final = (
    Row("B 6.5", "`type` is phone, email or whatsapp, `status` Unsubscribe or Resubscribe.", "documented"),
    Row("B 6.5", "Words may be in any case.", "ours"),
    Row("B 6.5", "It holds for every profile with the address.", "documented"),
    Row("B 6.5", "It sets do-not-disturb of the address: no profile is changed or made, and none needs to have it.", "ours"),
    Row("B 6.5", "The answer is that of an upload, with up to 1000 records.", "documented"),
    Row("B 6.5", "A bad address gets the code of the field, 515 or 516.", "inferred"),
)  # fmt: skip

DISASSOCIATE: Final = (
    Row("B 6.6", "A phone that is an identity leaves its profile; the next upload with it makes a new one.", "documented"),
    Row("B 6.6", "The answer to it is that of an upload too.", "documented"),
    Row("B 6.6", "The value is compared as identities are, with or without its `+` as it was uploaded.", "ours"),
    Row("B 6.6", "A value without the form of a phone gets 516.", "ours"),
    Row("B 6.6", "A phone nobody has as an identity is processed, with a warning.", "ours"),
    Row("B 6.6", "A `Phone` in `profileData` is no identity and stays.", "inferred"),
)  # fmt: skip

EXPORT: Final = (
    Row("docs, export", "`GET /1/profiles/export` gives every profile, a line of JSON each.", "ours", "There is none there."),
    Row("docs, export", "It shows all profiles as they are at its start.", "ours"),
    Row("docs, export", "It goes on at a cursor, with the profiles as they are then.", "ours"),
)  # fmt: skip

HISTORY: Final = (
    Row("docs, history", "Each profile keeps its last changes; `max_history` says how many at least.", "ours"),
    Row("docs, history", "They are written with the profile and deleted with it.", "ours"),
)  # fmt: skip
