"""`personae version`."""

import argparse
import platform
import sys

from .. import __version__
from .parser import Commands


def add(commands: Commands) -> None:
    parser = commands.add_parser("version", help="Print the version.", description="Print the version.")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    sys.stdout.write(f"personae {__version__} (Python {platform.python_version()})\n")
    return 0
