"""The visitors of one client: some of them in each upload, some deleted now and then, all looked at."""

import json
import random
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple
from urllib.parse import quote

from tests.client import Answer, Connection
from tests.durability.people import Outcome
from tests.durability.told import STORED, UNKNOWN
from tests.durability.visitors import (
    ACTIONS,
    SEVERAL,
    UPLOADED,
    Deed,
    State,
    Visitor,
    device_of,
    event_of,
    state_in,
)
from tests.server import Json, credentials

VISITORS: Final = 12
AT_ONCE: Final = (0, 0, 1, 2, 4)
"""How many visitors do something in one upload."""

TIMES: Final = (1, 1, 2, 4)
DELETED: Final = (0, 0, 0, 1, 3)
"""How many are deleted after an upload."""

FIRST_DAY: Final = 20200101

BUSY_S: Final = 0.01
"""A project may have a few counts running; other clients have theirs."""


class Away(Exception):  # noqa: N818 - what the answer said
    """The server said that it cannot be read now."""


class Visit(NamedTuple):
    """What a visitor does in one upload."""

    visitor: Visitor
    deeds: list[Deed]

    @property
    def records(self) -> list[Json]:
        makers = [ACTIONS[deed.action].record for deed in self.deeds]
        return [make(self.visitor.name, deed.mark) for make, deed in zip(makers, self.deeds, strict=True) if make]


@dataclass
class Crowd:
    """The visitors of the client with this name. `done` counts what was acknowledged, by action."""

    name: str
    rng: random.Random
    touched: set[str] = field(default_factory=set)
    done: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        names = (f"{self.name}-visitor{number}" for number in range(VISITORS))
        self.visitors = {name: Visitor(name) for name in names}

    def some(self, count: int) -> list[Visitor]:
        chosen = self.rng.sample(sorted(self.visitors), k=count)
        self.touched.update(chosen)
        return [self.visitors[name] for name in chosen]

    def visits(self, attempt: str) -> list[Visit]:
        """What some of them do in this upload, which is as good as sent."""
        visits = [Visit(visitor, self.deeds(attempt)) for visitor in self.some(self.rng.choice(AT_ONCE))]
        for visitor, deeds in visits:
            visitor.begin(deeds)
        return visits

    def deeds(self, attempt: str) -> list[Deed]:
        action = self.rng.choice(UPLOADED)
        times = self.rng.choice(TIMES) if action in SEVERAL else 1
        return [Deed(action, f"{attempt}.{number}") for number in range(times)]

    def told(self, visits: Sequence[Visit], outcomes: Iterable[Outcome]) -> None:
        """What became of the records of these visits, in their order."""
        rest = iter(outcomes)
        for visitor, deeds in visits:
            own = [next(rest) for _ in deeds]
            visitor.told(own)
            self.done.update(deed.action for deed, outcome in zip(deeds, own, strict=True) if outcome.stored)

    def delete(self, connection: Connection) -> Answer | None:
        """Delete some of them, or nobody; gives the answer. After a 503 they may be deleted or not, and may be so again."""
        gone = self.some(self.rng.choice(DELETED))
        if not gone:
            return None
        visits = [Visit(visitor, [Deed("delete", "")]) for visitor in gone]
        for visitor, deeds in visits:
            visitor.begin(deeds)
        answer = post(connection, "/1/delete/profiles.json", {"identity": [visitor.name for visitor in gone]})
        assert answer.status in (200, 503), answer
        self.told(visits, [STORED if answer.status == 200 else UNKNOWN] * len(visits))
        return answer

    def look(self, connection: Connection) -> str | None:
        """What is wrong with one of them; who may be in several states is left until all is quiet. Raises `Away`."""
        known = [name for name in sorted(self.touched) if len(self.visitors[name].possible) == 1]
        if not known:
            return None
        visitor = self.visitors[self.rng.choice(known)]
        fault = self.read(connection, visitor)[1]
        return f"{visitor.name}: {fault}" if fault else None

    def settle(self, connection: Connection, *, everybody: bool) -> Iterator[str]:
        """Read back whom this round touched, or all; tells what is wrong and takes what is there as known."""
        for name in sorted(self.visitors if everybody else self.touched):
            state, fault = self.read(connection, self.visitors[name])
            if fault:
                yield f"{name}: {fault}"
            if state:
                self.visitors[name].settle(state)
        self.touched = set()

    def read(self, connection: Connection, visitor: Visitor) -> tuple[State | None, str | None]:
        """The state a visitor is in, if it is one, and what is wrong with it. Raises `Away`."""
        person = record_by(connection, "identity", visitor.name)
        device = record_by(connection, "objectId", device_of(visitor.name))
        raw = raw_events(connection, event_of(visitor.name))
        state = state_in(visitor.name, person, device)
        if isinstance(state, str):
            return None, state
        if state.events != raw:
            return state, f"half an event: {raw} are kept, {state} says {state.events}"
        return state, visitor.fault(state)


# --- requests


def post(connection: Connection, path: str, body: Json) -> Answer:
    return connection.request("POST", path, credentials(), json.dumps(body).encode())


def there(answer: Answer) -> Answer:
    """The answer of a server that can be read. Raises `Away`."""
    if answer.status == 503:
        raise Away
    return answer


def record_by(connection: Connection, kind: str, value: str) -> Json | None:
    """The record GET shows, None where there is none."""
    answer = there(connection.request("GET", f"/1/profile.json?{kind}={quote(value)}", credentials()))
    assert answer.status in (200, 404), answer
    record: Json | None = answer.json.get("record")
    return record


def raw_events(connection: Connection, name: str) -> int:
    """How many events of a name are kept; a name nobody ever had is refused."""
    today = int(time.strftime("%Y%m%d", time.gmtime()))
    asked = {"event_name": name, "from": FIRST_DAY, "to": today}
    while (answer := there(post(connection, "/1/counts/events.json", asked))).status == 429:
        time.sleep(BUSY_S)
    while answer.json["status"] == "partial":
        path = f"/1/counts/events.json?req_id={answer.json['req_id']}"
        answer = there(connection.request("GET", path, credentials()))
    if "Invalid event" in answer.json.get("error", ""):
        return 0
    assert answer.json["status"] == "success", answer
    count: int = answer.json["count"]
    return count
