"""Projects and passcodes over the embedded store, the server key, and who gets in."""

import asyncio
import re
import stat
import string
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import TypeVar

import apsw
import msgspec
import pytest

from personae.projects import (
    Access,
    Grant,
    Issuer,
    Refused,
    create_project,
    find_project,
    generated_id,
    generated_passcode,
    passcodes_of,
    revoke,
    valid,
)
from personae.secret_key import KeyRefused, ServerKey, load_or_create
from personae.storage import Passcode, Project
from personae.storage.sqlite import SqliteStore

NOW = 1_800_000_000
T = TypeVar("T")
Work = Callable[[SqliteStore, ServerKey], Awaitable[T]]


def run(data: Path, work: Work[T]) -> T:
    """Do `work` on the store and the key of a data directory, and close the store."""

    async def opened() -> T:
        key = load_or_create(data)
        store = await SqliteStore.open(data / "test.db")
        try:
            return await work(store, key)
        finally:
            await store.close()

    return asyncio.run(opened())


async def granted(store: SqliteStore, key: ServerKey, project: str, passcode: str, now: float = NOW) -> Grant | None:
    """What a server that has just looked grants these credentials."""
    access = Access(store, key)
    await access.refresh()
    return access.authenticate(project.encode(), passcode.encode(), now)


def test_generated_ids_have_the_documented_form() -> None:
    """Three letters, three digits, three digits and a letter."""
    for _ in range(100):
        assert re.fullmatch(r"[A-Z]{3}-[0-9]{3}-[0-9]{3}[A-Z]", generated_id())


def test_generated_passcodes_are_long_and_never_look_like_a_flag() -> None:
    """32 URL-safe characters, 192 bits, no two the same."""
    passcodes = [generated_passcode() for _ in range(500)]
    assert len(set(passcodes)) == 500
    assert {len(text) for text in passcodes} == {32}
    assert [text for text in passcodes if text.startswith("-")] == []
    assert set("".join(passcodes)) <= set(string.ascii_letters + string.digits + "-_")


def test_a_project_keeps_id_name_and_a_secret_of_its_own(tmp_path: Path) -> None:
    """A given ID is taken as it is, a missing one generated, and each secret is new."""

    async def work(store: SqliteStore, key: ServerKey) -> list[Project]:
        await create_project(store, project_id="any/ID!", name="Größe", now=NOW)
        await create_project(store, now=NOW)
        return await store.projects()

    given, made = run(tmp_path / "data", work)
    assert (given.id, given.name, given.created, len(given.secret)) == ("any/ID!", "Größe", NOW, 32)
    assert made.name == made.id
    assert given.secret != made.secret


BAD_PROJECTS = [
    ("a b", "", "this project ID is not allowed"),
    ("é", "", "this project ID is not allowed"),
    ("a" * 65, "", "this project ID is not allowed"),
    ("ok", "two\nlines", "the name 'two\\nlines' is not allowed"),
    ("ok", " ", "the name ' ' is not allowed"),
    ("ok", "x" * 101, "the name 'xxx"),
    ("TAKEN", "", "there is a project TAKEN already"),
]


@pytest.mark.parametrize(("project_id", "name", "expected"), BAD_PROJECTS)
def test_a_project_that_cannot_be_is_refused(tmp_path: Path, project_id: str, name: str, expected: str) -> None:
    """The one line says what is wrong, and nothing is made."""

    async def work(store: SqliteStore, key: ServerKey) -> list[Project]:
        await create_project(store, project_id="TAKEN", now=NOW)
        with pytest.raises(Refused, match=f"^{re.escape(expected)}"):
            await create_project(store, project_id=project_id, name=name, now=NOW)
        return await store.projects()

    assert [project.id for project in run(tmp_path / "data", work)] == ["TAKEN"]


def test_unknown_projects_and_passcodes_are_refused(tmp_path: Path) -> None:
    """A passcode is only found under its own project."""

    async def work(store: SqliteStore, key: ServerKey) -> None:
        first, second = [await create_project(store, project_id=name, now=NOW) for name in ("A", "B")]
        issued = await Issuer(store, key, keep=True).create(first, name="n", now=NOW)
        with pytest.raises(Refused, match="there is no project 'C'"):
            await find_project(store, "C")
        with pytest.raises(Refused, match=f"project B has no passcode '{issued.passcode.id}'"):
            await revoke(store, second, issued.passcode.id, now=NOW)

    run(tmp_path / "data", work)


