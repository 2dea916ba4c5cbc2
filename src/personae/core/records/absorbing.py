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


def taken_over(part: Merged, state: State, said: Container[str]) -> Merged:
    """The merge without what the record that caused it `said` itself, by normal name, or made something else of."""
    properties, fields, groups = state
    return Merged(
        part.profile,
        part.at,
        {k: v for k, v in part.properties.items() if properties.get(k) is v and normal_form(k) not in said},
        {k: v for k, v in part.fields.items() if fields.get(k) is v and k not in said},
        {k: v for k, v in part.unsubscribed.items() if groups.get(k) is v},
    )


def keep_merged(profile: Profile, merged: Sequence[Merged]) -> None:
    """Keep what became part of a profile; of older ones only what leads to their events and their history."""
    profile.merged = [*profile.merged, *merged]
    for part in profile.merged[:-MAX_MERGED]:
        lighten(part)


def lighten(part: Merged) -> None:
    """Give up what this one said of the person: what was taken over is the other profile's for good."""
    profile = part.profile
    profile.properties, profile.fields, profile.unsubscribed = {}, {}, {}
    part.properties, part.fields, part.unsubscribed = {}, {}, {}
    for inner in profile.merged:
        lighten(inner)
