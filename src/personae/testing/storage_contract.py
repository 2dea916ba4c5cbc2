"""The suite every storage backend has to pass, unchanged.

A backend's tests are one class that says how a store is opened:

    class TestMine(StorageContract):
        async def open(self, path: Path) -> Store:
            return await MyStore.open(path / "data")

It runs under plain pytest. To have it explain its asserts, say
`pytest.register_assert_rewrite("personae.testing")` in `conftest.py`, before the import.
"""

from .access_contract import AccessContract
from .alone_contract import AloneContract
from .concurrency_contract import ConcurrencyContract
from .events_contract import EventsContract
from .history_contract import HistoryContract
from .life_contract import LifeContract
from .profiles_contract import ProfilesContract
from .scan_contract import ScanContract


class StorageContract(
    ProfilesContract,
    ConcurrencyContract,
    EventsContract,
    HistoryContract,
    LifeContract,
    AloneContract,
    ScanContract,
    AccessContract,
):
    """Everything `storage.Store` promises."""
