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
        left = self._at - get_running_loop().time()
        if left <= 0:
            raise Unavailable("PostgreSQL did not answer in time")
        return left

    def hurry(self, seconds: float) -> None:
        """Bring it forward to `seconds` from now, unless it comes before that."""
        self._at = min(self._at, get_running_loop().time() + seconds)

    def after_s(self, other: "Deadline") -> float:
        """How many seconds it comes after another one."""
        return self._at - other._at

    def earlier(self, other: "Deadline") -> "Deadline":
        return self if self._at <= other._at else other
