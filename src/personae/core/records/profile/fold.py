"""Applying a profile record to the profile it means. Source: contract A2.2, A5."""

from ...faults import Rejection
from ...operators import Notes
from ...properties import Flaw, normal_form
from ...work import Accepted, Work
from ..absorbing import absorb, untouched
from ..person import meant, settle
from . import Content
from .fields import flag_addresses, fold_fields, fold_groups
from .properties import fold_properties


def fold(record: Accepted, work: Work) -> Rejection | Notes:
    """Apply one record to the profile it means, creating, attaching and merging as A5 says.

    All or nothing: nothing changes until nothing can be refused any more.
    """
    content = record.content
    assert type(content) is Content
    person = meant(record, work)
    ref, profile, before, losers = person
    rules = work.rules
    notes: Notes = []
    state, merged = absorb(before, losers, work, notes) if losers else (before, ())
    properties, fields, groups = state
    try:
        properties = fold_properties(properties, content, rules, notes)
        fields = fold_fields(fields, content, rules, notes)
    except Flaw as flaw:
        return Rejection(record.index, flaw.fault, flaw.detail)

    if content.groups:
        groups = fold_groups(groups, content.groups, rules, notes)
    found, state = state, (properties, fields, groups)
    if merged or profile.merged:
        said = {*map(normal_form, content.plain), *content.fields}
        merged = [untouched(part, found, state, said) for part in merged]
        profile.merged = [untouched(part, found, state, said) for part in profile.merged]
    settle(record, person, state, merged, None if merged or content.operations else content.plain, work, notes)
    if content.dnd:
        flag_addresses(content.dnd, ref, profile, work, notes)
    return notes
