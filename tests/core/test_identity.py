"""Whom a record means: create, attach, merge, leave alone. Source: contract A5."""

import re
from typing import Any

import pytest

from personae.core.profile import Profile
from tests.core.world import CLEAN, World, code, person

KINDS = ("identity", "FBID", "GPID", "objectId")


def by(data: dict[str, Any] | None = None, **identifiers: object) -> dict[str, Any]:
    """A record with these identifiers alone."""
    return {"type": "profile", **identifiers, "profileData": data or {}}


# --- create


@pytest.mark.parametrize("kind", ["identity", "FBID", "GPID"])
def test_a_new_profile_gets_an_object_id(kind: str) -> None:
    """22 random URL-safe characters and one Web platform entry, where none was sent."""
    world = World()
    assert world.upload({"type": "profile", kind: "x"}) == CLEAN
    (platform,) = world.view("x", kind)["platformInfo"]
    assert re.fullmatch(r"[A-Za-z0-9_-]{22}", platform["objectId"])
    assert {"df": {}, "platform": "Web", "objectId": platform["objectId"]} == platform
    assert world.profile("x", kind) == world.profile(platform["objectId"], "objectId")


def test_object_ids_differ() -> None:
    """Each new profile gets its own, within a batch and between uploads."""
    world = World()
    for start in (0, 100):
        world.upload(*(person(identity=f"p{start + n}") for n in range(100)))
    assert len({device for n in range(200) for device in world.profile(f"p{n}").devices}) == 200


def test_every_generated_object_id_is_of_the_web() -> None:
    """Whatever characters it drew, a profile made by the API alone is of the platform Web."""
    world = World()
    for start in range(0, 2000, 500):
        world.upload(*(person(identity=f"p{start + n}") for n in range(500)))
    assert {"Web"} == {world.view(f"p{n}")["platformInfo"][0]["platform"] for n in range(2000)}


@pytest.mark.parametrize(
    ("object_id", "platform"),
    [
        ("25b08803c1af4e00839f530264dac6f8", "Web"), ("34322425", "Web"), ("a@b.co", "Web"), ("-1a06", "iOS"), ("-g12", "iOS"),
        ("__1a", "Android"), ("__g12", "Android"), ("~9", "Windows"),
    ],
)  # fmt: skip
def test_a_sent_object_id_is_kept(object_id: str, platform: str) -> None:
    """No other is made, and its beginning tells the platform (B 2.1)."""
    world = World()
    world.upload(person(objectId=object_id))
    assert [{"df": {}, "objectId": object_id, "platform": platform}] == world.view("x")["platformInfo"]


def test_kinds_do_not_mix() -> None:
    """The same text as identity, FBID, GPID and objectId names four profiles."""
    world = World()
    world.upload(*(by({"kind": kind}, **{kind: "same"}) for kind in KINDS))
    assert list(KINDS) == [world.profile("same", kind).properties["kind"] for kind in KINDS]


@pytest.mark.parametrize(("first", "second"), [("x", "X"), ("a@b.co", "A@b.co"), ("1", "01"), ("é", "e\u0301")])
def test_identities_compare_exactly(first: str, second: str) -> None:
    """Case, zeros and composition make another identity."""
    world = World()
    world.upload(person(identity=first), person(identity=second))
    assert world.profile(first).identities == [first]
    assert world.profile(second).identities == [second]


def test_number_and_text_are_one_identity() -> None:
    """A number is its text."""
    world = World()
    world.upload(person({"a": 1}, identity=77), person({"b": 2}, identity="77"))
    assert world.data("77") == {"a": 1, "b": 2}


# --- attach


@pytest.mark.parametrize("known", KINDS)
@pytest.mark.parametrize("new", KINDS)
def test_attach(known: str, new: str) -> None:
    """One identifier known, another not: the profile has both, and says nothing of it."""
    world = World()
    world.upload(by({"a": 1}, **{known: "k"}))
    assert world.upload(by({"b": 2}, **{known: "k"} | ({new: "n"} if new != known else {}))) == CLEAN
    value = "n" if new != known else "k"
    assert {"a": 1, "b": 2} == world.profile(value, new).properties == world.profile("k", known).properties


def test_attach_keeps_the_minted_device() -> None:
    """A device that arrives later stands beside the one that was made."""
    world = World()
    world.upload(person())
    world.upload(person(objectId="__d"))
    assert len(world.view("x")["platformInfo"]) == 2
    assert world.view("x")["platformInfo"][1]["objectId"] == "__d"


