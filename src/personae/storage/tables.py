"""The tables every engine has, in the stored form all share, and what moves their rows from one to another.

A value is the same on every engine: keys are 16 bytes, documents text, times integers. What an engine
keeps beside it (a row number, the id of a write) stays with the engine.
"""

from collections.abc import Callable, Sequence
from operator import itemgetter
from typing import Final, Literal, NamedTuple, Protocol, TypeAlias

Kind = Literal["key", "text", "integer", "bytes", "truth"]
Value: TypeAlias = bytes | str | int | bool | None
Row: TypeAlias = tuple[Value, ...]
Place: TypeAlias = tuple[Value, ...]
"""Where a row stands in the order of its table."""

COPY_META: Final = "copy_progress"
"""The name in `meta` of how far a copy into this database has come; there as long as it is not whole."""

PLACES_META: Final = "history_places"
"""The name in `meta` of the first place of history that no server has taken yet, where several may write."""

ENGINE_META: Final = ("schema_version", "probe", COPY_META, PLACES_META)
"""Names in `meta` that belong to one database and are not moved."""


class Column(NamedTuple):
    """A column of the shared form."""

    name: str
    kind: Kind


class Table(NamedTuple):
    """A table with its columns. `order` are those that rows are read in; together they are unique and never null.

    `unmoved` are values of the first of them whose rows belong to one database alone.
    """

    name: str
    columns: tuple[Column, ...]
    order: tuple[str, ...]
    unmoved: tuple[str, ...] = ()

    @property
    def names(self) -> list[str]:
        return [column.name for column in self.columns]

    def placer(self) -> Callable[[Row], Place]:
        """A function that gives the place of a row."""
        indexes = [self.names.index(name) for name in self.order]
        return itemgetter(*indexes) if len(indexes) > 1 else lambda row: (row[indexes[0]],)


PROJECT: Final = Table(
    "project",
    (Column("id", "text"), Column("name", "text"), Column("secret", "bytes"), Column("created", "integer")),
    ("created", "id"),
)
PASSCODE: Final = Table(
    "passcode",
    (
        Column("id", "text"),
        Column("project", "text"),
        Column("name", "text"),
        Column("digest", "bytes"),
        Column("sealed", "bytes"),
        Column("created", "integer"),
        Column("expires", "integer"),
        Column("revoked", "integer"),
        Column("last_used", "integer"),
    ),
    ("created", "id"),
)
META: Final = Table("meta", (Column("name", "text"), Column("value", "bytes")), ("name",), ENGINE_META)
ADDRESS_FLAG: Final = Table(
    "address_flag", (Column("ckey", "key"), Column("dnd", "truth"), Column("updated", "integer")), ("ckey",)
)
CONTACT: Final = Table("contact", (Column("ckey", "key"), Column("pkey", "key")), ("ckey", "pkey"))
NODE: Final = Table(
    "node",
    (
        Column("key", "key"),
        Column("project", "text"),
        Column("ver", "integer"),
        Column("target", "key"),
        Column("doc", "text"),
        Column("updated", "integer"),
    ),
    ("key",),
)
HISTORY: Final = Table("history", (Column("id", "integer"), Column("doc", "text")), ("id",))
EVENT_OWNER: Final = Table("event_owner", (Column("owner", "key"), Column("event", "integer")), ("owner", "event"))
EVENT: Final = Table(
    "event",
    (
        Column("id", "integer"),
        Column("name", "integer"),
        Column("live", "integer"),
        Column("owners", "bytes"),
        Column("body", "text"),
    ),
    ("id",),
)

TABLES: Final = (PROJECT, PASSCODE, META, ADDRESS_FLAG, CONTACT, NODE, HISTORY, EVENT_OWNER, EVENT)
"""Every table, in the order they are moved. Projects go by age, which is the order they are listed in."""


class Distributed(NamedTuple):
    """A table of a cluster, how its rows are spread, and whether that was done just now."""

    table: str
    how: str
    done: bool


class RowsInTheWay(Exception):  # noqa: N818 - says what is wrong
    """Rows that were to be added are there already; none of them was added."""


class Tables(Protocol):
    """The tables of one database, opened to be moved. Every method raises `Unavailable` as a store's do."""

    async def count(self, table: Table) -> int:
        """The number of rows that are moved."""
        ...

    async def page(self, table: Table, after: Place | None, limit: int) -> list[Row]:
        """The next `limit` rows in the table's order, after this place or from the first one; [] at the end."""
        ...

    async def append(self, table: Table, rows: Sequence[Row], progress: bytes) -> None:
        """Add rows and set the progress of the copy, both or neither. Raises `RowsInTheWay`."""
        ...

    async def progress(self) -> bytes | None:
        """The progress of a copy into this database that has begun and not ended."""
        ...

    async def end_progress(self) -> None:
        """The copy is whole: its progress is gone."""
        ...

    async def purge(self) -> None:
        """Rewrite the database, so that nothing of what was deleted is left in its files.

        Takes as long as a copy, and room on disk for one.
        """
        ...

    async def close(self) -> None: ...
