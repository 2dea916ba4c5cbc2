"""`personae database`: move a database to another engine or place, spread it over a cluster, purge it."""

import argparse
import asyncio
from contextlib import AsyncExitStack, ExitStack
from pathlib import Path
from typing import Final

from ..copying import Compared, NotCopied, Side, Watch, copy, require_same
from ..secret_key import FILE_NAME
from ..settings import Settings
from ..startup import alone
from ..storage import UnusableDatabase
from ..storage.url import ALLOWED, file_of, is_allowed, masked, url_of
from .output import Row, table, write
from .parser import Commands, Parser, add_command, loaded
from .progress import watching

COPY_HELP: Final = "Copy everything in a database into an empty one, on any engine, and compare the two."
COPY_MORE: Final = (
    "Stop the servers on both first. Run again after an interruption, it goes on where it was. A password may be left out "
    "of a URL and given by PGPASSWORD or a file ~/.pgpass, which others cannot see. The server key is not in a database: "
    "the servers on the copy need the same one."
)
DISTRIBUTE_HELP: Final = "Spread the tables of a PostgreSQL database over its Citus cluster; what is spread already is left."

PURGE_HELP: Final = "Rewrite a database, so that nothing of what was deleted is left in its files."
PURGE_MORE: Final = (
    "Needs as long as a copy, and as much room on the disk. Stop the server of an SQLite database first; those of a "
    "PostgreSQL database wait meanwhile. Backups, copies and PostgreSQL's own log are not reached."
)


def add(commands: Commands) -> None:
    actions = commands.add_parser("database", help="Copy a database, spread it over a cluster, or purge it.").add_subparsers(
        title="commands", metavar="COMMAND", required=True
    )
    copied: Parser = actions.add_parser("copy", help=COPY_HELP, description=COPY_HELP, epilog=COPY_MORE)
    copied.set_defaults(run=run_copy)
    copied.add_argument("--from", dest="source", required=True, type=database, metavar="URL", help="the database to copy")
    copied.add_argument("--to", dest="destination", required=True, type=database, metavar="URL", help="the empty one")
    copied.add_argument("--json", action="store_true", help="print JSON")
    spread = add_command(actions, "distribute", run_distribute, DISTRIBUTE_HELP, ("database",))
    spread.add_argument("--json", action="store_true", help="print JSON")
    purged = add_command(actions, "purge", run_purge, PURGE_HELP, ("data", "database"))
    purged.epilog = PURGE_MORE
    purged.add_argument("--json", action="store_true", help="print JSON")


def database(text: str) -> str:
    """A URL from the command line, the path of a file made absolute."""
    if not is_allowed(text):
        raise argparse.ArgumentTypeError(f"{masked(text)} is not allowed; allowed: {ALLOWED}")
    file = file_of(text)
    return url_of(file.absolute()) if file else text


def run_copy(args: argparse.Namespace) -> int:
    source, destination = file_of(args.source), file_of(args.destination)
    if source and not source.exists():
        raise NotCopied(f"there is no database {source}; look at --from")
    if args.source == args.destination:
        raise NotCopied("--from and --to are the same database")
    with ExitStack() as stack:
        for file in {file.parent: file for file in (source, destination) if file}.values():
            stack.enter_context(alone(file))
        watch = stack.enter_context(watching())
        compared = asyncio.run(_copied(args.source, args.destination, watch))
    rows = [_row(table) for table in compared]
    document = {"from": masked(args.source), "to": masked(args.destination), "tables": rows}
    write(document, f"{table(rows)}\n", as_json=args.json)
    require_same(compared)
    if not args.json:
        write({}, _closing(source), as_json=False)
    return 0


async def _copied(source: str, destination: str, watch: Watch) -> list[Compared]:
    # Here, so that --help does not wait for the HTTP server to be imported.
    from ..wiring import open_tables

    async with AsyncExitStack() as stack:

        async def opened(url: str) -> Side:
            tables = await open_tables(url)
            stack.push_async_callback(tables.close)
            return Side(masked(url), tables)

        return await copy(await opened(source), await opened(destination), watch)


def _row(compared: Compared) -> Row:
    return {
        "table": compared.table,
        "rows_from": compared.source.rows,
        "rows_to": compared.destination.rows,
        "checksum_from": compared.source.checksum,
        "checksum_to": compared.destination.checksum,
        "result": "same" if compared.same else "different",
    }


def _closing(source: Path | None) -> str:
    """What is still to be done: the key is not in the database."""
    key = source and source.parent / FILE_NAME
    found = f" Here it is {key}." if key and key.exists() else ""
    return (
        "Everything was copied. The servers on the copy need the server key of those on the source:\n"
        f"{FILE_NAME} in their data directory, or PERSONAE_SECRET_KEY.{found}\n"
    )


def run_distribute(args: argparse.Namespace) -> int:
    url = loaded(args).settings.database_url
    from ..wiring import distribute

    outcomes = asyncio.run(distribute(url))
    rows: list[Row] = [
        {"table": one.table, "spread": one.how, "state": "done now" if one.done else "was done before"} for one in outcomes
    ]
    write(rows, table(rows), as_json=args.json)
    return 0


def run_purge(args: argparse.Namespace) -> int:
    settings = loaded(args).settings
    if settings.database_file and not settings.database_file.exists():
        raise UnusableDatabase(f"there is no data in {settings.place}; look at --data and --database")
    with alone(settings.database_file):
        before, after = asyncio.run(_purged(settings))
    document = {"database": settings.place, "bytes_before": before, "bytes_after": after}
    text = f"Rewrote {settings.place}: nothing of what was deleted is left in it.\n{before:,} bytes before, {after:,} now.\n"
    write(document, text, as_json=args.json)
    return 0


async def _purged(settings: Settings) -> tuple[int, int]:
    """What the database takes before it is purged and after that, in bytes."""
    from ..wiring import open_tables

    before = await _size_bytes(settings)
    tables = await open_tables(settings.database_url)
    try:
        await tables.purge()
    finally:
        await tables.close()
    return before, await _size_bytes(settings)


async def _size_bytes(settings: Settings) -> int:
    from ..wiring import open_store

    store = await open_store(settings)
    try:
        return await store.size_bytes()
    finally:
        await store.close()