def test_a_device_becomes_identified() -> None:
    """An anonymous profile that receives an identity keeps everything."""
    world = World()
    world.upload(by({"a": 1}, objectId="d"))
    world.upload(by({"b": 2}, objectId="d", identity="x"))
    assert list(world.profile("x").devices) == ["d"]
    assert world.data() == {"a": 1, "b": 2}


def test_alias_call() -> None:
    """The old id as `identity` and the new one in profileData are one profile."""
    world = World()
    world.upload(person({"a": 1}, identity="old"))
    assert world.upload(person({"identity": "new"}, identity="old")) == CLEAN
    assert world.profile("old") == world.profile("new")
    assert world.view("new")["all_identities"] == ["old", "new"]


# --- several known: who wins

PAIRS = [(winner, loser) for at, winner in enumerate(KINDS) for loser in KINDS[at + 1 :]]


@pytest.mark.parametrize(("winner", "loser"), PAIRS)
def test_precedence(winner: str, loser: str) -> None:
    """The owner of the identity wins, else FBID, GPID, objectId, whatever the order of arrival and of keys."""
    for order in ((winner, loser), (loser, winner)):
        world = World()
        world.upload(*(by({"who": kind}, **{kind: kind}) for kind in order))
        world.upload(by({"hit": True}, **{kind: kind for kind in reversed(order)}))
        assert {"who": winner, "hit": True} == world.profile(winner, winner).properties


def test_identity_in_profile_data_wins_over_the_device() -> None:
    """Sent with an objectId alone, the identity's owner is the one that is meant."""
    world = World()
    world.upload(by({"who": "owner"}, identity="me"), by({"who": "device", "extra": 1}, objectId="d"))
    world.upload(by({"identity": "me"}, objectId="d"))
    assert world.data("me") == {"who": "owner", "extra": 1}
    assert world.profile("me") == world.profile("d", "objectId")


# --- merge of an anonymous profile


def merged(batch: bool) -> World:
    """An identified profile and an anonymous one, met in one record; in one upload or in three."""
    records = [
        by({"both": "mine", "mine": 1, "Name": "Mine", "Plan Type": "gold"}, identity="x", objectId="d1"),
        by(
            {"both": "theirs", "theirs": 2, "Name": "Theirs", "Email": "theirs@b.co", "Gender": "F", "plantype": "old",
             "list": ["a"], "MSG-sms": False, "category-unsubscribe": {"email": ["News"]}},
            objectId="d2",
        ),
        by({"sent": 3, "list": {"$add": "b"}}, identity="x", objectId="d2"),
    ]  # fmt: skip
    world = World()
    for upload in [records] if batch else [[record] for record in records]:
        assert "warnings" not in world.upload(*upload)
    return world


@pytest.mark.parametrize("batch", [True, False])
def test_merge(batch: bool) -> None:
    """The winner gains devices and the properties it lacks, under its own spelling, and keeps its own."""
    record = merged(batch).view("x")
    assert [platform["objectId"] for platform in record["platformInfo"]] == ["d1", "d2"]
    assert (record["name"], record["email"]) == ("Mine", "theirs@b.co")
    assert record["profileData"] == {
        "both": "mine",
        "mine": 1,
        "theirs": 2,
        "plantype": "gold",
        "sent": 3,
        "list": ["a", "b"],
        "gender": "F",
        "msg-sms": False,
        "category-unsubscribe": {"email": ["News"]},
    }


@pytest.mark.parametrize("batch", [True, False])
def test_every_key_leads_to_the_winner(batch: bool) -> None:
    """One profile is left; its devices and the email it gained lead to it."""
    world = merged(batch)
    profiles: list[Profile] = [world.profile("x"), world.profile("d1", "objectId"), world.profile("d2", "objectId")]
    assert [profiles[0]] * 3 == profiles
    assert len(world.shelf.rows) == 1
    assert [profiles[0]] == world.by_email("theirs@b.co")


def test_the_record_wins_over_both() -> None:
    """What the merging record says stands over what either profile had."""
    world = World()
    world.upload(by({"p": "x"}, identity="x"), by({"p": "d", "q": "d"}, objectId="d"))
    world.upload(by({"p": "new", "q": "new"}, identity="x", objectId="d"))
    assert world.data() == {"p": "new", "q": "new"}


def test_a_refused_record_merges_nothing() -> None:
    """All or nothing: a record the fold refuses leaves both profiles."""
    world = World()
    world.upload(by({"n": 2**63 - 1}, identity="x"), by({"p": 1}, objectId="d"))
    assert code(world.upload(by({"n": {"$incr": 1}, "FBID": "f"}, identity="x", objectId="d"))) == 527
    assert [world.profile("x").properties, world.profile("d", "objectId").properties] == [{"n": 2**63 - 1}, {"p": 1}]
    assert not world.known("f", "FBID")


