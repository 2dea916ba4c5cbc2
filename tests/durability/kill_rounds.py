"""Kill the server at a random moment under load, start it again, and compare what is there with what it said.

A round: load from several clients, SIGKILL, start, read everything back. Each client owns its people
and sends one batch at a time, so a person is as the last acknowledged batch left them, or as the one
batch without an answer did; nothing else is right. Every property of a record names its attempt, so
half a record shows. Counters are shared by all clients and lie between the increments acknowledged
and those sent.

    python -m tests.durability.kill_rounds --rounds 100
"""

import argparse
import random
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from tests.client import Connection
from tests.server import Json, Server, batch, credentials, profile

CLIENTS = 6
OLD_PEOPLE = 40
"""People each client updates again and again, beside the new ones of each batch."""

COUNTERS = ("counter-0", "counter-1", "counter-2")
BATCH_SIZES = (1, 2, 5, 20, 50)
LOAD_S = (0.05, 0.45)
"""The kill comes this long after the load began."""

SETTINGS = {"upload_concurrency": 0, "read_concurrency": 0}


def record_of(person: str, attempt: str) -> Json:
    """A record whose every property names the attempt, in the three places a profile keeps values."""
    data = {"Name": attempt, "first": attempt, "items": [attempt, "x"], "nested": {"in": attempt}, "pad": attempt * 10}
    return profile(person, data)


def attempt_in(record: Json) -> str | None:
    """The attempt that wrote this record, None if it is not of one piece."""
    attempt = str(record.get("name"))
    whole = {"first": attempt, "items": [attempt, "x"], "nested": {"in": attempt}, "pad": attempt * 10}
    return attempt if record["profileData"] == whole and len(record["platformInfo"]) == 1 else None


