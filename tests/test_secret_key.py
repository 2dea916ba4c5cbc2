"""The server key: made once, refused when it is not the right one."""

import asyncio
import stat
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import apsw
import msgspec
import pytest

from personae.projects import Issuer, create_project
from personae.secret_key import KeyRefused, ServerKey, chosen, load_or_create, tied
from personae.storage import Store
from personae.storage.sqlite import SqliteStore
from tests.opened import NOW, run
from tests.storage.backends import BACKENDS

SECRET = "5e" * 32


def key_of(data: Path) -> ServerKey:
    """The key of a directory whose database is `test.db`."""
    return load_or_create(data, data / "test.db")


def test_a_sealed_passcode_opens_in_its_own_row_only(tmp_path: Path) -> None:
    """Moved to another project or passcode, or altered, it is refused."""

    async def work(store: SqliteStore, key: ServerKey) -> None:
        issuer = Issuer(store, key, keep=True)
        issued = await issuer.create(await create_project(store, project_id="A", now=NOW), name="n", now=NOW)
        sealed = issued.passcode.sealed
        altered: list[dict[str, str | bytes]] = [
            {"project": "B"},
            {"id": "other"},
            {"sealed": sealed[:-1] + bytes([sealed[-1] ^ 1])},
            {"sealed": b"x"},
        ]
        for change in altered:
            with pytest.raises(KeyRefused, match="a stored passcode cannot be opened"):
                issuer.reveal(msgspec.structs.replace(issued.passcode, **change))

    run(tmp_path / "data", work)


def test_a_key_is_made_once_and_for_its_owner_only(tmp_path: Path) -> None:
    """The directory is 0700, the file 0600, nothing else is left behind, and later calls read it."""
    data = tmp_path / "new" / "data"
    one, two = key_of(data), key_of(data)
    assert one.digest(b"P", b"code") == two.digest(b"P", b"code")
    assert [file.name for file in data.iterdir()] == ["server.key"]
    modes = [stat.S_IMODE(path.stat().st_mode) for path in (data, data / "server.key")]
    assert modes == [0o700, 0o600]


def test_racing_starts_get_one_key(tmp_path: Path) -> None:
    """Of many that start at once on an empty directory, all get the same key."""
    with ThreadPoolExecutor(8) as pool:
        keys = list(pool.map(key_of, [tmp_path / "data"] * 32))
    assert len({key.digest(b"P", b"code") for key in keys}) == 1


MALFORMED = [b"", b"abc\n", b"g" * 64, b"00" * 31, b"00" * 33, b"\xff" * 32]


@pytest.mark.parametrize("content", MALFORMED)
def test_a_malformed_key_is_refused_and_left_alone(tmp_path: Path, content: bytes) -> None:
    """A broken key is never replaced: that would end every passcode."""
    file = tmp_path / "server.key"
    file.write_bytes(content)
    with pytest.raises(KeyRefused, match=r"server\.key is not a server key \(64 hexadecimal digits\); put the original"):
        key_of(tmp_path)
    with pytest.raises(KeyRefused, match="is not a server key"):
        chosen("", tmp_path, None)
    assert file.read_bytes() == content


def test_an_unreadable_key_is_refused(tmp_path: Path) -> None:
    """The one line names the file and the reason."""
    (tmp_path / "server.key").mkdir()
    with pytest.raises(KeyRefused, match=r"cannot use the server key .*server\.key: Is a directory"):
        key_of(tmp_path)


def test_a_foreign_key_is_refused(tmp_path: Path) -> None:
    """A database belongs to the key it was first opened with."""

    async def work(store: SqliteStore, key: ServerKey) -> None:
        await key.check(store)
        await key.check(store)
        with pytest.raises(KeyRefused, match=r"server\.key is not the key this database was made with; put the original file"):
            await key_of(tmp_path / "other").check(store)

    run(tmp_path / "data", work)


def test_a_database_without_its_key_is_refused(tmp_path: Path) -> None:
    """The one line names the missing file, and none is made in its place."""
    run(tmp_path, lambda store, key: key.check(store))
    (tmp_path / "server.key").unlink()
    with pytest.raises(KeyRefused, match=r"server\.key is missing, and .*test\.db cannot be used without it"):
        key_of(tmp_path)
    assert not (tmp_path / "server.key").exists()


