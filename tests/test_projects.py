"""Projects and passcodes over the embedded store: made, listed, revoked, rotated."""

import re
import string
from pathlib import Path

import pytest

from personae.projects import (
    Issuer,
    NotDone,
    create_project,
    find_project,
    generated_id,
    generated_passcode,
    passcodes_of,
    revoke,
    valid,
)
from personae.secret_key import ServerKey
from personae.storage import Passcode, Project
from personae.storage.sqlite import SqliteStore
from tests.opened import NOW, granted, run


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
        with pytest.raises(NotDone, match=f"^{re.escape(expected)}"):
            await create_project(store, project_id=project_id, name=name, now=NOW)
        return await store.projects()

    assert [project.id for project in run(tmp_path / "data", work)] == ["TAKEN"]


def test_unknown_projects_and_passcodes_are_refused(tmp_path: Path) -> None:
    """A passcode is only found under its own project."""

    async def work(store: SqliteStore, key: ServerKey) -> None:
        first, second = [await create_project(store, project_id=name, now=NOW) for name in ("A", "B")]
        issued = await Issuer(store, key, keep=True).create(first, name="n", now=NOW)
        with pytest.raises(NotDone, match="there is no project 'C'"):
            await find_project(store, "C")
        with pytest.raises(NotDone, match=f"project B has no passcode '{issued.passcode.id}'"):
            await revoke(store, second, issued.passcode.id, now=NOW)

    run(tmp_path / "data", work)


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
