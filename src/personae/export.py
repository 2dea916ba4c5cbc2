"""Every profile of a project as lines of JSON, in constant memory. Source: docs, export."""

from collections.abc import AsyncGenerator, Callable, Iterable, Mapping, Sequence
from typing import Final

import msgspec

from .core.answers import flag_keys, profile_view
from .core.identity import Key
from .core.profile import Json, Profile
from .core.properties import normal_form
from .storage import Project, Store

PIECE_PROFILES: Final = 100
"""Profiles made into lines in one go: a millisecond or two, in which nobody else is served."""

CURSOR_PROFILES: Final = 10_000
"""Profiles between two cursors, and as many more as it takes to the end of what the store reads at once."""

PARTS: Final = ("platformInfo", "identity", "name", "email", "phone", "all_identities", "profileData", "events")
"""What a record has, in its order. Source: contract A6.3."""

MakeCursor = Callable[[str], str]
"""Gives a cursor for a place in a scan."""

_encode_lines = msgspec.json.Encoder().encode_lines


class Selection:
    """Which parts of a record are shown: those with these names, whatever their case and blanks.

    A name that is none of `PARTS` is a property's, which stays in `profileData`; where no profile has it, nothing is shown.
    """

    def __init__(self, names: Iterable[str]) -> None:
        normal = set(map(normal_form, names))
        self._parts = [part for part in PARTS if normal_form(part) in normal]
        self._properties = normal.difference(map(normal_form, PARTS)) if "profileData" not in self._parts else set()

    def of(self, record: Json) -> Json:
        """What is left of a record."""
        out = {part: record[part] for part in self._parts if part in record}
        if self._properties:
            data = record["profileData"]
            chosen = {name: value for name, value in data.items() if name in self._properties}
            out |= {"profileData": chosen} if chosen else {}
        return out


async def export(
    store: Store,
    project: Project,
    *,
    after: str = "",
    selection: Selection | None = None,
    make_cursor: MakeCursor | None = None,
) -> AsyncGenerator[bytes]:
    """The lines of all profiles as they are when this begins, some at a time, each as GET shows it.

    From a place of a scan on, if `after` is one. With `make_cursor`, there is a line with a cursor now and then:
    what goes on after it has all profiles that came after it, but for those that were merged, demerged or
    disassociated in between, which may come twice or not at all. Do-not-disturb flags are those of the moment.
    Raises `ForeignPlace`.
    """
    async with store.scan(project, after) as scan:
        since = 0
        async for profiles, place in scan:
            flagged = await store.has_flags()
            for start in range(0, len(profiles), PIECE_PROFILES):
                piece = profiles[start : start + PIECE_PROFILES]
                yield lines(piece, await find_flags(store, project, piece) if flagged else {}, selection)
            since += len(profiles)
            if make_cursor and since >= CURSOR_PROFILES:
                yield _encode_lines([{"cursor": make_cursor(place)}])
                since = 0


async def find_flags(store: Store, project: Project, profiles: Sequence[Profile]) -> dict[Key, bool]:
    """The do-not-disturb flags of these profiles' addresses."""
    keys = {key for profile in profiles for key in flag_keys(profile).values()}
    return await store.find_flags(project, list(keys)) if keys else {}


def lines(profiles: Sequence[Profile], flags: Mapping[Key, bool], selection: Selection | None) -> bytes:
    """A line for each of these profiles."""
    records = [profile_view(profile, flags) for profile in profiles]
    return _encode_lines(records if selection is None else map(selection.of, records))
