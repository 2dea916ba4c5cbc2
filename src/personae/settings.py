"""Every setting of the server, declared once, and how its value is found.

A later source wins: default, TOML file, environment (`PERSONAE_<NAME>`), flag. The documentation, the
flags of the commands and `personae settings` are made from the same table.
"""

import math
import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Final, Literal, NamedTuple

from .core.rules import Rules
from .storage import url
from .storage.url import MASK

Value = str | int | float | Path

PREFIX: Final = "PERSONAE_"
CONFIG_VARIABLE: Final = "PERSONAE_CONFIG"
"""Names the TOML file; the one variable that is not a setting."""

SERVICE_LINK: Final = re.compile(
    r"PERSONAE_(\w+_)?(SERVICE_HOST|SERVICE_PORT(_\w+)?|PORT_[0-9]+_TCP(_(PROTO|PORT|ADDR))?)=.*|PERSONAE_(\w+_)?PORT=tcp://.*"
)
"""What Kubernetes adds to every pod beside a Service named `personae` or `personae-database`: no settings."""


class Kind(NamedTuple):
    """A kind of value: in words what is allowed, and a reader of text or of a TOML value.

    The reader returns None for what is not allowed. `mask` is there where a part may not be shown: it
    makes what may be of any value, allowed or not.
    """

    allowed: str
    read: Callable[[object], Value | None]
    mask: Callable[[object], str] | None = None


def integer(low: int, high: int, note: str = "") -> Kind:
    """Integers from `low` to `high`, both included."""

    def read(raw: object) -> int | None:
        if type(raw) is str and re.fullmatch(r"-?[0-9]{1,18}", raw):
            raw = int(raw)
        return raw if type(raw) is int and low <= raw <= high else None

    return Kind(f"an integer from {low} to {high}{note}", read)


def seconds(low: float, high: float) -> Kind:
    """Times in seconds from `low` to `high`, both included, fractions allowed."""

    def read(raw: object) -> float | None:
        try:
            number = float(raw) if type(raw) in (str, int, float) else math.nan  # type: ignore[arg-type]
        except (ValueError, OverflowError):
            return None
        return number if low <= number <= high else None

    return Kind(f"seconds from {low:g} to {high:g}", read)


def choice(*choices: str | int) -> Kind:
    """Exactly these words or numbers, which may also be given as text."""
    by_text: dict[str, str | int] = {str(option): option for option in choices}

    def read(raw: object) -> str | int | None:
        return by_text.get(str(raw)) if type(raw) in (str, int) else None

    return Kind(" or ".join(by_text), read)


def text(pattern: str, allowed: str) -> Kind:
    """Text that the whole of `pattern` matches."""
    compiled = re.compile(pattern)

    def read(raw: object) -> str | None:
        return raw if type(raw) is str and compiled.fullmatch(raw) else None

    return Kind(allowed, read)


def _truth(raw: object) -> bool | None:
    if type(raw) is bool:
        return raw
    return {"true": True, "false": False}.get(raw.lower()) if type(raw) is str else None


def _path(raw: object) -> Path | None:
    return Path(raw).expanduser() if type(raw) is str and raw and "\0" not in raw else None


def _url(raw: object) -> str | None:
    return raw if type(raw) is str and url.is_allowed(raw) else None


TRUTH: Final = Kind("true or false", _truth)
DIRECTORY: Final = Kind("the path of a directory", _path)
DATABASE: Final = Kind(url.ALLOWED, _url, url.masked)
HOST: Final = text(r"[!-~]{1,255}", "a host name or an IP address")
PROJECT_ID: Final = text(r"[!-~]{1,64}", "1 to 64 printable ASCII characters without blanks")
PASSCODE: Final = text(r"[!-~]{1,256}", "1 to 256 printable ASCII characters without blanks")
SECRET_KEY: Final = text(r"[0-9a-fA-F]{64}", "64 hexadecimal digits")


class Setting(NamedTuple):
    """One row of the table. A `secret` value is never printed and has no flag, which others could see."""

    name: str
    kind: Kind
    default: Value
    help: str
    source: str
    secret: bool = False

    @property
    def allowed(self) -> str:
        return self.kind.allowed

    @property
    def variable(self) -> str:
        return PREFIX + self.name.upper()

    @property
    def flag(self) -> str:
        """The flag of the commands, "" for a secret."""
        return "" if self.secret else "--" + self.name.replace("_", "-")

    def shown(self, value: Value) -> str:
        """A value as it would be written, a secret masked."""
        if self.secret and value:
            return MASK
        if self.kind.mask and value:
            return self.kind.mask(value)
        if type(value) is bool:
            return "true" if value else "false"
        return f"{value:g}" if type(value) is float else str(value)

    def found(self, raw: object) -> str:
        """A value that is not allowed, as a complaint repeats it."""
        if self.secret:
            return "the value (not shown)"
        return _cut(repr(self.kind.mask(raw) if self.kind.mask else raw))


