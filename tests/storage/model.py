"""The dict model: what a store does, over plain dicts. Every backend is compared with it."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import msgspec

from personae.core.identity import Key, Ref
from personae.core.profile import Profile
from personae.core.work import Changes, Found
from personae.storage import Fold, Passcode, Project, Unavailable


def row_key(key: Ref) -> bytes:
    """The row a key leads to first; a reference that is a row key already is itself."""
    return key if isinstance(key, bytes) else "\0".join(key).encode()


@dataclass
class Shelf:
    """The profiles of one project. `rows` maps a row key to a document, `aliases` to another row key."""

    rows: dict[bytes, bytes] = field(default_factory=dict)
    aliases: dict[bytes, bytes] = field(default_factory=dict)
    contacts: dict[Key, dict[bytes, None]] = field(default_factory=dict)
    flags: dict[Key, bool] = field(default_factory=dict)

    def find(self, keys: Sequence[Key]) -> Found:
        """Copies of the profiles behind these keys."""
        rows = {key: self.lead(row_key(key)) for key in keys}
        owners: dict[Key, Ref] = {key: row for key, row in rows.items() if row in self.rows}
        return Found(owners, {row: self.profile(row) for row in rows.values() if row in self.rows})

    def lead(self, row: bytes) -> bytes:
        return self.aliases.get(row, row)

    def profile(self, row: bytes) -> Profile:
        return msgspec.json.decode(self.rows[row], type=Profile)

    def find_by_contact(self, contact: Key) -> list[Profile]:
        """Copies of the profiles that have this contact, the last updated first."""
        return sorted(map(self.profile, self.contacts.get(contact, {})), key=lambda profile: profile.updated, reverse=True)

    def write(self, changes: Changes) -> None:
        for ref, profile in changes.profiles.items():
            self.rows[row_key(ref)] = msgspec.json.encode(profile)
        for key, ref in changes.aliases.items():
            self.rows.pop(row_key(key), None)
            self.aliases[row_key(key)] = row_key(ref)
        for (contact, ref), held in changes.contacts.items():
            rows = self.contacts.setdefault(contact, {})
            if held:
                rows[row_key(ref)] = None
            else:
                rows.pop(row_key(ref), None)
        self.flags |= {address: dnd for address, (dnd, _) in changes.flags.items()}


@dataclass
class Disk:
    """What stays when a model is closed."""

    shelves: dict[str, Shelf] = field(default_factory=dict)
    projects: dict[str, Project] = field(default_factory=dict)
    passcodes: dict[str, Passcode] = field(default_factory=dict)
    meta: dict[str, bytes] = field(default_factory=dict)
    version: int = 0


class DictStore:
    """A `Store` whose every method does at once what its docstring there promises."""

    def __init__(self, disk: Disk) -> None:
        self.disk = disk
        self.closed = False

    async def shelf(self, project: Project) -> Shelf:
        """The project's profiles, after other tasks had their turn."""
        await self.check_writable()
        await asyncio.sleep(0)
        return self.disk.shelves.setdefault(project.id, Shelf())

    async def find(self, project: Project, keys: Sequence[Key]) -> Found:
        return (await self.shelf(project)).find(keys)

    async def find_by_contact(self, project: Project, contact: Key, limit: int, offset: int = 0) -> list[Profile]:
        return (await self.shelf(project)).find_by_contact(contact)[offset : offset + limit]

    async def find_flags(self, project: Project, keys: Sequence[Key]) -> dict[Key, bool]:
        flags = (await self.shelf(project)).flags
        return {key: flags[key] for key in keys if key in flags}

    async def update(self, project: Project, keys: Sequence[Key], fold: Fold) -> Changes:
        shelf = await self.shelf(project)
        changes = fold(shelf.find(keys))
        shelf.write(changes)
        return changes

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

    async def check_writable(self) -> None:
        if self.closed:
            raise Unavailable("the store is closed")

    async def size_bytes(self) -> int:
        return sum(len(document) for shelf in self.disk.shelves.values() for document in shelf.rows.values())

    async def close(self) -> None:
        self.closed = True
        await asyncio.sleep(0)
