"""`personae settings`: every setting in force and where it came from."""

import argparse

from ..settings import BY_NAME, SETTINGS, Loaded
from .output import Row, table, write
from .parser import Commands, add_command, loaded


def add(commands: Commands) -> None:
    help_text = "Print every setting with its value and where that came from."
    parser = add_command(commands, "settings", run, help_text, BY_NAME)
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(args: argparse.Namespace) -> int:
    found = rows(loaded(args))
    write(found, table(found), as_json=args.json)
    return 0


def rows(found: Loaded) -> list[Row]:
    """One row for each setting, as text, a secret masked."""
    return [
        {
            "setting": setting.name,
            "value": setting.shown(getattr(found.settings, setting.name)),
            "from": found.origins[setting.name],
        }
        for setting in SETTINGS
    ]