def test_only_the_right_credentials_get_in(tmp_path: Path) -> None:
    """Each project's passcodes open that project and no other; everything else is None."""

    async def work(store: SqliteStore, key: ServerKey) -> None:
        issuer = Issuer(store, key, keep=True)
        first, second = [await create_project(store, project_id=name, now=NOW) for name in ("A", "B")]
        one, other, foreign = [await issuer.create(project, name="n", now=NOW) for project in (first, first, second)]
        cases = [
            ("A", one.text, Grant(first, one.passcode)),
            ("A", other.text, Grant(first, other.passcode)),
            ("B", foreign.text, Grant(second, foreign.passcode)),
            ("A", foreign.text, None),
            ("B", one.text, None),
            ("a", one.text, None),
            ("A", one.text[:-1], None),
            ("A", "", None),
            ("", "", None),
            ("C", one.text, None),
            ("A\0", one.text, None),
        ]
        assert [await granted(store, key, project, text) for project, text, _ in cases] == [want for *_, want in cases]

    run(tmp_path / "data", work)


def test_bytes_that_are_no_text_are_just_wrong(tmp_path: Path) -> None:
    """Credentials are bytes of a header, whatever they are."""

    async def work(store: SqliteStore, key: ServerKey) -> Grant | None:
        return Access(store, key).authenticate(b"\xff\x00", bytes(range(256)) * 40, NOW)

    assert run(tmp_path / "data", work) is None


def test_an_expired_passcode_holds_to_the_last_moment(tmp_path: Path) -> None:
    """It holds before its expiry and not at it, with no refresh in between."""

    async def work(store: SqliteStore, key: ServerKey) -> list[bool]:
        project = await create_project(store, now=NOW)
        issued = await Issuer(store, key, keep=True).create(project, name="n", expires=NOW + 60, now=NOW)
        access = Access(store, key)
        await access.refresh()
        times = (NOW, NOW + 59.9, NOW + 60.0, NOW + 61)
        return [access.authenticate(project.id.encode(), issued.text.encode(), now) is not None for now in times]

    assert run(tmp_path / "data", work) == [True, True, False, False]


def test_a_refresh_sees_what_changed_and_only_then_reads(tmp_path: Path) -> None:
    """New passcodes get in and revoked ones are out after the next refresh."""

    async def work(store: SqliteStore, key: ServerKey) -> list[bool]:
        access = Access(store, key)
        project = await create_project(store, now=NOW)
        seen = [await access.refresh(), await access.refresh()]
        issued = await Issuer(store, key, keep=True).create(project, name="n", now=NOW)

        def gets_in() -> bool:
            return access.authenticate(project.id.encode(), issued.text.encode(), NOW) is not None

        seen += [gets_in(), await access.refresh(), gets_in()]
        await revoke(store, project, issued.passcode.id, now=NOW)
        return [*seen, gets_in(), await access.refresh(), gets_in(), await access.refresh()]

    assert run(tmp_path / "data", work) == [True, False, False, True, True, True, True, False, False]


def test_last_use_is_written_by_flush_alone(tmp_path: Path) -> None:
    """Only a passcode that got in is marked, and marking is no change of access."""

    async def work(store: SqliteStore, key: ServerKey) -> list[list[int]]:
        project = await create_project(store, now=NOW)
        issuer = Issuer(store, key, keep=True)
        used, _ = [await issuer.create(project, name="n", now=NOW) for _ in range(2)]
        access = Access(store, key)
        await access.refresh()
        access.authenticate(project.id.encode(), used.text.encode(), NOW + 5.7)
        access.authenticate(project.id.encode(), b"wrong", NOW + 9)
        before = [passcode.last_used for passcode in await store.passcodes()]
        await access.flush()
        assert not await access.refresh()
        return [before, [passcode.last_used for passcode in await store.passcodes()]]

    assert run(tmp_path / "data", work) == [[0, 0], [NOW + 5, 0]]


def test_a_flush_that_fails_is_made_up_for(tmp_path: Path) -> None:
    """Last uses are kept while the store cannot be written, and written by the next flush."""

    async def work(store: SqliteStore, key: ServerKey) -> list[int]:
        project = await create_project(store, now=NOW)
        issued = await Issuer(store, key, keep=True).create(project, name="n", now=NOW)
        access = Access(store, key)
        await access.refresh()
        access.authenticate(project.id.encode(), issued.text.encode(), NOW)
        with closing(apsw.Connection(str(tmp_path / "data" / "test.db"))) as beside:
            beside.execute("ALTER TABLE passcode RENAME TO away")
            with pytest.raises(apsw.SQLError):
                await access.flush()
            beside.execute("ALTER TABLE away RENAME TO passcode")
        await access.flush()
        return [passcode.last_used for passcode in await store.passcodes()]

    assert run(tmp_path / "data", work) == [NOW]


