"""Applying a profile record to the profile it means. Source: contract A2.2, A5."""

from ...faults import Rejection
from ...identity import choose
from ...operators import Notes
from ...profile import Profile
from ...properties import Flaw
from ...work import Accepted, Work
from . import Content
from .fields import flag_addresses, fold_fields, fold_groups
from .identity import attach, merge, move_contacts, reached_by
from .properties import fold_properties


def fold(record: Accepted, work: Work) -> Rejection | Notes:
    """Apply one record to the profile it means, creating, attaching and merging as A5 says.

    All or nothing: nothing changes until nothing can be refused any more.
    """
    content = record.content
    assert type(content) is Content
    refs = choose(record.keys, work.owners)
    ref = refs[0] if refs else record.keys[0]
    work.changes.records.setdefault(ref, []).append(record.index)
    profile = work.profiles[refs[0]] if refs else Profile(created=work.now)
    merged = [ref for ref in refs[1:] if work.profiles[ref].anonymous] if len(refs) > 1 else []
    losers = [work.profiles[ref] for ref in merged]
    notes: Notes = []
    try:
        properties = fold_properties(profile, losers, content, work.rules, notes)
        fields = fold_fields(profile, losers, content, work.rules, notes)
    except Flaw as flaw:
        return Rejection(record.index, flaw.fault, flaw.detail)

    reach, before = reached_by(profile), profile.fields
    profile.properties = properties
    profile.fields = fields
    profile.ts = record.ts
    profile.updated = work.now_us + record.index
    if record.source:
        profile.source = record.source
    if merged:
        merge(ref, profile, merged, work)
    attach(record, ref, profile, work, notes)
    if content.groups:
        profile.unsubscribed = fold_groups(profile.unsubscribed, content.groups, work.rules, notes)
    if reached_by(profile) != reach:
        move_contacts(ref, before, profile, work.changes)
    if content.dnd:
        flag_addresses(content.dnd, ref, profile, work, notes)
    work.profiles[ref] = work.changes.profiles[ref] = profile
    return notes