_CAP_NOTE: Final = " (0: no cap)"
_MIB: Final = 1024 * 1024
_LIMITS: Final = Rules()

SETTINGS: Final = (
    Setting("host", HOST, "127.0.0.1", "Address to listen on; 0.0.0.0 for every interface.", "ours"),
    Setting("port", integer(0, 65_535), 8080, "Port to listen on; 0 takes a free one.", "ours"),
    Setting("workers", integer(1, 256), 1, "Processes that answer requests; more than 1 needs PostgreSQL.", "ours"),
    Setting("data", DIRECTORY, Path("personae-data"), "Directory of the server key and the SQLite database.", "ours"),
    Setting(
        "database", DATABASE, "",
        "URL of the database; not set: SQLite in the data directory. Others can see a flag: give a password by the variable.",
        "ours",
    ),
    Setting(
        "database_timeout", seconds(1, 3600), 10.0,
        "Time a request waits for PostgreSQL in all, retries included.", "ours",
    ),
    Setting(
        "database_connections", integer(1, 100), 8, "Connections of each worker to PostgreSQL.", "ours"
    ),
    Setting(
        "secret_key", SECRET_KEY, "",
        "The server key; not set: the file server.key in the data directory. All servers on one database need the same.",
        "ours", secret=True,
    ),
    Setting("log_format", choice("text", "json"), "text", "Form of the log on stderr.", "ours"),
    Setting("log_requests", TRUTH, False, "Log one line for each request.", "ours"),
    Setting("max_batch", integer(1, 100_000), 1000, "Most records in one upload.", "contract A2.1"),
    Setting("max_body_bytes", integer(1024, 1024 * _MIB), 32 * _MIB, "Largest request body, once inflated.", "contract A1.3"),
    Setting("body_timeout", seconds(1, 3600), 30.0, "Time a request body may take to arrive.", "contract A1.3"),
    Setting("header_timeout", seconds(1, 3600), 10.0, "Time the request line and headers may take to arrive.", "ours"),
    Setting(
        "upload_concurrency", integer(0, 10_000, _CAP_NOTE), 15, "Uploads in flight for each project.", "contract A1.4"
    ),
    Setting(
        "read_concurrency", integer(0, 10_000, _CAP_NOTE), 3, "Other requests in flight for each project.", "contract A1.4"
    ),
    Setting(
        "property_violations",
        choice("reject", "drop"),
        "reject",
        "A property over a limit: refuse the record, or trim or drop the property with a warning.",
        "contract A4.4",
    ),
    Setting(
        "max_identifier_chars", integer(1, 4096), _LIMITS.max_identifier_chars,
        "Longest identity, FBID, GPID or objectId.", "contract A3.2",
    ),
    Setting(
        "max_key_bytes", integer(1, 1024), _LIMITS.max_key_bytes, "Longest property key, in bytes of UTF-8.", "contract A4.2"
    ),
    Setting(
        "max_value_bytes", integer(1, _MIB), _LIMITS.max_value_bytes, "Longest text value, in bytes of UTF-8.", "contract A4.2"
    ),
    Setting(
        "max_custom_keys", integer(1, 10_000), _LIMITS.max_custom_keys,
        "Most custom properties of one profile.", "contract A4.2",
    ),
    Setting(
        "max_list_items", integer(1, 10_000), _LIMITS.max_list_items, "Most items of one multi-value property.", "contract A4.3"
    ),
    Setting(
        "max_nesting", integer(0, 32), _LIMITS.max_nesting, "Deepest nesting of objects below profileData.", "contract A4.3"
    ),
    Setting(
        "max_event_properties", integer(1, 10_000), _LIMITS.max_event_properties,
        "Most properties of one event.", "contract B 6.1",
    ),
    Setting(
        "event_retention_days", integer(0, 36_500, " (0: for good)"), 0,
        "Days events are kept, by their own time; what profiles say of them stays.", "ours",
    ),
    Setting(
        "max_history", integer(0, 10_000, " (0: none)"), _LIMITS.max_history,
        "Changes kept of each profile: when, by whom, from what to what.", "ours",
    ),
    Setting("not_found_status", choice(404, 200), 404, "HTTP status for a profile that is not found.", "contract A6.4"),
    Setting(
        "show_passcodes",
        TRUTH,
        True,
        "Keep passcodes encrypted so that they can be shown again; false: each is shown once, when it is made.",
        "contract A7",
    ),
    Setting("project_id", PROJECT_ID, "", "Project to make at the first start; generated if not set.", "contract A7"),
    Setting("passcode", PASSCODE, "", "Its passcode; generated if not set. Needs project_id.", "contract A7", secret=True),
)  # fmt: skip
BY_NAME: Final = {setting.name: setting for setting in SETTINGS}


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The values in force. One attribute for each row of `SETTINGS`, which says what they mean."""

    host: str
    port: int
    workers: int
    data: Path
    database: str = field(repr=False)
    database_timeout: float
    database_connections: int
    secret_key: str = field(repr=False)
    log_format: Literal["text", "json"]
    log_requests: bool
    max_batch: int
    max_body_bytes: int
    body_timeout: float
    header_timeout: float
    upload_concurrency: int
    read_concurrency: int
    property_violations: Literal["reject", "drop"]
    max_identifier_chars: int
    max_key_bytes: int
    max_value_bytes: int
    max_custom_keys: int
    max_list_items: int
    max_nesting: int
    max_event_properties: int
    event_retention_days: int
    max_history: int
    not_found_status: Literal[200, 404]
    show_passcodes: bool
    project_id: str
    passcode: str = field(repr=False)

    @property
    def database_url(self) -> str:
        """The URL in force, with its password."""
        return self.database or url.url_of(self.data / "personae.db")

    @property
    def database_file(self) -> Path | None:
        """The file the database is, None where a server keeps it."""
        return url.file_of(self.database_url)

    @property
    def place(self) -> str:
        """Where the data is, fit to be shown: the directory, or a URL that was given, its password masked."""
        return url.masked(self.database) if self.database else str(self.data)

    @property
    def rules(self) -> Rules:
        """The limits a record is judged by."""
        limits = {name: getattr(self, name) for name in Rules._fields if name in BY_NAME}
        return Rules(**limits, drop=self.property_violations == "drop")


class BadSettings(Exception):  # noqa: N818 - its lines are what the user reads
    """Values that are not allowed; `lines` has one for each, in the order they were found."""

    def __init__(self, lines: list[str]) -> None:
        super().__init__("\n".join(lines))
        self.lines = lines


class Given(NamedTuple):
    """A value somebody gave: the setting's name, where it came from, and the value as it was found."""

    name: str
    origin: str
    raw: object


