"""Events and device tokens."""

from typing import Final

from .row import Row

EVENTS: Final = (
    Row("B 6.1", "An event has a name, `evtName`, and may have properties, `evtData`, and a time, `ts`.", "documented"),
    Row("B 6.1", "Without `evtData`, or with null, it has no properties.", "ours"),
    Row("B 6.1", "It names a person by identity, FBID, GPID or objectId, as a profile record does.", "documented"),
    Row("B 6.1", "A person who is not known is created; anonymous profiles are merged as by a profile record.", "inferred"),
    Row("B 6.1", "Names that differ only in case and blanks are one event.", "documented"),
    Row("B 6.1", "The spelling the profile saw first is shown.", "inferred"),
    Row("B 6.1", "A name is at most 512 bytes, else 521; blanks around it are trimmed.", "inferred", "As in CleverTap's SDKs."),
    Row("B 6.1", "Names of system events are refused in every spelling; `Web Page Viewed` is one.", "recorded"),
    Row("B 6.1", "A profile may have 512 event names of its own; one more gets 521.", "ours", "There an account may have 512."),
    Row("B 6.1", "At most 256 properties an event.", "documented", "Older pages say 100; `max_event_properties` sets it."),
    Row("B 6.1", "Keys are at most 120 bytes, text values at most 512 bytes.", "documented", "Over that, 521."),
    Row("B 6.1", "Values are those of custom properties, lists and nested objects too; null is left out.", "ours"),
    Row("B 6.1", "A value that cannot be kept, and an operator, gets 527.", "ours"),
    Row("B 6.1", "Names of reserved fields are properties like others in an event, and are not checked.", "inferred"),
    Row("B 6.1", "Of two spellings of one property of an event the last wins, with a warning.", "ours"),
    Row("B 6.1", "With `property_violations = drop` what is over a limit is left out or trimmed, with a warning.", "inferred"),
    Row("B 6.1", "`Charged` may have `Items`, a list of at most 256 flat objects.", "documented", "50 in CleverTap's SDKs."),
    Row("B 6.1", "More items get 521; an item that is no flat object, 527.", "ours"),
    Row("B 6.1", "Checks of an event: identifiers, ts, name, data.", "inferred", "As of a profile."),
    Row("B 6.1", "Events are stored in the same commit as what the profile says of them.", "ours"),
    Row("B 6.1", "Times are those of the events, in whatever order they arrive.", "inferred"),
    Row("B 6.1", "Days are those of UTC.", "ours", "There those of the account's time zone."),
    Row("docs, events", "Events are forgotten once their day is more than `event_retention_days` past; 0 keeps them.", "ours"),
    Row("docs, events", "What a profile says of its events stays when they are forgotten.", "ours"),
)  # fmt: skip

TOKENS: Final = (
    Row("B 6.2", "A token is `tokenData` with `id` and `type`: apns, gcm, fcm, wns, mpns or chrome.", "documented"),
    Row("B 6.2", "The type may be in any case; the id is at most 4096 bytes.", "ours"),
    Row("B 6.2", "A token belongs to an objectId; an identity beside it does not count.", "documented"),
    Row("B 6.2", "Type chrome needs `keys` with `p256dh` and `auth`.", "documented"),
    Row("B 6.2", "The type has to fit the objectId: apns `-`, gcm and fcm `__`, wns and mpns `~`, chrome others.", "inferred"),
    Row("B 6.2", "Of several faults the one with the lowest code is reported; `ts` is not looked at.", "ours"),
    Row("B 6.2", "As many tokens as other records in one request.", "ours", "100 there."),
    Row("B 6.2", "An unknown objectId becomes an anonymous profile.", "inferred"),
    Row("B 6.2", "A new token replaces the device's old one, and is taken from other devices of the person.", "ours"),
    Row("B 6.2", "The profile shows it as `push_token` in `platformInfo`.", "documented"),
    Row("B 6.2", "Type and keys of a token are kept and not shown.", "ours"),
)  # fmt: skip
