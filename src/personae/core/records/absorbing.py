"""What a profile takes over from anonymous ones that become part of it, and what it keeps of them.

Source: contract A5.1; that a merge can be undone, B 6.4.
"""

from collections.abc import Container, Sequence
from typing import Final

from ..identity import Ref
from ..operators import Notes
from ..profile import Json, Merged, Profile
from ..properties import normal_form, shown
from ..rules import Rules
from ..work import Work

MAX_MERGED: Final = 20
"""Merges of a profile that can be undone in full, the last ones: its document keeps what each said of the person."""

MAX_LEVELS: Final = 5
"""Merges in each other that a document holds: more can be made without end, and no decoder follows for long."""

State = tuple[Json, Json, dict[str, list[str]]]
"""What a profile says of the person: custom properties, reserved fields, groups left. Plain, as every record makes two."""


def absorb(state: State, losers: Sequence[Ref], work: Work, notes: Notes) -> tuple[State, list[Merged]]:
    """The state with what it lacks of these anonymous profiles', and what came of each; no profile is changed."""
    merged: list[Merged] = []
    for ref in losers:
        loser = work.profiles[ref]
        properties, fields, groups = state
        part = Merged(
            loser,
            work.now,
            lacking(properties, loser.properties, work.rules, notes),
            {name: value for name, value in loser.fields.items() if name not in fields},
            {channel: left for channel, left in loser.unsubscribed.items() if channel not in groups},
        )
        state = properties | part.properties, part.fields | fields, groups | part.unsubscribed
        merged.append(part)
    return state, merged


def lacking(properties: Json, others: Json, rules: Rules, notes: Notes) -> Json:
    """The properties of a merged profile that another one lacks, as many as there is room for."""
    known = {normal_form(key) for key in properties}
    found = [(key, value) for key, value in others.items() if normal_form(key) not in known]
    room = max(rules.max_custom_keys - len(properties), 0)
    if len(found) > room:
        left = len(found) - room
        text = f"{left} properties of the merged profile were left out, at most {rules.max_custom_keys} are allowed"
        notes.append((shown(found[room][0]), text))
    return dict(found[:room])


def untouched(part: Merged, before: State, after: State, said: Container[str]) -> Merged:
    """The merge without what a record `said` itself, by normal name, or made something else of: that is not given back.

    `before` and `after` are the state the record found and the one it made, which share what it left alone;
    a channel whose groups are said has a new list.
    """
    if not (part.properties or part.fields or part.unsubscribed):
        return part
    properties, fields, groups = (
        {key: value for key, value in taken.items() if new.get(key) is old.get(key)}
        for taken, old, new in zip((part.properties, part.fields, part.unsubscribed), before, after, strict=True)
    )
    return Merged(
        part.profile,
        part.at,
        {key: value for key, value in properties.items() if normal_form(key) not in said},
        {name: value for name, value in fields.items() if name not in said},
        groups,
    )


def keep_merged(profile: Profile, merged: Sequence[Merged]) -> None:
    """Keep what became part of a profile; of older ones only what leads to their events and their history."""
    profile.merged = [*profile.merged, *(one for part in merged for one in levelled(part))]
    for part in profile.merged[:-MAX_MERGED]:
        lighten(part)


def levelled(part: Merged) -> list[Merged]:
    """The merge; before it those that would be too deep in it, each with its own devices, which it has no more.

    What it took over from these stays its own.
    """
    loser = part.profile
    inner = loser.merged
    if levels(loser) < MAX_LEVELS:
        return [part]
    theirs = {device for one in inner for device in one.profile.devices}
    loser.merged = []
    loser.devices = {device: known for device, known in loser.devices.items() if device not in theirs}
    return [*(Merged(one.profile, part.at) for one in inner), part]


def levels(profile: Profile) -> int:
    """How deep the merges of a profile are in each other."""
    return max((1 + levels(part.profile) for part in profile.merged), default=0)


def lighten(part: Merged) -> None:
    """Give up what this one said of the person: what was taken over is the other profile's for good.

    The other profile knows the devices too, and better.
    """
    profile = part.profile
    profile.updated, profile.source = 0, ""
    profile.devices = {device: {} for device in profile.devices}
    profile.properties, profile.fields, profile.unsubscribed = {}, {}, {}
    part.properties, part.fields, part.unsubscribed = {}, {}, {}
    for inner in profile.merged:
        lighten(inner)
