"""`personae serve`: run the server."""

import argparse

from ..settings import BY_NAME
from .parser import Commands, add_command, loaded


def add(commands: Commands) -> None:
    add_command(commands, "serve", run, "Run the server until it is told to stop.", BY_NAME)


def run(args: argparse.Namespace) -> int:
    settings = loaded(args).settings
    # Here, so that the other commands and --help do not wait for the HTTP server to be imported.
    from ..wiring import serve

    return serve(settings)
