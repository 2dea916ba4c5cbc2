"""The records of a page, as plain JSON shapes. Source: contract B 5, B 6.1."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

import msgspec

from ..answers import profile_view
from ..identity import Key
from ..profile import Json, Profile
from .asked import Options

APP_FIELDS: Final = ("os_version", "app_version", "make", "model", "push_token", "ls")
"""What `app=false` leaves out of `platformInfo`."""


def profile_record(profile: Profile, flags: Mapping[Key, bool], options: Options) -> Json:
    """A profile as GET shows it, without what the options leave out."""
    record = profile_view(profile, flags)
    if not options.app:
        devices = record["platformInfo"]
        record["platformInfo"] = [{key: known[key] for key in known if key not in APP_FIELDS} for known in devices]
    if not options.events:
        record.pop("events", None)
    if not options.profile:
        del record["profileData"]
    return record


def event_profile(profile: Profile, flags: Mapping[Key, bool], options: Options) -> Json:
    """The profile of an event: its record, with its first device in place of a list of them."""
    record = profile_record(profile, flags, options)
    first, *_ = record.pop("platformInfo")
    return {**first, **record}


def event_record(profile: Json | msgspec.Raw, ts: int, data: Mapping[str, Any]) -> Json:
    """One event with its profile, which may be encoded already.

    `ts` is epoch seconds, and packed as yyyyMMddHHmmss in UTC in the answer.
    """
    return {"profile": profile, "ts": packed_time(ts), "event_props": data, "session_props": {}}


def packed_time(ts: int) -> int:
    return int(datetime.fromtimestamp(ts, UTC).strftime("%Y%m%d%H%M%S"))
