"""A profile as it is stored, and what follows from it."""

from typing import Any, Final

import msgspec

from .fields import DND_ADDRESS, is_email
from .identity import DEVICE_KIND, IDENTITY_KIND, Key

Json = dict[str, Any]


class Seen(msgspec.Struct, array_like=True):
    """What a profile says of one event: its name as first spelled, how often, the first and the last time.

    Times are the events' own, epoch seconds. Source: contract B 4.2.
    """

    name: str
    count: int
    first: int
    last: int


class Profile(msgspec.Struct, omit_defaults=True):
    """One person. `created` is epoch seconds, `updated` epoch microseconds, `ts` the record's own time.

    `fields` holds reserved fields and opt-in flags under their normal names, `properties` the custom
    ones under the spelling first seen; no two spellings of one property stand beside each other.
    `devices` maps objectId to what is known of the device; the first of them is the profile's home.
    `unsubscribed` maps a channel to the subscription groups the person left. `events` are those of this
    profile alone, by normal name; those of profiles that became part of it are in `merged`.
    `history` has the places of its last changes, the oldest first.
    """

    created: int
    updated: int = 0
    ts: int = 0
    identities: list[str] = []
    fbids: list[str] = []
    gpids: list[str] = []
    devices: dict[str, Json] = {}
    fields: Json = {}
    properties: Json = {}
    unsubscribed: dict[str, list[str]] = {}
    source: str = ""
    events: dict[str, Seen] = {}
    merged: list["Merged"] = []
    history: list[int] = []

    @property
    def anonymous(self) -> bool:
        """Whether only devices are known of this person (contract A5.1)."""
        return not (self.identities or self.fbids or self.gpids)

    def attach(self, key: Key) -> None:
        """Make `key` one of this profile's identifiers; a no-op if it is."""
        kind, value = key
        if kind == DEVICE_KIND:
            self.devices.setdefault(value, {})
            return
        values: list[str] = getattr(self, IDENTIFIERS[kind])
        if value not in values:
            values.append(value)

    @property
    def home(self) -> Key:
        """The key whose row owns this profile's events: it stays, whatever identities come and go."""
        return DEVICE_KIND, next(iter(self.devices))

    @property
    def keys(self) -> list[Key]:
        """Every identifier that leads to this profile."""
        values = ((kind, value) for kind, place in IDENTIFIERS.items() for value in getattr(self, place))
        return [*values, *((DEVICE_KIND, device) for device in self.devices)]

    def has(self, key: Key) -> bool:
        """Whether this identifier leads to this profile."""
        kind, value = key
        return value in (self.devices if kind == DEVICE_KIND else getattr(self, IDENTIFIERS[kind]))

    @property
    def email(self) -> str | None:
        """The Email, or the first identity that has the form of one (contract A5.3)."""
        explicit: str | None = self.fields.get("email")
        return explicit or next(filter(is_email, self.identities), None)

    @property
    def phone(self) -> str | None:
        phone: str | None = self.fields.get("phone")
        return phone


class Merged(msgspec.Struct, omit_defaults=True):
    """An anonymous profile that became part of another one `at` epoch seconds: what demerge restores both by.

    `profile` is as it was. The rest is what the other one took over: properties by their spelling,
    fields by their normal name, groups left by channel.
    """

    profile: Profile
    at: int
    properties: Json = {}
    fields: Json = {}
    unsubscribed: dict[str, list[str]] = {}


IDENTIFIERS: Final = {IDENTITY_KIND: "identities", "FBID": "fbids", "GPID": "gpids"}
"""Where a profile keeps each kind of identifier that makes it an identified one."""


def contacts(profile: Profile) -> list[Key]:
    """The addresses this profile can be found by beside its keys: ("email", ...), ("phone", ...).

    Emails compare without regard to case (contract A6.2), so an identity in the form of an email
    needs a contact of its own only when it is not in lower case already.
    """
    found = field_contacts(profile.fields)
    for identity in profile.identities:
        address = identity.lower()
        if address != identity and is_email(identity):
            found.append(("email", address))
    return found


def field_contacts(fields: Json) -> list[Key]:
    """The addresses among the reserved fields of a profile."""
    found = []
    email: str | None = fields.get("email")
    if email:
        found.append(("email", email.lower()))
    phone: str | None = fields.get("phone")
    if phone:
        found.append(("phone", phone))
    return found


def address_flag(flag: str, profile: Profile) -> Key | None:
    """The key of a do-not-disturb flag of the address this profile has, if it has one (contract A4.7)."""
    address = profile.email if DND_ADDRESS[flag] == "email" else profile.phone
    return (flag, address.lower()) if address else None


def platform(object_id: str) -> str:
    """The platform an objectId's beginning tells. Source: contract B 2.1."""
    for prefix, name in (("__", "Android"), ("-", "iOS"), ("~", "Windows")):
        if object_id.startswith(prefix):
            return name
    return "Web"
