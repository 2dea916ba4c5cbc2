"""Profiles with all their identifiers: what takes any of these away has to have read all of them."""

from collections.abc import Iterable

from ..identity import Key, Ref
from ..profile import Profile
from ..work import Found


class Incomplete(Exception):  # noqa: N818 - the reason to look again
    """A profile has identifiers that were not looked up: it got them meanwhile. `keys` are all it has; nothing is changed."""

    def __init__(self, keys: list[Key]) -> None:
        super().__init__(keys)
        self.keys = keys


def whole(keys: Iterable[Key], found: Found) -> dict[Ref, Profile]:
    """The profiles these keys lead to, each once. Raises `Incomplete` unless all identifiers of each were looked up."""
    owners = found.owners
    refs = dict.fromkeys(owners[key] for key in keys if key in owners)
    profiles = {ref: found.profiles[ref] for ref in refs}
    for ref, profile in profiles.items():
        if any(owners.get(key) != ref for key in profile.keys):
            raise Incomplete(keys_of(profiles.values()))
    return profiles


def keys_of(profiles: Iterable[Profile]) -> list[Key]:
    """All identifiers of these profiles."""
    return [key for profile in profiles for key in profile.keys]
