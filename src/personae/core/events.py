"""Events as a profile speaks of them: names that are the product's own, and how often each event happened.

Source: contract B 4.2, B 6.1.
"""

from collections.abc import Mapping
from typing import Final

from .profile import Profile, Seen
from .properties import normal_form

RESTRICTED: Final = frozenset(
    normal_form(name)
    for name in (
        "Notification Sent", "Notification Viewed", "Notification Clicked", "Notification Delivered",
        "Notification Replied", "UTM Visited", "App Launched", "App Uninstalled", "App Version Changed", "Stayed",
        "Reply Sent", "Experiment Rendered", "Reachable By", "Identity Reset", "Identity Set", "Identity Error",
        "Web Page Viewed",
    )
)  # fmt: skip
"""Names of system events, in normal form: no upload may raise them. Source: contract B 6.1."""

MAX_EVENT_NAMES: Final = 512
"""Event names one profile can have of its own: each stands in its document. CleverTap allows as many for an account."""


def counted(seen: Seen | None, name: str, ts: int) -> Seen:
    """What a profile says of an event after it happened at `ts` (epoch seconds), spelled as `name`."""
    if seen is None:
        return Seen(name, 1, ts, ts)
    return Seen(seen.name, seen.count + 1, min(seen.first, ts), max(seen.last, ts))


def summary(profile: Profile) -> Mapping[str, Seen]:
    """The events of a profile and of all that became part of it, by normal name. Not to be changed."""
    if not profile.merged:
        return profile.events
    events = dict(profile.events)
    for part in profile.merged:
        for normal, seen in summary(part.profile).items():
            known = events.get(normal)
            events[normal] = joined(known, seen) if known else seen
    return events


def joined(one: Seen, other: Seen) -> Seen:
    """Two parts of what happened, under the name the first has."""
    return Seen(one.name, one.count + other.count, min(one.first, other.first), max(one.last, other.last))
