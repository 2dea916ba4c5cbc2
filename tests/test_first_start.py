"""The project and passcode a start is about."""

import asyncio
from pathlib import Path

import pytest

from personae.projects import Access, Issuer, create_project
from personae.secret_key import ServerKey
from personae.storage.sqlite import SqliteStore
from tests.opened import NOW, granted, run
from tests.storage.backends import BACKENDS


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


SHOWN = [
    ((True, True), ("code", "code")),
    ((True, False), ("code", "")),
    ((False, False), ("code", "")),
    ((False, True), ("code", "")),
]


@pytest.mark.parametrize(("keeps", "expected"), SHOWN)
def test_a_given_passcode_is_shown_when_made_and_while_kept(
    tmp_path: Path, keeps: tuple[bool, bool], expected: tuple[str, str]
) -> None:
    """The second start with the same values shows it only if both keep passcodes; it gets in all the same."""

    async def work(store: SqliteStore, key: ServerKey) -> None:
        issuers = [Issuer(store, key, keep=keep) for keep in keeps]
        starts = [await issuer.first_start(project_id="P", passcode="code", now=NOW) for issuer in issuers]
        assert tuple(start.passcode for start in starts) == expected
        assert await granted(store, key, "P", "code") is not None

    run(tmp_path / "data", work)


AT_ONCE = [("", ""), ("P", ""), ("P", "code")]


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("keep", [True, False])
@pytest.mark.parametrize(("project_id", "passcode"), AT_ONCE)
def test_many_first_starts_at_once_do_what_one_does(
    tmp_path: Path, backend: str, keep: bool, project_id: str, passcode: str
) -> None:
    """All end with the same project and passcode, made once; where it is not kept, whoever made it has it."""

    async def work() -> None:
        stores = [await BACKENDS[backend](tmp_path) for _ in range(3)]
        issuers = [Issuer(store, ServerKey(bytes(32), "test"), keep=keep) for store in stores * 5]
        starts = await asyncio.gather(
            *(issuer.first_start(project_id=project_id, passcode=passcode, now=NOW) for issuer in issuers)
        )
        (project,) = await stores[0].projects()
        assert [start.project for start in starts] == [project] * len(starts)
        assert len(await stores[0].passcodes()) == 1
        shown = {start.passcode for start in starts} - {""}
        assert len(shown) == 1
        assert not keep or "" not in {start.passcode for start in starts}
        access = Access(stores[0], ServerKey(bytes(32), "test"))
        await access.refresh()
        assert access.authenticate(project.id.encode(), shown.pop().encode(), NOW) is not None
        for store in stores:
            await store.close()

    asyncio.run(work())
