"""Applying a profile record to the profile it means. Source: contract A2.2, A5."""

from ...faults import Rejection
from ...operators import Notes
from ...properties import Flaw, normal_form
from ...work import Accepted, Work
from ..absorbing import absorb, taken_over
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
    (properties, fields, groups), merged = absorb(before, losers, work, notes) if losers else (before, ())
    try:
        properties = fold_properties(properties, content, rules, notes)
        fields = fold_fields(fields, content, rules, notes)
    except Flaw as flaw:
        return Rejection(record.index, flaw.fault, flaw.detail)

    if content.groups:
        groups = fold_groups(groups, content.groups, rules, notes)
    state = properties, fields, groups
    if merged:
        said = {*map(normal_form, content.plain), *content.fields}
        merged = [taken_over(part, state, said) for part in merged]
    settle(record, person, state, merged, None if merged or content.operations else content.plain, work, notes)
    if content.dnd:
        flag_addresses(content.dnd, ref, profile, work, notes)
    return notes
