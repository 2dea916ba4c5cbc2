"""A query that was judged: nothing behind it checks again."""

from typing import Any, Final

import msgspec

from ..faults import Refusal

MAX_FILTERS: Final = 20
"""Filters and named events of one query, all of its keys together."""

MAX_VALUES: Final = 100
"""Values of one filter that takes a list."""

MAX_QUERY_BYTES: Final = 8 * 1024

MAX_BATCH_SIZE: Final = 5000
"""Records of one page. Source: contract B 5."""

DEFAULT_BATCH_SIZE: Final = 50


class Filter(msgspec.Struct, frozen=True, array_like=True):
    """One condition on a property: its normal name, the name of an operator, and what that takes."""

    name: str
    operator: str
    value: Any = None


class Query(msgspec.Struct, frozen=True, array_like=True):
    """Events of one normal name on whole UTC days, `first` to `last`, counted from 1970-01-01.

    `filters` are on the events' properties, `profile_filters` on those of the profiles. The rest are
    normal names of events: a profile did each of `did_all`, one of `did_any` if there are any, none of `did_none`.
    """

    event: str
    first: int
    last: int
    filters: list[Filter] = []
    profile_filters: list[Filter] = []
    did_all: list[str] = []
    did_any: list[str] = []
    did_none: list[str] = []


class Options(msgspec.Struct, frozen=True, array_like=True):
    """How a page is to be: its records at most, and whether profiles show app fields, events and properties."""

    batch_size: int = DEFAULT_BATCH_SIZE
    app: bool = True
    events: bool = True
    profile: bool = True


class BadQuery(Exception):  # noqa: N818 - it is an answer, not an error
    """A query is refused, with `values` for the placeholders of the refusal's text; raised only on the way to that."""

    def __init__(self, refusal: Refusal, **values: str) -> None:
        super().__init__(refusal.error)
        self.refusal = refusal
        self.values = values
