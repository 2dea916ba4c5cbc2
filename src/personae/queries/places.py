"""Where in the order of owners a profile is given that has several of them, so that nobody is left out.

A profile's own events belong to its home, those of the parts it took in to the homes of these. Parts it had before
the cursor began are settled: their events are what they were then. Of settled parts that match, the smallest is
the profile's place, for good. Without one, it is given at its home if that is still to come and matches, and else
where the first of its later parts comes up. The cursor keeps in mind that a profile was given with its later parts.

A later part was a profile by itself when the cursor began. Where the home lies behind, and matches now, nobody can
tell whether it did when the cursor passed it: so the profile is given at a part it took in after that, maybe a
second time. Whoever matched when the cursor began is given, as the profile it was or as the one it became part of.
"""

from collections.abc import Iterator
from typing import NamedTuple

from ..core.identity import Key
from ..core.profile import Profile, Seen
from ..core.query.asked import Query
from ..storage.codec import hash_key, hash_keys
from ..storage.events import day_of


class Owners(NamedTuple):
    """The owners that decide where a profile is given: its home, and the parts it had before the cursor began.

    `grown` is whether it took in later ones. Left out are parts that had no such event in these days.
    """

    home: bytes
    settled: list[bytes]
    grown: bool

    def rivals(self, owner: bytes) -> list[bytes]:
        """The owners any one of which, if it matches, is the place of the profile instead of this one."""
        if owner in self.settled:
            return [other for other in self.settled if other < owner]
        return [*self.settled, self.home] if owner < self.home else self.settled


class Part(NamedTuple):
    """A profile's part: the home its events belong to, what it says of the asked one, whether it was there before."""

    home: Key
    seen: Seen | None
    before: bool


def owners_of_profile(secret: bytes, profile: Profile, query: Query, start_s: int) -> Owners:
    """The owners of a profile's events for a cursor that began at `start_s` (epoch seconds)."""
    parts = [part for part in merged_parts(profile, query.event, start_s) if may_match(part.seen, query)]
    settled = [part.home for part in parts if part.before]
    return Owners(hash_key(secret, profile.home), hash_keys(secret, settled), len(settled) < len(parts))


def merged_parts(profile: Profile, event: str, start_s: int, *, before: bool = True) -> Iterator[Part]:
    """What became part of a profile, and parts of that; all with `before` only where the profile itself is."""
    for merged in profile.merged:
        earlier = before and merged.at < start_s
        yield Part(merged.profile.home, merged.profile.events.get(event), earlier)
        yield from merged_parts(merged.profile, event, start_s, before=earlier)


def may_match(seen: Seen | None, query: Query) -> bool:
    """Whether any of these events can be in the query's days."""
    return seen is not None and day_of(seen.first) <= query.last and day_of(seen.last) >= query.first