class Loaded(NamedTuple):
    """Settings, and for each of them where its value came from."""

    settings: Settings
    origins: dict[str, str]


def load(flags: Mapping[str, str], environ: Mapping[str, str], file: Path | None) -> Loaded:
    """The settings in force; `flags` go by setting name, `file` is the TOML file, if there is one.

    Raises `BadSettings` with every bad value of every source at once.
    """
    values: dict[str, Value] = {setting.name: setting.default for setting in SETTINGS}
    origins = dict.fromkeys(values, "default")
    bad: list[str] = []
    for given in (*_from_file(file, bad), *_from_environment(environ), *_from_flags(flags)):
        value = BY_NAME[given.name].kind.read(given.raw) if given.name in BY_NAME else None
        if value is None:
            bad.append(_complaint(given))
        else:
            values[given.name] = value
            origins[given.name] = given.origin
    if values["passcode"] and not values["project_id"]:
        bad.append(f"passcode: given without project_id ({origins['passcode']}); set both")
    if bad:
        raise BadSettings(bad)
    return Loaded(Settings(**values), origins)  # type: ignore[arg-type]


def _from_file(file: Path | None, bad: list[str]) -> Iterator[Given]:
    if file is None:
        return
    try:
        content = tomllib.loads(file.read_text("utf-8"))
    except OSError as error:
        bad.append(f"config: the file {file} cannot be read: {error.strerror}")
    except ValueError as error:
        bad.append(f"config: the file {file} is not TOML: {error}")
    else:
        for name, raw in content.items():
            yield Given(name, f"file {file}", raw)


def _from_environment(environ: Mapping[str, str]) -> Iterator[Given]:
    """An empty variable counts as not set, which is what compose files make of one without a value."""
    for variable, raw in sorted(environ.items()):
        if variable.startswith(PREFIX) and variable != CONFIG_VARIABLE and raw and not SERVICE_LINK.match(f"{variable}={raw}"):
            yield Given(variable.removeprefix(PREFIX).lower(), f"environment {variable}", raw)


def _from_flags(flags: Mapping[str, str]) -> Iterator[Given]:
    for name, raw in flags.items():
        yield Given(name, f"flag --{name.replace('_', '-')}", raw)


def _complaint(given: Given) -> str:
    setting = BY_NAME.get(given.name)
    if setting is None:
        close = get_close_matches(given.name, BY_NAME, 1)
        hint = f"; did you mean {close[0]}?" if close else "; `personae settings` lists them"
        return f"{_cut(given.name)}: there is no such setting ({given.origin}){hint}"
    return f"{given.name}: {setting.found(given.raw)} is not allowed ({given.origin}); allowed: {setting.allowed}"


def _cut(shown: str) -> str:
    return shown if len(shown) <= 80 else f"{shown[:77]}..."
