"""What every store does, as one protocol; the backends are packages beside this file.

A store keeps profiles by hashed key (`codec`), the projects and their passcodes, and answers for
durability: what `update` returned is on disk.
"""

from collections.abc import AsyncIterator, Mapping, Sequence, Set
from contextlib import AbstractAsyncContextManager
from typing import NamedTuple, Protocol

import msgspec

from ..core.history import Change
from ..core.identity import Key
from ..core.profile import Profile
from ..core.work import Changes, Found
from .events import Segment, Span


class Fold(Protocol):
    """What an update does to the profiles it finds: `core.fold.fold` over the records of one batch."""

    def __call__(self, found: Found, *, only: Set[int] | None = None) -> Changes:
        """The changes these records come to; with `only`, those of the records with these indices."""
        ...


class Unavailable(Exception):  # noqa: N818 - the name of the answer it becomes
    """The store cannot read or write now; nothing of the request was committed (contract A1.3, 503)."""


class ForeignPlace(Exception):  # noqa: N818 - the name of what it is about
    """A scan was to go on from a place that is not one of this database."""


class UnusableDatabase(Exception):  # noqa: N818 - its text is the one line the user reads
    """The database cannot be opened by this program; the text says why and what to do."""


class Project(msgspec.Struct, frozen=True):
    """One project. `secret` keys the hashes of its identifiers; `created` is epoch seconds."""

    id: str
    name: str
    secret: bytes
    created: int


class Passcode(msgspec.Struct, frozen=True):
    """One passcode of a project. Times are epoch seconds, 0 for never.

    `digest` is the keyed hash it is checked by; `sealed` the passcode itself under authenticated
    encryption, or empty where it may not be shown again.
    """

    id: str
    project: str
    name: str
    digest: bytes
    sealed: bytes
    created: int
    expires: int = 0
    revoked: int = 0
    last_used: int = 0


class Scanned(NamedTuple):
    """Profiles of a scan, with the place after the last of them, from which a later scan goes on."""

    profiles: list[Profile]
    place: str


class Store(Protocol):
    """A place profiles live in. Every method raises `Unavailable` when the store cannot be reached."""

    async def find(self, project: Project, keys: Sequence[Key]) -> Found:
        """The profiles behind these keys, as the last commit left them."""
        ...

    async def find_by_contact(self, project: Project, contact: Key, limit: int, offset: int = 0) -> list[Profile]:
        """Profiles that have this ("email" or "phone", address), the last updated first.

        At most `limit`, after skipping `offset`.
        """
        ...

    async def find_flags(self, project: Project, keys: Sequence[Key]) -> dict[Key, bool]:
        """Those of these do-not-disturb flags that were ever set."""
        ...

    async def has_flags(self) -> bool:
        """Whether any do-not-disturb flag was ever set, by any project; takes no longer however many there are."""
        ...

    async def find_owners(self, project: Project, owners: Sequence[bytes]) -> dict[bytes, bytes]:
        """The rows of the profiles these owners of events are part of now; those of erased ones are left out.

        Reads no documents.
        """
        ...

    async def read_profiles(self, project: Project, rows: Sequence[bytes]) -> dict[bytes, Profile]:
        """The profiles in these rows, as `find_owners` gives them; what is there no more is left out."""
        ...

    async def update(self, project: Project, keys: Sequence[Key], fold: Fold, *, alone: bool = False) -> Changes:
        """Read what is behind `keys`, fold it, write what the fold says, and return it once it is on disk.

        No other update of these profiles comes between the reading and the writing. `fold` may run more
        than once, each time on profiles read anew and with those records only that have not been
        written yet; an exception it raises is raised here. `Unavailable` says that nothing was written.
        A fold that may release identifiers or erase profiles is `alone`: `keys` are then all keys of all
        profiles it changes, and it is written whole or not at all; `Unavailable` then may also be said of one
        whose outcome is not known, so it has to be one that may be repeated. A store that writes a batch in several
        steps may answer single records with the fault `UNSTORED`.
        """
        ...

    async def count_events(self, project: Project, name: str, span: Span) -> int:
        """How many events of this normal name there are in these days."""
        ...

    async def has_events(self, project: Project, name: str) -> bool:
        """Whether there is any event of this normal name."""
        ...

    async def read_segments(
        self, project: Project, name: str, span: Span, after: int, limit: int, *, bodies: bool
    ) -> list[Segment]:
        """Segments of a name and days in the order of their ids, those with ids above `after`.

        As many as have about `limit` events together, at least one if there is one. Without `bodies`
        each has "" for one.
        """
        ...

    async def expire_events(self, before_day: int, limit: int) -> int:
        """Forget events of days before this one, of all projects, at most `limit` segments; gives how many."""
        ...

    async def read_history(self, places: Sequence[int]) -> list[Change]:
        """The changes in these places of history (`core.history.places_of`), the last one first."""
        ...

    def scan(self, project: Project, after: str = "") -> AbstractAsyncContextManager[AsyncIterator[Scanned]]:
        """All profiles as they are when the context is entered, piece by piece, from a place on.

        What is written meanwhile is not seen. Memory is the same for any number of profiles, and grows with
        no more than the largest of them. Raises `ForeignPlace` for a place that another database gave, unless
        it leads to the same profiles here.
        """
        ...

    async def projects(self) -> list[Project]:
        """All projects, oldest first, those of one second in any order."""
        ...

    async def passcodes(self) -> list[Passcode]:
        """All passcodes of all projects, oldest first as `projects`, revoked and expired ones too."""
        ...

    async def add_project(self, project: Project) -> bool:
        """Add a project; False, and nothing changed, where its id is taken."""
        ...

    async def put_passcodes(self, passcodes: Sequence[Passcode]) -> None:
        """Add passcodes, or replace those with the same id, all at once; one that is revoked stays so."""
        ...

    async def touch_passcodes(self, used: Mapping[str, int]) -> None:
        """Record the last use (epoch seconds) of passcodes, by id; never moves one back."""
        ...

    async def access_version(self) -> int:
        """A number that changes whenever a project or passcode was added, replaced or revoked."""
        ...

    async def get_meta(self, name: str) -> bytes | None:
        """A value kept about the database itself, such as the check of the server key."""
        ...

    async def set_meta(self, name: str, value: bytes) -> bytes:
        """Set such a value where there is none yet, and return the one that stands."""
        ...

    async def put_meta(self, name: str, value: bytes) -> None:
        """Set such a value, whatever stands there."""
        ...

    async def drop_meta(self, first: str, last: str) -> None:
        """Forget the values with names from `first` up to, not including, `last`, in the order of their bytes."""
        ...

    async def check_writable(self) -> None:
        """Raise `Unavailable` unless a write would commit now."""
        ...

    async def size_bytes(self) -> int:
        """What the store takes on disk."""
        ...

    async def close(self) -> None:
        """Finish what was accepted and let go of everything."""
        ...