def test_a_refused_record_takes_no_identity() -> None:
    """An identity of a refused record is free for the next."""
    world = World()
    world.upload(by({"n": 2**63 - 1}, identity="a"))
    world.upload(by({"n": {"$incr": 1}, "identity": "b"}, identity="a"), by({"mine": 1}, identity="b"))
    assert world.data("b") == {"mine": 1}


def test_attached_identifiers_make_an_owner() -> None:
    """A device profile with an FBID is identified; it is not merged into another."""
    world = World()
    world.upload(by({"who": "x"}, identity="x"), by({"who": "f"}, FBID="f", objectId="d"))
    answer = world.upload(by({"hit": 1}, identity="x", objectId="d"))
    assert world.profile("d", "objectId").properties == {"who": "f"}
    assert len(answer["warnings"]) == 1


# --- an identified profile is left alone


@pytest.mark.parametrize(("winner", "loser"), [pair for pair in PAIRS if pair[1] != "objectId"])
def test_identified_is_left_alone(winner: str, loser: str) -> None:
    """It stays as it was, with a warning, and the record reaches the winner alone."""
    world = World()
    world.upload(by({"who": loser}, **{loser: "l"}), by({"who": winner}, **{winner: "w"}))
    before = world.profile("l", loser)
    answer = world.upload(by({"hit": 1}, **{winner: "w", loser: "l"}))
    assert code(answer) is None
    assert len(answer["warnings"]) == 1
    assert before == world.profile("l", loser)
    assert {"who": winner, "hit": 1} == world.profile("w", winner).properties


def test_unknown_identifiers_go_to_the_winner_all_the_same() -> None:
    """Beside an identifier that stays elsewhere, a new one is attached to the profile chosen."""
    world = World()
    world.upload(person(identity="a"), by(FBID="f"))
    answer = world.upload(person(identity="a", FBID="f", GPID="g"))
    assert len(answer["warnings"]) == 1
    assert world.profile("a") == world.profile("g", "GPID") != world.profile("f", "FBID")


# --- emails


def test_emails_and_phones_do_not_identify() -> None:
    """Profiles that share both stay apart."""
    world = World()
    data = {"Email": "a@b.co", "Phone": "+14155551234"}
    world.upload(*(person(data, identity=identity) for identity in ("x", "y", "+14155551234", "a@b.co")))
    assert len(world.shelf.rows) == 4
    assert {("x",), ("y",), ("+14155551234",), ("a@b.co",)} == {tuple(p.identities) for p in world.by_email("a@b.co")}


def test_an_identity_serves_as_email() -> None:
    """Until an Email is set, which then stands."""
    world = World()
    world.upload(person(identity="Me@b.co"))
    assert world.view("Me@b.co")["email"] == "Me@b.co"
    world.upload(person({"Email": "real@b.co"}, identity="Me@b.co"))
    assert world.view("Me@b.co")["email"] == "real@b.co"
    assert len(world.by_email("REAL@b.co")) == 1


def test_a_later_identity_serves_as_email_too() -> None:
    """The first identity that has the form of one."""
    world = World()
    world.upload(person(identity="1"), person({"identity": "me@b.co"}, identity="1"))
    assert world.view("1")["email"] == "me@b.co"


IDENTITIES: list[tuple[list[dict[str, Any]], list[str]]] = [
    ([person()], ["x"]),
    ([person({"Email": "a@b.co"})], ["x", "a@b.co"]),
    ([person({"Email": "a@b.co"}, identity="a@b.co")], ["a@b.co"]),
    ([person(identity="a@b.co")], ["a@b.co"]),
    ([person({"identity": "y"})], ["x", "y"]),
    ([person({"identity": "y", "Email": "a@b.co"}), person({"identity": "z"})], ["x", "y", "z", "a@b.co"]),
    ([person({"identity": "a@b.co"})], ["x", "a@b.co"]),
    ([person({"identity": "a@b.co", "Email": "a@b.co"})], ["x", "a@b.co"]),
    ([person({"Email": "a@b.co"}), person({"Email": "c@d.co"})], ["x", "c@d.co"]),
    ([person({"identity": "x"}), person({"identity": "x"})], ["x"]),
    ([person({"FBID": "f", "GPID": "g"}, objectId="d")], ["x"]),
]


@pytest.mark.parametrize(("records", "expected"), IDENTITIES)
def test_all_identities(records: list[dict[str, Any]], expected: list[str]) -> None:
    """Identity, further identities, then the email if it is not among them; each once."""
    world = World()
    world.upload(*records)
    assert expected == world.view(expected[0])["all_identities"]
