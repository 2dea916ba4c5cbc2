"""Deleting profiles: at once, and with all that belongs to them.

The do-not-disturb flags of their addresses stay: they belong to the addresses, and who left a list is
not to be written to because a profile was deleted. Source: contract B 6.3.
"""

from collections.abc import Sequence

from ..identity import Key
from ..profile import contacts
from ..work import Changes, Found
from .whole import whole


def erase(keys: Sequence[Key], found: Found) -> Changes:
    """Forget the profiles these keys lead to; keys of nobody are left alone. Raises `Incomplete`."""
    changes = Changes()
    for ref, profile in whole(keys, found).items():
        changes.released += profile.keys
        changes.erased.append(profile)
        changes.contacts |= {(contact, ref): False for contact in contacts(profile)}
    return changes
