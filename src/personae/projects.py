"""Projects and their passcodes: making, listing and revoking them, and checking who asks.

Source: contract A1.3, A7. Times are epoch seconds, 0 for never.
"""

import asyncio
import string
from collections.abc import Callable, Iterable
from hashlib import blake2b
from hmac import compare_digest
from secrets import choice, token_bytes, token_urlsafe
from typing import Final, NamedTuple

import msgspec
import structlog

from .secret_key import KEY_BYTES, ServerKey
from .settings import PASSCODE, PROJECT_ID, Kind
from .storage import Passcode, Project, Store

PASSCODE_BYTES: Final = 24
"""192 random bits; the contract asks for 128 at least (A7)."""

ID_BYTES: Final = 8
MAX_NAME_CHARS: Final = 100
FIRST_NAME: Final = "first"
FIRST_META: Final = "first_project"
"""Under this name the store keeps the ID of the project that was generated at its first start."""

LOOKS: Final = 20
LOOK_S: Final = 0.05
"""How often, and how far apart, a start looks for the passcode that another start is about to make."""

log = structlog.get_logger()


class NotDone(Exception):  # noqa: N818 - its text is the one line the user reads
    """What was asked for cannot be done; the text says why."""


class Issued(NamedTuple):
    """A passcode just made, with its `text`: the one time it is sure to be at hand."""

    project: Project
    passcode: Passcode
    text: str


class Start(NamedTuple):
    """The project a start is about. `passcode` is "" where there is none that may be shown."""

    project: Project
    passcode: str


def generated_id() -> str:
    """A project ID of the form ABC-123-456Z. Source: contract A7."""
    letters, digits = string.ascii_uppercase, string.digits
    blocks = ((letters,) * 3, (digits,) * 3, (digits,) * 3 + (letters,))
    return "-".join("".join(map(choice, block)) for block in blocks)


def generated_passcode() -> str:
    """Random URL-safe text that a command line never takes for a flag."""
    text = token_urlsafe(PASSCODE_BYTES)
    return generated_passcode() if text.startswith("-") else text


def valid(passcode: Passcode, now: int) -> bool:
    """Whether a passcode opens its project now."""
    return not passcode.revoked and (not passcode.expires or now < passcode.expires)


async def create_project(store: Store, *, project_id: str = "", name: str = "", now: int) -> Project:
    """A new project, with the secret its identifiers are hashed with; its ID is generated if not given.

    Raises `NotDone` for an ID that is taken or not allowed.
    """
    while True:
        project = _project(project_id or generated_id(), name, now)
        if await store.add_project(project):
            return project
        if project_id:
            raise NotDone(f"there is a project {project_id} already")


def _project(project_id: str, name: str, now: int) -> Project:
    _require(PROJECT_ID, "project ID", project_id)
    return Project(project_id, _name(name or project_id), token_bytes(KEY_BYTES), now)


async def find_project(store: Store, project_id: str) -> Project:
    """The project with this ID. Raises `NotDone` if there is none."""
    for project in await store.projects():
        if project.id == project_id:
            return project
    raise NotDone(f"there is no project {project_id!r}; `personae project list` lists them")


async def passcodes_of(store: Store, project: Project) -> list[Passcode]:
    """All passcodes of a project, oldest first, revoked and expired ones too."""
    return [passcode for passcode in await store.passcodes() if passcode.project == project.id]


