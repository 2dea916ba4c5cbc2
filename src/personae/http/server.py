"""What everything under HTTP shares, and the caps on requests in flight."""

from collections.abc import Iterator
from contextlib import contextmanager

from ..core.faults import CONCURRENCY
from ..core.rules import Rules
from ..metrics import Metrics
from ..projects import Access
from ..queries.running import Counts
from ..queries.windows import Windows
from ..secret_key import ServerKey
from ..settings import Settings
from ..storage import Store
from .message import Refused
from .places import MakePlaces, Places, local_places
from .readiness import Readiness


class InFlight:
    """Requests being answered, by project, on one endpoint. Over the cap: refused at once, never queued.

    Source: contract A1.4.
    """

    def __init__(self, places: Places) -> None:
        self.cap = places.cap
        self.most = places.most
        self._places = places

    @contextmanager
    def slot(self, project: str) -> Iterator[None]:
        """Hold one of the project's places. Raises `Refused` (429) when there is none."""
        place = self._places.take(project)
        if place is None:
            raise Refused(CONCURRENCY, [(b"retry-after", b"1")])
        try:
            yield
        finally:
            self._places.leave(project, place)


class Server:
    """The parts a handler works with."""

    def __init__(
        self,
        store: Store,
        access: Access,
        key: ServerKey,
        settings: Settings,
        metrics: Metrics,
        places: MakePlaces = local_places,
    ) -> None:
        self.store = store
        self.access = access
        self.key = key
        self.settings = settings
        self.metrics = metrics
        self.places = places
        self.rules: Rules = settings.rules
        self.readiness = Readiness(store.check_writable)
        self.windows = Windows()
        self.counts = Counts(store)
