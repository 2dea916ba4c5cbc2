"""Taking a profile apart: what was merged into it is restored, and every further device goes its own way.

The profile keeps its identities, its first device, what it was told itself, and the events that came
after a merge. Source: contract B 6.4; what it keeps is ours.
"""

from collections.abc import Mapping, Sequence
from typing import TypeVar

import msgspec

from ..history import Author
from ..identity import DEVICE_KIND, Key, Ref
from ..profile import Merged, Profile, contacts
from ..rules import Rules
from ..work import Changes, Found
from .act import Act, state_of
from .whole import whole

V = TypeVar("V")


def demerge(keys: Sequence[Key], found: Found, now_us: int, rules: Rules, author: Author) -> Changes:
    """Take the profiles these keys lead to apart; one with a single device is left as it is. Raises `Incomplete`.

    `now_us` is epoch microseconds.
    """
    act = Act(now_us, rules, author)
    for ref, profile in whole(keys, found).items():
        if len(profile.devices) > 1:
            take_apart(ref, profile, act)
    return act.changes


def take_apart(ref: Ref, profile: Profile, act: Act) -> None:
    """Restore what was merged into this profile, the last one first; then part with devices that are left but the first."""
    before, reach, had = state_of(profile), contacts(profile), list(profile.devices)
    parts = [restored(profile, merged) for merged in reversed(profile.merged)]
    profile.merged = []
    parts += [parted(profile, device, act.now_us) for device in list(profile.devices)[1:]]
    act.put(ref, profile)
    act.tell("demerged", profile, before, detached=[(DEVICE_KIND, device) for device in had if device not in profile.devices])
    act.changes.contacts |= {(contact, ref): False for contact in reach}
    act.changes.contacts |= {(contact, ref): True for contact in contacts(profile)}
    for part in parts:
        act.put_home(part)
        act.tell("demerged", part, state_of(part), attached=part.keys)
        act.changes.contacts |= {(contact, part.home): True for contact in contacts(part)}


def restored(profile: Profile, merged: Merged) -> Profile:
    """The profile as it was when it was merged, with what is known of its devices now; what it brought is given back."""
    part = merged.profile
    part.devices = {device: profile.devices.pop(device, known) for device, known in part.devices.items()}
    profile.properties = without(profile.properties, merged.properties)
    profile.fields = without(profile.fields, merged.fields)
    profile.unsubscribed = without(profile.unsubscribed, merged.unsubscribed)
    return part


def parted(profile: Profile, device: str, now_us: int) -> Profile:
    """A new profile of nobody yet, for a device this profile gives away."""
    now = now_us // 1_000_000
    return Profile(created=now, ts=now, devices={device: profile.devices.pop(device)})


def without(values: dict[str, V], taken: Mapping[str, V]) -> dict[str, V]:
    """The values but for those that were taken over and are still what they were then."""
    if not taken:
        return values
    return {key: value for key, value in values.items() if key not in taken or not same(value, taken[key])}


def same(one: object, other: object) -> bool:
    """Whether two values are one in JSON, where 1, 1.0 and true are three."""
    return form(one) == form(other)


def form(value: object) -> bytes:
    return msgspec.json.encode(value, order="deterministic")
