"""Who gets in: credentials checked in memory, brought up to date from the store."""

from contextlib import closing
from pathlib import Path

import apsw
import pytest

from personae.projects import Access, Grant, Issuer, create_project, revoke
from personae.secret_key import ServerKey
from personae.storage import Store
from tests.opened import NOW, granted, run
from tests.storage.backends import BACKENDS


@pytest.mark.parametrize("backend", BACKENDS)
def test_only_the_right_credentials_get_in(tmp_path: Path, backend: str) -> None:
    """Each project's passcodes open that project and no other; everything else is None."""

    async def work(store: Store, key: ServerKey) -> None:
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

    run(tmp_path / "data", work, BACKENDS[backend])


@pytest.mark.parametrize("backend", BACKENDS)
def test_bytes_that_are_no_text_are_just_wrong(tmp_path: Path, backend: str) -> None:
    """Credentials are bytes of a header, whatever they are."""

    async def work(store: Store, key: ServerKey) -> Grant | None:
        return Access(store, key).authenticate(b"\xff\x00", bytes(range(256)) * 40, NOW)

    assert run(tmp_path / "data", work, BACKENDS[backend]) is None


@pytest.mark.parametrize("backend", BACKENDS)
def test_an_expired_passcode_holds_to_the_last_moment(tmp_path: Path, backend: str) -> None:
    """It holds before its expiry and not at it, with no refresh in between."""

    async def work(store: Store, key: ServerKey) -> list[bool]:
        project = await create_project(store, now=NOW)
        issued = await Issuer(store, key, keep=True).create(project, name="n", expires=NOW + 60, now=NOW)
        access = Access(store, key)
        await access.refresh()
        times = (NOW, NOW + 59.9, NOW + 60.0, NOW + 61)
        return [access.authenticate(project.id.encode(), issued.text.encode(), now) is not None for now in times]

    assert run(tmp_path / "data", work, BACKENDS[backend]) == [True, True, False, False]


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_refresh_sees_what_changed_and_only_then_reads(tmp_path: Path, backend: str) -> None:
    """New passcodes get in and revoked ones are out after the next refresh."""

    async def work(store: Store, key: ServerKey) -> list[bool]:
        access = Access(store, key)
        project = await create_project(store, now=NOW)
        seen = [await access.refresh(), await access.refresh()]
        issued = await Issuer(store, key, keep=True).create(project, name="n", now=NOW)

        def gets_in() -> bool:
            return access.authenticate(project.id.encode(), issued.text.encode(), NOW) is not None

        seen += [gets_in(), await access.refresh(), gets_in()]
        await revoke(store, project, issued.passcode.id, now=NOW)
        return [*seen, gets_in(), await access.refresh(), gets_in(), await access.refresh()]

    assert run(tmp_path / "data", work, BACKENDS[backend]) == [True, False, False, True, True, True, True, False, False]


@pytest.mark.parametrize("backend", BACKENDS)
def test_last_use_is_written_by_flush_alone(tmp_path: Path, backend: str) -> None:
    """Only a passcode that got in is marked, and marking is no change of access."""

    async def work(store: Store, key: ServerKey) -> list[list[int]]:
        project = await create_project(store, now=NOW)
        issuer = Issuer(store, key, keep=True)
        used, _ = [await issuer.create(project, name="n", now=NOW) for _ in range(2)]
        access = Access(store, key)
        await access.refresh()
        access.authenticate(project.id.encode(), used.text.encode(), NOW + 5.7)
        access.authenticate(project.id.encode(), b"wrong", NOW + 9)
        before = sorted(passcode.last_used for passcode in await store.passcodes())
        await access.flush()
        assert not await access.refresh()
        return [before, sorted(passcode.last_used for passcode in await store.passcodes())]

    assert run(tmp_path / "data", work, BACKENDS[backend]) == [[0, 0], [0, NOW + 5]]


def test_a_flush_that_fails_is_made_up_for(tmp_path: Path) -> None:
    """Last uses are kept while the store cannot be written, and written by the next flush."""

    async def work(store: Store, key: ServerKey) -> list[int]:
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
