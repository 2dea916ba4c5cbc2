"""Clients that upload and read all the time, remember what they were told, and look whether it is so in the end.

Each client owns its people and sends a batch at a time, never one again. A person is as the last
acknowledged record left them, or as a later one of unknown outcome did; nothing else is right. Counters
are shared by all clients. Beside them are visitors, who do other things, and are deleted.
"""

import random
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import astuple, dataclass, field
from itertools import chain
from operator import attrgetter
from pathlib import Path
from threading import Event
from typing import Final, NamedTuple
from urllib.parse import quote

from tests.client import Answer, Connection
from tests.durability.crowd import Away, Crowd
from tests.durability.kept import faults_kept
from tests.durability.people import Bounds, Person, keys_in, main_key
from tests.durability.told import outcomes_of
from tests.durability.visitors import event_of
from tests.server import Json, Server, batch, credentials, profile

CLIENTS: Final = 6
OLD_PEOPLE: Final = 40
"""People each client updates again and again, beside the new ones of each batch."""

COUNTERS: Final = ("counter-0", "counter-1", "counter-2")
BATCH_SIZES: Final = (1, 2, 5, 20, 50)
INCREMENTS: Final = (0, 0, 0, 1, 3)
"""How many counters a batch may have: one with none waits for no other client's."""

GONE_WITHIN_S: Final = 10.0
ERROR_BYTES: Final = 200
"""So much of an answer with an error is kept."""


class Refused(NamedTuple):
    """An answer that is an error: its times on the monotonic clock, and how it begins."""

    sent_s: float
    answered_s: float
    text: str


