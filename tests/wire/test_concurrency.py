"""Uploads at the same time come out as if they had come one after another (contract A5.2, issue: done when)."""

import json
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from tests.client import request_bytes
from tests.engines import Engine
from tests.server import Json, Server, batch, credentials, fresh, profile, running


@pytest.fixture(scope="module")
def crowd(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server without caps."""
    data = tmp_path_factory.mktemp("crowd") / "data"
    with running(data, **engine(data), upload_concurrency=0, read_concurrency=0) as server:
        yield server


def at_once(work: Sequence[Callable[[], None]]) -> None:
    """Run all of these at the same time, and raise what one of them raised."""
    barrier = Barrier(len(work))

    def run(one: Callable[[], None]) -> None:
        barrier.wait()
        one()

    with ThreadPoolExecutor(len(work)) as pool:
        for done in [pool.submit(run, one) for one in work]:
            done.result()


def upload_all(server: Server, requests: Sequence[Sequence[Json]], times: int = 1) -> list[Json]:
    """Upload each of these batches from a connection of its own, `times` in a row, all at the same time."""
    answers: list[Json] = []

    def client(records: Sequence[Json]) -> Callable[[], None]:
        request = request_bytes("POST", "/1/upload", credentials(), batch(*records))

        def run() -> None:
            with server.connect() as connection:
                for _ in range(times):
                    connection.send(request)
                    answers.append(json.loads(connection.receive().body))

        return run

    at_once([client(records) for records in requests])
    assert {"success"} == {answer["status"] for answer in answers}
    return answers


def devices(record: Json) -> set[str]:
    return {device["objectId"] for device in record["platformInfo"]}


def test_two_hundred_creators_of_one_identity_make_one_profile(crowd: Server) -> None:
    """All of their properties are on it, and it has one objectId, which leads to it."""
    identity = fresh()
    answers = upload_all(crowd, [[profile(identity, {f"k{number}": number})] for number in range(200)])
    assert 200 == len(answers)
    record = crowd.read(identity)
    assert {f"k{number}": number for number in range(200)} == record["profileData"]
    assert ([identity], 1) == (record["all_identities"], len(record["platformInfo"]))
    assert record == crowd.read(record["platformInfo"][0]["objectId"], "objectId")


def test_two_hundred_devices_of_one_new_identity_make_one_profile(crowd: Server) -> None:
    """Each brings its own objectId: the profile has them all, and each leads to it."""
    identity, names = fresh(), [fresh("device") for _ in range(200)]
    upload_all(crowd, [[profile(identity, objectId=name)] for name in names])
    record = crowd.read(identity)
    assert set(names) == devices(record)
    assert all(record == crowd.read(name, "objectId") for name in names[::20])


def test_batches_that_share_new_identities_make_one_profile_each(crowd: Server) -> None:
    """Twenty clients create the same fifty people, each in an order of its own."""
    people = [fresh() for _ in range(50)]
    upload_all(
        crowd,
        [
            [
                profile(person, {f"from{client}": client})
                for person in (people[client:] + people[:client])[:: 1 - 2 * (client % 2)]
            ]
            for client in range(20)
        ],
    )
    for person in people:
        record = crowd.read(person)
        assert ({f"from{client}": client for client in range(20)}, 1) == (record["profileData"], len(record["platformInfo"]))


def test_ten_thousand_increments_are_ten_thousand(crowd: Server) -> None:
    """Fifty clients add one two hundred times each."""
    identity = fresh()
    crowd.upload(profile(identity, {"count": 0}))
    answers = upload_all(crowd, [[profile(identity, {"count": {"$incr": 1}})]] * 50, times=200)
    assert 10_000 == len(answers)
    assert {"count": 10_000} == crowd.properties(identity)


def test_increments_inside_batches_are_counted_too(crowd: Server) -> None:
    """Several counters, several times in each batch, from clients that order them differently."""
    counters = [fresh() for _ in range(5)]
    crowd.upload(*[profile(counter, {"count": 0}) for counter in counters])
    records = [profile(counter, {"count": {"$incr": 1}}) for counter in counters for _ in range(4)]
    upload_all(crowd, [records[client:] + records[:client] for client in range(20)], times=5)
    assert [{"count": 400}] * 5 == [crowd.properties(counter) for counter in counters]


def test_anonymous_profiles_are_merged_once_each(crowd: Server) -> None:
    """Fifty devices are claimed by one identity at the same time: all of them, with all they knew, are on it."""
    identity, names = fresh(), [fresh("device") for _ in range(50)]
    crowd.upload(*[{"type": "profile", "objectId": name, "profileData": {name: 1}} for name in names])
    upload_all(crowd, [[profile(identity, {f"by {name}": 2}, objectId=name)] for name in names])
    record = crowd.read(identity)
    assert set(names) <= devices(record)
    assert dict.fromkeys(names, 1) | {f"by{name}": 2 for name in names} == record["profileData"]
    assert all(record == crowd.read(name, "objectId") for name in names)


def test_a_device_claimed_twice_goes_to_one_of_them(crowd: Server) -> None:
    """Two identities claim the same anonymous devices at the same time: each device has one owner, nothing is lost."""
    first, second, names = fresh(), fresh(), [fresh("device") for _ in range(40)]
    crowd.upload(profile(first), profile(second))  # an identity still unknown would join the owner of its device (A5.1)
    crowd.upload(*[{"type": "profile", "objectId": name, "profileData": {name: 1}} for name in names])
    upload_all(crowd, [[profile(owner, objectId=name)] for name in names for owner in (first, second)])
    records = [crowd.read(owner) for owner in (first, second)]
    claimed = [devices(record) & set(names) for record in records]
    assert (set(names), set()) == (claimed[0] | claimed[1], claimed[0] & claimed[1])
    assert claimed == [set(record["profileData"]) for record in records]
    for record, owned in zip(records, claimed, strict=True):
        assert all(record == crowd.read(name, "objectId") for name in owned)


def test_readers_never_see_half_a_record(crowd: Server) -> None:
    """While two properties always change together, no read finds them apart."""
    identity = fresh()
    crowd.upload(profile(identity, {"a": -1, "b": -1}))
    seen: list[Json] = []

    def write() -> None:
        with crowd.connect() as connection:
            for number in range(200):
                body = batch(profile(identity, {"a": number, "b": number}))
                assert 200 == connection.request("POST", "/1/upload", credentials(), body).status

    def read() -> None:
        with crowd.connect() as connection:
            seen.extend(
                connection.request("GET", f"/1/profile.json?identity={identity}", credentials()).json["record"]["profileData"]
                for _ in range(200)
            )

    at_once([write, read, read])
    assert 400 == len(seen)
    assert all(data["a"] == data["b"] for data in seen)
    assert {"a": 199, "b": 199} == crowd.properties(identity)
