"""What a store does with history: the last changes of each profile, written with it, erased with it.

Source: `storage.Store`, `core.history`.
"""

from asyncio import gather
from collections.abc import Sequence, Set
from pathlib import Path
from typing import Final

from ..core.history import Author, Change, Entry
from ..core.work import Changes, Found
from ..storage import Project, Store
from .profiles_contract import TEXTS
from .scenario import (
    OTHER,
    PROJECT,
    RULES,
    Scenario,
    changes_of,
    on_a_directory,
    on_a_store,
    person,
    places_behind,
    upload,
)

KEPT: Final = 4
"""Changes that are kept of a profile whose history is written here by hand; a quarter more may be there."""

LATE_US: Final = 2_000_000_000_000_000
"""Epoch microseconds after all that is uploaded here."""

UPLOADERS: Final = 20
STEPS: Final = 4


def change(number: int, text: str = "") -> Change:
    """The change with this number: each has a time, an author and a value of its own."""
    return Change("changed", LATE_US + number, f"r{number}", f"by {number}", {"p": (number, text)})


async def keep(store: Store, identity: str, changes: Sequence[Change], project: Project = PROJECT) -> None:
    """Write a profile that is there, with these changes in its history."""

    def write(found: Found, *, only: Set[int] | None = None) -> Changes:
        ((ref, profile),) = found.profiles.items()
        entries = [Entry(profile, change, KEPT) for change in changes]
        return Changes(profiles={ref: profile}, history=entries, records={ref: [0]})

    await store.update(project, [("identity", identity)], write)


async def history_of(store: Store, *identities: str, project: Project = PROJECT) -> list[Change]:
    """What is kept of these people together, the last change first."""
    return await changes_of(store, *(("identity", identity) for identity in identities), project=project)


class HistoryContract(Scenario):
    """History of profiles that stay; what becomes of it with those that are erased is in `life_contract`."""

    @on_a_store
    async def test_no_history_at_first(self, store: Store) -> None:
        """Places that nobody took are empty."""
        assert await store.read_history([]) == await store.read_history([1, 2, 1_000_000]) == []

    @on_a_store
    async def test_changes_are_kept(self, store: Store) -> None:
        """Each comes back whole, the last one first."""
        await upload(store, person("x", objectId="d"))
        mark = change(1)
        full = Change(
            "merged",
            mark.at + 1,
            "r",
            "p",
            {"list": ([1, "a"], None), "Name": (None, "J")},
            [("objectId", "e")],
            [("FBID", "f")],
        )
        await keep(store, "x", [mark, full])
        assert [full, mark] == (await history_of(store, "x"))[:2]

    @on_a_store
    async def test_old_changes_go(self, store: Store) -> None:
        """The last ones stay, in one update or in many; the places of those that went are empty."""
        await upload(store, person("x"))
        places: set[int] = set()
        for number in range(3 * KEPT):
            await keep(store, "x", [change(number)])
            kept = await history_of(store, "x")
            assert [change(n) for n in range(number, max(number - KEPT, -1), -1)] == kept[: min(number + 1, KEPT)]
            assert len(kept) <= KEPT + KEPT // 4
            places |= set(await places_behind(store, ("identity", "x")))
        await keep(store, "x", [change(number) for number in range(3 * KEPT, 6 * KEPT + 1)])
        assert [change(number) for number in range(6 * KEPT, 5 * KEPT, -1)] == (await history_of(store, "x"))[:KEPT]
        assert await store.read_history(sorted(places)) == []

    @on_a_store
    async def test_owners_and_projects_are_apart(self, store: Store) -> None:
        """Each has changes of its own; read together they come in the order of time."""
        for project in (PROJECT, OTHER):
            await upload(store, person("x", objectId="dx"), person("y", objectId="dy"), project=project)
        for number in range(1, KEPT + 1):
            await keep(store, "xy"[number % 2], [change(number)])
        await keep(store, "x", [change(KEPT - 1, "other")], OTHER)
        ours = [kept for kept in await history_of(store, "x", "y") if kept.kind == "changed"]
        assert [change(number) for number in range(KEPT, 0, -1)] == ours
        assert [change(4), change(2)] == [kept for kept in await history_of(store, "x") if kept.request]
        others = await history_of(store, "x", "y", project=OTHER)
        assert [change(KEPT - 1, "other")] == [kept for kept in others if kept.request]

    @on_a_store
    async def test_many_owners_of_history(self, store: Store) -> None:
        """A thousand people in one update, each with a history, and read one by one."""
        author = Author("the request", "its passcode")
        await upload(store, *(person(f"p{n}", {"n": n}) for n in range(1000)), author=author)
        for n in (0, 1, 500, 999):
            (created,) = await history_of(store, f"p{n}")
            assert ("created", *author) == (created.kind, created.request, created.passcode)
            assert {"n": n} == created.values

    @on_a_store
    async def test_texts_of_history(self, store: Store) -> None:
        """Text that breaks stores comes back as it went in, in values, names and authors."""
        await upload(store, person("x"))
        changes = [
            Change("changed", n, text, text, {f"key {text}": (text, [text])}, [("identity", text)])
            for n, text in enumerate(TEXTS[:KEPT])
        ]
        await keep(store, "x", changes)
        assert changes[::-1] == [kept for kept in await history_of(store, "x") if kept.at < KEPT]
        for n, text in enumerate(TEXTS):
            await upload(store, person(f"p{n}", {f"key {text[:20]}": text}), author=Author(text, text))
            (created,) = await history_of(store, f"p{n}")
            assert (text, text) == (created.request, created.passcode)
            assert [text] == list(created.values.values())

    @on_a_store
    async def test_no_change_is_lost(self, store: Store) -> None:
        """However many updates change a profile at once, its history has each of them."""

        async def send(uploader: int) -> None:
            for step in range(STEPS):
                await upload(store, person("x", {f"u{uploader}": step}), person("y", {"by": f"{uploader}.{step}"}))

        await gather(*map(send, range(UPLOADERS)))
        count = UPLOADERS * STEPS
        assert count <= RULES.max_history
        for identity in "xy":
            kept = await history_of(store, identity)
            assert len(kept) == count
            assert ["created"] + ["changed"] * (count - 1) == [change.kind for change in kept[::-1]]
        values: dict[str, object] = {}
        for made in (await history_of(store, "x"))[::-1]:
            values |= made.values
            for name, (old, new) in made.properties.items():
                assert values.get(name) == old
                values[name] = new
        assert {f"u{uploader}": STEPS - 1 for uploader in range(UPLOADERS)} == values

    @on_a_directory
    async def test_history_survives(self, path: Path) -> None:
        """It is there when the directory is opened again, and goes on."""
        for number in range(KEPT):
            store = await self.open(path)
            if number == 0:
                await upload(store, person("x"))
            await keep(store, "x", [change(number)])
            await store.close()
        store = await self.open(path)
        assert [change(number) for number in range(KEPT - 1, -1, -1)] == (await history_of(store, "x"))[:KEPT]
        await store.close()
