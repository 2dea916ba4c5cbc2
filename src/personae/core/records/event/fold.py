"""Applying an event record to the profile it means. Source: contract A2.2, A5, B 6.1."""

from ...events import MAX_EVENT_NAMES, counted
from ...faults import EVENT_LIMIT, Rejection
from ...operators import Notes
from ...properties import shown
from ...work import Accepted, Happened, Work
from ..absorbing import absorb
from ..person import meant, settle
from . import Content


def fold(record: Accepted, work: Work) -> Rejection | Notes:
    """Count the event for the person it means, who is created, given identifiers and merged as by a profile record."""
    content = record.content
    assert type(content) is Content
    person = meant(record, work)
    _, profile, before, losers = person
    if content.normal not in profile.events and len(profile.events) >= MAX_EVENT_NAMES:
        detail = f"{shown(content.name)} is one event name too many, at most {MAX_EVENT_NAMES} are allowed per profile"
        return Rejection(record.index, EVENT_LIMIT, detail)
    notes: Notes = []
    state, merged = absorb(before, losers, work, notes)
    settle(record, person, state, merged, None if merged else {}, work, notes)
    profile.events[content.normal] = counted(profile.events.get(content.normal), content.name, record.ts)
    work.changes.events.append(Happened(profile.home, content.normal, record.ts, content.data))
    return notes
