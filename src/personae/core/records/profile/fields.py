"""What a profile record does to reserved fields, subscription groups and address flags. Source: contract A4.6, A4.7."""

from collections.abc import Mapping, Sequence
from typing import Any

from ...faults import AGE
from ...fields import DND_ADDRESS, INVALID, age
from ...identity import Ref
from ...operators import ABSENT, Notes
from ...profile import Profile, address_flag
from ...properties import Flaw, latest
from ...rules import Rules
from ...work import Work
from . import Content

Data = dict[str, Any]


def fold_fields(fields: Data, content: Content, rules: Rules, notes: Notes) -> Data:
    """The reserved fields after the record; those given are not changed."""
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


def flag_addresses(dnd: Mapping[str, bool], ref: Ref, profile: Profile, work: Work, notes: Notes) -> None:
    """Do-not-disturb belongs to the address the profile has now. Source: contract A4.7."""
    for flag, value in dnd.items():
        key = address_flag(flag, profile)
        if key is None:
            notes.append((f"MSG-{flag}", f"the profile has no {DND_ADDRESS[flag]} this flag could hold for; ignored"))
        else:
            work.changes.flags[key] = (value, ref)
