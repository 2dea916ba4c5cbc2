"""The dict model: what a store does, over plain dicts. Every backend is compared with it."""

import asyncio
import re
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Final

import msgspec

from personae.core.history import Change, places_of
from personae.core.identity import Key, Ref
from personae.core.profile import Profile
from personae.core.work import Changes, Found
from personae.storage import Fold, ForeignPlace, Passcode, Project, Scanned, Unavailable
from personae.storage.codec import hash_key, name_key
from personae.storage.events import SEQUENCE_BITS, Segment, Span, day_of

NO_SECRET: Final = b""

PIECE: Final = 3
"""Profiles in a piece of a scan."""


def row_key(key: Ref) -> bytes:
    """The row a key leads to first; a reference that is a row key already is itself."""
    return key if isinstance(key, bytes) else hash_key(NO_SECRET, key)


@dataclass
class History:
    """Changes of profiles by place, and how many places were ever taken."""

    changes: dict[int, bytes] = field(default_factory=dict)
    places: int = 0

    def write(self, changes: Changes) -> None:
        """Put changes in new places, which their profiles are told, and empty those that are kept no longer."""
        for profile, change, keep in changes.history:
            self.places += 1
            self.changes[self.places] = msgspec.json.encode(change)
            profile.history.append(self.places)
            if len(profile.history) > keep + keep // 4:
                self.forget(profile.history[:-keep])
                del profile.history[:-keep]
        for profile in changes.erased:
            self.forget(places_of(profile))

    def forget(self, places: Sequence[int]) -> None:
        for place in places:
            del self.changes[place]

    def read(self, places: Sequence[int]) -> list[Change]:
        """The changes in these places, the last one first."""
        kept = [msgspec.json.decode(self.changes[place], type=Change) for place in places if place in self.changes]
        return sorted(kept, key=lambda change: change.at, reverse=True)


@dataclass
class Shelf:
    """The profiles of one project. `rows` maps a row key to a document, `aliases` to another row key.

    `events` are segments of one event each, by id.
    """

    rows: dict[bytes, bytes] = field(default_factory=dict)
    aliases: dict[bytes, bytes] = field(default_factory=dict)
    contacts: dict[Key, dict[bytes, None]] = field(default_factory=dict)
    flags: dict[Key, bool] = field(default_factory=dict)
    events: dict[int, Segment] = field(default_factory=dict)
    added: int = 0
    history: History = field(default_factory=History)

    def find(self, keys: Sequence[Key]) -> Found:
        """Copies of the profiles behind these keys."""
        rows = {key: self.lead(row_key(key)) for key in keys}
        owners: dict[Key, Ref] = {key: row for key, row in rows.items() if row in self.rows}
        return Found(owners, {row: self.profile(row) for row in rows.values() if row in self.rows})

    def lead(self, row: bytes) -> bytes:
        while row in self.aliases:
            row = self.aliases[row]
        return row

    def profile(self, row: bytes) -> Profile:
        return msgspec.json.decode(self.rows[row], type=Profile)

    def find_by_contact(self, contact: Key) -> list[Profile]:
        """Copies of the profiles that have this contact, the last updated first."""
        return sorted(map(self.profile, self.contacts.get(contact, {})), key=lambda profile: profile.updated, reverse=True)

    def read_events(self, name: str, span: Span) -> list[Segment]:
        """The events of a normal name and of these days, in the order of their days."""
        first, last = span.ids
        number = name_key(NO_SECRET, name)
        return [event for id, event in sorted(self.events.items()) if first <= id < last and event.name == number]

    def write(self, changes: Changes) -> None:
        """Do all that the changes say; what they erase is what was there before."""
        self.erase(changes)
        self.history.write(changes)
        self.write_profiles(changes)
        self.write_contacts(changes)
        self.add_events(changes)

    def erase(self, changes: Changes) -> None:
        for key in changes.released:
            self.rows.pop(row_key(key), None)
            self.aliases.pop(row_key(key), None)
        owners = {row_key(key) for profile in changes.erased for key in profile.keys}
        self.events = {id: event for id, event in self.events.items() if event.owners not in owners}

    def write_profiles(self, changes: Changes) -> None:
        for ref, profile in changes.profiles.items():
            self.rows[row_key(ref)] = msgspec.json.encode(profile)
            self.aliases.pop(row_key(ref), None)
        for key, ref in changes.aliases.items():
            self.rows.pop(row_key(key), None)
            self.aliases[row_key(key)] = row_key(ref)

    def write_contacts(self, changes: Changes) -> None:
        for (contact, ref), held in changes.contacts.items():
            rows = self.contacts.setdefault(contact, {})
            if held:
                rows[row_key(ref)] = None
            else:
                rows.pop(row_key(ref), None)
        self.flags |= {address: dnd for address, (dnd, _) in changes.flags.items()}

    def add_events(self, changes: Changes) -> None:
        for event in changes.events:
            self.added += 1
            id = (day_of(event.ts) << SEQUENCE_BITS) + self.added
            body = msgspec.json.encode([(event.ts, event.data)]).decode()
            self.events[id] = Segment(id, name_key(NO_SECRET, event.name), 1, row_key(event.owner), body)


@dataclass
class Disk:
    """What stays when a model is closed."""

    shelves: dict[str, Shelf] = field(default_factory=dict)
    projects: dict[str, Project] = field(default_factory=dict)
    passcodes: dict[str, Passcode] = field(default_factory=dict)
    meta: dict[str, bytes] = field(default_factory=dict)
    version: int = 0
    history: History = field(default_factory=History)


