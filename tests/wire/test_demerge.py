"""`POST /1/demerge/profiles.json` (contract B 6.4)."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.server import Json, Server, fresh, profile
from tests.wire.lives import DELETE, DEMERGE, ask, counts, device, devices, done, event, found, token


def of_device(server: Server, name: str) -> Json:
    return server.read(name, "objectId")


def test_merge_then_demerge_restores_both(server: Server) -> None:
    """GET shows for either what it showed before the merge."""
    identity, own, other = fresh(), fresh("device"), fresh("device")
    server.upload(
        profile(identity, {"a": 1, "both": "x"}, objectId=own),
        event("Seen", identity=identity),
        device(other, {"b": [1, 2], "both": "d", "Name": "Dee", "Email": f"{other}@example.com"}),
        event("Seen", objectId=other),
        event("Bought", objectId=other),
    )
    before = [server.read(identity), of_device(server, other)]
    server.upload(profile(identity, objectId=other))
    merged = server.read(identity)
    assert merged == of_device(server, other)
    assert ({"a": 1, "b": ["1", "2"], "both": "x"}, {"Seen": 2, "Bought": 1}) == (merged["profileData"], counts(merged))
    done(server, DEMERGE, {"identities": [identity]})
    assert before == [server.read(identity), of_device(server, other)]
    email = server.get(f"email={other}@example.com").json["record"]
    assert [other] == devices(email)


def test_several_merges_and_what_came_since(server: Server) -> None:
    """Each device has its own again; what changed since, and events since, stay with the identity; tokens go along."""
    identity, own = fresh(), fresh("device")
    others = [f"__{fresh('android')}" for _ in range(3)]
    server.upload(profile(identity, {"n": 0}, objectId=own))
    for name in others:
        server.upload(device(name, {name: 1, "counter": 1}), event("Seen", objectId=name))
        server.upload(profile(identity, objectId=name))
    server.upload(
        *(event("Seen", objectId=name) for name in others),
        *(token(name, f"push-{name}") for name in others),
        profile(identity, {"counter": {"$incr": 5}, others[0]: "mine"}),
    )
    assert {"Seen": 6} == counts(server.read(identity))
    done(server, DEMERGE, {"identities": [identity, fresh()]})
    winner = server.read(identity)
    assert ([own], {"Seen": 3}) == (devices(winner), counts(winner))
    assert {"n": 0, "counter": 6, others[0]: "mine"} == winner["profileData"]
    for name in others:
        part = of_device(server, name)
        assert ([name], [], {"Seen": 1}) == (devices(part), part["all_identities"], counts(part))
        assert {name: 1, "counter": 1} == part["profileData"]
        assert f"push-{name}" == part["platformInfo"][0]["push_token"]


def test_a_further_device_goes_its_own_way(server: Server) -> None:
    """One that came without a merge has a profile with nothing in it, and can be uploaded to and merged again."""
    identity, own, other = fresh(), fresh("device"), fresh("device")
    server.upload(profile(identity, {"a": 1}, objectId=own), profile(identity, objectId=other))
    done(server, DEMERGE, {"identities": identity})
    part = of_device(server, other)
    assert ([other], {}, []) == (devices(part), part["profileData"], part["all_identities"])
    server.upload(device(other, {"b": 2}))
    assert ({"a": 1}, {"b": 2}) == (server.properties(identity), of_device(server, other)["profileData"])
    server.upload(profile(identity, objectId=other))
    assert {"a": 1, "b": 2} == server.properties(identity)


def test_deleting_one_after_a_demerge_leaves_the_other(server: Server) -> None:
    """They are two people then, with events of their own."""
    identity, other = fresh(), fresh("device")
    server.upload(device(other), event("Seen", objectId=other), profile(identity, objectId=fresh("device")))
    server.upload(profile(identity, objectId=other))
    done(server, DEMERGE, {"identities": [identity]})
    done(server, DELETE, {"identity": identity})
    assert {"Seen": 1} == counts(of_device(server, other))
    done(server, DELETE, {"guid": other})
    assert not found(server, other, "objectId")


def test_a_dry_run_takes_nothing_apart(server: Server) -> None:
    """It answers as the real one."""
    identity, other = fresh(), fresh("device")
    server.upload(profile(identity, objectId=fresh("device")), profile(identity, objectId=other))
    before = server.read(identity)
    done(server, f"{DEMERGE}?dryRun=1", {"identities": [identity]})
    assert before == server.read(identity) == of_device(server, other)


def test_taking_apart_while_uploads_go_on(server: Server) -> None:
    """Merges and demerges at the same time: each device leads to the person or to its own profile, and nothing is lost."""
    identity, own = fresh(), fresh("device")
    names = [fresh("device") for _ in range(10)]
    server.upload(profile(identity, {"n": 0}, objectId=own), *(device(name, {name: 1}) for name in names))

    def merge(number: int) -> None:
        record = profile(identity, {"n": {"$incr": 1}}, objectId=names[number % 10])
        assert 1 == server.upload(record)["processed"]

    def part(_: int) -> None:
        assert ask(server, DEMERGE, {"identities": [identity]}).status in (200, 429)

    with ThreadPoolExecutor(6) as pool:
        jobs = [pool.submit(part if number % 3 == 0 else merge, number) for number in range(60)]
        for job in jobs:
            job.result()
    assert 40 == server.properties(identity)["n"]
    done(server, DEMERGE, {"identities": [identity]})
    assert ({"n": 40}, [own]) == (server.properties(identity), devices(server.read(identity)))
    assert [{name: 1} for name in names] == [of_device(server, name)["profileData"] for name in names]


BAD: list[tuple[dict[str, Any], str]] = [
    ({}, "identities"),
    ({"identity": "a"}, "identities"),
    ({"identities": []}, "1 to 100"),
    ({"identities": None}, "identities"),
    ({"identities": ["a"] * 101}, "101"),
    ({"identities": [["a"]]}, "number 1"),
    ({"identities": {"a": "b"}}, "identities"),
    ({"identities": ["a", "\u00a0"]}, "number 2 is empty"),
]


@pytest.mark.parametrize(("body", "said"), BAD, ids=lambda value: str(value)[:40])
def test_refused(server: Server, body: dict[str, Any], said: str) -> None:
    """400 in the usual envelope; the text says what to change."""
    answer = ask(server, DEMERGE, body)
    assert (400, "fail", 400) == (answer.status, answer.json["status"], answer.json["code"])
    assert said in answer.json["error"]


def test_unknown_identities_succeed(server: Server) -> None:
    """There is nothing to take apart; neither is there in a profile with one device."""
    identity = fresh()
    server.upload(profile(identity))
    before = server.read(identity)
    done(server, DEMERGE, {"identities": [fresh(), identity]})
    assert before == server.read(identity)
