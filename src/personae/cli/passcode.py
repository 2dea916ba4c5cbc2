"""`personae passcode`: make, list, revoke and rotate the passcodes of a project."""

import argparse

from ..projects import Issued, find_project, passcodes_of, revoke, valid
from ..storage import Passcode
from .moments import duration_s, expiry, shown
from .opened import Opened, Work, add_data_command
from .output import Row, lines, table, write
from .parser import Commands, Parser

DEFAULT_NAME = "unnamed"


def add(commands: Commands) -> None:
    actions = commands.add_parser("passcode", help="Make, list, revoke and rotate passcodes.").add_subparsers(
        title="commands", metavar="COMMAND", required=True
    )
    made = _command(actions, "create", create, "Make a passcode.")
    made.add_argument("--name", default=DEFAULT_NAME, help="what it is for")
    made.add_argument("--expires", type=expiry, default=0, metavar="WHEN", help="30d, 12h, 2027-01-31 (UTC) or never")
    every = _command(actions, "list", list_all, "List the passcodes.")
    every.add_argument("--reveal", action="store_true", help="show them in full; the log says so")
    one = _command(actions, "revoke", revoke_one, "Revoke a passcode at once.")
    one.add_argument("passcode_id", metavar="PASSCODE_ID")
    new = _command(actions, "rotate", rotate, "Make a passcode in place of all valid ones.")
    new.add_argument("--name", default=DEFAULT_NAME, help="what the new one is for")
    new.add_argument(
        "--overlap",
        type=duration_s,
        default=0,
        metavar="TIME",
        help="how long the old ones still hold, such as 24h; 0 by default",
    )


def _command(actions: Commands, name: str, work: Work, help: str) -> Parser:  # noqa: A002
    parser = add_data_command(actions, name, work, help)
    parser.add_argument("--project", required=True, metavar="ID", help="the project's ID")
    return parser


async def create(opened: Opened, args: argparse.Namespace) -> None:
    project = await find_project(opened.store, args.project)
    issued = await opened.issuer.create(project, name=args.name, expires=args.expires, now=opened.now)
    _write_issued(issued, opened.now, args)


async def rotate(opened: Opened, args: argparse.Namespace) -> None:
    project = await find_project(opened.store, args.project)
    issued = await opened.issuer.rotate(project, name=args.name, overlap_s=args.overlap, now=opened.now)
    _write_issued(issued, opened.now, args)


async def list_all(opened: Opened, args: argparse.Namespace) -> None:
    project = await find_project(opened.store, args.project)
    rows = passcode_rows(opened, await passcodes_of(opened.store, project), reveal=args.reveal)
    write(rows, table(rows), as_json=args.json)


async def revoke_one(opened: Opened, args: argparse.Namespace) -> None:
    project = await find_project(opened.store, args.project)
    row = passcode_row(await revoke(opened.store, project, args.passcode_id, now=opened.now), opened.now)
    write(row, lines(row), as_json=args.json)


def _write_issued(issued: Issued, now: int, args: argparse.Namespace) -> None:
    row = {"project_id": issued.project.id, "passcode": issued.text} | passcode_row(issued.passcode, now)
    write(row, lines(row), as_json=args.json)


def passcode_rows(opened: Opened, passcodes: list[Passcode], *, reveal: bool) -> list[Row]:
    """Passcodes as they are listed, with the passcodes themselves if they are to be revealed."""
    rows = [passcode_row(passcode, opened.now) for passcode in passcodes]
    if not reveal:
        return rows
    return [row | {"passcode": text} for row, text in zip(rows, opened.reveal(passcodes), strict=True)]


def passcode_row(passcode: Passcode, now: int) -> Row:
    """A passcode as it is printed, without what it is checked by."""
    return {
        "passcode_id": passcode.id,
        "name": passcode.name,
        "status": "revoked" if passcode.revoked else "valid" if valid(passcode, now) else "expired",
        "created": shown(passcode.created),
        "expires": shown(passcode.expires),
        "last_used": shown(passcode.last_used),
    }
