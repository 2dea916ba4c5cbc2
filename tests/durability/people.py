"""The people a client writes: what their records look like, and what may be stored of them after what the client was told.

Every property of a record names its attempt, so half a record shows, and every record counts itself, so
one that is stored twice shows.
"""

from dataclasses import dataclass, field
from typing import NamedTuple

from tests.server import Json, profile


class Outcome(NamedTuple):
    """What the client was told of a record: whether it is stored, None for unknown."""

    stored: bool | None


@dataclass
class Bounds:
    """What a count has to lie between: the increments acknowledged, and those that may have been stored."""

    low: int = 0
    high: int = 0

    def told(self, outcome: Outcome) -> None:
        self.low += outcome.stored is True
        self.high -= outcome.stored is False


@dataclass
class Person:
    """The attempts one of which wrote what is stored of a person, None for nothing, and how many times they were written."""

    name: str
    possible: set[str | None] = field(default_factory=lambda: {None})
    times: Bounds = field(default_factory=Bounds)

    @property
    def there(self) -> bool:
        """Whether something is surely stored."""
        return self.times.low > 0

    def record(self, attempt: str) -> Json:
        """The record of an attempt to write this person, which is as good as sent."""
        self.possible.add(attempt)
        self.times.high = self.times.high + 1 if self.there else 1
        return record_of(self.name, attempt, first=not self.there)

    def told(self, attempt: str, outcome: Outcome) -> None:
        if self.there:
            self.times.told(outcome)
        elif outcome.stored:
            self.times.low = 1
        if outcome.stored:
            self.possible = {attempt}
        elif outcome.stored is False:
            self.possible.discard(attempt)

    def fault(self, record: Json | None) -> str | None:
        """What is wrong with the record GET shows; None if nothing is."""
        attempt = self.attempt_in(record)
        if record and attempt is None:
            return f"half a record: {record}"
        if attempt not in self.possible:
            return f"lost: written by {attempt}, expected one of {self.possible}"
        times = times_in(record)
        if not self.times.low <= times <= self.times.high:
            return f"miscounted: written {times} times, expected {self.times}"
        return None

    def settle(self, record: Json | None) -> None:
        """From here on a person is as they were read."""
        self.possible = {self.attempt_in(record)}
        self.times = Bounds(times_in(record), times_in(record))

    def attempt_in(self, record: Json | None) -> str | None:
        """The attempt that wrote this record, None if there is none or it is not of one piece."""
        if record is None:
            return None
        attempt = str(record.get("name"))
        values = {name: value for name, value in record["profileData"].items() if name != "times"}
        email = email_of(self.name, attempt) if has_device(self.name) else None
        whole = (values, record.get("email"), len(record["platformInfo"])) == (values_of(attempt), email, 1)
        return attempt if whole else None


# --- records


def has_device(person: str) -> bool:
    """Half of the people bring a device and an email: a profile of theirs has rows that have to fit together."""
    return person.endswith(("0", "2", "4", "6", "8"))


def email_of(person: str, attempt: str) -> str:
    """An email of this attempt alone."""
    return f"{person}.{attempt}@example.com"


def record_of(person: str, attempt: str, *, first: bool) -> Json:
    """A record that names the attempt in each place a profile keeps values; who has a device is anonymous at first."""
    data = {**values_of(attempt), "Name": attempt, "times": 1 if first else {"$incr": 1}}
    if not has_device(person):
        return profile(person, data)
    record = profile(person, {**data, "Email": email_of(person, attempt)}, objectId=f"{person}-device")
    if first:
        del record["identity"]
    return record


def values_of(attempt: str) -> Json:
    return {"first": attempt, "items": [attempt, "x"], "nested": {"in": attempt}, "pad": attempt * 10}


def times_in(record: Json | None) -> int:
    return int(record["profileData"].get("times", 0)) if record else 0


def main_key(person: str) -> tuple[str, str]:
    """What finds a person from the first record on."""
    return ("objectId", f"{person}-device") if has_device(person) else ("identity", person)


def keys_in(record: Json) -> list[tuple[str, str]]:
    """What else has to find a record."""
    return [(kind, record[kind]) for kind in ("identity", "email") if kind in record]