@dataclass
class Client:
    """One sender: what it was told is stored, and what it last sent without an answer."""

    name: str
    rng: random.Random
    stored: dict[str, str] = field(default_factory=dict)
    unanswered: dict[str, str] = field(default_factory=dict)
    touched: set[str] = field(default_factory=set)
    attempts: int = 0
    sent: dict[str, int] = field(default_factory=dict)
    acknowledged: dict[str, int] = field(default_factory=dict)

    def run(self, server: Server) -> None:
        """Upload until the server is gone."""
        try:
            with server.connect() as connection:
                while True:
                    self.upload(connection)
        except (OSError, EOFError):
            pass

    def upload(self, connection: Connection) -> None:
        """One batch; what it writes is unanswered until the answer has come."""
        self.attempts += 1
        attempt = f"{self.name}.{self.attempts}"
        people = self.people()
        increments = self.rng.choices(COUNTERS, k=self.rng.randint(1, 4))
        records = [record_of(person, attempt) for person in people]
        for counter in increments:
            records.insert(self.rng.randint(0, len(records)), profile(counter, {"count": {"$incr": 1}}))
            self.sent[counter] = self.sent.get(counter, 0) + 1
        self.unanswered = dict.fromkeys(people, attempt)
        answer = connection.request("POST", "/1/upload", credentials(), batch(*records))
        if (answer.status, answer.body) != (200, b'{"status":"success","processed":%d,"unprocessed":[]}' % len(records)):
            raise AssertionError(f"an upload that has to succeed got {answer}")
        self.stored.update(self.unanswered)
        self.touched.update(self.unanswered)
        self.unanswered = {}
        for counter in increments:
            self.acknowledged[counter] = self.acknowledged.get(counter, 0) + 1

    def people(self) -> list[str]:
        """Some who are there already, in any order, and some new ones."""
        size = self.rng.choice(BATCH_SIZES)
        old = self.rng.sample(range(OLD_PEOPLE), k=size * 3 // 4)
        new = range(size - len(old))
        return [f"{self.name}-old{number}" for number in old] + [f"{self.name}-{self.attempts}-{number}" for number in new]

    def settle(self, server: Server, everybody: bool) -> Iterator[str]:
        """Read back whom this round touched, or everybody ever stored; tells what is wrong and takes what is there as known."""
        people = {*(self.stored if everybody else self.touched), *self.unanswered}
        with server.connect() as connection:
            for person in sorted(people):
                found = read(connection, person)
                attempt = attempt_in(found) if found else None
                expected = {self.stored.get(person), self.unanswered.get(person, self.stored.get(person))}
                if found and attempt is None:
                    yield f"half a record: {person} is {found}"
                elif attempt not in expected:
                    yield f"lost: {person} was written by {attempt}, expected one of {expected}"
                if attempt:
                    self.stored[person] = attempt
        self.touched, self.unanswered = set(), {}


def read(connection: Connection, identity: str) -> Json | None:
    """The record GET shows, None where there is none."""
    answer = connection.request("GET", f"/1/profile.json?identity={quote(identity)}", credentials())
    if answer.status == 404:
        return None
    record: Json = answer.json["record"]
    return record


@contextmanager
def started(data: Path) -> Iterator[Server]:
    """A server that is ready and, if it is still there at the end, killed."""
    server = Server(data, **SETTINGS)
    try:
        server.wait_ready()
        yield server
    finally:
        server.kill()


@dataclass
class Rounds:
    """A data directory that is killed again and again, and what its clients know of it."""

    data: Path
    seed: int
    clients: list[Client] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(COUNTERS, 0))
    acknowledged: int = 0
    unanswered: int = 0
    faults: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.rng = random.Random(self.seed)
        self.clients = [Client(f"c{number}", random.Random(self.rng.random())) for number in range(CLIENTS)]

    def run(self, rounds: int) -> list[str]:
        """So many rounds, and at the end a look at everybody; returns what was wrong."""
        with started(self.data) as server:
            server.upload(*[profile(counter, {"count": 0}) for counter in COUNTERS])
            self.kill_under_load(server)
        for number in range(1, rounds + 1):
            with started(self.data) as server:
                self.read_back(server, number, everybody=number == rounds)
                if number < rounds:
                    self.kill_under_load(server)
        return self.faults

    def kill_under_load(self, server: Server) -> None:
        with ThreadPoolExecutor(CLIENTS) as pool:
            loads = [pool.submit(client.run, server) for client in self.clients]
            time.sleep(self.rng.uniform(*LOAD_S))
            server.kill()
            for load in loads:
                load.result()
        self.acknowledged += sum(len(client.touched) for client in self.clients)
        self.unanswered += sum(len(client.unanswered) for client in self.clients)

    def read_back(self, server: Server, number: int, *, everybody: bool) -> None:
        """Compare what the start after kill `number` finds with what the clients know."""
        wrong = [fault for client in self.clients for fault in client.settle(server, everybody)]
        wrong += self.settle_counters(server)
        self.faults += [f"round {number}: {fault}" for fault in wrong]

    def settle_counters(self, server: Server) -> Iterator[str]:
        """Each counter is between what was acknowledged and what was sent; from here on it is as it was read."""
        for counter, before in self.counts.items():
            low = before + sum(client.acknowledged.get(counter, 0) for client in self.clients)
            high = before + sum(client.sent.get(counter, 0) for client in self.clients)
            count = server.properties(counter)["count"]
            if not low <= count <= high:
                yield f"miscounted: {counter} is {count}, acknowledged {low}, sent {high}"
            self.counts[counter] = count
        for client in self.clients:
            client.acknowledged, client.sent = {}, {}


def main() -> int:
    """Run the rounds, print what was found, and return 1 if anything was wrong."""
    parser = argparse.ArgumentParser(description="Kill the server under load, again and again, and look for what it lost.")
    parser.add_argument("--rounds", type=int, default=100)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(2**32))
    args = parser.parse_args()
    print(f"seed {args.seed}", flush=True)
    with tempfile.TemporaryDirectory(prefix="personae-kill-") as directory:
        rounds = Rounds(Path(directory) / "data", args.seed)
        faults = rounds.run(args.rounds)
    print(
        f"{args.rounds} rounds: {rounds.acknowledged} profiles acknowledged, {rounds.unanswered} sent without an answer, "
        f"{sum(rounds.counts.values())} increments, {len(faults)} faults"
    )
    for fault in faults[:100]:
        print(fault)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
