"""What a store does with profiles: find, update, contacts, flags. Source: `storage.Store`."""

from asyncio import gather
from collections.abc import Set
from pathlib import Path
from typing import Any

from ..core.identity import Key
from ..core.profile import Profile
from ..core.work import Changes, Found
from ..storage import Store
from .scenario import OTHER, PROJECT, Scenario, on_a_directory, on_a_store, person, profile_of, properties_of, upload

EMAIL: Key = ("email", "shared@example.com")
FLAG: Key = ("dndemail", "shared@example.com")

TEXTS = (
    "",
    "\0",
    "a",
    "a\0b",
    "🎉" * 128,
    "line\nbreak\r\n\u2028",
    "\"quote' \\",
    "é" * 256,
    "\x7f\x01",
    "%s ?1 :x $1",
    "\U0001d7d8" * 3,
)
"""Text that has broken stores before."""


class ProfilesContract(Scenario):
    """Reading and writing profiles, one update at a time."""

    @on_a_store
    async def test_nothing_is_there_at_first(self, store: Store) -> None:
        """Unknown keys are absent from what `find` gives."""
        keys = [("identity", "x"), ("FBID", "x"), ("GPID", "x"), ("objectId", "x")]
        assert Found({}, {}) == await store.find(PROJECT, keys)
        assert Found({}, {}) == await store.find(PROJECT, [])
        assert await store.find_by_contact(PROJECT, EMAIL, 10) == []
        assert await store.find_flags(PROJECT, [FLAG]) == {}

    @on_a_store
    async def test_create(self, store: Store) -> None:
        """Every key of a new profile leads to it, whole, as the fold left it."""
        record = person("x", {"Name": "Jack", "plan": "gold", "n": 2**63 - 1, "f": 1.0, "list": ["a"]}, FBID="f", objectId="d")
        changes = await upload(store, record)
        (written,) = changes.profiles.values()
        keys = [("identity", "x"), ("FBID", "f"), ("objectId", "d")]
        found = await store.find(PROJECT, [*keys, ("identity", "y"), ("FBID", "x")])
        assert set(keys) == set(found.owners)
        assert len(set(found.owners.values())) == 1
        assert [written] == list(found.profiles.values())
        assert repr(written) == repr(next(iter(found.profiles.values())))

    @on_a_store
    async def test_the_fold_sees_what_is_stored(self, store: Store) -> None:
        """`update` hands the fold owners and profiles of its keys, under one reference per profile."""
        await upload(store, person("x", objectId="d"), person("y"))
        seen: list[Found] = []

        def look(found: Found, *, only: Set[int] | None = None) -> Changes:
            seen.append(Found(dict(found.owners), dict(found.profiles)))
            return Changes()

        keys = [("objectId", "d"), ("identity", "x"), ("identity", "y"), ("identity", "z")]
        await store.update(PROJECT, keys, look)
        owners = seen[-1].owners
        assert {*keys[:3]} == set(owners)
        assert owners["objectId", "d"] == owners["identity", "x"] != owners["identity", "y"]
        assert set(owners.values()) == set(seen[-1].profiles)

    @on_a_store
    async def test_change(self, store: Store) -> None:
        """An update through any key of a profile changes it, and it stays one."""
        await upload(store, person("x", {"a": 1}, objectId="d"))
        await upload(store, {"type": "profile", "objectId": "d", "profileData": {"b": 2}})
        await upload(store, person("x", {"a": {"$incr": 4}}))
        for key in (("identity", "x"), ("objectId", "d")):
            profile = await profile_of(store, key)
            assert profile is not None
            assert profile.properties == {"a": 5, "b": 2}

    @on_a_store
    async def test_an_identifier_attached_later_is_an_alias(self, store: Store) -> None:
        """It leads to the profile's row, and a device that was made for it does too."""
        await upload(store, person("x", {"a": 1}))
        await upload(store, person("x", {"identity": "second"}, FBID="f"))
        profile = await profile_of(store, ("identity", "x"))
        assert profile is not None
        (minted,) = profile.devices
        for key in (("identity", "second"), ("FBID", "f"), ("objectId", minted)):
            assert profile == await profile_of(store, key)

    @on_a_store
    async def test_a_merged_row_becomes_an_alias(self, store: Store) -> None:
        """After a merge every device of both leads to the winner, for reading and for writing."""
        await upload(store, person("x", {"who": "winner"}, objectId="d1"))
        await upload(store, {"type": "profile", "objectId": "d2", "profileData": {"extra": 1}})
        await upload(store, person("x", objectId="d2"))
        await upload(store, {"type": "profile", "objectId": "d2", "profileData": {"after": 2}})
        for key in (("identity", "x"), ("objectId", "d1"), ("objectId", "d2")):
            profile = await profile_of(store, key)
            assert profile is not None
            assert list(profile.devices) == ["d1", "d2"]
            assert profile.properties == {"who": "winner", "extra": 1, "after": 2}

    @on_a_store
    async def test_a_merge_within_one_update(self, store: Store) -> None:
        """A profile that is made and merged away in one update leaves only aliases."""
        device = {"type": "profile", "objectId": "d", "profileData": {"extra": 1, "Email": EMAIL[1]}}
        await upload(store, device, person("x"), person("x", objectId="d"))
        assert await profile_of(store, ("identity", "x")) == await profile_of(store, ("objectId", "d"))
        assert len(await store.find_by_contact(PROJECT, EMAIL, 10)) == 1

    @on_a_store
    async def test_what_find_gives_is_a_copy(self, store: Store) -> None:
        """Changing a found profile, or one that was written, changes nothing that is stored."""
        changes = await upload(store, person("x", {"list": ["a"]}))
        found = await profile_of(store, ("identity", "x"))
        assert found is not None
        for profile in (found, *changes.profiles.values()):
            profile.properties["list"].append("b")
            profile.identities.append("other")
        assert await properties_of(store, "x") == {"list": ["a"]}

    @on_a_store
    async def test_an_empty_update(self, store: Store) -> None:
        """No keys and nothing to write is fine."""
        assert Changes() == await store.update(PROJECT, [], lambda found, only=None: Changes())
        assert Changes() == await upload(store)

    @on_a_store
    async def test_a_fold_that_raises_writes_nothing(self, store: Store) -> None:
        """Its exception comes out of `update`, and what it did to its copies is gone."""
        await upload(store, person("x", {"a": 1}))

        def spoil(found: Found, *, only: Set[int] | None = None) -> Changes:
            for profile in found.profiles.values():
                profile.properties["a"] = "spoilt"
            raise ZeroDivisionError("spoilt")

        (outcome,) = await gather(store.update(PROJECT, [("identity", "x")], spoil), return_exceptions=True)
        assert isinstance(outcome, ZeroDivisionError)
        assert await properties_of(store, "x") == {"a": 1}

    @on_a_store
    async def test_projects_are_apart(self, store: Store) -> None:
        """The same identity, contact and flag in two projects are two."""
        flagged = {"Email": EMAIL[1], "MSG-dndEmail": True}
        await upload(store, person("x", {"who": "one"} | flagged))
        await upload(store, person("x", {"who": "two"}), project=OTHER)
        assert await properties_of(store, "x") == {"who": "one"}
        assert await properties_of(store, "x", OTHER) == {"who": "two"}
        assert await store.find_by_contact(OTHER, EMAIL, 10) == []
        assert await store.find_flags(OTHER, [FLAG]) == {}
        assert await store.find_flags(PROJECT, [FLAG]) == {FLAG: True}

    @on_a_store
    async def test_contacts(self, store: Store) -> None:
        """The profiles that have an address, the last updated first, each once, page by page."""
        await upload(store, *(person(name, {"Email": EMAIL[1].upper()}) for name in "abcde"))
        for name in "ca":
            await upload(store, person(name, {"touched": True}))
        await upload(store, person("a", {"Email": EMAIL[1]}))
        expected = [["a"], ["c"], ["e"], ["d"], ["b"]]
        pages: list[Profile] = []
        for offset in range(0, 6, 2):
            pages += await store.find_by_contact(PROJECT, EMAIL, 2, offset)
        assert expected == [profile.identities for profile in pages]
        assert expected == [profile.identities for profile in await store.find_by_contact(PROJECT, EMAIL, 100)]

    @on_a_store
    async def test_contacts_of_a_profile_that_moved_on(self, store: Store) -> None:
        """Its new address finds it, the one it left no more; another's that is the same still does."""
        phone: Key = ("phone", "+14155551234")
        await upload(store, *(person(name, {"Email": EMAIL[1], "Phone": phone[1]}) for name in "xy"))
        await upload(store, person("x", {"Email": "new@example.com"}))
        x, y = await profile_of(store, ("identity", "x")), await profile_of(store, ("identity", "y"))
        assert [x] == await store.find_by_contact(PROJECT, ("email", "new@example.com"), 10)
        assert [x, y] == await store.find_by_contact(PROJECT, phone, 10)
        assert [y] == await store.find_by_contact(PROJECT, EMAIL, 10)
        await upload(store, person("y", {"Email": {"$delete": 1}, "Phone": {"$delete": 1}}))
        assert await store.find_by_contact(PROJECT, EMAIL, 10) == []
        assert [x] == await store.find_by_contact(PROJECT, phone, 10)

    @on_a_store
    async def test_contacts_left_and_taken_up_again(self, store: Store) -> None:
        """Within one update, and from one to the next, the address it has last is the one that finds it."""
        both: list[Key] = [EMAIL, ("email", "new@example.com")]
        for batch in ([0], [0, 1], [0, 1, 0], [1], [0, 1], [1, 0, 1, 0]):
            await upload(store, *(person("x", {"Email": both[n][1]}) for n in batch))
            has, has_not = both[batch[-1]], both[1 - batch[-1]]
            assert [await profile_of(store, ("identity", "x"))] == await store.find_by_contact(PROJECT, has, 10)
            assert await store.find_by_contact(PROJECT, has_not, 10) == []

    @on_a_store
    async def test_contacts_of_a_merged_profile(self, store: Store) -> None:
        """The address that came with a merge leads to the winner, once."""
        device = {"type": "profile", "objectId": "d", "profileData": {"Email": EMAIL[1]}}
        await upload(store, device)
        await upload(store, person("x"))
        await upload(store, person("x", objectId="d"))
        assert [await profile_of(store, ("identity", "x"))] == await store.find_by_contact(PROJECT, EMAIL, 10)

    @on_a_store
    async def test_contacts_that_end_with_a_merge(self, store: Store) -> None:
        """An address of a profile that was merged away, which the winner did not take over, finds nobody."""
        await upload(store, {"type": "profile", "objectId": "d", "profileData": {"Email": EMAIL[1]}})
        await upload(store, person("x", {"Email": "new@example.com"}))
        await upload(store, person("x", objectId="d"))
        assert await store.find_by_contact(PROJECT, EMAIL, 10) == []
        assert len(await store.find_by_contact(PROJECT, ("email", "new@example.com"), 10)) == 1

    @on_a_store
    async def test_flags(self, store: Store) -> None:
        """A flag that was set stands either way until it is set again; others are absent."""
        assert not await store.has_flags()
        phone: Key = ("dndphone", "+14155551234")
        await upload(store, person("x", {"Email": EMAIL[1], "Phone": phone[1], "MSG-dndEmail": True, "MSG-dndPhone": False}))
        unset: Key = ("dndwhatsapp", phone[1])
        assert {FLAG: True, phone: False} == await store.find_flags(PROJECT, [FLAG, phone, unset])
        assert await store.has_flags()
        await upload(store, person("x", {"MSG-dndEmail": False}))
        assert await store.find_flags(PROJECT, [FLAG]) == {FLAG: False}

    @on_a_store
    async def test_text_round_trip(self, store: Store) -> None:
        """NUL, line ends, quotes and 4-byte characters come back as they went in, wherever they stand."""
        data: dict[str, Any] = {f"key {text[:20]}": text for text in TEXTS}
        identities = [f"id {text}" for text in TEXTS]
        await upload(store, *(person(identity, {**data, "mine": n}) for n, identity in enumerate(identities)))
        for n, identity in enumerate(identities):
            assert data | {"mine": n} == await properties_of(store, identity.strip())

    @on_a_store
    async def test_nul(self, store: Store) -> None:
        """The character NUL is kept wherever text may stand, and tells two identifiers apart."""
        data = {"Name": "a\0b", "Email": "a@b.co", "key\0": "\0", "list": ["\0", "a\0"], "nested": {"\0": {"x\0": "y\0"}}}
        await upload(store, person("i\0d", data, FBID="f\0", GPID="g\0", objectId="d\0", source="s\0"), person("id", {"n": 1}))
        for key in (("identity", "i\0d"), ("FBID", "f\0"), ("GPID", "g\0"), ("objectId", "d\0")):
            profile = await profile_of(store, key)
            assert profile is not None
            assert ["i\0d", "a\0b", "s\0"] == [*profile.identities, profile.fields["name"], profile.source]
            assert {key: data[key] for key in ("key\0", "list", "nested")} == profile.properties
        assert await properties_of(store, "id") == {"n": 1}
        assert len(await store.find_by_contact(PROJECT, ("email", "a@b.co"), 10)) == 1

    @on_a_store
    async def test_limits(self, store: Store) -> None:
        """Identifiers, keys, values and profiles as large as the contract allows."""
        identity = "🎉" * 1024
        data: dict[str, Any] = {f"{n:04}" + "é" * 58: "🎉" * 128 for n in range(255)}
        data["list"] = [f"{n:03}" + "x" * 509 for n in range(100)]
        await upload(store, person(identity, data, objectId="d" * 1024))
        assert data == await properties_of(store, identity)
        assert await profile_of(store, ("objectId", "d" * 1024)) is not None

    @on_a_store
    async def test_large_batches(self, store: Store) -> None:
        """A thousand and more profiles are created, found and changed in one update each."""
        for size in (1000, 2500):
            names = [f"{size} {n}" for n in range(size)]
            await upload(store, *(person(name, {"n": 1}, FBID=name) for name in names))
            await upload(store, *(person(name, {"n": {"$incr": 1}}) for name in reversed(names)))
            keys: list[Key] = [(kind, name) for name in names for kind in ("identity", "FBID")]
            found = await store.find(PROJECT, keys)
            assert (2 * size, size) == (len(found.owners), len(found.profiles))
            assert {2} == {profile.properties["n"] for profile in found.profiles.values()}

    @on_a_directory
    async def test_data_survives(self, path: Path) -> None:
        """What was answered is there when the same directory is opened again."""
        store = await self.open(path)
        await upload(store, person("x", {"Email": EMAIL[1], "MSG-dndEmail": True, "a": [1.5]}, objectId="d"))
        before = await profile_of(store, ("objectId", "d"))
        await store.close()
        store = await self.open(path)
        assert before is not None
        assert before == await profile_of(store, ("identity", "x"))
        assert [before] == await store.find_by_contact(PROJECT, EMAIL, 10)
        assert await store.find_flags(PROJECT, [FLAG]) == {FLAG: True}
        await upload(store, person("x", {"b": 1}))
        assert await properties_of(store, "x") == {"a": ["1.5"], "b": 1}
        await store.close()