def test_rotation_ends_all_valid_passcodes(tmp_path: Path) -> None:
    """At once, or after an overlap that never lengthens a life; other projects are left alone."""

    async def work(store: SqliteStore, key: ServerKey, overlap_s: int) -> list[tuple[int, int]]:
        issuer = Issuer(store, key, keep=True)
        project, other = [await create_project(store, project_id=name, now=NOW) for name in ("A", "B")]
        for expires in (0, NOW + 30, NOW + 9999):
            await issuer.create(project, name="old", expires=expires, now=NOW)
        await issuer.create(other, name="old", now=NOW)
        await issuer.rotate(project, name="new", overlap_s=overlap_s, now=NOW)
        return [(passcode.expires, passcode.revoked) for passcode in await store.passcodes()]

    at_once = run(tmp_path / "a", lambda store, key: work(store, key, 0))
    assert at_once == [(0, NOW), (NOW + 30, NOW), (NOW + 9999, NOW), (0, 0), (0, 0)]
    overlapping = run(tmp_path / "b", lambda store, key: work(store, key, 60))
    assert overlapping == [(NOW + 60, 0), (NOW + 30, 0), (NOW + 60, 0), (0, 0), (0, 0)]


def test_revoking_twice_keeps_the_first_time(tmp_path: Path) -> None:
    """The time of a revocation does not move."""

    async def work(store: SqliteStore, key: ServerKey) -> list[int]:
        project = await create_project(store, now=NOW)
        issued = await Issuer(store, key, keep=True).create(project, name="n", now=NOW)
        return [(await revoke(store, project, issued.passcode.id, now=now)).revoked for now in (NOW + 1, NOW + 2)]

    assert run(tmp_path / "data", work) == [NOW + 1, NOW + 1]


def test_the_database_alone_does_not_hold_a_passcode(tmp_path: Path) -> None:
    """A kept passcode is shown again with the key; its bytes are in no file."""

    async def work(store: SqliteStore, key: ServerKey) -> str:
        project = await create_project(store, now=NOW)
        issuer = Issuer(store, key, keep=True)
        issued = await issuer.create(project, name="n", now=NOW)
        (stored,) = await passcodes_of(store, project)
        assert issuer.reveal(stored) == issued.text
        return issued.text

    text = run(tmp_path / "data", work)
    assert [file for file in (tmp_path / "data").iterdir() if text.encode() in file.read_bytes()] == []


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


def test_shown_once_means_not_kept(tmp_path: Path) -> None:
    """Without keeping nothing is sealed, and what was kept before is dropped at the next start."""

    async def work(store: SqliteStore, key: ServerKey) -> list[bytes]:
        project = await create_project(store, now=NOW)
        kept = await Issuer(store, key, keep=True).create(project, name="kept", now=NOW)
        showing_once = Issuer(store, key, keep=False)
        once = await showing_once.create(project, name="once", now=NOW)
        assert (showing_once.reveal(kept.passcode), once.passcode.sealed) == ("", b"")
        start = await showing_once.first_start(project_id="", passcode="", now=NOW)
        assert (start.project, start.passcode) == (project, "")
        assert await granted(store, key, project.id, kept.text) is not None
        return [passcode.sealed for passcode in await store.passcodes()]

    assert run(tmp_path / "data", work) == [b"", b""]


def test_a_first_start_makes_a_project_once(tmp_path: Path) -> None:
    """The second start finds project and passcode of the first."""

    async def work(store: SqliteStore, key: ServerKey) -> None:
        issuer = Issuer(store, key, keep=True)
        first, second = [await issuer.first_start(project_id="", passcode="", now=NOW) for _ in range(2)]
        assert first == second
        assert await granted(store, key, first.project.id, first.passcode) is not None
        assert len(await store.passcodes()) == len(await store.projects()) == 1

    run(tmp_path / "data", work)


def test_a_first_start_cut_short_is_completed(tmp_path: Path) -> None:
    """A project without any passcode gets one."""

    async def work(store: SqliteStore, key: ServerKey) -> None:
        project = await create_project(store, now=NOW)
        start = await Issuer(store, key, keep=True).first_start(project_id="", passcode="", now=NOW)
        assert start.project == project
        assert await granted(store, key, project.id, start.passcode) is not None

    run(tmp_path / "data", work)


