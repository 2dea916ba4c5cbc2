"""Between profiles and rows, the same on every engine: what is read becomes `Found`, changes become rows."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from ..core.identity import Key, Ref
from ..core.profile import Profile
from ..core.work import Changes, Found, joined
from . import Project
from .codec import encode_document, hash_keys

ReadRow = tuple[bytes, int, Profile | None, bytes | None]
"""A row of `node` as it was read: key, version, the profile or else the row an alias leads to."""


class Reading:
    """What is behind some keys of a project, built up from rows as they come."""

    def __init__(self, project: Project, hashes: Mapping[Key, bytes]) -> None:
        """`hashes` are the keys, each with its row key."""
        self.project = project
        self.hashes = hashes
        self.found = Found({}, {})
        self.versions: dict[Ref, int] = {}
        self._targets: dict[bytes, bytes] = {}

    def add(self, rows: Iterable[ReadRow]) -> list[bytes]:
        """Take in rows that were read; gives those rows that aliases among them lead to and that are still to be read."""
        profiles, targets = self.found.profiles, self._targets
        missing: dict[bytes, None] = {}
        for key, version, profile, target in rows:
            if profile is not None:
                profiles[key] = profile
                self.versions[key] = version
            elif target is not None:
                targets[key] = target
                missing[target] = None
        return [target for target in missing if target not in profiles and target not in targets]

    def finish(self) -> "Reading":
        """Say whose each key is, once `add` leaves nothing to be read.

        An alias can lead to another one: where its profile was merged away between two reads.
        """
        owners, profiles = self.found
        targets = self._targets
        for key, owner in self.hashes.items():
            while owner in targets:
                owner = targets[owner]
            if owner in profiles:
                owners[key] = owner
        return self


class Rows(NamedTuple):
    """The rows one project's changes come to, in no order.

    `profiles` are (key, version, document, updated), `aliases` (key, target), contacts (contact key,
    profile key), `flags` (address key, 0 or 1, profile key). `updated` is epoch microseconds.
    """

    project: str
    profiles: list[tuple[bytes, int, str, int]]
    aliases: list[tuple[bytes, bytes]]
    contacts: list[tuple[bytes, bytes]]
    left_contacts: list[tuple[bytes, bytes]]
    flags: list[tuple[bytes, int, bytes]]
    updated: int


def prepare(project: Project, changes: Changes, versions: Mapping[Ref, int], hashes: Mapping[Key, bytes]) -> Rows:
    """The rows that changes come to; each profile row one version above the one that was read.

    `hashes` are row keys that are known already.
    """
    secret = project.secret
    row_keys = row_keys_of(secret, changes, hashes)
    profiles = [
        (row_keys[ref], versions.get(ref, 0) + 1, encode_document(profile), profile.updated)
        for ref, profile in changes.profiles.items()
    ]
    aliases = zip(
        row_keys_by(secret, list(changes.aliases), hashes), map(row_keys.__getitem__, changes.aliases.values()), strict=True
    )
    contact_keys = hash_keys(secret, [contact for contact, _ in changes.contacts])
    contacts: tuple[list[tuple[bytes, bytes]], list[tuple[bytes, bytes]]] = ([], [])
    for contact_key, ((_, ref), held) in zip(contact_keys, changes.contacts.items(), strict=True):
        contacts[held].append((contact_key, row_keys[ref]))
    flags = [
        (address, int(dnd), row_keys[ref])
        for address, (dnd, ref) in zip(hash_keys(secret, changes.flags), changes.flags.values(), strict=True)
    ]
    updated = max((row[3] for row in profiles), default=0)
    return Rows(project.id, profiles, list(aliases), contacts[True], contacts[False], flags, updated)


def prepare_all(readings: Mapping[str, Reading], folded: Sequence[tuple[str, Changes]]) -> list[Rows]:
    """The rows of each project, from what several folds, each with its project ID, made of these readings."""
    return [
        prepare(
            reading.project,
            joined([changes for project, changes in folded if project == name]),
            reading.versions,
            reading.hashes,
        )
        for name, reading in readings.items()
    ]


def row_keys_of(secret: bytes, changes: Changes, hashes: Mapping[Key, bytes]) -> dict[Ref, bytes]:
    """The row of each profile: a stored one says it itself, a new one is stored under its first key.

    A profile that was merged away in the same batch may still be named by a contact or a flag.
    """
    named = (*(ref for _, ref in changes.contacts), *(ref for _, ref in changes.flags.values()))
    refs = list(dict.fromkeys([*changes.profiles, *changes.aliases.values(), *named]))
    return dict(zip(refs, row_keys_by(secret, refs, hashes), strict=True))


def row_keys_by(secret: bytes, refs: Sequence[Ref], hashes: Mapping[Key, bytes]) -> list[bytes]:
    """The row of each of these profiles or keys, by those hashes that are known already."""
    known: list[bytes | None] = [ref if type(ref) is bytes else hashes.get(ref) for ref in refs]  # type: ignore[arg-type]
    unknown: list[Key] = [ref for ref, row in zip(refs, known, strict=True) if row is None]  # type: ignore[misc]
    hashed = iter(hash_keys(secret, unknown))
    return [row or next(hashed) for row in known]