class Issuer:
    """Makes passcodes under one server key; `keep` says whether they can be shown again later."""

    def __init__(self, store: Store, key: ServerKey, *, keep: bool) -> None:
        self._store = store
        self._key = key
        self._keep = keep

    async def create(self, project: Project, *, name: str, expires: int = 0, text: str = "", now: int) -> Issued:
        """A new passcode of a project, generated unless `text` gives it; it holds once this returns."""
        issued = self._new(project, name=name, expires=expires, text=text, now=now)
        await self._store.put_passcodes([issued.passcode])
        return issued

    async def rotate(self, project: Project, *, name: str, overlap_s: int, now: int) -> Issued:
        """A new passcode in place of all valid ones, which end `overlap_s` from now: 0 revokes them at once."""
        issued = self._new(project, name=name, expires=0, text="", now=now)
        old = [passcode for passcode in await passcodes_of(self._store, project) if valid(passcode, now)]
        await self._store.put_passcodes([*(_ending(passcode, overlap_s, now) for passcode in old), issued.passcode])
        return issued

    def reveal(self, passcode: Passcode) -> str:
        """The passcode itself, "" where it was not kept; the log says that it was shown."""
        if not (self._keep and passcode.sealed):
            return ""
        text = self._key.open(passcode.sealed, _binding(passcode.project, passcode.id))
        log.info("passcode revealed", project=passcode.project, passcode_id=passcode.id)
        return text

    async def first_start(self, *, project_id: str, passcode: str, now: int) -> Start:
        """Make sure of a project with a passcode: the given ones, or, in an empty store, generated ones.

        The same call again changes nothing, and many at once do what one does. A given passcode that
        was revoked stays revoked. The passcode is in the answer when this call made it, and later as
        long as it is kept.
        """
        if not self._keep:
            await self._forget()
        project, made = await self._first_project(project_id, now)
        if passcode:
            known = await passcodes_of(self._store, project)
            return Start(project, await self._take(project, known, passcode, now))
        known = [] if made else await self._awaited(project)
        if not known:
            return Start(project, (await self.create(project, name=FIRST_NAME, now=now)).text)
        usable = [kept for kept in known if valid(kept, now) and kept.sealed]
        return Start(project, self.reveal(usable[0]) if usable else "")

    async def _first_project(self, project_id: str, now: int) -> tuple[Project, bool]:
        """The project of a start, and whether this call made it."""
        for project in await self._store.projects():
            if project_id in ("", project.id):
                return project, False
        chosen = project_id or (await self._store.set_meta(FIRST_META, generated_id().encode())).decode()
        project = _project(chosen, "", now)
        if await self._store.add_project(project):
            return project, True
        return await find_project(self._store, chosen), False

    async def _awaited(self, project: Project) -> list[Passcode]:
        """The passcodes of a project, the first of which another start may be about to make.

        None if it does not: that start was cut short.
        """
        for _ in range(LOOKS):
            if known := await passcodes_of(self._store, project):
                return known
            await asyncio.sleep(LOOK_S)
        return []

    async def _take(self, project: Project, known: list[Passcode], text: str, now: int) -> str:
        """The given passcode, added unless the project had it before.

        In that case it is "" where it was not kept, or no longer holds.
        """
        digest = self._key.digest(project.id.encode(), text.encode())
        same = [passcode for passcode in known if passcode.digest == digest]
        if not same:
            return (await self.create(project, name=FIRST_NAME, text=text, now=now)).text
        holding = [passcode for passcode in same if valid(passcode, now)]
        if holding:
            return self.reveal(holding[0])
        log.warning("the passcode of the settings is revoked or expired", project=project.id, passcode_id=same[-1].id)
        return ""

    async def _forget(self) -> None:
        """Drop what is kept of passcodes from before they were to be shown once only."""
        kept = [passcode for passcode in await self._store.passcodes() if passcode.sealed]
        if kept:
            await self._store.put_passcodes([msgspec.structs.replace(passcode, sealed=b"") for passcode in kept])

    def _new(self, project: Project, *, name: str, expires: int, text: str, now: int) -> Issued:
        text = text or generated_passcode()
        _require(PASSCODE, "passcode", text)
        digest = self._key.digest(project.id.encode(), text.encode())
        id = blake2b(digest, digest_size=ID_BYTES).hexdigest()  # the same for all who add the same passcode at once
        sealed = self._key.seal(text, _binding(project.id, id)) if self._keep else b""
        return Issued(project, Passcode(id, project.id, _name(name), digest, sealed, now, expires), text)


