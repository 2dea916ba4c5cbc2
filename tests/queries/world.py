"""A small project on the dict model, with a clock of its own, that queries are put to."""

from functools import partial
from itertools import count
from typing import Any

from personae.core.fold import fold, keys_of, screen
from personae.core.profile import Profile
from personae.core.query.asked import Filter, Query
from personae.core.rules import Rules
from personae.life import delete
from personae.queries.events import FIRST, page_of_events
from personae.queries.matching import Question
from personae.queries.profiles import Cursored, Position, page_of_profiles
from personae.queries.windows import WINDOW, Windows
from personae.storage import Project
from personae.storage.codec import hash_key
from personae.storage.events import day_of
from tests.storage.model import NO_SECRET, DictStore, Disk

NOW = 1_700_000_000
DAY = day_of(NOW)
PROJECT = Project("TST-111-111Z", "One", NO_SECRET, NOW)
RULES = Rules()

Json = dict[str, Any]


def did(identity: str | None = None, name: str = "Viewed", ts: int | None = None, /, **data: object) -> Json:
    """An event of a person, or of the device `objectId` in `data`."""
    device = {"objectId": data.pop("objectId")} if "objectId" in data else {}
    who = device | ({} if identity is None else {"identity": identity})
    return {"type": "event", "evtName": name, "evtData": data, **who} | ({} if ts is None else {"ts": ts})


def person(identity: str, **more: object) -> Json:
    return {"type": "profile", "identity": identity, "profileData": {}, **more}


def query(*filters: Filter, name: str = "viewed", first: int = DAY - 1, last: int = DAY + 1, **more: Any) -> Query:
    return Query(name, first, last, list(filters), **more)


class World:
    """One project. Each upload is a second later than what was before it."""

    def __init__(self, window: int = WINDOW) -> None:
        self.store = DictStore(Disk())
        self.clock = count(NOW)
        self.windows = Windows(window)
        self.started_us = 0

    async def upload(self, *records: object) -> None:
        """Upload records, which have to be acceptable."""
        now = next(self.clock)
        accepted, rejected = screen(records, now, RULES)
        assert rejected == []
        step = partial(fold, accepted, now_us=now * 1_000_000, seed=now.to_bytes(16), rules=RULES)
        assert (await self.store.update(PROJECT, keys_of(accepted), step)).rejected == []

    async def delete(self, identity: str) -> None:
        await delete(self.store, PROJECT, [("identity", identity)])

    def open(self, asked: Query) -> "Walk":
        """A walk that begins now."""
        self.started_us = next(self.clock) * 1_000_000
        return Walk(self, asked, self.started_us)

    async def events(self, asked: Query, size: int) -> list[list[tuple[str, Json]]]:
        """The pages of events, each event as (first device of its profile, data)."""
        pages, place = [], FIRST
        while True:
            page = await page_of_events(self.store, Question(PROJECT, asked), place, size)
            pages.append([(profile.home[1], event.data) for event, profile in page.events])
            if page.place is None:
                return pages
            place = page.place


class Walk:
    """A query over profiles on its way; `given` is every profile so far, as it was then."""

    def __init__(self, world: World, asked: Query, start_us: int) -> None:
        self.world = world
        self.question = Question(PROJECT, asked)
        self.start_us = start_us
        self.position: Position | None = Position()
        self.given: list[Profile] = []

    async def page(self, size: int) -> list[Profile]:
        """The next page."""
        assert self.position is not None
        asked = Cursored(self.question, self.start_us, next(self.world.clock) * 1_000_000)
        found = await page_of_profiles(self.world.store, self.world.windows, asked, self.position, size)
        self.position = found.position
        self.given += found.profiles
        assert len(found.profiles) <= size
        return found.profiles

    async def rest(self, size: int) -> list[Profile]:
        """All pages that are left."""
        while self.position is not None:
            await self.page(size)
        return self.given

    def names(self) -> list[str]:
        """Who was given, by identity or else by first device, in the order given."""
        return [(profile.identities or list(profile.devices))[0] for profile in self.given]


def owner(device: str) -> bytes:
    """The owner of the events of the profile with this first device."""
    return hash_key(NO_SECRET, ("objectId", device))


def in_order(count: int) -> list[str]:
    """Devices in the order of the owners they are."""
    return sorted((f"d{number}" for number in range(count)), key=owner)
