"""A data directory, opened for one command; a server may be running on it."""

import argparse
import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import NamedTuple

from ..projects import Issuer, NotDone
from ..secret_key import chosen, is_tied, tied
from ..settings import Settings
from ..storage import Passcode, Store
from .parser import Commands, Parser, add_command, loaded


class Opened(NamedTuple):
    """What a command on a database works with; `now` is when it began."""

    store: Store
    issuer: Issuer
    settings: Settings
    now: int

    def reveal(self, passcodes: list[Passcode]) -> list[str | None]:
        """The passcodes themselves, None for one that was not kept."""
        if not self.settings.show_passcodes:
            raise NotDone("show_passcodes is false: a passcode is shown once, when it is made")
        return [self.issuer.reveal(passcode) or None for passcode in passcodes]


Work = Callable[[Opened, argparse.Namespace], Awaitable[None]]


def add_data_command(commands: Commands, name: str, work: Work, help: str, *, create: bool = False) -> Parser:  # noqa: A002
    """A command that does `work` on the database, which has to have data unless it may `create` it."""

    def run(args: argparse.Namespace) -> int:
        settings = loaded(args).settings
        if not create and settings.database_file and not settings.database_file.exists():
            raise _no_data(settings)
        asyncio.run(_work(work, settings, args, create=create))
        return 0

    parser = add_command(commands, name, run, help, ("data", "database"))
    parser.add_argument("--json", action="store_true", help="print JSON")
    return parser


def _no_data(settings: Settings) -> NotDone:
    return NotDone(f"there is no data in {settings.place}; `personae project create` or `personae serve` makes it")


async def _work(work: Work, settings: Settings, args: argparse.Namespace, *, create: bool) -> None:
    # Here, so that --help does not wait for the HTTP server to be imported.
    from ..wiring import open_store

    found = chosen(settings.secret_key, settings.data, settings.database_file)
    store = await open_store(settings)
    try:
        if not (create or await is_tied(store)):
            raise _no_data(settings)
        key = await tied(found, settings.data, store)
        issuer = Issuer(store, key, keep=settings.show_passcodes)
        await work(Opened(store, issuer, settings, int(time.time())), args)
    finally:
        await store.close()
