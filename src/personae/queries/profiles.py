"""A page of the profiles that did something, in the order of the owners of their events.

Nothing is kept between two pages but the position. An owner is a home device's key, so uploads change no order;
`places` says what becomes of merges.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Final, NamedTuple

import msgspec

from ..core.profile import Profile
from ..storage import Store
from ..storage.codec import KEY_BYTES
from .matching import Question, matching_among
from .places import Owners, owners_of_profile, place_of
from .windows import Window, Windows

MAX_LOOKED_AT: Final = 50_000
"""Owners one page looks at; if they do not fill it, it is short."""

LEAST_READ: Final = 200
MOST_READ: Final = 500
"""Owners whose profiles are read at once, after those that would fill the page: they may all have another place."""

MAX_AHEAD: Final = 256


class Position(msgspec.Struct, frozen=True, array_like=True):
    """The owners up to `after` are done. `ahead` are homes behind it whose profiles were given at a later part's place.

    There is one for each profile that took in another one since the cursor began and had no match of its own;
    beyond `MAX_AHEAD` of them one may be given again.
    """

    after: bytes = b""
    ahead: list[bytes] = []


class Page(NamedTuple):
    """Some profiles, and the position of the next page, None after the last one."""

    profiles: list[Profile]
    position: Position | None


class Cursored(NamedTuple):
    """A question with the time its cursor began and the present, epoch microseconds."""

    question: Question
    start_us: int
    now_us: int


async def page_of_profiles(store: Store, windows: Windows, asked: Cursored, position: Position, size: int) -> Page:
    """The next profiles, at most `size`. There may be fewer; only one without a position is the last."""
    given: list[Profile] = []
    looked_at, count = 0, min(size, MOST_READ)
    while len(given) < size and looked_at < MAX_LOOKED_AT:
        window = await windows.reach(store, asked.question, position.after, asked.start_us, asked.now_us)
        owners = window.above(position.after, count)
        if owners:
            position = await give(store, window, asked, position, owners, given, size)
        else:
            position = Position(window.high or b"\xff" * KEY_BYTES, position.ahead)
        if window.high is None and not window.above(position.after, 1):
            return Page(given, None)
        looked_at += len(owners)
        count = min(max(size, LEAST_READ), MOST_READ)
    return Page(given, position)


async def give(
    store: Store,
    window: Window,
    asked: Cursored,
    position: Position,
    owners: Sequence[bytes],
    given: list[Profile],
    size: int,
) -> Position:
    """Add the profiles that have their place at these owners to `given`, up to `size`; gives the position then."""
    question = asked.question
    rows = await store.find_owners(question.project, owners)
    profiles = await store.read_profiles(question.project, list(dict.fromkeys(rows.values())))
    several = {row: places_of(asked, profile) for row, profile in profiles.items() if profile.merged}
    matching = await judged(store, window, question, several, owners)
    ahead = set(position.ahead)
    for owner in owners:
        if len(given) >= size:
            break
        position = Position(owner)
        row = rows.get(owner, b"")
        profile = profiles.get(row)
        if profile is None or owner in ahead or (question.keeps and not question.keeps(profile)):
            continue
        if row in several:
            group = several[row]
            if place_of(group, matching) not in (owner, None):  # None: an owner the profile knows nothing of
                continue
            if owner != group.home and owner not in group.settled:
                ahead.add(group.home)
        given.append(profile)
    return Position(position.after, sorted(home for home in ahead if home > position.after)[:MAX_AHEAD])


def places_of(asked: Cursored, profile: Profile) -> Owners:
    question = asked.question
    return owners_of_profile(question.project.secret, profile, question.query, asked.start_us // 1_000_000)


async def judged(
    store: Store, window: Window, question: Question, several: Mapping[bytes, Owners], owners: Sequence[bytes]
) -> Callable[[bytes], bool]:
    """Whether an owner matches, for all owners of these profiles: those outside the window cost a pass."""
    known = set(owners)
    wanted = {owner for group in several.values() for owner in (*group.settled, group.home, *group.later)} - known
    known |= {owner for owner in wanted if window.covers(owner) and window.has(owner)}
    known |= await matching_among(store, question, {owner for owner in wanted if not window.covers(owner)})
    return known.__contains__
