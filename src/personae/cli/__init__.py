"""The `personae` command line."""

from collections.abc import Sequence

from . import database, passcode, project, serve, settings_command, version
from .failures import reported
from .parser import Parser

__all__ = ["main", "parser"]

COMMANDS = (serve, settings_command, project, passcode, database, version)
"""Modules with an `add(commands)` each, in the order `--help` lists them."""


def parser() -> Parser:
    """The parser of the whole command line; what it parses has `run`, the function to call with it."""
    top = Parser(prog="personae", description="A self-hosted customer profile server that speaks CleverTap's REST API.")
    top.add_argument("--version", action="version", version=version.TEXT, help="print the version")
    commands = top.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for command in COMMANDS:
        command.add(commands)
    return top


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status: 0 done, 1 refused, 2 a bad command line or setting."""
    args = parser().parse_args(arguments)
    return reported(lambda: args.run(args))
