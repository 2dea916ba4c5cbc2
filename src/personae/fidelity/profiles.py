"""What profile records say, whom they mean, and how profiles are read."""

from typing import Final

from .row import Row

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
    Row("A5.1", "Its events count as those of the other one.", "inferred", "An older page leaves them behind."),
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
    Row("A6.3", "`events` has `count`, `first_seen` and `last_seen` of each, in epoch seconds.", "documented"),
    Row("A6.3", "`events` is absent where there are none.", "documented"),
    Row("A6.4", "A missing profile is HTTP 404; `not_found_status = 200` makes it 200.", "inferred", "Clients disagree."),
    Row("A6.5", "Every read sees what was acknowledged before it.", "ours"),
)
