"""What servers on one PostgreSQL do to each other between a reading and a writing: every key and address has one owner."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import asyncpg
import pytest

from personae.core.identity import Key
from personae.core.profile import contacts
from personae.storage.codec import hash_key
from personae.storage.postgres.writes import PARTS, Row, Write, apart, cut
from personae.testing.life_contract import alone, erase
from personae.testing.scenario import PROJECT, person, profile_of, upload
from tests.databases import execute
from tests.engines import database_of
from tests.storage.test_postgres_events import elsewhere
from tests.storage.test_postgres_failures import Between, folding, opened

EMAIL: Final = "shared@example.com"
ADDRESS: Final = ("email", EMAIL)


def row(name: int, target: int | None = None) -> Row:
    """A bound row: of a profile, or of an alias of one; its first byte says which part it is in."""
    document = "{}" if target is None else None
    return Row(bytes([name]), "p", 2, None if target is None else bytes([target]), document, 0, bound=True)


ROWS: Final = [row(1), row(2), row(17, 1), row(18, 2), row(26, 2), row(33, 1)]
"""Two profiles and their aliases."""

CUTS: Final[dict[str, Callable[[Write], list[Write]]]] = {
    "apart": apart,
    "by groups": lambda write: cut(write, [write.rows[::2], write.rows[1::2]]),
}


@pytest.mark.parametrize("way", CUTS)
def test_what_is_merged_away_goes_with_its_row(way: str) -> None:
    """A profile counts as merged away in the write of its own row and in no other."""
    losers = [bytes([name]) for name in (33, 18, 17)]
    parts = CUTS[way](Write(ROWS, losers, [], [], [], []))
    assert len(parts) == 2
    assert sorted(losers) == sorted(loser for part in parts for loser in part.losers)
    assert all(part.keys.issuperset(part.losers) for part in parts)


def part_of(identity: str) -> int:
    """The part that a write which is cut has this identity's row in."""
    return hash_key(PROJECT.secret, ("identity", identity))[0] % PARTS


def test_a_key_that_another_server_took(tmp_path: Path) -> None:
    """An identifier that a profile got just before it was to be merged away stays with it, whoever else wanted it."""
    winner = "w"
    other = next(name for name in map(str, range(100)) if part_of(name) != part_of(winner))

    async def scenario() -> None:
        url = database_of(tmp_path)
        store = await opened(url)
        await upload(store, {"type": "profile", "objectId": "d", "profileData": {"a": 1}}, person(winner), person(other))
        keys, step = folding(person(winner, objectId="d"), person(other, FBID="f"))
        taking: dict[str, Any] = {"type": "profile", "objectId": "d", "FBID": "f", "profileData": {"b": 2}}
        await store.update(PROJECT, keys, Between(step, elsewhere(url, lambda elsewhere: upload(elsewhere, taking))))
        names: list[Key] = [("identity", winner), ("identity", other), ("objectId", "d"), ("FBID", "f")]
        found = await store.find(PROJECT, names)
        said = [(found.owners[key], owner) for owner, profile in found.profiles.items() for key in profile.keys if key in names]
        assert len(said) == len(names)
        assert all(leads_to == owner for leads_to, owner in said)
        assert found.owners["FBID", "f"] == found.owners["objectId", "d"]
        await store.close()

    asyncio.run(scenario())


WAITS = """
CREATE FUNCTION wait() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_advisory_xact_lock_shared(1); RETURN NULL; END $$
"""
ON_DELETE = "CREATE TRIGGER wait BEFORE DELETE ON contact FOR EACH STATEMENT EXECUTE FUNCTION wait()"
WAITING = """
SELECT 1 FROM pg_locks JOIN pg_database ON oid = database AND datname = current_database()
WHERE locktype = 'advisory' AND NOT granted
"""


def test_an_address_of_a_person_made_anew(tmp_path: Path) -> None:
    """Who was deleted and made anew elsewhere keeps the address, though the server that deleted is late to take it away."""

    async def scenario() -> None:
        url = database_of(tmp_path)
        store, other = await opened(url), await opened(url)
        await upload(store, person("x", {"Email": EMAIL}))
        execute(url, WAITS, ON_DELETE)
        gate = await asyncpg.connect(url)
        await gate.execute("SELECT pg_advisory_lock(1)")
        deleting = asyncio.create_task(alone(store, erase, ("identity", "x")))
        while not await gate.fetch(WAITING):
            pass
        await upload(other, person("x", {"Email": EMAIL}))
        await gate.close()
        await deleting
        assert await store.find_by_contact(PROJECT, ADDRESS, 10) == [await profile_of(store, ("identity", "x"))]
        await alone(store, erase, ("identity", "x"))
        assert [(0,)] == execute(url, "SELECT count(*) FROM contact")
        await other.close()
        await store.close()

    asyncio.run(scenario())


DEVICE: Final[dict[str, Any]] = {"type": "profile", "objectId": "d", "profileData": {}}
WITH_EMAIL: Final = {**DEVICE, "profileData": {"Email": EMAIL}}

MEANWHILE: Final[dict[str, tuple[dict[str, Any], dict[str, Any]]]] = {
    "the device became part of another person": (WITH_EMAIL, person("y", objectId="d")),
    "the same address was added": (WITH_EMAIL, WITH_EMAIL),
    "the same address was added to another person": (WITH_EMAIL, person("y", {"Email": EMAIL}, objectId="d")),
    "another row was faster": ({**WITH_EMAIL, "identity": "x"}, person("x", objectId="e")),
}
"""What is uploaded, and what another server uploads at that moment."""


@pytest.mark.parametrize("case", MEANWHILE)
def test_addresses_of_rows_that_were_lost(case: str, tmp_path: Path) -> None:
    """However an upload that lost a row comes out in the end, the table says of each profile its addresses, no more or less."""
    record, theirs = MEANWHILE[case]

    async def scenario() -> None:
        url = database_of(tmp_path)
        store = await opened(url)
        await upload(store, DEVICE, person("y"))
        keys, step = folding(record)
        between = Between(step, elsewhere(url, lambda other: upload(other, theirs)))
        await store.update(PROJECT, keys, between)
        assert len(between.folds) == 2
        found = await store.find(PROJECT, [("identity", "x"), ("identity", "y"), ("objectId", "d")])
        owners = [owner for owner, profile in found.profiles.items() if ADDRESS in contacts(profile)]
        rows = execute(url, "SELECT ckey, pkey FROM contact")
        assert len(owners) == 1
        assert [(hash_key(PROJECT.secret, ADDRESS), owners[0])] == [(ckey.bytes, pkey.bytes) for ckey, pkey in rows]
        await store.close()

    asyncio.run(scenario())
