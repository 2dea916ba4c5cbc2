"""`personae project`: make, list and show projects."""

import argparse

from ..projects import FIRST_NAME, create_project, find_project, passcodes_of
from ..storage import Project
from .moments import shown
from .opened import Opened, add_data_command
from .output import Row, lines, table, write
from .parser import Commands
from .passcode import passcode_rows


def add(commands: Commands) -> None:
    actions = commands.add_parser("project", help="Make, list and show projects.").add_subparsers(
        title="commands", metavar="COMMAND", required=True
    )
    made = add_data_command(actions, "create", create, "Make a project and its first passcode.", create=True)
    made.add_argument("--id", default="", help="its ID; generated if not given")
    made.add_argument("--name", default="", help="its name; the ID if not given")
    add_data_command(actions, "list", list_all, "List the projects.")
    one = add_data_command(actions, "show", show, "Show a project and its passcodes.")
    one.add_argument("id", metavar="ID")
    one.add_argument("--reveal", action="store_true", help="show the passcodes in full; the log says so")


async def create(opened: Opened, args: argparse.Namespace) -> None:
    project = await create_project(opened.store, project_id=args.id, name=args.name, now=opened.now)
    issued = await opened.issuer.create(project, name=FIRST_NAME, now=opened.now)
    row = project_row(project) | {"passcode": issued.text, "passcode_id": issued.passcode.id}
    write(row, lines(row), as_json=args.json)


async def list_all(opened: Opened, args: argparse.Namespace) -> None:
    rows = [project_row(project) for project in await opened.store.projects()]
    write(rows, table(rows), as_json=args.json)


async def show(opened: Opened, args: argparse.Namespace) -> None:
    project = await find_project(opened.store, args.id)
    row = project_row(project)
    rows = passcode_rows(opened, await passcodes_of(opened.store, project), reveal=args.reveal)
    write({**row, "passcodes": rows}, f"{lines(row)}\n{table(rows)}", as_json=args.json)


def project_row(project: Project) -> Row:
    """A project as it is printed, without its secret."""
    return {"project_id": project.id, "name": project.name, "created": shown(project.created)}
