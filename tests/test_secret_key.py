"""The server key: made once, refused when it is not the right one."""

import stat
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import apsw
import msgspec
import pytest

from personae.projects import Issuer, create_project
from personae.secret_key import KeyRefused, ServerKey, load_or_create
from personae.storage.sqlite import SqliteStore
from tests.opened import NOW, run


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
        with pytest.raises(KeyRefused, match="is not the key this database was made with; put the original file back"):
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
