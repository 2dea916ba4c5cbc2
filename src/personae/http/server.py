"""What everything under HTTP shares, and the caps on requests in flight."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from ..core.faults import CONCURRENCY
from ..core.rules import Rules
from ..metrics import Metrics
from ..projects import Access
from ..settings import Settings
from ..storage import Store
from .message import Refused
from .readiness import Readiness


class InFlight:
    """Requests being answered, by project, on one endpoint. Over the cap: refused at once, never queued.

    Source: contract A1.4; 0 means no cap.
    """

    def __init__(self, cap: int) -> None:
        self.cap = cap
        self._counts: Counter[str] = Counter()

    @contextmanager
    def slot(self, project: str) -> Iterator[None]:
        """Hold one of the project's places. Raises `Refused` (429) when there is none."""
        counts = self._counts
        if self.cap and counts[project] >= self.cap:
            raise Refused(CONCURRENCY, [(b"retry-after", b"1")])
        counts[project] += 1
        try:
            yield
        finally:
            counts[project] -= 1
            if not counts[project]:
                del counts[project]

    def most(self) -> int:
        """The requests of the project that has most."""
        return max(self._counts.values(), default=0)


class Server:
    """The parts a handler works with."""

    def __init__(self, store: Store, access: Access, settings: Settings, metrics: Metrics) -> None:
        self.store = store
        self.access = access
        self.settings = settings
        self.metrics = metrics
        self.rules: Rules = settings.rules
        self.readiness = Readiness(store.check_writable)
