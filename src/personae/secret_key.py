"""The server key: the file beside the database that checks passcodes and opens sealed ones.

Whoever has only the database can neither check a guess at a passcode nor read one.
"""

import os
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


class KeyRefused(Exception):  # noqa: N818 - its text is the one line the user reads
    """The server key cannot be used; the text says why and what to do."""


class ServerKey:
    """The subkeys of one server key, and what they are for."""

    def __init__(self, secret: bytes, path: Path) -> None:
        self.path = path
        self._digest_key = _subkey(secret, b"passcode digest")
        self._seal = AESGCM(_subkey(secret, b"passcode seal"))
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

    async def check(self, store: Store) -> None:
        """Tie the store to this key, or raise `KeyRefused` where it belongs to another one."""
        standing = await store.get_meta(CHECK_META) or await store.set_meta(CHECK_META, self._check)
        if not compare_digest(standing, self._check):
            raise KeyRefused(f"{self.path} is not the key this database was made with; put the original file back")


def _subkey(secret: bytes, purpose: bytes) -> bytes:
    return blake2b(key=secret, person=purpose, digest_size=KEY_BYTES).digest()


def load_or_create(data: Path, database: Path) -> ServerKey:
    """The key of a data directory; the first call makes the directory (0700) and the key (0600).

    Of two processes that start at once, both get the key of the one that was first. Raises
    `KeyRefused`, and makes none, where `database` is there without its key.
    """
    path = data / FILE_NAME
    try:
        data.mkdir(mode=0o700, parents=True, exist_ok=True)
        used = database.exists()  # before the look for the key, which another process makes first
        if not path.exists():
            if used:
                raise KeyRefused(f"{path} is missing, and {database} cannot be used without it; put the original file back")
            _create(path)
        content = path.read_bytes()
    except OSError as error:
        raise KeyRefused(f"cannot use the server key {path}: {error.strerror}") from None
    return ServerKey(_parse(content, path), path)


def _parse(content: bytes, path: Path) -> bytes:
    try:
        secret = bytes.fromhex(content.decode("ascii"))
    except ValueError:
        secret = b""
    if len(secret) != KEY_BYTES:
        raise KeyRefused(f"{path} is not a server key ({2 * KEY_BYTES} hexadecimal digits); put the original file back")
    return secret


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
