"""Cursors: all there is to know of a query and of the place it stands at, sealed, so that nothing is kept for them.

Source: contract B 5; lifetimes documented, the seal ours.
"""

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Final, Generic, NamedTuple, Protocol, TypeVar

import msgspec

from ..core.faults import CURSOR
from ..core.query.asked import Options, Query
from ..queries.events import Place
from ..queries.profiles import Position
from ..secret_key import ServerKey
from ..storage import Project
from .message import Refused


class Dated(Protocol):
    """What all cursors say: when what they go on with began, epoch microseconds, and when they were issued, epoch seconds."""

    @property
    def start_us(self) -> int: ...

    @property
    def issued(self) -> int: ...


C = TypeVar("C", bound=Dated)
P = TypeVar("P")

MAX_CURSOR_CHARS: Final = 32 * 1024

_ALPHABET = re.compile(r"[A-Za-z0-9_-]+")


class Cursor(msgspec.Struct, Generic[P], frozen=True, array_like=True):
    """A query on its way."""

    query: Query
    options: Options
    start_us: int
    issued: int
    place: P


class Kind(NamedTuple, Generic[C]):
    """The cursors of one route. They last `life_s` from the start of what they go on with, and `idle_s` from their issue.

    `again` is what to do without one, as the end of a sentence.
    """

    name: str
    form: type[C]
    life_s: int
    idle_s: int
    again: str = "open a new one with a query"


HOUR_S: Final = 3600

PROFILES: Final = Kind[Cursor[Position]]("profiles", Cursor[Position], 96 * HOUR_S, 96 * HOUR_S)
EVENTS: Final = Kind[Cursor[Place]]("events", Cursor[Place], 4 * HOUR_S, HOUR_S)

_encode = msgspec.msgpack.Encoder().encode


def seal(key: ServerKey, project: Project, kind: Kind[C], cursor: C) -> str:
    """The cursor as text that stays as it is in a URL."""
    return urlsafe_b64encode(key.seal_cursor(_encode(cursor), bound_to(project, kind))).rstrip(b"=").decode()


def unseal(key: ServerKey, project: Project, kind: Kind[C], text: str, now: int) -> C:
    """The cursor in a text. Raises `Refused` (400) unless this server made it, for this project and route, not long ago.

    `now` is epoch seconds.
    """
    opened = key.open_cursor(unpacked(text), bound_to(project, kind))
    if opened is None:
        detail = f"This is no cursor of this project for {kind.name}; send it exactly as it was given, or {kind.again}"
        raise Refused(CURSOR, detail=detail)
    try:
        cursor = msgspec.msgpack.decode(opened, type=kind.form)
    except msgspec.MsgspecError:
        raise Refused(CURSOR, detail=f"The cursor was made by another version of this server; {kind.again}") from None
    if now >= min(cursor.start_us // 1_000_000 + kind.life_s, cursor.issued + kind.idle_s):
        raise Refused(CURSOR, detail=f"The cursor is expired; {kind.again}")
    return cursor


def unpacked(text: str) -> bytes:
    """The bytes a text stands for; none for a text that no cursor has."""
    if len(text) > MAX_CURSOR_CHARS or _ALPHABET.fullmatch(text) is None or len(text) % 4 == 1:
        return b""
    packed = urlsafe_b64decode(text + "=" * (-len(text) % 4))
    return packed if urlsafe_b64encode(packed).rstrip(b"=").decode() == text else b""


def bound_to(project: Project, kind: Kind[C]) -> bytes:
    return f"{kind.name}\0{project.id}".encode()
