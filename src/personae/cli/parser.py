"""The parsers of the commands, with the flags that come from the table of settings."""

import argparse
import os
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Final, NoReturn, TypeAlias

from .. import logs
from ..settings import BY_NAME, CONFIG_VARIABLE, SETTINGS, TRUTH, Loaded, Setting, load
from ..storage.url import without_passwords

Run = Callable[[argparse.Namespace], int]

_FLAG: Final = re.compile(r"--[^=]+|-[^-]")


class Parser(argparse.ArgumentParser):
    """A parser that answers a bad command line with one line and status 2."""

    def __init__(self, **options: Any) -> None:
        super().__init__(allow_abbrev=False, **options)

    def parse_args(self, *args: Any, **kwargs: Any) -> Any:
        """What argparse does, but what is left over is not repeated: it may be a secret."""
        found, rest = self.parse_known_args(*args, **kwargs)
        if rest:
            self.error(_leftover(rest[0]))
        return found

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {without_passwords(message)} (see {self.prog} --help)\n")

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        """What argparse does, but the value is not repeated: a URL with a password may stand where a command should."""
        if action.choices is not None and value not in action.choices:
            raise argparse.ArgumentError(action, f"choose from {', '.join(map(str, action.choices))}")


def _leftover(argument: str) -> str:
    """What to say of an argument nothing takes: of a flag its name, of a value nothing."""
    flag = _FLAG.match(argument)
    return f"unrecognized argument {flag[0]}" if flag else "too many arguments"


Commands: TypeAlias = "argparse._SubParsersAction[Parser]"


def add_command(commands: Commands, name: str, run: Run, help: str, settings: Iterable[str]) -> Parser:  # noqa: A002
    """A command that calls `run`, with `--config` and the flags of these settings."""
    parser = commands.add_parser(name, help=help, description=help)
    parser.set_defaults(run=run)
    parser.add_argument("--config", metavar="FILE", help=f"TOML file of settings ({CONFIG_VARIABLE})")
    for setting in SETTINGS:
        if setting.flag and setting.name in settings:
            _add_flag(parser, setting)
    return parser


def _add_flag(parser: Parser, setting: Setting) -> None:
    """The flag of a setting; its text is judged with all the others, by `load`."""
    alone: dict[str, Any] = {"nargs": "?", "const": "true"} if setting.kind is TRUTH else {}
    default = setting.shown(setting.default) or "not set"
    parser.add_argument(
        setting.flag,
        dest=setting.name,
        metavar="VALUE",
        default=argparse.SUPPRESS,
        help=f"{setting.help} Allowed: {setting.allowed}. Default: {default}. Variable: {setting.variable}.",
        **alone,
    )


def loaded(args: argparse.Namespace) -> Loaded:
    """The settings of this command line and environment; from here on the log has their form."""
    flags = {name: value for name, value in vars(args).items() if name in BY_NAME}
    file = args.config or os.environ.get(CONFIG_VARIABLE)
    found = load(flags, os.environ, Path(file) if file else None)
    logs.configure(found.settings.log_format)
    return found
