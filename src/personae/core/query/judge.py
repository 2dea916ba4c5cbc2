"""From the JSON of a query to a `Query`, or to a refusal that says what to change. Source: contract B 5."""

import re
from collections.abc import Callable
from datetime import date
from typing import Any, Final

from ..faults import DATE_ORDER, DATES, QUERY
from ..properties import normal_form, shown
from .asked import MAX_FILTERS, BadQuery, Filter, Query
from .operators import BY_NAME, OPERATORS

EPOCH: Final = date(1970, 1, 1).toordinal()

_DIGITS = re.compile(r"[0-9]{8}")

PROFILE_KEYS: Final = ("demographics", "technographics", "geo_fields", "app_fields", "reachability")
"""Keys of `common_profile_properties` this server has no data for."""


def judge(asked: object, today: int) -> Query:
    """The query a decoded JSON value is; `today` is the current day, counted from 1970-01-01. Raises `BadQuery`."""
    if type(asked) is not dict:
        raise BadQuery(QUERY, detail='The query has to be an object, as {"event_name":"...","from":20250101,"to":20250131}')
    only(asked, ("event_name", "from", "to", *READERS), "the query")
    event = event_name(asked, "event_name")
    first, last = days(asked, today)
    parts: dict[str, list[Any]] = {}
    for key, (read, part) in READERS.items():
        if asked.get(key):
            parts[part] = read(asked[key], key)
    count = sum(map(len, parts.values()))
    if count > MAX_FILTERS:
        raise BadQuery(QUERY, detail=f"The query has {count} filters; at most {MAX_FILTERS} are allowed")
    return Query(event, first, last, **parts)


def only(asked: dict[str, object], known: tuple[str, ...], where: str) -> None:
    """Every key is one of those known, so that nothing is left out without a word. Raises `BadQuery`."""
    for key in asked:
        if key not in known:
            raise BadQuery(QUERY, detail=f"{shown(key)} cannot be answered; take it out of {where} (known: {', '.join(known)})")


def event_name(asked: dict[str, object], where: str) -> str:
    """The normal form of the event an object names. Raises `BadQuery`."""
    name = asked.get("event_name")
    if type(name) is not str or not normal_form(name):
        raise BadQuery(QUERY, detail=f"{where} is missing or no text; name one event")
    return normal_form(name)


def days(asked: dict[str, object], today: int) -> tuple[int, int]:
    """The first and the last day. Raises `BadQuery`, 4002 for what is no day, 4004 for days in the wrong order."""
    first, last = (day(asked.get(key), key) for key in ("from", "to"))
    if first > last:
        raise BadQuery(DATE_ORDER, detail="from is after to; give the earlier day as from")
    if last > today:
        key = "from" if first > today else "to"
        raise BadQuery(DATE_ORDER, detail=f"{key} is in the future; give at most today, {packed(today)} in UTC")
    return first, last


def day(value: object, key: str) -> int:
    """The day that an integer or its digits, YYYYMMDD, mean. Raises `BadQuery`."""
    digits = str(value) if type(value) is int and 0 <= value < 10**8 else value
    try:
        if type(digits) is str and digits.isascii() and _DIGITS.fullmatch(digits):
            return date(int(digits[:4]), int(digits[4:6]), int(digits[6:])).toordinal() - EPOCH
    except ValueError:
        pass
    found = "missing" if value is None else "not a day"
    raise BadQuery(DATES, detail=f"{key} is {found}; give a day as YYYYMMDD, for example {key} 20250131")


def packed(day: int) -> str:
    return date.fromordinal(day + EPOCH).strftime("%Y%m%d")


def filters(asked: object, key: str) -> list[Filter]:
    """The filters in a list. Raises `BadQuery`."""
    return [filter_of(item, key) for item in listed(asked, key)]


def listed(asked: object, key: str) -> list[Any]:
    """A list of objects. Raises `BadQuery`."""
    if type(asked) is not list or not all(type(item) is dict for item in asked):
        raise BadQuery(QUERY, detail=f"{key} has to be a list of objects")
    return asked


def filter_of(asked: dict[str, object], where: str) -> Filter:
    """One filter. Raises `BadQuery`."""
    only(asked, ("name", "operator", "value"), where)
    name, word = asked.get("name"), asked.get("operator")
    if type(name) is not str or not normal_form(name):
        raise BadQuery(QUERY, detail=f"An entry of {where} has no name; name a property")
    operator = BY_NAME.get(word.lower()) if type(word) is str else None
    if operator is None:
        known = ", ".join(row.name for row in OPERATORS)
        found = f"{shown(word)} is no operator" if type(word) is str else f"The entry for {shown(name)} has no operator"
        raise BadQuery(QUERY, detail=f"{found}; those known are {known}")
    return Filter(normal_form(name), operator.name, operator.read(name, asked.get("value")))


def profile_filters(asked: object, key: str) -> list[Filter]:
    """The filters on profiles. Raises `BadQuery` for what nothing is stored of."""
    if type(asked) is not dict:
        raise BadQuery(QUERY, detail=f"{key} has to be an object with profile_fields")
    given = {name: value for name, value in asked.items() if value or name not in PROFILE_KEYS}
    only(given, ("profile_fields",), key)
    return filters(given.get("profile_fields") or [], "profile_fields")


def event_names(asked: object, key: str) -> list[str]:
    """Events by name alone, at any time. Raises `BadQuery`."""
    for item in listed(asked, key):
        only(item, ("event_name",), key)
    return [event_name(item, f"event_name in {key}") for item in listed(asked, key)]


def unanswerable(asked: object, key: str) -> list[Any]:
    raise BadQuery(QUERY, detail=f"{key} cannot be answered, as nothing is stored of it; take it out of the query")


READERS: Final[dict[str, tuple[Callable[[object, str], list[Any]], str]]] = {
    "event_properties": (filters, "filters"),
    "session_properties": (unanswerable, "session_properties"),
    "common_profile_properties": (profile_filters, "profile_filters"),
    "did_all": (event_names, "did_all"),
    "did_any": (event_names, "did_any"),
    "did_none": (event_names, "did_none"),
}
"""The keys of a query beside its event and days: what reads them, and the part of `Query` they become. Absent, null
and empty are the same."""
