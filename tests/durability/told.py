"""What an answer to an upload says of each record in it."""

import json
from typing import Final

from tests.client import Answer
from tests.durability.people import Outcome
from tests.server import Json

STORED: Final = Outcome(True)
NOT_STORED: Final = Outcome(False)
UNKNOWN: Final = Outcome(None)

UNPROCESSED: Final = {"may have been stored or not": UNKNOWN, "send it again": NOT_STORED}
"""By what an entry of `unprocessed` says."""


def outcomes_of(records: list[Json], answer: Answer) -> list[Outcome]:
    """The outcome of each record; they all differ. After a 503 nothing is stored."""
    if answer.status == 503:
        return [NOT_STORED] * len(records)
    assert answer.status == 200, answer
    refused = {form(entry["record"]): outcome_of(entry["error"]) for entry in answer.json["unprocessed"]}
    assert answer.json["processed"] == len(records) - len(refused), answer
    return [refused.get(form(record), STORED) for record in records]


def outcome_of(error: str) -> Outcome:
    """What the text of an entry says; only those of an outage are right here."""
    outcomes = [outcome for text, outcome in UNPROCESSED.items() if text in error]
    assert outcomes, f"a record that has to be stored got: {error}"
    return outcomes[0]


def form(record: Json) -> str:
    """A record as text, whatever the order of its keys."""
    return json.dumps(record, sort_keys=True)
