"""`personae version`."""

import argparse
import platform
import sys
from typing import Final

from .. import __version__
from .parser import Commands

TEXT: Final = f"personae {__version__} (Python {platform.python_version()})"


def add(commands: Commands) -> None:
    parser = commands.add_parser("version", help="Print the version.", description="Print the version.")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    sys.stdout.write(f"{TEXT}\n")
    return 0
