"""What requests are refused with: one answer for each refusal, with the body the server sends."""

from collections.abc import Callable, Iterable, Mapping
from typing import Final

from ...core import faults
from ...core.answers import refusal_answer
from ...core.faults import Refusal
from ...core.query.asked import BadQuery
from ...core.query.judge import judge
from ...core.rules import Rules
from ...secret_key import ServerKey
from ...settings import Settings
from ...storage import Project
from ..cursors import PROFILES, unseal
from ..message import Refused
from ..targets import deleted
from .pieces import Json, json_content, one_of, ref, sentence

ACCESS: Final = (faults.CREDENTIALS, faults.CONCURRENCY, faults.METHOD, faults.BUG, faults.UNAVAILABLE)
"""What every route under `/1/` may answer."""

BODY: Final = (faults.MALFORMED, faults.BODY_TIMEOUT, faults.TOO_LARGE)
"""What a request with a body may get beside."""

RECORDS: Final = (faults.BATCH_SIZE, *BODY, *ACCESS)
"""What a request with a list of records may get."""

EXAMPLE_EVENT: Final = "Product Viewed"
EXAMPLE_DAY: Final = 20260131
TODAY: Final = 20_484
"""The last of January 2026, counted from 1970-01-01."""

_QUERY: Final = {"event_name": EXAMPLE_EVENT, "from": EXAMPLE_DAY, "to": EXAMPLE_DAY}

PROVOKED: Final[Mapping[Refusal, Callable[[Rules], object]]] = {
    faults.TARGETS: lambda rules: deleted({"identity": []}, rules),
    faults.QUERY: lambda rules: judge(_QUERY | {"segment": 7}, TODAY),
    faults.DATES: lambda rules: judge(_QUERY | {"from": "yesterday"}, TODAY),
    faults.DATE_ORDER: lambda rules: judge(_QUERY | {"to": EXAMPLE_DAY - 1}, TODAY),
    faults.CURSOR: lambda rules: unseal(ServerKey(bytes(32), ""), Project("", "", b"", 0), PROFILES, "", 0),
}
"""Refusals whose text says what was found: each with something that gets it."""

NAMES: Final = {
    refusal: "".join(word.capitalize() for word in name.split("_"))
    for name, refusal in vars(faults).items()
    if isinstance(refusal, Refusal)
}
"""The name a refusal has in `components`: `PROFILE_NOT_FOUND` is `ProfileNotFound`."""

REQUEST_ID: Final = {"X-Request-Id": "The id of this request; what the log says of it has the same."}

HEADERS: Final = {
    faults.METHOD: {"Allow": "The methods the path takes."},
    faults.CONCURRENCY: {"Retry-After": "Seconds to wait: 1."},
}


def example(refusal: Refusal, settings: Settings) -> Json:
    """The body of a refusal, as the server would give it."""
    if refusal not in PROVOKED:
        return refusal_answer(refusal, max_batch=settings.max_batch, event=EXAMPLE_EVENT)
    try:
        PROVOKED[refusal](settings.rules)
    except (Refused, BadQuery) as refused:
        return refusal_answer(refused.refusal, **refused.values)
    raise AssertionError(f"{NAMES[refusal]} was to be provoked")


def components(settings: Settings) -> Json:
    """Every refusal under its name."""
    return {NAMES[refusal]: answer(refusal, settings) for refusal in faults.REFUSALS}


def answer(refusal: Refusal, settings: Settings) -> Json:
    """One refusal with its exact body and the headers that come with it."""
    shown = example(refusal, settings)
    headers = REQUEST_ID | HEADERS.get(refusal, {})
    return {
        "description": sentence(refusal.meaning),
        "headers": {name: {"description": text, "schema": {"type": "string"}} for name, text in headers.items()},
        "content": json_content(ref("schemas", "Refusal"), {NAMES[refusal]: shown}),
    }


def refused(rows: Iterable[Refusal], settings: Settings) -> Json:
    """The refusals of one operation by HTTP status; several with one status become one answer."""
    by_status: dict[str, list[Refusal]] = {}
    for row in sorted(rows, key=lambda row: row.status):
        by_status.setdefault(str(row.status), []).append(row)
    return {
        status: ref("responses", NAMES[same[0]]) if len(same) == 1 else joined(same, settings)
        for status, same in by_status.items()
    }


def joined(same: Iterable[Refusal], settings: Settings) -> Json:
    bodies = {NAMES[row]: example(row, settings) for row in same}
    return {
        "description": " Or: ".join(sentence(row.meaning) for row in same),
        "content": json_content(ref("schemas", "Refusal"), bodies),
    }


def answered(description: str, schemas: tuple[str, ...], examples: Json, also: Json | None = None) -> Json:
    """The answer with status 200; `also` are examples of refusals that come with it."""
    names = (*schemas, "Refusal") if also else schemas
    return {"description": description, "content": json_content(one_of(*names), examples | (also or {}))}
