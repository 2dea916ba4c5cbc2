"""How long a piece of work may still take."""

from asyncio import get_running_loop

from .. import Unavailable


class Deadline:
    """A moment on the loop's clock, `seconds` from now."""

    __slots__ = ("_at",)

    def __init__(self, seconds: float) -> None:
        self._at = get_running_loop().time() + seconds

    def left_s(self) -> float:
        """Seconds to go. Raises `Unavailable` when there are none."""
        left = self.left()
        if left <= 0:
            raise Unavailable("PostgreSQL did not answer in time")
        return left

    def left(self) -> float:
        """Seconds to go, below 0 when it is over."""
        return self._at - get_running_loop().time()

    def hurry(self, end: "Deadline") -> None:
        """Bring it forward to `end`, unless it comes before that."""
        self._at = min(self._at, end._at)

    def copy(self) -> "Deadline":
        """Another one at the same moment."""
        return Deadline(self.left())

    def after_s(self, other: "Deadline") -> float:
        """How many seconds it comes after another one."""
        return self._at - other._at