def test_a_check_of_a_known_key_writes_nothing(tmp_path: Path) -> None:
    """It holds while another process has the database locked."""

    async def work(store: SqliteStore, key: ServerKey) -> None:
        await key.check(store)
        with closing(apsw.Connection(str(tmp_path / "test.db"))) as beside:
            beside.execute("BEGIN IMMEDIATE")
            await key.check(store)

    run(tmp_path, work)


def test_the_setting_is_the_key_whatever_the_file_is(tmp_path: Path) -> None:
    """No file is read or made for it, nor a directory, and both cases of its digits are one key."""
    (tmp_path / "server.key").write_text("broken")
    for data in (tmp_path, tmp_path / "none"):
        for database in (data / "test.db", None):
            keys = [chosen(secret, data, database) for secret in (SECRET, SECRET.upper())]
            assert len({key.digest(b"P", b"code") for key in keys if key}) == 1
    assert [file.name for file in tmp_path.iterdir()] == ["server.key"]


def test_the_setting_and_a_file_with_the_same_digits_are_one_key(tmp_path: Path) -> None:
    """A key can be moved from the file to the setting."""
    (tmp_path / "server.key").write_text(f"{SECRET}\n")
    keys = [chosen(secret, tmp_path, None) for secret in (SECRET, "")]
    assert len({key.digest(b"P", b"code") for key in keys if key}) == 1


def on_a_store(backend: str, path: Path, work: Callable[[Store], Awaitable[None]]) -> None:
    """Do `work` on an empty store of this backend."""

    async def opened() -> None:
        store = await BACKENDS[backend](path)
        try:
            await work(store)
        finally:
            await store.close()

    asyncio.run(opened())


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_store_without_a_key_gets_one_file(tmp_path: Path, backend: str) -> None:
    """However many servers with one directory start on it at once."""
    data = tmp_path / "new" / "data"

    async def work(store: Store) -> None:
        keys = await asyncio.gather(*(tied(chosen("", data, None), data, store) for _ in range(20)))
        keys.append(await tied(chosen("", data, None), data, store))
        assert len({key.digest(b"P", b"code") for key in keys}) == 1

    on_a_store(backend, tmp_path, work)
    assert [file.name for file in data.iterdir()] == ["server.key"]


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_store_with_a_key_gets_no_other(tmp_path: Path, backend: str) -> None:
    """Where there is neither file nor setting the start is refused, and makes neither file nor directory."""
    data = tmp_path / "data"

    async def work(store: Store) -> None:
        await tied(chosen(SECRET, data, None), data, store)
        expected = (
            "server.key is missing, and this database cannot be used without it; put the original file there, or set PERS"
        )
        with pytest.raises(KeyRefused, match=expected):
            await tied(chosen("", data, None), data, store)
        assert not data.exists()

    on_a_store(backend, tmp_path, work)


@pytest.mark.parametrize("backend", BACKENDS)
def test_of_different_keys_a_store_takes_one(tmp_path: Path, backend: str) -> None:
    """Of many that start at once, each with its own, all others are refused, and from then on too."""

    async def outcome(store: Store, secret: str) -> str:
        try:
            await tied(chosen(secret, tmp_path, None), tmp_path, store)
        except KeyRefused as refused:
            return str(refused)
        return ""

    async def work(store: Store) -> None:
        secrets = [f"{number:064x}" for number in range(1, 9)]
        first, later = [await asyncio.gather(*(outcome(store, secret) for secret in secrets)) for _ in range(2)]
        assert first == later
        refusal = "secret_key is not the key this database was made with; set the original one"
        assert sorted(first) == ["", *[refusal] * 7]

    on_a_store(backend, tmp_path, work)


def test_a_cursor_opens_for_what_it_is_bound_to_alone() -> None:
    """With the same key and the same binding; altered, cut, moved or of another key it is none."""
    key, other = ServerKey(b"k" * 32, "a test"), ServerKey(b"o" * 32, "a test")
    sealed = key.seal_cursor(b"place", b"one")
    assert b"place" == key.open_cursor(sealed, b"one")
    altered = bytes([sealed[0] ^ 1]) + sealed[1:]
    assert [None] * 5 == [key.open_cursor(text, b"one") for text in (altered, sealed[:-1], sealed + b"x", sealed[:5], b"")]
    assert [None] * 2 == [key.open_cursor(sealed, b"two"), other.open_cursor(sealed, b"one")]