async def revoke(store: Store, project: Project, passcode_id: str, *, now: int) -> Passcode:
    """Revoke a passcode at once; one that is revoked stays as it is. Raises `NotDone` if there is none."""
    for passcode in await passcodes_of(store, project):
        if passcode.id == passcode_id:
            revoked = _ending(passcode, 0, now)
            await store.put_passcodes([revoked])
            return revoked
    raise NotDone(f"project {project.id} has no passcode {passcode_id!r}; `personae passcode list` shows their IDs")


def _ending(passcode: Passcode, overlap_s: int, now: int) -> Passcode:
    """The passcode revoked now, or, with an overlap, expiring then at the latest."""
    if not overlap_s:
        return msgspec.structs.replace(passcode, revoked=passcode.revoked or now)
    end = now + overlap_s
    return msgspec.structs.replace(passcode, expires=min(passcode.expires or end, end))


def _binding(project_id: str, passcode_id: str) -> bytes:
    """What a sealed passcode is tied to, so that it cannot be moved to another row."""
    return f"{project_id}\0{passcode_id}".encode()


def _name(name: str) -> str:
    if not (name.strip() and name.isprintable() and len(name) <= MAX_NAME_CHARS):
        raise NotDone(f"the name {name[:MAX_NAME_CHARS]!r} is not allowed; allowed: 1 to {MAX_NAME_CHARS} printable characters")
    return name


def _require(kind: Kind, what: str, text: str) -> None:
    if kind.read(text) is None:
        raise NotDone(f"this {what} is not allowed; allowed: {kind.allowed}")


class Grant(msgspec.Struct, frozen=True):
    """Leave to use a project, and the passcode that gave it."""

    project: Project
    passcode: Passcode


_NOBODY: Final = Grant(
    Project("", "", b"", 0),
    Passcode("", "", "", digest=bytes(KEY_BYTES), sealed=b"", created=0, expires=1),
)
"""Stands for credentials that mean nobody, so that they cost the same work as good ones."""


class Access:
    """Who may use which project, in memory: checked without I/O, brought up to date by `refresh`."""

    def __init__(self, store: Store, key: ServerKey) -> None:
        self._store = store
        self._digest: Callable[[bytes, bytes], bytes] = key.digest
        self._grants: dict[bytes, Grant] = {}
        self._used: dict[str, int] = {}
        self._version: int | None = None

    def authenticate(self, project_id: bytes, passcode: bytes, now: float) -> Grant | None:
        """The grant of these credentials; None, after the same work, for whatever is wrong with them.

        The table goes by keyed hash, which covers the project too: what the look-up takes tells
        nothing about a guess. Source: contract A1.3, A7.
        """
        digest = self._digest(project_id, passcode)
        grant = self._grants.get(digest, _NOBODY)
        same = compare_digest(grant.passcode.digest, digest)
        if not (same & (now < (grant.passcode.expires or now + 1))):
            return None
        self._used[grant.passcode.id] = int(now)
        return grant

    async def refresh(self) -> bool:
        """Read projects and passcodes anew if any changed, and say whether. Raises `Unavailable`."""
        version = await self._store.access_version()
        if version == self._version:
            return False
        projects = {project.id: project for project in await self._store.projects()}
        self._grants = _grants(projects, await self._store.passcodes())
        self._version = version
        return True

    async def flush(self) -> None:
        """Write the last uses since the last flush; they are kept for the next one if that fails."""
        used, self._used = self._used, {}
        try:
            if used:
                await self._store.touch_passcodes(used)
        except BaseException:
            self._used = used | self._used
            raise


def _grants(projects: dict[str, Project], passcodes: Iterable[Passcode]) -> dict[bytes, Grant]:
    """The grants by digest: of passcodes not revoked, expired ones too, for time goes on."""
    return {
        passcode.digest: Grant(projects[passcode.project], passcode)
        for passcode in passcodes
        if not passcode.revoked and passcode.project in projects
    }
