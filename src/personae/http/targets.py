"""Whom a request about whole profiles means: the identifiers in its body. Source: contract B 6.3, B 6.4."""

from collections.abc import Mapping
from typing import Any, Final

from ..core.faults import ONE_KIND, TARGETS
from ..core.identity import DEVICE_KIND, IDENTITY_KIND, Key, identifier
from ..core.rules import Rules
from .message import Refused

MAX_TARGETS: Final = 100
"""Profiles one request may be about. Source: contract B 6.3, B 6.4."""

DELETABLE: Final = {"identity": IDENTITY_KIND, "guid": DEVICE_KIND}
"""The names a deletion gives its identifiers under, with the kind each is of."""


def deleted(body: Mapping[str, Any], rules: Rules) -> list[Key]:
    """The keys a deletion names. Raises `Refused` (400)."""
    named = [name for name in DELETABLE if body.get(name) is not None]
    if len(named) != 1:
        raise Refused(ONE_KIND)
    return listed(body, named[0], DELETABLE[named[0]], rules)


def demerged(body: Mapping[str, Any], rules: Rules) -> list[Key]:
    """The keys a demerge names. Raises `Refused` (400)."""
    return listed(body, "identities", IDENTITY_KIND, rules)


def listed(body: Mapping[str, Any], name: str, kind: str, rules: Rules) -> list[Key]:
    """The keys under one name of the body, one or a list, each once; numbers are taken as their text."""
    value = body.get(name)
    values = value if type(value) is list else [value]
    wanted = f"an identifier of at most {rules.max_identifier_chars} characters or a list of 1 to {MAX_TARGETS} of them"
    if not 1 <= len(values) <= MAX_TARGETS:
        raise Refused(TARGETS, detail=f"{name} needs to be {wanted}: it has {len(values)}")
    texts = [identifier(value, rules) for value in values]
    wrong = next((index for index, text in enumerate(texts) if not text), None)
    if wrong is not None:
        found = f"number {wrong + 1} is {fault_of(texts[wrong], values[wrong])}"
        raise Refused(TARGETS, detail=f"{name} needs to be {wanted}: {found}")
    return list(dict.fromkeys((kind, text) for text in texts if text))


def fault_of(text: str | None, value: object) -> str:
    """What is wrong with a value that is no identifier."""
    if text == "":
        return "empty"
    return "too long" if type(value) is str else "neither text nor a number"
