"""What may be done to the profiles of a project, one step after another: uploads of every type of record, and life's ends."""

from collections.abc import Awaitable, Callable
from typing import Any, Final, NamedTuple

from hypothesis import strategies as st

from personae.core.identity import Key
from personae.core.rules import Rules
from personae.ingest import Outcome, upload
from personae.life import delete, demerge, disassociate, subscribe
from personae.storage import Project, Store
from tests.core.strategies import batches, identifiers, profile_data, records, sensible_data

DAY_S: Final = 86_400


class Step(NamedTuple):
    """One of `TAKEN`, for these records or for the profiles of these keys."""

    what: str
    records: list[Any]
    keys: list[Key]


class Turn(NamedTuple):
    """Where and when a step is taken: `now` is epoch seconds."""

    store: Store
    project: Project
    now: int
    limits: Rules


async def uploaded(turn: Turn, step: Step) -> Outcome:
    store, project, now, limits = turn
    return await upload(store, project, step.records, now_us=now * 1_000_000, seed=now.to_bytes(16), rules=limits)


async def deleted(turn: Turn, step: Step) -> None:
    await delete(turn.store, turn.project, step.keys)


async def demerged(turn: Turn, step: Step) -> None:
    await demerge(turn.store, turn.project, step.keys, now_us=turn.now * 1_000_000, rules=turn.limits)


async def disassociated(turn: Turn, step: Step) -> Outcome:
    store, project, now, limits = turn
    return await disassociate(store, project, step.records, now_us=now * 1_000_000, rules=limits)


async def subscribed(turn: Turn, step: Step) -> Outcome:
    return await subscribe(turn.store, turn.project, step.records)


TAKEN: Final[dict[str, Callable[[Turn, Step], Awaitable[Outcome | None]]]] = {
    "upload": uploaded,
    "delete": deleted,
    "demerge": demerged,
    "disassociate": disassociated,
    "subscribe": subscribed,
}


async def take(store: Store, project: Project, step: Step, now: int, limits: Rules) -> Outcome | None:
    """Take a step, and give what is said of its records, where it has any."""
    return await TAKEN[step.what](Turn(store, project, now, limits), step)


# --- what they are made of

EVENTS: Final = ("Viewed", "viewed ", "Added To Cart", "Charged", "\0", "🎉")

event_data = st.one_of(profile_data, sensible_data, st.just({"Amount": 1.5, "Items": [{"Name": "a"}, {"Name": "b"}]}))
times = st.one_of(st.none(), st.integers(0, 3).map(lambda day: 1_700_000_000 + day * DAY_S), st.sampled_from([1, DAY_S, 0]))
events = st.builds(
    lambda ids, name, data, ts: {"type": "event", **ids, "evtName": name, "evtData": data, "ts": ts},
    identifiers,
    st.sampled_from(EVENTS),
    event_data,
    times,
)
TOKENS: Final[dict[str, Any]] = {
    "d": {"type": "chrome", "keys": {"p256dh": "p", "auth": "a"}},
    "e": {"type": "chrome", "keys": {"p256dh": "q", "auth": "b"}},
    "__k": {"type": "fcm"},
}
"""What a token of each device has beside its id."""

tokens = st.builds(
    lambda device, token: {"type": "token", "objectId": device, "tokenData": {"id": token, **TOKENS[device]}},
    st.sampled_from(list(TOKENS)),
    st.sampled_from(["t1", "t2"]),
)
PHONES: Final = ("+14155550001", "14155550002")

callers = st.fixed_dictionaries(
    {"identity": st.sampled_from(PHONES)}, optional={"FBID": st.sampled_from("fg"), "objectId": st.sampled_from(list(TOKENS))}
)
"""People whose identity is a phone, which may be taken from them."""

calls = st.builds(lambda ids, data: {"type": "profile", **ids, "profileData": data}, callers, sensible_data)
mixed = st.lists(st.one_of(events, events, tokens, calls, records(sensible_data)), max_size=8)

KEYS: Final[list[Key]] = [
    *(("identity", value) for value in ("a", "b", "me@b.co", "Me@b.co", "c@d.co", "1", *PHONES)),
    *(("FBID", value) for value in "fg"),
    *(("GPID", value) for value in "hi"),
    *(("objectId", value) for value in ("d", "e", "__k")),
]
"""The identifiers records are made with."""

released = st.builds(lambda phone: {"type": "phone", "value": phone}, st.sampled_from([*PHONES, "a"]))
flagged = st.builds(
    lambda kind, value, status: {"type": kind, "value": value, "status": status},
    st.sampled_from(["email", "phone", "Whatsapp"]),
    st.sampled_from(["A@b.co", "me@b.co", "+14155551234", "x"]),
    st.sampled_from(["Unsubscribe", "Resubscribe", "?"]),
)
some_keys = st.lists(st.sampled_from(KEYS), min_size=1, max_size=3)

steps = st.one_of(
    st.builds(Step, st.just("upload"), st.one_of(batches, mixed, mixed), st.just([])),
    st.builds(Step, st.just("upload"), mixed, st.just([])),
    st.builds(Step, st.sampled_from(["delete", "demerge"]), st.just([]), some_keys),
    st.builds(Step, st.just("disassociate"), st.lists(released, min_size=1, max_size=3), st.just([])),
    st.builds(Step, st.just("subscribe"), st.lists(flagged, min_size=1, max_size=3), st.just([])),
)
