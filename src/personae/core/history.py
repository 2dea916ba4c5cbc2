"""What a profile's history says of one change. Source: docs, history."""

from typing import Any, Final, NamedTuple

import msgspec

from .identity import Key
from .profile import Profile


class Author(NamedTuple):
    """Who changes profiles: the id of the request and the name of its passcode."""

    request: str = ""
    passcode: str = ""


NOBODY: Final = Author()


class Change(msgspec.Struct, array_like=True):
    """One change of a profile, `at` epoch microseconds.

    `kind` is what happened: "created", "changed", "merged", "demerged" or "disassociated". `properties` says
    of custom properties by their spelling, of reserved fields by their normal name and of
    "category-unsubscribe.<channel>" what they were and became, None for absent. A profile that was created
    has `values` instead: what it began with, by the same names. `attached` and `detached` are identifiers,
    as [kind, value].
    """

    kind: str
    at: int
    request: str = ""
    passcode: str = ""
    properties: dict[str, tuple[Any, Any]] = {}
    attached: list[Key] = []
    detached: list[Key] = []
    values: dict[str, Any] = {}


class Entry(NamedTuple):
    """A change to keep, the profile it is of, and how many changes that profile keeps."""

    profile: Profile
    change: Change
    keep: int


def places_of(profile: Profile) -> list[int]:
    """Where the changes of a profile are kept, and those of all that became part of it."""
    return [*profile.history, *(place for part in profile.merged for place in places_of(part.profile))]
