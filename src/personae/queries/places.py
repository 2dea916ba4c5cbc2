"""Where in the order of owners a profile is given that has several of them, so that it is given once.

A profile's own events belong to its home; those of profiles that became part of it to their homes. Only its
home gets new events, so a decision that rests on the others stands.
"""

from collections.abc import Callable, Iterator
from typing import NamedTuple

from ..core.identity import Key
from ..core.profile import Profile, Seen
from ..core.query.asked import Query
from ..storage.codec import hash_key, hash_keys
from ..storage.events import day_of


class Owners(NamedTuple):
    """The owners whose events are one profile's: of parts it had before the cursor began, its home, of later parts.

    Left out are parts that had no such event in these days.
    """

    settled: list[bytes]
    home: bytes
    later: list[bytes]


class Part(NamedTuple):
    """A profile's part: the home its events belong to, what it says of the asked one, whether it was there before."""

    home: Key
    seen: Seen | None
    before: bool


def owners_of_profile(secret: bytes, profile: Profile, query: Query, start_s: int) -> Owners:
    """The owners of a profile's events for a cursor that began at `start_s` (epoch seconds)."""
    parts = [part for part in merged_parts(profile, query.event, start_s) if may_match(part.seen, query)]
    settled, later = ([part.home for part in parts if part.before is before] for before in (True, False))
    return Owners(hash_keys(secret, settled), hash_key(secret, profile.home), hash_keys(secret, later))


def merged_parts(profile: Profile, event: str, start_s: int, *, before: bool = True) -> Iterator[Part]:
    """What became part of a profile, and parts of that; all with `before` only where the profile itself is."""
    for merged in profile.merged:
        earlier = before and merged.at < start_s
        yield Part(merged.profile.home, merged.profile.events.get(event), earlier)
        yield from merged_parts(merged.profile, event, start_s, before=earlier)


def may_match(seen: Seen | None, query: Query) -> bool:
    """Whether any of these events can be in the query's days."""
    return seen is not None and day_of(seen.first) <= query.last and day_of(seen.last) >= query.first


def place_of(owners: Owners, matching: Callable[[bytes], bool]) -> bytes | None:
    """The owner a profile is given at.

    The smallest that matches of the settled ones, which get no more events. Else its home. Only where that has
    no match either, the smallest of the later ones.
    """
    settled = [owner for owner in owners.settled if matching(owner)]
    if settled:
        return min(settled)
    return owners.home if matching(owners.home) else min(filter(matching, owners.later), default=None)
