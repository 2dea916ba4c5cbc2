"""The URL of a database: which ones are allowed, which file one means, and its password never shown."""

import re
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

MASK: Final = "********"

SCHEMES: Final = ("sqlite", "postgresql", "postgres")
"""What a URL may begin with: one for each row of the table of backends."""

ALLOWED: Final = "postgresql://user:password@host:port/name (more hosts after commas) or sqlite:///path"

_FILE: Final = "sqlite:///"
_SQLITE: Final = re.compile(rf"{_FILE}(?!:memory:$)[^\0]*[^\0/]")

_PART: Final = r"[^\s\"\\@:/?#]"
_PORT: Final = r"(?:[0-5]?[0-9]{1,4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5])"
_HOST: Final = rf"(?:\[[0-9A-Fa-f:.]+\]|[^\s\"\\\[\]@:/?#,]*)(?::{_PORT})?"
_PAIR: Final = r"\w+=[^\s\"\\@?#&]*"
_SERVER: Final = re.compile(
    rf"postgres(?:ql)?://(?:{_PART}*(?::[^\s\"\\@/?#]*)?@)?{_HOST}(?:,{_HOST})*(?:/{_PART}*)?(?:\?{_PAIR}(?:&{_PAIR})*)?",
    re.ASCII,
)
"""Each separator only where it separates: a password with one in it unescaped would go to the wrong place."""

_BEGINNING: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
_PASSWORD: Final = re.compile(r"(postgres(?:ql)?://[^\s\"\\:@/?#]*:)[^\s\"\\]*@|([?&]\w*pass\w*=)[^\s\"\\&]*", re.IGNORECASE)


def is_allowed(url: str) -> bool:
    """Whether a URL is one of ours, whole and unambiguous; of its server nothing is known yet."""
    return bool(_SQLITE.fullmatch(url) or (url.isascii() and url.isprintable() and _SERVER.fullmatch(url) and _splits(url)))


def _splits(url: str) -> bool:
    """Whether the standard library, which drivers use, takes the URL: for a bracket, versions of it differ."""
    try:
        return bool(urlsplit(url))
    except ValueError:
        return False


def scheme(url: str) -> str:
    """What stands before "://"."""
    return url.partition("://")[0]


def file_of(url: str) -> Path | None:
    """The file a URL means, None for one of a server. The path is taken as it is written."""
    return Path(url.removeprefix(_FILE)).expanduser() if url.startswith(_FILE) else None


def url_of(file: Path) -> str:
    """The URL that means this file."""
    return f"{_FILE}{file}"


def masked(given: object) -> str:
    """A URL with its passwords masked; of anything else, which may have one anywhere, its beginning."""
    if type(given) is str and is_allowed(given):
        return without_passwords(given)
    beginning = _BEGINNING.match(str(given))
    return f"{beginning[0] if beginning else ''}…"


def without_passwords(text: str) -> str:
    """Any text, the passwords of the database URLs in it masked."""
    return _PASSWORD.sub(lambda found: f"{found[1]}{MASK}@" if found[1] else f"{found[2]}{MASK}", text)
