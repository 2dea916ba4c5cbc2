"""What the steps of an upload hand to each other: accepted records, found profiles, changes."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import msgspec

from .faults import Rejection, Warning
from .history import Author, Entry
from .identity import Key, Mint, Ref
from .profile import Profile
from .rules import Rules


class Accepted(msgspec.Struct, frozen=True):
    """A record that passed `screen`.

    `keys` are its identifiers in the order that decides; `content` is what its type makes of the
    rest; `notes` are (key, text) of what deserves a warning once the record is processed.
    """

    index: int
    type: str
    keys: list[Key]
    ts: int
    source: str
    content: object
    notes: list[tuple[str, str]]


class Found(NamedTuple):
    """What a store knows behind some keys: whose each key is, and those profiles.

    The profiles are the caller's own, freshly read: `fold` changes them in place.
    """

    owners: dict[Key, Ref]
    profiles: dict[Ref, Profile]


class Happened(NamedTuple):
    """An event to keep: the home of the profile it belongs to, its normal name, its time in epoch seconds, its data."""

    owner: Key
    name: str
    ts: int
    data: dict[str, Any]


@dataclass(slots=True)
class Changes:
    """What a fold asks a store to write, and what it has to say of the records.

    `profiles` are to be written whole. `aliases` point identifiers at the profile that has them now;
    where one led to a profile of its own (merged away), that row becomes the alias. `contacts` says of
    (address, profile) whether that address finds that profile from now on: True adds, False removes, and
    of several the last stands, so that no pair is in both. `flags` are do-not-disturb flags by address,
    the last one of the batch, each with the profile that had it, None where it is not about one.
    `events` and `history` are rows to add, in order. `released` are identifiers that lead nowhere from now
    on, the rows of erased profiles among them. `erased` are profiles to forget: with their events and history,
    which belong to any of their keys. `records` are the indices of those that
    had to do with a profile, refused ones too: what has to be folded again where it could not be written.
    """

    profiles: dict[Ref, Profile] = field(default_factory=dict)
    aliases: dict[Key, Ref] = field(default_factory=dict)
    contacts: dict[tuple[Key, Ref], bool] = field(default_factory=dict)
    flags: dict[Key, tuple[bool, Ref | None]] = field(default_factory=dict)
    events: list[Happened] = field(default_factory=list)
    history: list[Entry] = field(default_factory=list)
    released: list[Key] = field(default_factory=list)
    erased: list[Profile] = field(default_factory=list)
    records: dict[Ref, list[int]] = field(default_factory=dict)
    rejected: list[Rejection] = field(default_factory=list)
    warnings: list[Warning] = field(default_factory=list)


def joined(parts: Sequence[Changes]) -> Changes:
    """What several folds over the same `Found`, one after the other, ask to be written.

    One that releases identifiers is never among several: what comes after it may use them anew.
    """
    if len(parts) == 1:
        return parts[0]
    out = Changes()
    for part in parts:
        out.profiles.update(part.profiles)
        out.aliases.update(part.aliases)
        out.contacts.update(part.contacts)
        out.flags.update(part.flags)
        out.events += part.events
        out.history += part.history
        out.released += part.released
        out.erased += part.erased
    return out


@dataclass(slots=True)
class Work:
    """The state of one fold: `owners` and `profiles` as the records so far leave them."""

    owners: dict[Key, Ref]
    profiles: dict[Ref, Profile]
    changes: Changes
    now: int
    now_us: int
    mint: Mint
    rules: Rules
    author: Author
