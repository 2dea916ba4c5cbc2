"""Looking a profile up by email among many that had the address once."""

import asyncio

import pytest

from personae.core.identity import Ref
from personae.core.profile import Profile
from personae.core.work import Changes
from personae.http.profiles import MAX_PAGES, PAGE, find_by_email
from personae.storage import Project
from tests.storage.model import DictStore, Disk

PROJECT = Project("TST-123-456Z", "test", bytes(32), 0)
ADDRESS = "a@example.com"


def stale(count: int) -> Changes:
    """One profile with the address, and this many updated after it that have another one by now."""
    emails = {0: ADDRESS} | dict.fromkeys(range(1, count + 1), "b@example.com")
    profiles: dict[Ref, Profile] = {
        ("identity", f"p{at}"): Profile(0, at, identities=[f"p{at}"], fields={"email": email}) for at, email in emails.items()
    }
    return Changes(profiles=profiles, contacts={(("email", ADDRESS), ref): True for ref in profiles})


@pytest.mark.parametrize(
    ("count", "expected"),
    [(0, ["p0"]), (1, ["p0"]), (PAGE, ["p0"]), (MAX_PAGES * PAGE - 1, ["p0"]), (MAX_PAGES * PAGE, None), (5000, None)],
)
def test_the_search_among_stale_addresses_is_bounded(count: int, expected: list[str] | None) -> None:
    """A profile behind up to 999 that changed their address is found; no more pages are read than that."""

    async def look_up() -> Profile | None:
        store = DictStore(Disk())
        await store.update(PROJECT, [], lambda _: stale(count))
        return await find_by_email(store, PROJECT, ADDRESS)

    found = asyncio.run(look_up())
    assert expected == (found and found.identities)
