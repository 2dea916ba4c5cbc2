"""What a server needs of its machine before it starts: its database file for itself, and a port."""

import fcntl
import os
import socket
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Final

LOCK_NAME: Final = "server.lock"


class CannotStart(Exception):  # noqa: N818 - its text is the one line the user reads
    """The server cannot start; the text says why and what to do."""


def alone(database: Path | None) -> AbstractContextManager[None]:
    """Hold the directory of a database file, made if need be; what a database server keeps (None) is for all."""
    if database is None:
        return nullcontext()
    database.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    return locked(database.parent)


@contextmanager
def locked(data: Path) -> Iterator[None]:
    """Hold a directory with a database for this process alone. Raises `CannotStart` where another one has it."""
    with os.fdopen(os.open(data / LOCK_NAME, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600), "a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            owner = lock.read().strip() or "another process"
            raise CannotStart(f"the data directory {data} is in use by {owner}; stop it or choose another --data") from None
        lock.truncate(0)
        lock.write(f"process {os.getpid()}")
        lock.flush()
        yield


@contextmanager
def listening(host: str, port: int) -> Iterator[socket.socket]:
    """A listening socket. Raises `CannotStart` where the address cannot be had."""
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        listener = socket.create_server((host, port), family=family, backlog=2048)
    except OSError as error:
        raise CannotStart(f"cannot listen on {host} port {port}: {error.strerror or error}") from None
    with listener:
        yield listener
