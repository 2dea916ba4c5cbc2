"""The server key, a setting or a file beside the database: it checks passcodes and opens sealed ones.

Whoever has only the database can neither check a guess at a passcode nor read one.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import blake2b
from hmac import compare_digest, digest
from pathlib import Path
from secrets import token_bytes, token_hex
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from .storage import Store

FILE_NAME: Final = "server.key"
KEY_BYTES: Final = 32
NONCE_BYTES: Final = 12
CHECK_META: Final = "server_key_check"
REMEDY: Final = "put the original file there, or set PERSONAE_SECRET_KEY"


class KeyRefused(Exception):  # noqa: N818 - its text is the one line the user reads
    """The server key cannot be used; the text says why and what to do."""


class ServerKey:
    """The subkeys of one server key, and what they are for; `source` says where it is from."""

    def __init__(self, secret: bytes, source: str, remedy: str = REMEDY) -> None:
        self._source = source
        self._remedy = remedy
        self._digest_key = _subkey(secret, b"passcode digest")
        self._seal = AESGCM(_subkey(secret, b"passcode seal"))
        self._cursor_key = _subkey(secret, b"cursor seal")
        self._check = _subkey(secret, b"key check")

    def digest(self, project_id: bytes, passcode: bytes) -> bytes:
        """The 32 bytes a passcode of a project is checked by. Source: contract A7."""
        return digest(self._digest_key, project_id + b"\0" + passcode, "sha256")

    def seal(self, passcode: str, bound_to: bytes) -> bytes:
        """A passcode under authenticated encryption; opens only with the same `bound_to`."""
        nonce = token_bytes(NONCE_BYTES)
        return nonce + self._seal.encrypt(nonce, passcode.encode(), bound_to)

    def open(self, sealed: bytes, bound_to: bytes) -> str:
        """The passcode in `sealed`. Raises `KeyRefused` if it was altered, moved or sealed with another key."""
        try:
            return self._seal.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], bound_to).decode()
        except (InvalidTag, ValueError):
            raise KeyRefused("a stored passcode cannot be opened: the database was altered; make a new passcode") from None

    def seal_cursor(self, cursor: bytes, bound_to: bytes) -> bytes:
        """A cursor nobody else can read or make up; opens only with the same `bound_to`, which has a key of its own."""
        nonce = token_bytes(NONCE_BYTES)
        return nonce + self._cursor_seal(bound_to).encrypt(nonce, cursor, None)

    def open_cursor(self, sealed: bytes, bound_to: bytes) -> bytes | None:
        """The cursor in `sealed`; None where it was altered or is bound to something else."""
        try:
            return self._cursor_seal(bound_to).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], None)
        except (InvalidTag, ValueError):
            return None

    def _cursor_seal(self, bound_to: bytes) -> AESGCM:
        return AESGCM(blake2b(bound_to, key=self._cursor_key, digest_size=KEY_BYTES).digest())

    async def check(self, store: Store) -> None:
        """Tie the store to this key, or raise `KeyRefused` where it belongs to another one."""
        standing = await store.get_meta(CHECK_META) or await store.set_meta(CHECK_META, self._check)
        if not compare_digest(standing, self._check):
            raise KeyRefused(f"{self._source} is not the key this database was made with; {self._remedy}")


def _subkey(secret: bytes, purpose: bytes) -> bytes:
    return blake2b(key=secret, person=purpose, digest_size=KEY_BYTES).digest()


def chosen(secret: str, data: Path, database: Path | None) -> ServerKey | None:
    """The key to open a database with: the setting's if `secret` is set, else that of the data directory.

    None for a database that is no file (`database` is None) where there is no key yet: only what is
    in it tells whether one may be made, which `tied` does. Raises `KeyRefused`.
    """
    if secret:
        return ServerKey(bytes.fromhex(secret), "secret_key", "set the original one")
    return load_or_create(data, database) if database else _load(data / FILE_NAME)


async def is_tied(store: Store) -> bool:
    """Whether a key was ever used on the store."""
    return await store.get_meta(CHECK_META) is not None


async def tied(key: ServerKey | None, data: Path, store: Store) -> ServerKey:
    """The `chosen` key, checked; where there was none, a new one in the data directory for a new store.

    Raises `KeyRefused` where the store belongs to another key, and makes none then. Of two servers
    that start at once with two directories one is refused too: it keeps the file it has made.
    """
    if key is None:
        used = await is_tied(store)  # before the look for the key, which another process makes first
        key = _load(data / FILE_NAME) or _make(data / FILE_NAME, used=used, database="this database")
    await key.check(store)
    return key


def load_or_create(data: Path, database: Path) -> ServerKey:
    """The key of a data directory; the first call makes the directory (0700) and the key (0600).

    Of two processes that start at once, both get the key of the one that was first. Raises
    `KeyRefused`, and makes none, where `database` is there without its key.
    """
    path = data / FILE_NAME
    with _told(path):
        used = database.exists()  # before the look for the key, which another process makes first
    return _load(path) or _make(path, used=used, database=str(database))


def _load(path: Path) -> ServerKey | None:
    """The key in a file, None where there is no file."""
    with _told(path):
        try:
            return _parse(path.read_bytes(), path)
        except FileNotFoundError:
            return None


def _make(path: Path, *, used: bool, database: str) -> ServerKey:
    """The key of a file just made here or by another process. Raises `KeyRefused` for a database in use."""
    if used:
        raise KeyRefused(f"{path} is missing, and {database} cannot be used without it; {REMEDY}")
    with _told(path):
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        _create(path)
        return _parse(path.read_bytes(), path)


@contextmanager
def _told(path: Path) -> Iterator[None]:
    """What the system refuses becomes one line about this file."""
    try:
        yield
    except OSError as error:
        raise KeyRefused(f"cannot use the server key {path}: {error.strerror}") from None


def _parse(content: bytes, path: Path) -> ServerKey:
    try:
        secret = bytes.fromhex(content.decode("ascii"))
    except ValueError:
        secret = b""
    if len(secret) != KEY_BYTES:
        raise KeyRefused(f"{path} is not a server key ({2 * KEY_BYTES} hexadecimal digits); {REMEDY}")
    return ServerKey(secret, str(path))


def _create(path: Path) -> None:
    """Write a new key whole and synced, or leave the one that is there by then."""
    draft = path.with_name(f".{FILE_NAME}.{token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w") as file:
            file.write(f"{token_hex(KEY_BYTES)}\n")
            file.flush()
            os.fsync(file.fileno())
        _link(draft, path)
    finally:
        draft.unlink()
    _sync(path.parent)


def _link(draft: Path, path: Path) -> None:
    try:
        path.hardlink_to(draft)
    except FileExistsError:
        return


def _sync(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
