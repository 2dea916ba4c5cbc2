"""The person a record means: found or new, with what the record makes of who that is.

Identifiers that are attached, anonymous profiles that are merged, addresses that find the profile.
It is the same for every type of record. Source: contract A5, A6.2.
"""

from collections.abc import Sequence

from ..identity import DEVICE_KIND, Key, Ref, choose
from ..operators import Notes
from ..profile import Json, Merged, Profile, contacts, field_contacts
from ..properties import shown
from ..work import Accepted, Changes, Work
from .absorbing import State, keep_merged
from .changes import remember

Person = tuple[Ref, Profile, State, Sequence[Ref]]
"""Whom a record means: which profile, what it says before the record, the anonymous ones that become part of it."""


def meant(record: Accepted, work: Work) -> Person:
    """The person this record means, a new profile where nobody has any of its identifiers. Source: contract A5.1."""
    refs = choose(record.keys, work.owners)
    ref = refs[0] if refs else record.keys[0]
    work.changes.records.setdefault(ref, []).append(record.index)
    profile = work.profiles[ref] if refs else Profile(created=work.now)
    losers = [ref for ref in refs[1:] if work.profiles[ref].anonymous] if len(refs) > 1 else ()
    return ref, profile, (profile.properties, profile.fields, profile.unsubscribed), losers


def settle(
    record: Accepted, person: Person, state: State, merged: Sequence[Merged], said: Json | None, work: Work, notes: Notes
) -> None:
    """Make the person what the record makes of them: nothing is refused from here on.

    `state` is what the profile says after the record, `merged` what it takes over from each of the losers,
    `said` the properties the record sets, None where it may have changed others too.
    """
    ref, profile, before, losers = person
    created, reach = not profile.devices, reached_by(profile)
    profile.properties, profile.fields, profile.unsubscribed = state
    profile.ts = record.ts
    profile.updated = work.now_us + record.index
    if record.source:
        profile.source = record.source
    attached = merge(ref, profile, losers, work) if losers else []
    attach(record, ref, profile, attached, work, notes)
    if merged:
        keep_merged(profile, merged)
    if reached_by(profile) != reach:
        move_contacts(ref, before[1], profile, work.changes)
    if work.rules.max_history:
        kind = "created" if created else "merged" if merged else "changed"
        remember(kind, profile, before, said, attached, work)
    work.profiles[ref] = work.changes.profiles[ref] = profile


def attach(record: Accepted, ref: Ref, profile: Profile, attached: list[Key], work: Work, notes: Notes) -> None:
    """Make the record's unknown keys the profile's own, `attached` too; those of another identified one stay there.

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
            attached.append(key)
            if key != ref:
                work.changes.aliases[key] = ref
        elif owner != ref:
            notes.append((key[0], f"{key[0]} {shown(key[1])} belongs to another identified profile and stays there"))


def merge(ref: Ref, profile: Profile, losers: Sequence[Ref], work: Work) -> list[Key]:
    """Let the devices of anonymous profiles be of this one; gives their keys.

    These are all the keys they have, so the aliases of these leave nothing that leads to them.
    Source: contract A5.1.
    """
    moved: list[Key] = []
    for other in losers:
        loser = work.profiles[other]
        work.changes.profiles.pop(other, None)
        for device, known in loser.devices.items():
            key = (DEVICE_KIND, device)
            work.owners[key] = work.changes.aliases[key] = ref
            profile.devices[device] = known
            moved.append(key)
        leave_contacts(other, loser.fields, work.changes)
    return moved


def reached_by(profile: Profile) -> tuple[object, ...]:
    """What the contacts of a profile depend on; a cheap look at whether they may have changed."""
    fields = profile.fields
    return fields.get("email"), fields.get("phone"), len(profile.identities)


def move_contacts(ref: Ref, before: Json, profile: Profile, changes: Changes) -> None:
    """Let a profile be found by the addresses it has now, and no more by those of its fields `before`.

    A record takes no identities away, so the addresses among them stay.
    """
    leave_contacts(ref, before, changes)
    for contact in contacts(profile):
        changes.contacts[contact, ref] = True


def leave_contacts(ref: Ref, fields: Json, changes: Changes) -> None:
    """Let these fields' addresses no more find this profile."""
    for contact in field_contacts(fields):
        changes.contacts[contact, ref] = False
