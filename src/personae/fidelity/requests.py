"""Transport, and who may ask."""

from typing import Final

from .row import Row

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

ACCESS: Final = (
    Row("A7", "A project has many passcodes, each with a name, an optional expiry and a last use.", "documented"),
    Row("A7", "Generated Project IDs look like `ABC-123-456Z`.", "documented"),
    Row("A7", "Project IDs and passcodes that are given are taken as they are.", "inferred"),
    Row("A7", "Generated passcodes have at least 128 random bits.", "ours", "Shorter ones were seen there."),
    Row("A7", "A revoked passcode is refused within a second.", "ours"),
)
