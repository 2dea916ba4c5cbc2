"""The places a project's requests take under a cap, counted in one process or shared by several.

Source: contract A1.4; a cap of 0 means no cap.
"""

import fcntl
import mmap
import os
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import blake2b
from itertools import chain
from pathlib import Path
from typing import Final, Protocol


class Places(Protocol):
    """The places of one route."""

    cap: int

    def take(self, project: str) -> int | None:
        """One of the project's places, None where all are taken."""

    def leave(self, project: str, place: int) -> None:
        """Give a place back."""

    def most(self) -> int:
        """The requests of the project that has most."""


MakePlaces = Callable[[str, int], Places]
"""The places of a route, by its path and its cap."""


class LocalPlaces:
    """Places of one process."""

    def __init__(self, cap: int) -> None:
        self.cap = cap
        self._counts: Counter[str] = Counter()

    def take(self, project: str) -> int | None:
        count = self._counts[project]
        if self.cap and count >= self.cap:
            return None
        self._counts[project] = count + 1
        return count

    def leave(self, project: str, place: int) -> None:
        self._counts[project] -= 1
        if not self._counts[project]:
            del self._counts[project]

    def most(self) -> int:
        return max(self._counts.values(), default=0)


def local_places(_route: str, cap: int) -> Places:
    return LocalPlaces(cap)


PROJECT_PLACES: Final = 16_384
"""Bytes of the file for each project: more than the largest cap a setting allows."""

HASH_BYTES: Final = 6
BUCKETS: Final = 1024
"""Counts of one worker, by the project's hash; two projects that share one count as one in `most`."""

COUNT_FORMAT: Final = "I"
COUNT_BYTES: Final = 4


@dataclass(slots=True)
class Own:
    """What this process has of one project: where its places begin, and which it holds."""

    hash: int
    next: int
    count: int = 0
    taken: set[int] = field(default_factory=set)


class SharedPlaces:
    """Places that the workers of one server share.

    A place is a byte far out in a file, held by a POSIX record lock, so the kernel gives back at once what
    a worker held that died. Record locks are a process's: it never meets its own, so it remembers them, and
    it would lose them all by closing the file, so that stays open. The file itself has the counts for `most`,
    a row for each worker, which only that worker writes.
    """

    def __init__(self, file: Path, cap: int, worker: int, workers: int) -> None:
        self.cap = cap
        self._descriptor = os.open(file, os.O_RDWR | os.O_CREAT, 0o600)
        size = workers * BUCKETS * COUNT_BYTES
        os.ftruncate(self._descriptor, size)
        table = memoryview(mmap.mmap(self._descriptor, size)).cast(COUNT_FORMAT)
        self._rows = [table[start : start + BUCKETS] for start in range(0, workers * BUCKETS, BUCKETS)]
        self._row = self._rows[worker]
        self._row[:] = memoryview(bytes(BUCKETS * COUNT_BYTES)).cast(COUNT_FORMAT)  # a worker that died left its own
        self._first = worker * cap // workers  # each looks elsewhere first, so they seldom meet
        self._own: dict[str, Own] = {}

    def take(self, project: str) -> int | None:
        own = self._own.get(project) or Own(_hash(project), self._first)
        place = self._lock(own) if self.cap else 0
        if place is None:
            return None
        self._own[project] = own
        own.count += 1
        self._row[own.hash % BUCKETS] += 1
        return place

    def leave(self, project: str, place: int) -> None:
        own = self._own[project]
        if self.cap:
            fcntl.lockf(self._descriptor, fcntl.LOCK_UN, 1, own.hash * PROJECT_PLACES + place)
            own.taken.remove(place)
            own.next = place
        self._row[own.hash % BUCKETS] -= 1
        own.count -= 1
        if not own.count:
            del self._own[project]

    def most(self) -> int:
        return max(map(sum, zip(*self._rows, strict=True)))

    def _lock(self, own: Own) -> int | None:
        """Lock a free place, from where the last one was free to all around."""
        start = own.hash * PROJECT_PLACES
        for place in chain(range(own.next, self.cap), range(own.next)):
            if place not in own.taken and self._locked(start + place):
                own.taken.add(place)
                own.next = (place + 1) % self.cap
                return place
        return None

    def _locked(self, offset: int) -> bool:
        try:
            fcntl.lockf(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, offset)
        except (BlockingIOError, PermissionError):  # POSIX allows either for a lock that is held
            return False
        return True


def _hash(project: str) -> int:
    return int.from_bytes(blake2b(project.encode(), digest_size=HASH_BYTES).digest())


def shared_places(directory: Path, worker: int, workers: int) -> MakePlaces:
    """Places in the files of this directory, which all workers are given."""

    def make(route: str, cap: int) -> Places:
        return SharedPlaces(directory / f"{route.strip('/').replace('/', '-')}.places", cap, worker, workers)

    return make
