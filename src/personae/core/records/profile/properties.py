"""What a profile record does to the custom properties of its profile. Source: contract A4.2, A4.4, A4.6."""

from collections.abc import Sequence
from typing import Any

from ...faults import LIMIT
from ...operators import ABSENT, Notes, Operator
from ...properties import Flaw, Name, normal_form, shown
from ...rules import Rules
from . import Content

Data = dict[str, Any]


def fold_properties(before: Data, content: Content, rules: Rules, notes: Notes) -> Data:
    """The custom properties after the record; neither those `before` nor the record are changed."""
    properties = before
    plain = content.plain
    if plain:
        known = not properties or plain.keys() <= properties.keys()
        properties = properties | plain if known else respell(properties, plain)
    if content.operations:
        properties = operate(properties, content.operations, rules, notes)
    if len(properties) > rules.max_custom_keys and len(properties) > len(before):
        return capped(properties, before, rules, notes)
    return properties


def respell(properties: Data, changes: Data) -> Data:
    """Set `changes` under the spelling first seen."""
    stored = spellings(properties)
    out = dict(properties)
    for key, value in changes.items():
        out[stored.get(normal_form(key), key)] = value
    return out


def spellings(properties: Data) -> dict[str, str]:
    """How each property is spelled, by normal form."""
    return {normal_form(key): key for key in properties}


def operate(properties: Data, operations: Sequence[tuple[Name, Operator, object]], rules: Rules, notes: Notes) -> Data:
    """Apply the operators on custom properties, each on the spelling that is stored; no two are on one property."""
    out = dict(properties)
    stored: dict[str, str] | None = None
    for name, operator, argument in operations:
        if name.field is not None:
            continue
        key = name.text
        if key not in out:
            if stored is None:
                stored = spellings(out)
            key = stored.get(name.normal, key)
        try:
            result = operator.apply(name.text, out.get(key, ABSENT), argument, rules.max_list_items, notes)
        except Flaw as flaw:
            if not rules.drop:
                raise
            notes.append((shown(name.text), f"{flaw.detail}; left as it is"))
            continue
        if result is not ABSENT:
            out[key] = result
        else:
            out.pop(key, None)
    return out


def capped(properties: Data, before: Data, rules: Rules, notes: Notes) -> Data:
    """At most `max_custom_keys`: new keys beyond it break the limit. Source: contract A4.2, A4.4."""
    room = max(rules.max_custom_keys - len(before), 0)
    excess = dict.fromkeys([key for key in properties if key not in before][room:])
    first = shown(next(iter(excess)))
    detail = f"{first} is one custom key too many, at most {rules.max_custom_keys} are allowed per profile"
    if not rules.drop:
        raise Flaw(LIMIT, detail)
    notes.append((first, f"{detail}; {len(excess)} new keys left out"))
    return {key: value for key, value in properties.items() if key not in excess}
