"""Between profiles and rows, the same on every engine: what is read becomes `Found`, changes become rows."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from ..core.history import places_of
from ..core.identity import DEVICE_KIND, Key, Ref
from ..core.profile import Profile
from ..core.work import Changes, Found, Happened, joined
from . import Project
from .codec import encode_change, encode_document, hash_keys, name_key
from .events import EventRow

ReadRow = tuple[bytes, int, Profile | None, bytes | None]
"""A row of `node` as it was read: key, version, the profile or else the row an alias leads to; neither once it is released."""


class Reading:
    """What is behind some keys of a project, built up from rows as they come."""

    def __init__(self, project: Project, hashes: Mapping[Key, bytes]) -> None:
        """`hashes` are the keys, each with its row key.

        `versions` will have every row that was read, `stored` those that held a profile then.
        """
        self.project = project
        self.hashes = hashes
        self.found = Found({}, {})
        self.versions: dict[bytes, int] = {}
        self.stored: set[bytes] = set()
        self._targets: dict[bytes, bytes] = {}

    def add(self, rows: Iterable[ReadRow]) -> list[bytes]:
        """Take in rows that were read; gives those rows that aliases among them lead to and that are still to be read."""
        profiles, targets = self.found.profiles, self._targets
        missing: dict[bytes, None] = {}
        for key, version, profile, target in rows:
            self.versions[key] = version
            if profile is not None:
                profiles[key] = profile
                self.stored.add(key)
            elif target is not None:
                targets[key] = target
                missing[target] = None
        return [target for target in missing if target not in profiles and target not in targets]

    def finish(self) -> bool:
        """Say whose each key is, once `add` leaves nothing to be read; False where rows are of different moments.

        Between two reads a profile may have moved to another row, and another person's be in its own: an alias
        counts if it leads to a profile that has the key. An alias can lead to another one.
        """
        owners, profiles = self.found
        torn = False
        for key, row in self.hashes.items():
            owner = row if row in profiles else self._end(row)
            if owner in profiles and (owner == row or profiles[owner].has(key)):
                owners[key] = owner
            elif row in self._targets:
                torn = True
        if torn:
            owned = set(owners.values())
            self.found = Found(owners, {row: profile for row, profile in profiles.items() if row in owned})
        return not torn

    def restart(self) -> None:
        """Forget what was read."""
        self.found = Found({}, {})
        for kept in (self.versions, self.stored, self._targets):
            kept.clear()

    def _end(self, row: bytes) -> bytes:
        """Where aliases lead to from this row; where they lead round in a circle, one of them."""
        targets = self._targets
        for _ in targets:
            if row not in targets:
                break
            row = targets[row]
        return row


class Rows(NamedTuple):
    """The rows one project's changes come to, in no order but for events and history.

    `profiles` are (key, version, document, updated), `aliases` (key, target), contacts (contact key,
    profile key), `flags` (address key, 0 or 1, profile key or None), `history` (place,
    change, profile key) and `forgotten`, places of it to empty, (place, profile key). `released` are keys whose
    rows lead nowhere any more, `erased` owners whose events go. `homes` has the row of the profile that each
    owner of these events is part of, if it is written. `updated` is epoch microseconds.
    """

    project: str
    profiles: list[tuple[bytes, int, str, int]]
    aliases: list[tuple[bytes, bytes]]
    contacts: list[tuple[bytes, bytes]]
    left_contacts: list[tuple[bytes, bytes]]
    flags: list[tuple[bytes, int, bytes | None]]
    events: list[EventRow]
    history: list[tuple[int, str, bytes]]
    forgotten: list[tuple[int, bytes]]
    released: list[bytes]
    erased: list[bytes]
    homes: dict[bytes, bytes]
    updated: int


def prepare(
    project: Project, changes: Changes, versions: Mapping[bytes, int], hashes: Mapping[Key, bytes], places: Iterator[int]
) -> Rows:
    """The rows that changes come to; each profile row one version above the one that was read.

    `hashes` are row keys that are known already, `places` those of history that are free.
    """
    secret = project.secret
    row_keys = row_keys_of(secret, changes, hashes)
    history, forgotten = history_rows(changes, row_keys, places)  # first: it tells the profiles where their history is
    gone = zip(changes.erased, row_keys_by(secret, [profile.home for profile in changes.erased], hashes), strict=True)
    forgotten += [(place, row) for profile, row in gone for place in places_of(profile)]
    profiles = [
        (row := row_keys[ref], versions.get(row, 0) + 1, encode_document(profile), profile.updated)
        for ref, profile in changes.profiles.items()
    ]
    aliases = zip(
        row_keys_by(secret, list(changes.aliases), hashes), map(row_keys.__getitem__, changes.aliases.values()), strict=True
    )
    contact_keys = hash_keys(secret, [contact for contact, _ in changes.contacts])
    # by row: a profile that moves home may be there already, under another reference
    contacts = {
        (contact_key, row_keys[ref]): held
        for contact_key, ((_, ref), held) in zip(contact_keys, changes.contacts.items(), strict=True)
    }
    flags = [
        (address, int(dnd), None if ref is None else row_keys[ref])
        for address, (dnd, ref) in zip(hash_keys(secret, changes.flags), changes.flags.values(), strict=True)
    ]
    owners = owners_of(secret, changes, hashes)
    updated = max((row[3] for row in profiles), default=0)
    return Rows(
        project.id,
        profiles,
        list(aliases),
        [contact for contact, held in contacts.items() if held],
        [contact for contact, held in contacts.items() if not held],
        flags,
        event_rows(secret, changes.events, owners),
        history,
        forgotten,
        row_keys_by(secret, changes.released, hashes),
        row_keys_by(secret, [key for profile in changes.erased for key in profile.keys], hashes),
        homes_of(changes, row_keys, owners),
        updated,
    )


def owners_of(secret: bytes, changes: Changes, hashes: Mapping[Key, bytes]) -> dict[Key, bytes]:
    """Who owns the events, each with the row key."""
    owners = list({event.owner for event in changes.events})
    return dict(zip(owners, row_keys_by(secret, owners, hashes), strict=True))


def event_rows(secret: bytes, events: Sequence[Happened], owners: Mapping[Key, bytes]) -> list[EventRow]:
    """The events to write."""
    if not events:
        return []
    names = {name: name_key(secret, name) for name in {event.name for event in events}}
    return [EventRow(owners[event.owner], names[event.name], event.ts, event.data) for event in events]


def history_rows(
    changes: Changes, row_keys: Mapping[Ref, bytes], places: Iterator[int]
) -> tuple[list[tuple[int, str, bytes]], list[tuple[int, bytes]]]:
    """The history to write, each change in a new place that its profile is told, and the places that are emptied.

    A profile keeps up to a quarter more than it has to, so that old changes go several at a time.
    """
    rows: list[tuple[int, str, bytes]] = []
    forgotten: list[tuple[int, bytes]] = []
    if not changes.history:
        return rows, forgotten
    holders = rows_by_profile(changes.profiles, row_keys)
    for (profile, change, keep), place in zip(changes.history, places, strict=False):
        row = holders.get(id(profile))
        if row is None:  # it was merged away in this batch, and cannot be restored
            continue
        rows.append((place, encode_change(change), row))
        history = profile.history
        history.append(place)
        if len(history) > keep + keep // 4:
            forgotten += [(old, row) for old in history[:-keep]]
            del history[:-keep]
    return rows, forgotten


def rows_by_profile(profiles: Mapping[Ref, Profile], row_keys: Mapping[Ref, bytes]) -> dict[int, bytes]:
    """The row that each profile is written to, by its `id()`; what was merged into one goes with it."""
    rows = {id(profile): row_keys[ref] for ref, profile in profiles.items()}
    for profile in [profile for profile in profiles.values() if profile.merged]:
        rows |= dict.fromkeys(map(id, parts_of(profile)), rows[id(profile)])
    return rows


def parts_of(profile: Profile) -> list[Profile]:
    """What was merged into a profile, and into these."""
    return [part for merged in profile.merged for part in (merged.profile, *parts_of(merged.profile))]


def homes_of(changes: Changes, row_keys: Mapping[Ref, bytes], owners: Mapping[Key, bytes]) -> dict[bytes, bytes]:
    """The rows of the profiles these owners are part of, by owner.

    A profile that was merged away has left its devices to the one that is written, its home among them.
    """
    if not owners:
        return {}
    devices = (
        ((DEVICE_KIND, device), row_keys[ref]) for ref, profile in changes.profiles.items() for device in profile.devices
    )
    return {owners[device]: row for device, row in devices if device in owners}


def prepare_all(readings: Mapping[str, Reading], folded: Sequence[tuple[str, Changes]], places: Iterator[int]) -> list[Rows]:
    """The rows of each project, from what several folds, each with its project ID, made of these readings."""
    return [
        prepare(
            reading.project,
            joined([changes for project, changes in folded if project == name]),
            reading.versions,
            reading.hashes,
            places,
        )
        for name, reading in readings.items()
    ]


def row_keys_of(secret: bytes, changes: Changes, hashes: Mapping[Key, bytes]) -> dict[Ref, bytes]:
    """The row of each profile: a stored one says it itself, a new one is stored under its first key.

    A profile that was merged away in the same batch may still be named by a contact or a flag.
    """
    named = (*(ref for _, ref in changes.contacts), *(ref for _, ref in changes.flags.values() if ref is not None))
    refs = list(dict.fromkeys([*changes.profiles, *changes.aliases.values(), *named]))
    return dict(zip(refs, row_keys_by(secret, refs, hashes), strict=True))


def row_keys_by(secret: bytes, refs: Sequence[Ref], hashes: Mapping[Key, bytes]) -> list[bytes]:
    """The row of each of these profiles or keys, by those hashes that are known already."""
    known: list[bytes | None] = [ref if type(ref) is bytes else hashes.get(ref) for ref in refs]  # type: ignore[arg-type]
    unknown: list[Key] = [ref for ref, row in zip(refs, known, strict=True) if row is None]  # type: ignore[misc]
    hashed = iter(hash_keys(secret, unknown))
    return [row or next(hashed) for row in known]
