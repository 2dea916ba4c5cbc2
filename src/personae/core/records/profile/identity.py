"""What a profile record does to who a profile is: its identifiers, merges, the addresses that find it.

Source: contract A5, A6.2.
"""

from collections.abc import Sequence

from ...identity import DEVICE_KIND, Ref
from ...operators import Notes
from ...profile import Json, Profile, contacts, field_contacts
from ...properties import shown
from ...work import Accepted, Changes, Work


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
        leave_contacts(other, loser.fields, work.changes)


def reached_by(profile: Profile) -> tuple[object, ...]:
    """What the contacts of a profile depend on; a cheap look at whether they may have changed."""
    fields = profile.fields
    return fields.get("email"), fields.get("phone"), len(profile.identities)


def move_contacts(ref: Ref, before: Json, profile: Profile, changes: Changes) -> None:
    """Let a profile be found by the addresses it has now, and no more by those of its fields `before`.

    Identities are never taken away, so the addresses among them stay.
    """
    leave_contacts(ref, before, changes)
    for contact in contacts(profile):
        changes.contacts[contact, ref] = True


def leave_contacts(ref: Ref, fields: Json, changes: Changes) -> None:
    """Let these fields' addresses no more find this profile."""
    for contact in field_contacts(fields):
        changes.contacts[contact, ref] = False
