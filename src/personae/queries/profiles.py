"""A page of the profiles that did something, in the order of the owners of their events.

Nothing is kept between two pages but the position. An owner is a home device's key, so uploads change no order;
`places` says what becomes of merges.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

import msgspec

from ..core.profile import Profile
from ..storage import Store
from ..storage.codec import KEY_BYTES
from .matching import Question, Sized, matching_among, read_kept
from .pace import PAGE_BYTES, Pace, Portion
from .places import Owners, owners_of_profile
from .windows import Window, Windows

MAX_LOOKED_AT: Final = 50_000
"""Owners one page looks at; if they do not fill it, it is short."""

FIRST_READ: Final = 100
LEAST_READ: Final = 200
MOST_READ: Final = 500
"""Owners whose profiles are read at once: at first, after those that would fill the page, at most."""

LAST: Final = b"\xff" * KEY_BYTES

MAX_GROWN: Final = 256


class Position(msgspec.Struct, frozen=True, array_like=True):
    """The owners up to `after` are done. `grown` are homes of profiles that were given with later parts.

    There is one for each profile that took in another one since the cursor began and before it was given, the last
    `MAX_GROWN` of them; what is forgotten may be given again.
    """

    after: bytes = b""
    grown: list[bytes] = []


class Page(NamedTuple):
    """Some profiles, and the position of the next page, None after the last one."""

    profiles: list[Profile]
    position: Position | None


class Cursored(NamedTuple):
    """A question with the time its cursor began and the present, epoch microseconds."""

    question: Question
    start_us: int
    now_us: int


class Candidate(NamedTuple):
    """A profile that is given at an owner unless one of `doubts` matches, owners that the window does not cover."""

    owner: bytes
    profile: Profile
    owners: Owners
    doubts: list[bytes]


async def page_of_profiles(store: Store, windows: Windows, asked: Cursored, position: Position, size: int) -> Page:
    """The next profiles, at most `size`. There may be fewer; only one without a position is the last."""
    pace = Pace()
    while True:
        window = await windows.reach(store, asked.question, position.after, asked.start_us, asked.now_us)
        gathering = Gathering(store, window, asked, size, pace)
        after = await gathering.gather(position.after)
        doubts = {doubt for candidate in gathering.found for doubt in candidate.doubts}
        matching = await matching_among(store, asked.question, doubts)
        sure = [candidate for candidate in gathering.found if matching.isdisjoint(candidate.doubts)]
        given, position = give(sure, Position(after, position.grown), size)
        if window.high is None and not window.above(position.after, 1):
            return Page(given, None)
        if given or gathering.found or after != window.high or pace.late():
            return Page(given, position)


def give(candidates: Sequence[Candidate], position: Position, size: int) -> tuple[list[Profile], Position]:
    """At most `size` of these profiles, and the position after them; that of all is given."""
    given: list[Profile] = []
    grown = dict.fromkeys(position.grown)
    after = position.after
    for owner, profile, owners, _ in candidates:
        if owners.home in grown:
            continue
        given.append(profile)
        if owners.grown and owner not in owners.settled:
            grown[owners.home] = None
        if len(given) == size:
            after = owner
            break
    return given, Position(after, list(grown)[-MAX_GROWN:])


class Gathering:
    """Reads the profiles of a window's owners until they fill a page, so that one pass answers all doubts about them."""

    def __init__(self, store: Store, window: Window, asked: Cursored, size: int, pace: Pace) -> None:
        self.found: list[Candidate] = []
        self._store = store
        self._window = window
        self._asked = asked
        self._size = size
        self._pace = pace
        self._portion = Portion(FIRST_READ, MOST_READ)
        self._sure = self._looked_at = self._bytes = 0

    async def gather(self, after: bytes) -> bytes:
        """Read on from `after`; gives the place up to which all owners were looked at."""
        while owners := self._window.above(after, min(self._portion.count, self._wanted)):
            rows, kept = await self._read(owners)
            for after in owners:
                self._looked_at += 1
                sized = kept.get(rows.get(after, b""))
                if sized is not None:
                    self._judge(after, sized)
                if self._full:
                    return after
                if self._pace.due():
                    await self._pace.turn()
            if self._looked_at >= MAX_LOOKED_AT or self._pace.late():
                return after
        return self._window.high or LAST

    async def _read(self, owners: Sequence[bytes]) -> tuple[dict[bytes, bytes], dict[bytes, Sized]]:
        """The rows of the profiles these owners are part of now, and what is in them, if the question is about that."""
        question = self._asked.question
        rows = await self._store.find_owners(question.project, owners)
        return rows, await read_kept(self._store, question, rows.values(), self._pace, self._portion)

    def _judge(self, owner: bytes, sized: Sized) -> None:
        """Take note of a profile that may have its place at this owner."""
        question = self._asked.question
        start_s = self._asked.start_us // 1_000_000
        owners = owners_of_profile(question.project.secret, sized.profile, question.query, start_s)
        rivals = owners.rivals(owner)
        if any(self._window.has(rival) for rival in rivals if self._window.covers(rival)):
            return
        doubts = [rival for rival in rivals if not self._window.covers(rival)]
        self.found.append(Candidate(owner, sized.profile, owners, doubts))
        self._sure += not doubts
        self._bytes += sized.bytes

    @property
    def _wanted(self) -> int:
        return max(self._size, LEAST_READ) if self._looked_at else self._size

    @property
    def _full(self) -> bool:
        """Whether the page is, or there is as much in doubt as one pass is to answer."""
        return self._sure >= self._size or len(self.found) >= max(self._size, LEAST_READ) or self._bytes >= PAGE_BYTES
