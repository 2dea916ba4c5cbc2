"""A small world to upload into: the pure steps over the dict model, with no store and no clock."""

from functools import partial
from itertools import count
from typing import Any

from personae.core.answers import flag_keys, profile_view, upload_answer
from personae.core.fold import fold, keys_of, screen
from personae.core.history import NOBODY, Author
from personae.core.profile import Json, Profile
from personae.core.rules import Rules
from personae.core.work import Changes
from tests.storage.model import Shelf

NOW = 1_700_000_000
"""Epoch seconds of the first upload of a world; each further one is a second later."""


class World:
    """One project. `upload` answers as the API does; `changes` is what the last upload wrote."""

    def __init__(self, rules: Rules | None = None) -> None:
        self.rules = rules or Rules()
        self.shelf = Shelf()
        self.changes = Changes()
        self.clock = count(NOW)

    def upload(self, *records: object, dry_run: bool = False, author: Author = NOBODY) -> Json:
        now = next(self.clock)
        accepted, rejected = screen(records, now, self.rules)
        seed = now.to_bytes(16)
        step = partial(fold, accepted, now_us=now * 1_000_000, seed=seed, rules=self.rules, author=author)
        changes = step(self.shelf.find(keys_of(accepted)))
        if not dry_run:
            self.shelf.write(changes)
            self.changes = changes
        return upload_answer(len(records), rejected + changes.rejected, changes.warnings, records)

    def profile(self, value: str, kind: str = "identity") -> Profile:
        """The profile this identifier leads to, as it is stored."""
        found = self.shelf.find([(kind, value)])
        return found.profiles[found.owners[kind, value]]

    def known(self, value: str, kind: str = "identity") -> bool:
        return (kind, value) in self.shelf.find([(kind, value)]).owners

    def view(self, value: str, kind: str = "identity") -> Json:
        """The `record` of GET for this identifier."""
        profile = self.profile(value, kind)
        flags = {key: self.shelf.flags[key] for key in flag_keys(profile).values() if key in self.shelf.flags}
        return profile_view(profile, flags)

    def data(self, value: str = "x") -> Json:
        """The `profileData` of GET for this identity."""
        data: Json = self.view(value)["profileData"]
        return data

    def by_email(self, address: str) -> list[Profile]:
        """The profiles whose Email is this address, without regard to case."""
        found = self.shelf.find_by_contact(("email", address.lower()))
        return [profile for profile in found if (profile.email or "").lower() == address.lower()]


def person(data: dict[str, Any] | None = None, identity: object = "x", **more: object) -> dict[str, Any]:
    """A profile record; None as `identity` leaves it out."""
    record: dict[str, Any] = {"type": "profile", "profileData": {} if data is None else data, **more}
    return record if identity is None else {"identity": identity, **record}


def event(data: object, name: object = "Bought", identity: object = "x", **more: object) -> dict[str, Any]:
    """An event record; None as `identity` leaves it out."""
    record: dict[str, Any] = {"type": "event", "evtName": name, "evtData": data, **more}
    return record if identity is None else {"identity": identity, **record}


def token(device: object = "__d", **data: object) -> dict[str, Any]:
    """A token record, of an Android device but for what `data` says."""
    return {"type": "token", "objectId": device, "tokenData": {"id": "t", "type": "fcm"} | data}


def code(answer: Json) -> int | None:
    """The code of the only record of an upload; None if it was processed."""
    assert answer["processed"] + len(answer["unprocessed"]) == 1
    return answer["unprocessed"][0]["code"] if answer["unprocessed"] else None


def code_of(data: dict[str, Any]) -> int | None:
    """What a fresh world says of a record with this `profileData`."""
    return code(World().upload(person(data)))


def stored(*steps: dict[str, Any]) -> dict[str, Any]:
    """The custom properties after these `profileData` in turn, all of which must be processed."""
    world = World()
    assert [code(world.upload(person(data))) for data in steps] == [None] * len(steps)
    return world.profile("x").properties


def warned_keys(answer: Json) -> list[str]:
    return [warning["key"] for warning in answer.get("warnings", [])]


CLEAN = {"status": "success", "processed": 1, "unprocessed": []}
"""The whole answer to one record there is nothing to say about."""
