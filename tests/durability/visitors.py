"""Visitors: they come as a device, do things, sign in and are deleted; and what may be stored of them then.

What a request makes of a visitor follows from what there was, so after all that a client was told there are
some states a visitor may be in; nothing else is right. Events of a visitor have a name of their own, so
those that are kept can be counted beside what the profiles say of them.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from tests.durability.people import Outcome
from tests.server import Json, profile


class State(NamedTuple):
    """What there is of a visitor.

    `person` and `device` are the events of the profile with the identity, and of the one that has only the
    device; None where there is no such profile. Once both are one, the device is `joined`. `token` is the device's.
    """

    person: int | None = None
    device: int | None = None
    joined: bool = False
    token: str = ""

    @property
    def events(self) -> int:
        return (self.person or 0) + (self.device or 0)


class Action(NamedTuple):
    """The record of a visitor's name and a mark of its own, None where it is no upload; and what that makes of a state."""

    record: Callable[[str, str], Json] | None
    after: Callable[[State, str], State]


class Deed(NamedTuple):
    """Something a visitor did: the action, by name, and its mark."""

    action: str
    mark: str


def device_of(visitor: str) -> str:
    return f"__{visitor}"


def event_of(visitor: str) -> str:
    return f"did {visitor}"


def did(mark: str, visitor: str, **who: str) -> Json:
    """An event of this visitor."""
    return {"type": "event", **who, "evtName": event_of(visitor), "evtData": {"mark": mark, "pad": mark * 10}}


def told_token(mark: str, visitor: str) -> Json:
    return {"type": "token", "objectId": device_of(visitor), "tokenData": {"id": mark, "type": "fcm"}}


def browsed(state: State, mark: str) -> State:
    if state.joined:
        return acted(state, mark)
    return state._replace(device=(state.device or 0) + 1)


def acted(state: State, mark: str) -> State:
    return state._replace(person=(state.person or 0) + 1)


def arrived(state: State, mark: str) -> State:
    return state._replace(person=state.person or 0)


def tokened(state: State, mark: str) -> State:
    return state._replace(device=None if state.joined else state.device or 0, token=mark)


def signed_in(state: State, mark: str) -> State:
    return state._replace(person=state.events, device=None, joined=True)


def deleted(state: State, mark: str) -> State:
    return State() if state.joined else state._replace(person=None)


ACTIONS: Final = {
    "browse": Action(lambda name, mark: did(mark, name, objectId=device_of(name)), browsed),
    "act": Action(lambda name, mark: did(mark, name, identity=name), acted),
    "arrive": Action(lambda name, mark: profile(name, {"mark": mark}), arrived),
    "token": Action(lambda name, mark: told_token(mark, name), tokened),
    "sign in": Action(lambda name, mark: profile(name, {"mark": mark}, objectId=device_of(name)), signed_in),
    "delete": Action(None, deleted),
}
"""What a visitor can do. To sign in makes one profile of two, if there are both."""

SEVERAL: Final = ("browse", "act")
"""What a visitor may do more than once in one upload: nothing comes of the order."""

UPLOADED: Final = ("browse", "browse", "act", "arrive", "token", "sign in")


@dataclass
class Visitor:
    """One visitor, and the states they may be in."""

    name: str
    possible: set[State] = field(default_factory=lambda: {State()})
    _before: set[State] = field(default_factory=set)
    _deeds: Sequence[Deed] = ()

    def begin(self, deeds: Sequence[Deed]) -> None:
        """Deeds that are as good as sent; what comes of each is unknown."""
        self._before, self._deeds = self.possible, deeds
        self.told([Outcome(None)] * len(deeds))

    def told(self, outcomes: Iterable[Outcome]) -> None:
        """What the answer said of each deed that was begun."""
        states = self._before
        for deed, outcome in zip(self._deeds, outcomes, strict=True):
            states = after(states, deed, outcome)
        self.possible = states

    def fault(self, state: State) -> str | None:
        """What is wrong with what was read; None if nothing is."""
        return None if state in self.possible else f"lost: {state}, expected one of {sorted(map(str, self.possible))}"

    def settle(self, state: State) -> None:
        """From here on a visitor is as they were read."""
        self.possible = {state}


def after(states: set[State], deed: Deed, outcome: Outcome) -> set[State]:
    """The states there may be after a deed with this outcome."""
    done = {ACTIONS[deed.action].after(state, deed.mark) for state in states}
    return {True: done, False: states, None: states | done}[outcome.stored]


# --- what is read


def state_in(visitor: str, person: Json | None, device: Json | None) -> State | str:
    """The state these records show, by the identity and by the device; or what is half of it."""
    joined = person is not None and device_of(visitor) in devices_in(person)
    if joined and person != device:
        return f"half a merge: {person} and {device}"
    if device is not None and not joined and "identity" in device:
        return f"half a deletion: {person} and {device}"
    token = token_in(visitor, device) if device else ""
    return State(count_in(visitor, person), None if joined else count_in(visitor, device), joined, token)


def count_in(visitor: str, record: Json | None) -> int | None:
    """How often a profile says that it did what only this visitor does."""
    if record is None:
        return None
    count: int = record.get("events", {}).get(event_of(visitor), {}).get("count", 0)
    return count


def devices_in(record: Json) -> set[str]:
    return {platform["objectId"] for platform in record["platformInfo"]}


def token_in(visitor: str, record: Json) -> str:
    """The token of this visitor's device."""
    tokens = [each.get("push_token", "") for each in record["platformInfo"] if each["objectId"] == device_of(visitor)]
    return str(tokens[0]) if tokens else ""
