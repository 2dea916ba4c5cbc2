"""What the steps of an upload hand to each other: accepted records, found profiles, changes."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import msgspec

from .faults import Rejection, Warning
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


@dataclass(slots=True)
class Changes:
    """What a fold asks a store to write, and what it has to say of the records.

    `profiles` are to be written whole. `aliases` point identifiers at the profile that has them now;
    where one led to a profile of its own (merged away), that row becomes the alias. `contacts` says of
    (address, profile) whether that address finds that profile from now on: True adds, False removes, and
    of several the last stands, so that no pair is in both. `flags` are do-not-disturb flags by address,
    the last one of the batch, each with the profile that had it. `records` are the indices of those that
    had to do with a profile, refused ones too: what has to be folded again where it could not be written.
    """

    profiles: dict[Ref, Profile] = field(default_factory=dict)
    aliases: dict[Key, Ref] = field(default_factory=dict)
    contacts: dict[tuple[Key, Ref], bool] = field(default_factory=dict)
    flags: dict[Key, tuple[bool, Ref]] = field(default_factory=dict)
    records: dict[Ref, list[int]] = field(default_factory=dict)
    rejected: list[Rejection] = field(default_factory=list)
    warnings: list[Warning] = field(default_factory=list)


def joined(parts: Sequence[Changes]) -> Changes:
    """What several folds over the same `Found`, one after the other, ask to be written."""
    if len(parts) == 1:
        return parts[0]
    out = Changes()
    for part in parts:
        out.profiles.update(part.profiles)
        out.aliases.update(part.aliases)
        out.contacts.update(part.contacts)
        out.flags.update(part.flags)
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