STARTS: list[tuple[list[tuple[str, str]], list[str], int]] = [
    ([("P", "code")], ["P"], 1),
    ([("P", "code"), ("P", "code")], ["P"], 1),
    ([("P", "code"), ("P", "code2"), ("P", "code")], ["P"], 2),
    ([("P", "code"), ("Q", "code")], ["P", "Q"], 2),
    ([("P", ""), ("P", "")], ["P"], 1),
    ([("P", ""), ("P", "code")], ["P"], 2),
    ([("", ""), ("P", "code")], ["*", "P"], 2),
]


@pytest.mark.parametrize(("starts", "projects", "passcodes"), STARTS)
def test_starts_with_given_values(tmp_path: Path, starts: list[tuple[str, str]], projects: list[str], passcodes: int) -> None:
    """Each start ends with a project and a passcode that get in, and adds only what is missing."""

    async def work(store: SqliteStore, key: ServerKey) -> None:
        for project_id, passcode in starts:
            start = await Issuer(store, key, keep=True).first_start(project_id=project_id, passcode=passcode, now=NOW)
            assert start.passcode == (passcode or start.passcode) != ""
            assert await granted(store, key, project_id or start.project.id, start.passcode) is not None
        ids = [project.id for project in await store.projects()]
        assert [want if want == "*" else found for found, want in zip(ids, projects, strict=True)] == projects
        assert len(await store.passcodes()) == passcodes

    run(tmp_path / "data", work)


def test_a_given_passcode_that_was_revoked_stays_revoked(tmp_path: Path) -> None:
    """A restart with the old environment does not let a leaked passcode back in."""

    async def work(store: SqliteStore, key: ServerKey) -> None:
        issuer = Issuer(store, key, keep=True)
        project, text = await issuer.first_start(project_id="P", passcode="code", now=NOW)
        await issuer.rotate(project, name="n", overlap_s=0, now=NOW)
        assert await issuer.first_start(project_id="P", passcode=text, now=NOW) == (project, "")
        assert await granted(store, key, "P", text) is None

    run(tmp_path / "data", work)


VALID: list[tuple[dict[str, int], bool]] = [
    ({}, True),
    ({"expires": NOW + 1}, True),
    ({"expires": NOW}, False),
    ({"revoked": NOW}, False),
    ({"revoked": NOW, "expires": NOW + 1}, False),
]


@pytest.mark.parametrize(("times", "expected"), VALID)
def test_validity(times: dict[str, int], expected: bool) -> None:
    """Valid means neither revoked nor expired."""
    assert valid(Passcode("id", "P", "n", b"", b"", NOW, **times), NOW) == expected


def test_a_key_is_made_once_and_for_its_owner_only(tmp_path: Path) -> None:
    """The directory is 0700, the file 0600, nothing else is left behind, and later calls read it."""
    data = tmp_path / "new" / "data"
    one, two = load_or_create(data), load_or_create(data)
    assert one.digest(b"P", b"code") == two.digest(b"P", b"code")
    assert [file.name for file in data.iterdir()] == ["server.key"]
    modes = [stat.S_IMODE(path.stat().st_mode) for path in (data, data / "server.key")]
    assert modes == [0o700, 0o600]


def test_racing_starts_get_one_key(tmp_path: Path) -> None:
    """Of many that start at once on an empty directory, all get the same key."""
    with ThreadPoolExecutor(8) as pool:
        keys = list(pool.map(load_or_create, [tmp_path / "data"] * 32))
    assert len({key.digest(b"P", b"code") for key in keys}) == 1


MALFORMED = [b"", b"abc\n", b"g" * 64, b"00" * 31, b"00" * 33, b"\xff" * 32]


@pytest.mark.parametrize("content", MALFORMED)
def test_a_malformed_key_is_refused_and_left_alone(tmp_path: Path, content: bytes) -> None:
    """A broken key is never replaced: that would end every passcode."""
    file = tmp_path / "server.key"
    file.write_bytes(content)
    with pytest.raises(KeyRefused, match=r"server\.key is not a server key \(64 hexadecimal digits\); put the original"):
        load_or_create(tmp_path)
    assert file.read_bytes() == content


def test_an_unreadable_key_is_refused(tmp_path: Path) -> None:
    """The one line names the file and the reason."""
    (tmp_path / "server.key").mkdir()
    with pytest.raises(KeyRefused, match=r"cannot use the server key .*server\.key: Is a directory"):
        load_or_create(tmp_path)


def test_a_foreign_key_is_refused(tmp_path: Path) -> None:
    """A database belongs to the key it was first opened with."""

    async def work(store: SqliteStore, key: ServerKey) -> None:
        await key.check(store)
        await key.check(store)
        with pytest.raises(KeyRefused, match="is not the key this database was made with; put the original file back"):
            await load_or_create(tmp_path / "other").check(store)

    run(tmp_path / "data", work)
