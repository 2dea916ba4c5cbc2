"""Applying a profile record to the profile it means. Source: contract A4.6, A4.7, A5."""

from collections.abc import Mapping, Sequence
from typing import Any

from ...faults import AGE, LIMIT, Rejection
from ...fields import DND_ADDRESS, INVALID, age
from ...identity import DEVICE_KIND, Ref, choose
from ...operators import ABSENT, Notes, Operator
from ...profile import Profile, address_flag, contacts
from ...properties import Flaw, Name, latest, name_of, shown
from ...rules import Rules
from ...work import Accepted, Work
from . import Content

Data = dict[str, Any]


def fold(record: Accepted, work: Work) -> Rejection | Notes:
    """Apply one record to the profile it means, creating, attaching and merging as A5 says.

    All or nothing: nothing changes until nothing can be refused any more.
    """
    content = record.content
    assert type(content) is Content
    refs = choose(record.keys, work.owners)
    profile = work.profiles[refs[0]] if refs else Profile(created=work.now)
    merged = [ref for ref in refs[1:] if work.profiles[ref].anonymous] if len(refs) > 1 else []
    losers = [work.profiles[ref] for ref in merged]
    notes: Notes = []
    try:
        properties = fold_properties(profile, losers, content, work.rules, notes)
        fields = fold_fields(profile, losers, content, work.rules, notes)
    except Flaw as flaw:
        return Rejection(record.index, flaw.fault, flaw.detail)

    reach = reached_by(profile)
    profile.properties = properties
    profile.fields = fields
    profile.ts = record.ts
    profile.updated = work.now_us + record.index
    if record.source:
        profile.source = record.source
    ref = refs[0] if refs else record.keys[0]
    if merged:
        merge(ref, profile, merged, work)
    attach(record, ref, profile, work, notes)
    if content.groups:
        profile.unsubscribed = fold_groups(profile.unsubscribed, content.groups, work.rules, notes)
    if reached_by(profile) != reach:
        work.changes.contacts += [(contact, ref) for contact in contacts(profile)]
    if content.dnd:
        flag_addresses(content.dnd, profile, work, notes)
    work.profiles[ref] = work.changes.profiles[ref] = profile
    return notes


def reached_by(profile: Profile) -> tuple[object, ...]:
    """What the contacts of a profile depend on; a cheap look at whether they may have changed."""
    fields = profile.fields
    return fields.get("email"), fields.get("phone"), len(profile.identities)


# --- properties and fields


def fold_properties(profile: Profile, losers: Sequence[Profile], content: Content, rules: Rules, notes: Notes) -> Data:
    """The custom properties after the record; neither the profile nor the record is changed."""
    before = properties = profile.properties
    for loser in losers:
        properties = before = absorbed(properties, loser.properties, rules, notes)
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
    spelling = {name_of(key).normal: key for key in properties}
    out = dict(properties)
    for key, value in changes.items():
        out[spelling.get(name_of(key).normal, key)] = value
    return out


def absorbed(properties: Data, others: Data, rules: Rules, notes: Notes) -> Data:
    """The properties with those of a merged profile they lack, as many as there is room for (A5.1)."""
    known = {name_of(key).normal for key in properties}
    lacking = [(key, value) for key, value in others.items() if name_of(key).normal not in known]
    room = max(rules.max_custom_keys - len(properties), 0)
    if len(lacking) > room:
        left = len(lacking) - room
        text = f"{left} properties of the merged profile were left out, at most {rules.max_custom_keys} are allowed"
        notes.append((shown(lacking[room][0]), text))
    return properties | dict(lacking[:room])


def operate(properties: Data, operations: Sequence[tuple[Name, Operator, object]], rules: Rules, notes: Notes) -> Data:
    """Apply the operators on custom properties, each on the spelling that is stored."""
    out = dict(properties)
    for name, operator, argument in operations:
        if name.field is not None:
            continue
        key = name.text
        if key not in out:
            key = next((stored for stored in out if name_of(stored).normal == name.normal), key)
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
    excess = [key for key in properties if key not in before][room:]
    detail = f"{shown(excess[0])} is one custom key too many, at most {rules.max_custom_keys} are allowed per profile"
    if not rules.drop:
        raise Flaw(LIMIT, detail)
    notes.append((shown(excess[0]), f"{detail}; {len(excess)} new keys left out"))
    return {key: value for key, value in properties.items() if key not in excess}


def fold_fields(profile: Profile, losers: Sequence[Profile], content: Content, rules: Rules, notes: Notes) -> Data:
    """The reserved fields after the record."""
    fields = profile.fields
    for loser in losers:
        fields = loser.fields | fields
    if content.fields:
        fields = fields | content.fields
    for name, operator, argument in content.operations:
        field = name.field
        if field is None:
            continue
        result = operator.apply(field.name, fields.get(field.normal, ABSENT), argument, rules.max_list_items, notes)
        fields = {key: value for key, value in fields.items() if key != field.normal}
        if result is ABSENT:
            continue
        if field.check is age and age(result) is INVALID:
            raise Flaw(AGE, "")
        fields[field.normal] = result
    return fields


def fold_groups(
    unsubscribed: Mapping[str, list[str]], changes: Sequence[tuple[bool, dict[str, list[str]]]], rules: Rules, notes: Notes
) -> dict[str, list[str]]:
    """The groups left, by channel, after leaving and joining some. Source: contract A4.7."""
    out = dict(unsubscribed)
    for leave, channels in changes:
        for channel, groups in channels.items():
            others = [group for group in out.pop(channel, []) if group not in groups]
            left = [*others, *dict.fromkeys(groups)] if leave else others
            if left:
                out[channel] = latest(left, rules.max_list_items, "category-unsubscribe", notes)
    return out


def flag_addresses(dnd: Mapping[str, bool], profile: Profile, work: Work, notes: Notes) -> None:
    """Do-not-disturb belongs to the address the profile has now. Source: contract A4.7."""
    for flag, value in dnd.items():
        key = address_flag(flag, profile)
        if key is None:
            notes.append((f"MSG-{flag}", f"the profile has no {DND_ADDRESS[flag]} this flag could hold for; ignored"))
        else:
            work.changes.flags[key] = value


# --- identity


def attach(record: Accepted, ref: Ref, profile: Profile, work: Work, notes: Notes) -> None:
    """Make the record's unknown keys the profile's own; those of another identified one stay there.

    A new profile that was sent no objectId is given one. Source: contract A5.1, A5.2.
    """
    owners = work.owners
    keys = record.keys
    if not profile.devices and keys[-1][0] != DEVICE_KIND:
        keys = [*keys, (DEVICE_KIND, work.mint.object_id(record.index))]
    for key in keys:
        owner = owners.get(key)
        if owner is None:
            owners[key] = ref
            profile.attach(key)
            if key != ref:
                work.changes.aliases[key] = ref
        elif owner != ref:
            notes.append((key[0], f"{key[0]} {shown(key[1])} belongs to another identified profile and stays there"))


def merge(ref: Ref, profile: Profile, merged: Sequence[Ref], work: Work) -> None:
    """Anonymous profiles become part of this one; their properties and fields are folded already.

    All their keys are devices, so the aliases of these leave nothing that leads to them.
    Source: contract A5.1.
    """
    for other in merged:
        loser = work.profiles[other]
        work.changes.profiles.pop(other, None)
        for device, known in loser.devices.items():
            key = (DEVICE_KIND, device)
            work.owners[key] = work.changes.aliases[key] = ref
            profile.devices.setdefault(device, known)
        for channel, groups in loser.unsubscribed.items():
            profile.unsubscribed.setdefault(channel, groups)
