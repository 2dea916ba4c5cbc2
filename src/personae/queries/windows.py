"""Windows on the owners whose events match, in the order of their keys, and the windows that are kept for a while."""

from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Sequence
from typing import Final, NamedTuple, overload

from ..storage import Store
from ..storage.codec import KEY_BYTES
from .matching import Question, matching_owners

WINDOW: Final = 50_000
"""Owners of a window on a part of them; one on all has up to twice as many. To sort those takes tens of milliseconds."""

WINDOW_AGE_US: Final = 60_000_000
"""How long a window is used, so that new events are seen."""

KEPT_BYTES: Final = 32 * 1024 * 1024
"""Keys of all windows that are kept."""


class Keys(Sequence[bytes]):
    """Sorted row keys in one piece of memory."""

    def __init__(self, keys: Sequence[bytes]) -> None:
        self.packed = b"".join(keys)

    def __len__(self) -> int:
        return len(self.packed) // KEY_BYTES

    @overload
    def __getitem__(self, index: int) -> bytes: ...

    @overload
    def __getitem__(self, index: slice) -> list[bytes]: ...

    def __getitem__(self, index: int | slice) -> bytes | list[bytes]:
        if isinstance(index, slice):
            return [self[at] for at in range(*index.indices(len(self)))]
        if not 0 <= index < len(self):
            raise IndexError(index)
        return self.packed[index * KEY_BYTES : (index + 1) * KEY_BYTES]


class Window(NamedTuple):
    """All owners that matched when it was `made` (epoch microseconds) with keys above `low` and up to `high`.

    None for `high` is no end.
    """

    keys: Keys
    low: bytes
    high: bytes | None
    made: int

    def covers(self, key: bytes) -> bool:
        return self.low < key and (self.high is None or key <= self.high)

    def reaches(self, place: bytes) -> bool:
        """Whether what comes next above `place` is in it."""
        return self.low <= place and (self.high is None or place < self.high)

    def has(self, key: bytes) -> bool:
        index = bisect_right(self.keys, key)
        return index > 0 and self.keys[index - 1] == key

    def above(self, place: bytes, count: int) -> list[bytes]:
        """The next `count` owners above a place."""
        index = bisect_right(self.keys, place)
        return self.keys[index : index + count]


async def look(store: Store, question: Question, place: bytes, now_us: int, size: int = WINDOW) -> Window:
    """A window that reaches `place`: on everything where that is little enough, else on the next `size` owners or more."""
    low, high = b"", None
    keys: set[bytes] = set()
    async for found in matching_owners(store, question):
        keys.update(
            found if not low and high is None else (key for key in found if low < key and (high is None or key <= high))
        )
        if len(keys) > 2 * size:
            low, high, keys = nearest(keys, place, size, high)
    return Window(Keys(sorted(keys)), low, high, now_us)


def nearest(keys: set[bytes], place: bytes, size: int, high: bytes | None) -> tuple[bytes, bytes | None, set[bytes]]:
    """The bounds of a smaller window, and its keys: the first `size` above the place."""
    ordered = sorted(key for key in keys if key > place)
    if len(ordered) <= size:
        return place, high, set(ordered)
    return place, ordered[size - 1], set(ordered[:size])


class Windows:
    """Windows that were made lately. To lose one costs a pass and changes nothing else."""

    def __init__(self, size: int = WINDOW) -> None:
        self._size = size
        self._kept: OrderedDict[tuple[str, bytes], Window] = OrderedDict()
        self._bytes = 0

    async def reach(self, store: Store, question: Question, place: bytes, start_us: int, now_us: int) -> Window:
        """A window that reaches `place`, made since `start_us` and not long before `now_us`."""
        oldest = max(start_us, now_us - WINDOW_AGE_US)
        window = self._kept.get(question.key)
        if window is None or window.made < oldest or not window.reaches(place):
            window = await look(store, question, place, now_us, self._size)
            self._keep(question.key, window)
        return window

    def _keep(self, key: tuple[str, bytes], window: Window) -> None:
        self._drop(key)
        self._kept[key] = window
        self._bytes += size_of(key, window)
        while self._bytes > KEPT_BYTES:
            self._drop(next(iter(self._kept)))

    def _drop(self, key: tuple[str, bytes]) -> None:
        window = self._kept.pop(key, None)
        if window is not None:
            self._bytes -= size_of(key, window)


def size_of(key: tuple[str, bytes], window: Window) -> int:
    """Bytes a kept window takes, roughly."""
    return 512 + len(key[1]) + len(window.keys.packed)
