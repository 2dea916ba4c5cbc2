"""What a profile's history is told of a record. Source: docs, history."""

from typing import Any

from ..history import Change, Entry
from ..identity import Key
from ..profile import Json, Profile
from ..work import Work
from .absorbing import State

Pairs = dict[str, tuple[Any, Any]]


def remember(kind: str, profile: Profile, before: State, said: Json | None, attached: list[Key], work: Work) -> None:
    """Add to the history what a record made of a profile, if it made anything of it.

    `before` is what the profile said before; `said` the properties the record sets, None where it may
    have changed others too. Values are shared with the profile: what changes one makes a new one.
    """
    new = kind == "created"
    pairs = {} if new else differences(before, profile, said)
    if not (pairs or attached):
        return
    values = everything(profile) if new else {}
    request, passcode = work.author
    change = Change(kind, profile.updated, request, passcode, pairs, attached, values=values)
    work.changes.history.append(Entry(profile, change, work.rules.max_history))


def everything(profile: Profile) -> Json:
    """What a profile says, by the names of a history."""
    values = profile.properties | profile.fields
    return values | by_channel(profile.unsubscribed) if profile.unsubscribed else values


def differences(before: State, profile: Profile, said: Json | None) -> Pairs:
    """(what it was, what it became) of all that changed; only what a record names is looked at."""
    pairs: Pairs = {}
    properties, fields, groups = before
    new = profile.properties
    if new is not properties:
        if said is not None and said.keys() <= new.keys():
            compare(properties, said, pairs)
        else:
            compare(properties, new, pairs)
            gone(properties, new, pairs)
    if profile.fields is not fields and profile.fields != fields:
        compare(fields, profile.fields, pairs)
        gone(fields, profile.fields, pairs)
    if profile.unsubscribed is not groups:
        left, leaves = by_channel(groups), by_channel(profile.unsubscribed)
        compare(left, leaves, pairs)
        gone(left, leaves, pairs)
    return pairs


def compare(old: Json, new: Json, pairs: Pairs) -> None:
    """Note what is new or another value; 1, 1.0 and true are three values."""
    for key, value in new.items():
        was = old.get(key)
        if was is not value and (was != value or type(was) is not type(value)):
            pairs[key] = (was, value)


def gone(old: Json, new: Json, pairs: Pairs) -> None:
    """Note what is there no more."""
    for key in old.keys() - new.keys():
        pairs[key] = (old[key], None)


def by_channel(unsubscribed: dict[str, list[str]]) -> Json:
    """The groups left as a history names them."""
    return {f"category-unsubscribe.{channel}": groups for channel, groups in unsubscribed.items()}