@dataclass
class Client:
    """One sender, and what it knows. `pause_s` is the most it waits between two requests."""

    name: str
    rng: random.Random
    pause_s: float = 0.0
    people: dict[str, Person] = field(default_factory=dict)
    touched: set[str] = field(default_factory=set)
    counters: dict[str, Bounds] = field(default_factory=dict)
    attempts: int = 0
    sent: int = 0
    told: Counter[bool | None] = field(default_factory=Counter)
    refused: list[Refused] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.crowd = Crowd(self.name, self.rng)

    def run(self, server: Server, stop: Event) -> None:
        """Upload and read until told to stop, or until the server is gone."""
        try:
            with server.connect() as connection:
                while not stop.is_set():
                    self.upload(connection)
                    self.delete(connection)
                    self.look(connection)
                    time.sleep(self.rng.uniform(0, self.pause_s))
        except (OSError, EOFError):
            server.process.wait(GONE_WITHIN_S)

    def upload(self, connection: Connection) -> None:
        """One batch; what it writes is unknown until the answer has come."""
        self.attempts += 1
        attempt = f"{self.name}.{self.attempts}"
        people = [self.people.setdefault(name, Person(name)) for name in self.choose()]
        records = [person.record(attempt) for person in people]
        counted = self.rng.choices(COUNTERS, k=self.rng.choice(INCREMENTS))
        increments = [profile(name, {"count": {"$incr": 1}, "by": f"{attempt}.{n}"}) for n, name in enumerate(counted)]
        for name in counted:
            self.counters.setdefault(name, Bounds()).high += 1
        self.touched.update(person.name for person in people)
        visits = self.crowd.visits(attempt)
        body = [*records, *increments, *(record for visit in visits for record in visit.records)]
        self.sent += len(body)
        sent_s = time.monotonic()
        shuffled = self.rng.sample(body, k=len(body))
        answer = connection.request("POST", "/1/upload", credentials(), batch(*shuffled))
        outcomes = outcomes_of(body, answer)
        self.told.update(outcome.stored for outcome in outcomes)
        if not all(outcome.stored for outcome in outcomes):
            self.refused.append(Refused(sent_s, time.monotonic(), answer.body[:ERROR_BYTES].decode()))
        for person, outcome in zip(people, outcomes, strict=False):
            person.told(attempt, outcome)
        for name, outcome in zip(counted, outcomes[len(people) :], strict=False):
            self.counters[name].told(outcome)
        self.crowd.told(visits, outcomes[len(people) + len(counted) :])

    def delete(self, connection: Connection) -> None:
        """Delete some visitors, now and then."""
        sent_s = time.monotonic()
        answer = self.crowd.delete(connection)
        if answer and answer.status == 503:
            self.refused.append(Refused(sent_s, time.monotonic(), "503 to a deletion"))

    def choose(self) -> list[str]:
        """Some who are there already, in any order, and some new ones."""
        size = self.rng.choice(BATCH_SIZES)
        old = self.rng.sample(range(OLD_PEOPLE), k=size * 3 // 4)
        new = range(size - len(old))
        return [f"{self.name}-old{number}" for number in old] + [f"{self.name}-{self.attempts}-{number}" for number in new]

    def look(self, connection: Connection) -> None:
        """Read somebody in the middle of it all: what was acknowledged is there at once."""
        person = self.rng.choice(sorted(self.touched))
        sent_s = time.monotonic()
        answer = get(connection, *main_key(person))
        if answer.status == 503:
            self.refused.append(Refused(sent_s, time.monotonic(), "503 to a GET"))
        elif fault := self.people[person].fault(record_in(answer)):
            self.faults.append(f"read under load: {person}: {fault}")
        sent_s = time.monotonic()
        try:
            if fault := self.crowd.look(connection):
                self.faults.append(f"read under load: {fault}")
        except Away:
            self.refused.append(Refused(sent_s, time.monotonic(), "503 to a GET"))

    def settle(self, server: Server, *, everybody: bool) -> Iterator[str]:
        """Read back whom this round touched, or all; tells what is wrong and takes what is there as known."""
        yield from self.faults
        with server.connect() as connection:
            for name in sorted(self.people if everybody else self.touched):
                person = self.people[name]
                record = record_in(get(connection, *main_key(name)))
                if fault := person.fault(record):
                    yield f"{name}: {fault}"
                elif record and (strays := [key for key in keys_in(record) if record_in(get(connection, *key)) != record]):
                    yield f"{name}: not found by {strays}"
                person.settle(record)
            yield from self.crowd.settle(connection, everybody=everybody)
        self.touched, self.faults = set(), []


def get(connection: Connection, kind: str, value: str) -> Answer:
    return connection.request("GET", f"/1/profile.json?{kind}={quote(value)}", credentials())


def record_in(answer: Answer) -> Json | None:
    """The record GET shows, None where there is none."""
    assert answer.status in (200, 404), answer
    record: Json | None = answer.json.get("record")
    return record


# --- all clients


class Load:
    """The clients of one database, from its first upload to its last; the same seed sends the same."""

    def __init__(self, seed: int, pause_s: float = 0.0) -> None:
        self.rng = random.Random(seed)
        self.clients = [Client(f"c{number}", random.Random(self.rng.random()), pause_s) for number in range(CLIENTS)]
        self.counts = dict.fromkeys(COUNTERS, 0)

    def prepare(self, server: Server) -> None:
        server.upload(*[profile(counter, {"count": 0}) for counter in COUNTERS])

    @contextmanager
    def on(self, server: Server) -> Iterator[None]:
        """All clients at work."""
        stop = Event()
        with ThreadPoolExecutor(CLIENTS) as pool:
            runs = [pool.submit(client.run, server, stop) for client in self.clients]
            try:
                yield
            finally:
                stop.set()
            for run in runs:
                run.result()

    def settle(self, server: Server, *, everybody: bool) -> list[str]:
        """Read back what there is, and tell what is wrong with it."""
        with ThreadPoolExecutor(CLIENTS) as pool:
            wrong = list(pool.map(lambda client: list(client.settle(server, everybody=everybody)), self.clients))
        return [*(fault for faults in wrong for fault in faults), *self.settle_counters(server)]

    def faults_kept(self, data: Path, settings: Json) -> list[str]:
        """What is wrong in the database of a server that is idle or gone, as to visitors and everybody's history."""
        names = [event_of(name) for client in self.clients for name in client.crowd.visitors]
        return faults_kept(data, settings, names)

    def settle_counters(self, server: Server) -> Iterator[str]:
        """Each counter is between what was acknowledged and what may be stored; from here on it is as it was read."""
        for counter, before in self.counts.items():
            bounds = [client.counters.pop(counter, Bounds()) for client in self.clients]
            low, high = before + sum(each.low for each in bounds), before + sum(each.high for each in bounds)
            count = server.properties(counter)["count"]
            if not low <= count <= high:
                yield f"miscounted: {counter} is {count}, acknowledged {low}, possible {high}"
            self.counts[counter] = count

    @property
    def refused(self) -> list[Refused]:
        """Every error answer so far, in order of time."""
        return sorted(chain.from_iterable(client.refused for client in self.clients), key=attrgetter("answered_s"))

    @property
    def tally(self) -> "Tally":
        told = sum((client.told for client in self.clients), Counter())
        done = sum((client.crowd.done for client in self.clients), Counter())
        return Tally(
            acknowledged=told[True],
            refused=told[False],
            unknown=told[None],
            unanswered=sum(client.sent for client in self.clients) - told.total(),
            counted=sum(self.counts.values()),
            events=done["browse"] + done["act"],
            tokens=done["token"],
            sign_ins=done["sign in"],
            deletions=done["delete"],
        )


@dataclass
class Tally:
    """Records by what was said of them; the shared counters as they are; what visitors did that was acknowledged."""

    acknowledged: int = 0
    refused: int = 0
    unknown: int = 0
    unanswered: int = 0
    counted: int = 0
    events: int = 0
    tokens: int = 0
    sign_ins: int = 0
    deletions: int = 0

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(*(mine + theirs for mine, theirs in zip(astuple(self), astuple(other), strict=True)))

    def __str__(self) -> str:
        return (
            f"{self.acknowledged} records acknowledged, {self.refused} refused, {self.unknown} of unknown outcome, "
            f"{self.unanswered} without an answer, {self.counted} increments of shared counters, "
            f"{self.events} events, {self.tokens} tokens, {self.sign_ins} sign-ins, {self.deletions} deletions"
        )
