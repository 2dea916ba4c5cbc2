"""What a bare engine can do: the rows of a load run written by a loop with nothing else to do.

No HTTP, no JSON, no rules: the rows a server would store are made before the clock starts, with the
people of one batch who come several times already folded into one row, as a server does. Of several
ways to write, the fastest counts.
"""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from . import postgres, sqlite
from .work import Ceiling

ENGINES: Final[dict[str, Callable[[Path, str], AbstractAsyncContextManager[Ceiling]]]] = {
    "": sqlite.opened,
    "postgresql": postgres.opened,
    "postgres": postgres.opened,
}
"""How a ceiling is opened, by the scheme of the server's URL; SQLite needs none."""


def opened(folder: Path, server: str) -> AbstractAsyncContextManager[Ceiling]:
    """The ceiling of SQLite in this folder, or, where a PostgreSQL server is named, of databases on it."""
    return ENGINES[urlsplit(server).scheme](folder, server)
