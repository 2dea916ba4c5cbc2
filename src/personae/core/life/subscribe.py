"""Do-not-disturb of addresses, whoever has them: no profile is looked at, and none is made. Source: contract B 6.5, A4.7."""

from collections.abc import Iterable
from typing import Any, Final, NamedTuple

from ..faults import EMAIL, PHONE, SUBSCRIPTION, SUBSCRIPTION_STATUS, Fault, Rejection
from ..fields import INVALID, Check, email, phone
from ..identity import Key
from ..work import Changes, Found


class Channel(NamedTuple):
    """The flag a `type` is about, and what its addresses have to be."""

    flag: str
    check: Check
    fault: Fault


CHANNELS: Final = {
    "email": Channel("dndemail", email, EMAIL),
    "phone": Channel("dndphone", phone, PHONE),
    "whatsapp": Channel("dndwhatsapp", phone, PHONE),
}

STATUSES: Final = {"unsubscribe": True, "resubscribe": False}
"""Each with the do-not-disturb it sets."""


def screen(records: Iterable[Any]) -> tuple[list[tuple[Key, bool]], list[Rejection]]:
    """Each record's fault, or the address flag it sets and to what."""
    accepted: list[tuple[Key, bool]] = []
    rejected: list[Rejection] = []
    for index, record in enumerate(records):
        outcome = read(record)
        if isinstance(outcome, Fault):
            rejected.append(Rejection(index, outcome))
        else:
            accepted.append(outcome)
    return accepted, rejected


def subscribe(flags: Iterable[tuple[Key, bool]], found: Found) -> Changes:
    """Set the flags; of several for one address the last stands. What is found does not matter."""
    return Changes(flags={address: (dnd, None) for address, dnd in flags})


def read(record: Any) -> tuple[Key, bool] | Fault:
    """The address flag of one record and what it becomes, or the first fault in the order type, value, status."""
    if type(record) is not dict:
        return SUBSCRIPTION
    channel = CHANNELS.get(word(record.get("type")))
    if channel is None:
        return SUBSCRIPTION
    address = channel.check(record.get("value"))
    if address is INVALID:
        return channel.fault
    dnd = STATUSES.get(word(record.get("status")))
    if dnd is None:
        return SUBSCRIPTION_STATUS
    return (channel.flag, str(address).lower()), dnd


def word(value: object) -> str:
    """A word in any case; "" for what is no text."""
    return value.lower() if type(value) is str else ""
