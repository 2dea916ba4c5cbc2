"""Whether a profile is among those a query asks for. Source: contract B 5, `common_profile_properties` and `did_`."""

from collections.abc import Callable
from typing import Any

from ..events import summary
from ..profile import Profile
from .asked import Query
from .operators import matcher

Keeps = Callable[[Profile], bool]


def keeper(query: Query) -> Keeps | None:
    """Whether the query asks for a profile that did the event; None where it asks for any."""
    if not (query.profile_filters or query.did_all or query.did_any or query.did_none):
        return None
    matches = matcher(query.profile_filters)

    def keeps(profile: Profile) -> bool:
        return did(query, profile) and matches(properties_of(profile))

    return keeps


def did(query: Query, profile: Profile) -> bool:
    """Whether the profile has the events it is to have, and none of the others."""
    done = summary(profile).keys()
    return (
        done >= set(query.did_all)
        and (not query.did_any or not done.isdisjoint(query.did_any))
        and done.isdisjoint(query.did_none)
    )


def properties_of(profile: Profile) -> dict[str, Any]:
    """What is known of a profile, by name; reserved names win over custom ones."""
    known = profile.properties | profile.fields
    known |= {"email": profile.email, "phone": profile.phone, "identity": profile.identities or None}
    return known
