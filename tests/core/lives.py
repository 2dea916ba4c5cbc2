"""A world in which profiles are deleted, taken apart and lose identities: the folds over the dict model."""

from collections.abc import Callable

from personae.core.history import Author, Change, places_of
from personae.core.identity import Key
from personae.core.life import disassociate as phones
from personae.core.life import subscribe as flags
from personae.core.life.demerge import demerge
from personae.core.life.erase import erase
from personae.core.profile import Json, Profile
from personae.core.work import Changes, Found
from tests.core.world import World

BY = Author("request-1", "back office")


class Lives(World):
    """One project. Each act looks up all identifiers of the profiles it means, and writes what comes of it."""

    def act(self, keys: list[Key], step: Callable[[Found], Changes]) -> Changes:
        profiles = self.shelf.find(keys).profiles.values()
        self.changes = step(self.shelf.find([*keys, *(key for profile in profiles for key in profile.keys)]))
        self.shelf.write(self.changes)
        return self.changes

    def delete(self, *values: str, kind: str = "identity") -> Changes:
        keys = [(kind, value) for value in values]
        return self.act(keys, lambda found: erase(keys, found))

    def demerge(self, *identities: str) -> Changes:
        keys = [("identity", identity) for identity in identities]
        now_us = next(self.clock) * 1_000_000
        return self.act(keys, lambda found: demerge(keys, found, now_us, self.rules, BY))

    def disassociate(self, *records: object) -> Changes:
        accepted, rejected = phones.screen(records, self.rules)
        now_us = next(self.clock) * 1_000_000
        keys = [record.key for record in accepted]
        changes = self.act(keys, lambda found: phones.disassociate(accepted, found, now_us, self.rules, BY))
        changes.rejected += rejected
        return changes

    def subscribe(self, *records: object) -> Changes:
        accepted, rejected = flags.screen(records)
        changes = self.act([], lambda found: flags.subscribe(accepted, found))
        changes.rejected += rejected
        return changes

    def device(self, device: str) -> Profile:
        """The profile of this device."""
        return self.profile(device, "objectId")

    def history(self, profile: Profile) -> list[Change]:
        """What is remembered of a profile, the last change first."""
        return self.shelf.history.read(places_of(profile))

    def found_by(self, address: str) -> list[list[str]]:
        """The devices of each profile that has this email as a contact."""
        return [list(profile.devices) for profile in self.shelf.find_by_contact(("email", address))]


def event(name: str, data: Json | None = None, identity: object = "x", **more: object) -> Json:
    """An event record; None as `identity` leaves it out."""
    record: Json = {"type": "event", "evtName": name, "evtData": data or {}, **more}
    return record if identity is None else {"identity": identity, **record}


def token(device: str, value: str) -> Json:
    return {"type": "token", "objectId": device, "tokenData": {"id": value, "type": "fcm"}}
