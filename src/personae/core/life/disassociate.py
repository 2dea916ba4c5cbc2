"""Taking phones from the people who have them as identities: the next upload with such a phone makes a new profile.

A Phone field is an address and no identity; it stays. Source: contract B 6.6.
"""

import re
from collections.abc import Iterable, Sequence
from typing import Any, Final

import msgspec

from ..faults import PHONE, RELEASE, Rejection, Warning
from ..history import Author
from ..identity import IDENTITY_KIND, Key, Ref, identifier
from ..profile import contacts
from ..rules import Rules
from ..work import Changes, Found
from .act import Act, state_of
from .whole import whole

_PHONE: Final = re.compile(r"\+?[0-9]{8,15}")


class Released(msgspec.Struct, frozen=True):
    """A record that passed: the identity it is about."""

    index: int
    key: Key


def screen(records: Iterable[Any], rules: Rules) -> tuple[list[Released], list[Rejection]]:
    """Each record's fault, or the identity it takes away."""
    accepted: list[Released] = []
    rejected: list[Rejection] = []
    for index, record in enumerate(records):
        if type(record) is not dict or type(record.get("type")) is not str or record["type"].lower() != "phone":
            rejected.append(Rejection(index, RELEASE))
            continue
        phone = identifier(record.get("value"), rules)
        if phone is None or not _PHONE.fullmatch(phone):
            rejected.append(Rejection(index, PHONE))
        else:
            accepted.append(Released(index, (IDENTITY_KIND, phone)))
    return accepted, rejected


def disassociate(records: Sequence[Released], found: Found, now_us: int, rules: Rules, author: Author) -> Changes:
    """Let these identities lead nowhere; one nobody has is worth a warning. Raises `Incomplete`.

    A profile's row may be that of the identity it loses, so it moves to its home, where it stays.
    `now_us` is epoch microseconds.
    """
    act = Act(now_us, rules, author)
    profiles = whole((record.key for record in records), found)
    losses: dict[Ref, dict[Key, None]] = {ref: {} for ref in profiles}
    for record in records:
        ref = found.owners.get(record.key)
        if ref is None or record.key in losses[ref]:
            act.changes.warnings.append(Warning(record.index, "value", f"nobody has the identity {record.key[1]}"))
        else:
            losses[ref][record.key] = None
    for ref, lost in losses.items():
        release(ref, list(lost), found, act)
    return act.changes


def release(ref: Ref, lost: list[Key], found: Found, act: Act) -> None:
    """Take these identities from a profile and write it under its home."""
    profile = found.profiles[ref]
    had = contacts(profile)
    gone = {value for _, value in lost}
    profile.identities = [identity for identity in profile.identities if identity not in gone]
    act.put_home(profile)
    act.tell("disassociated", profile, state_of(profile), detached=lost)
    changes = act.changes
    changes.released += lost
    changes.contacts |= {(contact, ref): False for contact in had}
    changes.contacts |= {(contact, profile.home): True for contact in contacts(profile)}
