"""Records of type `token`: the push token of a device. Source: contract B 6.2, codes B 2.6."""

from collections.abc import Mapping
from typing import Any, Final

from ..faults import TOKEN_DATA, TOKEN_ID, TOKEN_KEYS, TOKEN_OBJECT_ID, TOKEN_PLATFORM, TOKEN_TYPE, Fault, Rejection
from ..identity import DEVICE_KIND, identifier
from ..operators import Notes
from ..profile import Json, platform
from ..properties import fits
from ..rules import Rules
from ..work import Accepted, Work
from .envelope import origin
from .person import meant, settle

PLATFORMS: Final = {"apns": "iOS", "gcm": "Android", "fcm": "Android", "wns": "Windows", "mpns": "Windows", "chrome": "Web"}
"""Each type of token with the platform its devices are of."""

WEB_KEYS: Final = ("p256dh", "auth")
"""What a browser needs beside the token."""

MAX_TOKEN_BYTES: Final = 4096
"""Longer than any push service makes them: theirs are within a few hundred."""


def screen(index: int, record: Mapping[str, object], now: int, rules: Rules) -> Accepted | Rejection:
    """Judge one record; of several faults the one with the lowest code is reported. `ts` is not looked at."""
    device = identifier(record.get("objectId"), rules)
    if not device:
        return Rejection(index, TOKEN_OBJECT_ID)
    token = read_token(record.get("tokenData"), device, rules)
    if type(token) is Fault:
        return Rejection(index, token)
    return Accepted(index, "token", [(DEVICE_KIND, device)], now, origin(record, rules), token, [])


def read_token(data: object, device: str, rules: Rules) -> Json | Fault:
    """What the device keeps: `push_token`, `token_type` and, of a browser, `token_keys`."""
    if type(data) is not dict:
        return TOKEN_DATA
    token = text(data.get("id"), MAX_TOKEN_BYTES)
    if token is None:
        return TOKEN_ID
    kind = data.get("type")
    kind = kind.strip().lower() if type(kind) is str else None
    if kind not in PLATFORMS:
        return TOKEN_TYPE
    if PLATFORMS[kind] != platform(device):
        return TOKEN_PLATFORM
    known: Json = {"push_token": token, "token_type": kind}
    if kind == "chrome":
        keys = read_keys(data.get("keys"), rules)
        if keys is None:
            return TOKEN_KEYS
        known["token_keys"] = keys
    return known


def read_keys(keys: object, rules: Rules) -> dict[str, str] | None:
    """The keys of a browser's token; None where one is missing or no such text."""
    if type(keys) is not dict:
        return None
    found = {name: text(keys.get(name), rules.max_value_bytes) for name in WEB_KEYS}
    return None if None in found.values() else found  # type: ignore[return-value]


def text(value: object, limit: int) -> str | None:
    """Text without the blanks around it; None where it is empty, over `limit` bytes or something else."""
    if type(value) is not str:
        return None
    value = value.strip()
    return value if value and fits(value, limit) else None


def fold(record: Accepted, work: Work) -> Rejection | Notes:
    """Give the token to its device, which may be of a new, anonymous profile; no other device of the person keeps it."""
    token: Any = record.content
    person = meant(record, work)
    _, profile, before, _ = person
    notes: Notes = []
    settle(record, person, before, (), {}, work, notes)
    devices = profile.devices
    for device, known in devices.items():
        if known.get("push_token") == token["push_token"]:
            devices[device] = without_token(known)
    device = record.keys[0][1]
    devices[device] = without_token(devices[device]) | token
    return notes


def without_token(known: Json) -> Json:
    """What else is known of a device."""
    return {name: value for name, value in known.items() if name not in ("push_token", "token_type", "token_keys")}