class DictStore:
    """A `Store` whose every method does at once what its docstring there promises."""

    def __init__(self, disk: Disk) -> None:
        self.disk = disk
        self.closed = False

    async def shelf(self, project: Project) -> Shelf:
        """The project's profiles, after other tasks had their turn."""
        await self.check_writable()
        await asyncio.sleep(0)
        return self.disk.shelves.setdefault(project.id, Shelf(history=self.disk.history))

    async def find(self, project: Project, keys: Sequence[Key]) -> Found:
        return (await self.shelf(project)).find(keys)

    async def find_by_contact(self, project: Project, contact: Key, limit: int, offset: int = 0) -> list[Profile]:
        return (await self.shelf(project)).find_by_contact(contact)[offset : offset + limit]

    async def find_flags(self, project: Project, keys: Sequence[Key]) -> dict[Key, bool]:
        flags = (await self.shelf(project)).flags
        return {key: flags[key] for key in keys if key in flags}

    async def has_flags(self) -> bool:
        await self.check_writable()
        return any(shelf.flags for shelf in self.disk.shelves.values())

    async def find_owners(self, project: Project, owners: Sequence[bytes]) -> dict[bytes, bytes]:
        shelf = await self.shelf(project)
        return {owner: shelf.lead(owner) for owner in owners if shelf.lead(owner) in shelf.rows}

    async def read_profiles(self, project: Project, rows: Sequence[bytes]) -> dict[bytes, Profile]:
        shelf = await self.shelf(project)
        return {row: shelf.profile(row) for row in rows if row in shelf.rows}

    async def update(self, project: Project, keys: Sequence[Key], fold: Fold, *, alone: bool = False) -> Changes:
        shelf = await self.shelf(project)
        changes = fold(shelf.find(keys))
        shelf.write(changes)
        return changes

    async def count_events(self, project: Project, name: str, span: Span) -> int:
        return len((await self.shelf(project)).read_events(name, span))

    async def has_events(self, project: Project, name: str) -> bool:
        number = name_key(NO_SECRET, name)
        return any(event.name == number for event in (await self.shelf(project)).events.values())

    async def read_segments(
        self, project: Project, name: str, span: Span, after: int, limit: int, *, bodies: bool
    ) -> list[Segment]:
        events = (await self.shelf(project)).read_events(name, span)
        page = [event for event in events if event.id > after][:limit]
        return page if bodies else [event._replace(body="") for event in page]

    async def expire_events(self, before_day: int, limit: int) -> int:
        places = [(shelf.events, id) for shelf in self.disk.shelves.values() for id in shelf.events]
        expired = [(events, id) for events, id in places if id < before_day << SEQUENCE_BITS][:limit]
        for events, id in expired:
            del events[id]
        return len(expired)

    async def read_history(self, places: Sequence[int]) -> list[Change]:
        await self.check_writable()
        return self.disk.history.read(places)

    @asynccontextmanager
    async def scan(self, project: Project, after: str = "") -> AsyncIterator[AsyncIterator[Scanned]]:
        rows = sorted((await self.shelf(project)).rows.items())
        if after and re.fullmatch("[0-9a-f]{32}", after) is None:
            raise ForeignPlace

        async def pieces() -> AsyncIterator[Scanned]:
            left = [(row, document) for row, document in rows if row.hex() > after]
            for start in range(0, len(left), PIECE):
                piece = left[start : start + PIECE]
                await asyncio.sleep(0)
                yield Scanned([msgspec.json.decode(document, type=Profile) for _, document in piece], piece[-1][0].hex())

        yield pieces()

    async def projects(self) -> list[Project]:
        return sorted(self.disk.projects.values(), key=lambda project: project.created)

    async def passcodes(self) -> list[Passcode]:
        return sorted(self.disk.passcodes.values(), key=lambda passcode: passcode.created)

    async def add_project(self, project: Project) -> bool:
        if project.id in self.disk.projects:
            return False
        self.disk.projects[project.id] = project
        self.disk.version += 1
        return True

    async def put_passcodes(self, passcodes: Sequence[Passcode]) -> None:
        used = {passcode.id: passcode.last_used for passcode in await self.passcodes()}
        self.disk.passcodes |= {passcode.id: passcode for passcode in passcodes}
        await self.touch_passcodes(used)
        self.disk.version += 1

    async def touch_passcodes(self, used: Mapping[str, int]) -> None:
        for id, last_used in used.items():
            passcode = self.disk.passcodes.get(id)
            if passcode is not None and passcode.last_used < last_used:
                self.disk.passcodes[id] = msgspec.structs.replace(passcode, last_used=last_used)

    async def access_version(self) -> int:
        return self.disk.version

    async def get_meta(self, name: str) -> bytes | None:
        return self.disk.meta.get(name)

    async def set_meta(self, name: str, value: bytes) -> bytes:
        return self.disk.meta.setdefault(name, value)

    async def put_meta(self, name: str, value: bytes) -> None:
        self.disk.meta[name] = value

    async def drop_meta(self, first: str, last: str) -> None:
        kept = {name: value for name, value in self.disk.meta.items() if not first.encode() <= name.encode() < last.encode()}
        self.disk.meta = kept

    async def check_writable(self) -> None:
        if self.closed:
            raise Unavailable("the store is closed")

    async def size_bytes(self) -> int:
        return sum(len(document) for shelf in self.disk.shelves.values() for document in shelf.rows.values())

    async def close(self) -> None:
        self.closed = True
        await asyncio.sleep(0)
