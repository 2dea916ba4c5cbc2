"""The answers of the API, as plain JSON shapes. Source: contract A2.3, A2.4, A6.3, B 4.2."""

from collections.abc import Mapping, Sequence
from operator import attrgetter
from typing import Final

from .events import summary
from .faults import Refusal, Rejection, Warning
from .fields import AT_RECORD_LEVEL, DND_ADDRESS
from .identity import Key
from .profile import Json, Profile, address_flag, platform
from .properties import normal_form

MAX_WARNINGS: Final = 100


def upload_answer(total: int, rejected: Sequence[Rejection], warnings: Sequence[Warning], records: Sequence[object]) -> Json:
    """The answer to an upload of `total` records; `records` is what to echo, by index.

    Each record has exactly one outcome: it is in `rejected`, or it was processed.
    """
    processed = total - len(rejected)
    answer: Json = {
        "status": "success" if not rejected else "partial" if processed else "fail",
        "processed": processed,
        "unprocessed": [
            {
                "status": "fail",
                "code": rejection.fault.code,
                "error": rejection.fault.error(rejection.index + 1, rejection.detail),
                "record": records[rejection.index],
            }
            for rejection in sorted(rejected, key=attrgetter("index"))
        ],
    }
    if warnings:
        answer["warnings"] = warning_list(warnings)
    return answer


def warning_list(warnings: Sequence[Warning]) -> list[Json]:
    """The first hundred, then one entry that says how many more. Source: contract A2.4."""
    shown = [{"record": w.index + 1, "key": w.key, "warning": w.text} for w in warnings[:MAX_WARNINGS]]
    more = warnings[MAX_WARNINGS:]
    if more:
        shown.append({"record": more[0].index + 1, "key": "", "warning": f"{len(more)} more warnings are not shown"})
    return shown


def refusal_answer(refusal: Refusal, **values: object) -> Json:
    """The body of a refused request; `values` fill the placeholders of its text."""
    return {"status": "fail", "error": refusal.error.format(**values), "code": refusal.code}


def flag_keys(profile: Profile) -> dict[str, Key]:
    """The do-not-disturb flags that can hold for this profile: what to look up for `profile_view`."""
    keys = ((flag, address_flag(flag, profile)) for flag in DND_ADDRESS)
    return {flag: key for flag, key in keys if key is not None}


def profile_view(profile: Profile, flags: Mapping[Key, bool]) -> Json:
    """A profile as GET shows it. `flags` are those of `flag_keys` that are set either way."""
    record: Json = {"platformInfo": [device_view(object_id, known) for object_id, known in profile.devices.items()]}
    if profile.identities:
        record["identity"] = profile.identities[0]
    fields = profile.fields
    for name, value in (("name", fields.get("name")), ("email", profile.email), ("phone", profile.phone)):
        if value is not None:
            record[name] = value
    record["all_identities"] = all_identities(profile)
    record["profileData"] = profile_data(profile, flags)
    events = events_view(profile)
    if events:
        record["events"] = events
    return record


def device_view(object_id: str, known: Json) -> Json:
    """A device; of what is known of it the push token alone is shown. Source: contract B 4.2, B 6.2."""
    device: Json = {"df": {}, "objectId": object_id, "platform": platform(object_id)}
    if "push_token" in known:
        device["push_token"] = known["push_token"]
    return device


def events_view(profile: Profile) -> Json:
    """How often each event happened, the first and the last time in epoch seconds, by the name first seen."""
    return {
        seen.name: {"count": seen.count, "first_seen": seen.first, "last_seen": seen.last} for seen in summary(profile).values()
    }


def all_identities(profile: Profile) -> list[str]:
    """Identity, further identities, then the email; each once. Source: contract A5.4."""
    email = profile.email
    return list(dict.fromkeys([*profile.identities, email] if email else profile.identities))


def profile_data(profile: Profile, flags: Mapping[Key, bool]) -> Json:
    """What has no place at record level, under normal names; reserved names win over custom ones."""
    data = {normal_form(key): value for key, value in profile.properties.items()}
    data |= {name: value for name, value in profile.fields.items() if name not in AT_RECORD_LEVEL}
    if flags:
        data |= {f"msg-{flag}": flags[key] for flag, key in flag_keys(profile).items() if key in flags}
    if profile.unsubscribed:
        data["category-unsubscribe"] = profile.unsubscribed
    return data
