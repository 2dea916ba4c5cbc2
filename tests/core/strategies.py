"""What the laws are tried on: records that collide, operators, hostile values, JSON of any kind.

The runs are the same each time. `EXPLORE=5000 pytest tests/core/test_laws.py` tries that many new
examples of each law instead; a failure prints the line that repeats it.
"""

import os
from typing import Any

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st

from personae.core.fields import FIELDS
from personae.core.rules import Rules

EXPLORE = int(os.environ.get("EXPLORE", "0"))

laws = settings(
    max_examples=EXPLORE or 100,
    derandomize=not EXPLORE,
    print_blob=True,
    deadline=None,
    phases=[phase for phase in Phase if phase is not Phase.explain],
    suppress_health_check=[HealthCheck.too_slow],
)

TIGHT = Rules(
    max_identifier_chars=8, max_key_bytes=12, max_value_bytes=24, max_custom_keys=3, max_list_items=3, max_nesting=2,
    max_event_properties=3, max_history=2,
)  # fmt: skip

rules = st.sampled_from([Rules(), Rules(drop=True), TIGHT, TIGHT._replace(drop=True), Rules(max_history=0)])

# --- JSON of any kind

EDGES = (0, 1, -1, 2**53, 2**63 - 1, 2**63, -(2**63), -(2**63) - 1, 10**300, 10**4299)
OPERATORS = ("$set", "$add", "$remove", "$incr", "$decr", "$delete", "$mul", "$", "$D_1487576752")

scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-5, 5),
    st.sampled_from(EDGES),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=12),
    st.sampled_from(["", " ", "a", "b", " a ", "\0", "🎉" * 3, "v" * 25, "v" * 513, "1", "true", *OPERATORS]),
)
keys = st.one_of(
    st.text(max_size=8), st.sampled_from(OPERATORS), st.sampled_from(["a", "A", "a ", "b", "c", "", " ", "k" * 121])
)
json = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=5) | st.dictionaries(keys, inner, max_size=4), max_leaves=10
)

# --- values that do something

words = st.sampled_from(["a", "b", "c", "d", " a ", 1, 2.5, True])
numbers = st.sampled_from([0, 1, -1, 2, 10, 0.5, -2.5, 2**62, 2**63 - 1, -(2**63), 1e308])
plain = st.one_of(words, numbers, st.lists(words, max_size=5), st.dictionaries(st.sampled_from("abcd"), words, max_size=4))
operators = st.one_of(
    st.builds(
        lambda operator, items: {operator: items}, st.sampled_from(["$add", "$remove"]), st.lists(words, max_size=4) | words
    ),
    st.builds(lambda operator, number: {operator: number}, st.sampled_from(["$incr", "$decr"]), numbers),
    st.builds(lambda value: {"$set": value}, plain),
    st.sampled_from([{"$delete": 1}, {"$delete": True}, {"$delete": 0}]),
)
values = st.one_of(plain, operators, operators, json)

CUSTOM = ("n", "N", " n ", "list", "List", "Customer Type", "customertype", "a.b", "p1", "p2", "p3")

groups = st.dictionaries(st.sampled_from(["email", "sms"]), st.lists(st.sampled_from("ABC"), max_size=3), max_size=2)
reserved: dict[str, st.SearchStrategy[Any]] = {
    "Name": st.sampled_from(["Jack", "J" * 600]),
    "Email": st.sampled_from(["a@b.co", "A@b.co", "c@d.co", "1234"]),
    "email": st.sampled_from(["a@b.co"]),
    "Phone": st.sampled_from(["+14155551234", 14155551234, "223"]),
    "Gender": st.sampled_from(["M", "female", "X"]),
    "Age": st.sampled_from([20, "18", 119, {"$incr": 1}, {"$decr": 200}]),
    "DOB": st.sampled_from(["$D_1487576752", 5]),
    "MSG-sms": st.sampled_from([True, False, "true", 7]),
    "MSG-dndEmail": st.booleans(),
    "MSG-dndPhone": st.booleans(),
    "category-unsubscribe": groups,
    "category-resubscribe": groups,
    "identity": st.sampled_from(["a", "b", "c@d.co", 1, "x" * 9]),
    "FBID": st.sampled_from(["f", "g"]),
    "GPID": st.sampled_from(["h"]),
}

profile_data = st.builds(
    lambda custom, fields, odd: {**custom, **fields, **odd},
    st.dictionaries(st.sampled_from(CUSTOM), values, max_size=5),
    st.fixed_dictionaries({}, optional=reserved),
    st.dictionaries(st.sampled_from([field.name for field in FIELDS]) | keys, json, max_size=1),
)
sensible_data = st.builds(
    lambda custom, fields: {**custom, **fields},
    st.dictionaries(st.sampled_from(CUSTOM), plain | operators, max_size=4),
    st.dictionaries(st.sampled_from(["Email", "Phone", "identity", "FBID"]), st.none(), max_size=3).flatmap(
        lambda chosen: st.fixed_dictionaries({name: reserved[name] for name in chosen})
    ),
)

# --- records

identifiers = st.fixed_dictionaries(
    {},
    optional={
        "identity": st.sampled_from(["a", "b", "me@b.co", "Me@b.co", 1, "1", " a", "", None]),
        "FBID": st.sampled_from(["f", "g", None]),
        "GPID": st.sampled_from(["h", "i"]),
        "objectId": st.sampled_from(["d", "e", "__k"]),
    },
)


def records(data: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.builds(
        lambda ids, data, more: {"type": "profile", **ids, "profileData": data, **more},
        identifiers,
        data,
        st.fixed_dictionaries(
            {}, optional={"ts": st.sampled_from([1, "1468308340", 0, None]), "source": st.sampled_from(["Seg", "🎉" * 200])}
        ),
    )


events = st.builds(
    lambda ids, name, data, more: {"type": "event", **ids, "evtName": name, "evtData": data, **more},
    identifiers,
    st.sampled_from(["Bought", "BOUGHT ", "Product Viewed", "charged", "Stayed", "n" * 600, ""]),
    st.one_of(
        st.none(),
        st.dictionaries(st.sampled_from(["a", "A", "Unit Price", "Items", "a.b", "k" * 121]), plain | json, max_size=4),
        st.just({"Items": [{"n": 1}, {"n": "b"}]}),
    ),
    st.fixed_dictionaries({}, optional={"ts": st.sampled_from([1, 5, "1468308340", 0])}),
)
tokens = st.builds(
    lambda device, text, kind, keys: {
        "type": "token", "objectId": device, "tokenData": {"id": text, "type": kind, "keys": {"p256dh": "p", "auth": keys}},
    },
    st.sampled_from(["d", "e", "__k", "-i"]),
    st.sampled_from(["t", "u", ""]),
    st.sampled_from(["chrome", "chrome", "fcm", "apns"]),
    st.sampled_from(["a", None]),
)  # fmt: skip

hostile_records = st.one_of(
    json,
    st.fixed_dictionaries(
        {"type": st.just("profile")},
        optional={"identity": json, "FBID": json, "objectId": json, "ts": json, "$source": json, "profileData": json},
    ),
    st.fixed_dictionaries(
        {"type": st.just("event")}, optional={"identity": json, "ts": json, "evtName": json, "evtData": json, "source": json}
    ),
    st.fixed_dictionaries(
        {"type": st.just("event"), "identity": st.just("a"), "evtName": st.just("Charged")} | {"evtData": json}
    ),
    st.fixed_dictionaries({"type": st.just("token")}, optional={"objectId": json, "tokenData": json}),
    st.fixed_dictionaries({"type": st.sampled_from(["Event", "tokens", "Profile", 1])}, optional={"identity": json}),
)
said = st.one_of(
    st.builds(lambda data: {"type": "profile", "profileData": data}, sensible_data),
    st.builds(
        lambda name, ts: {"type": "event", "evtName": name, "ts": ts},
        st.sampled_from(["One", "o n e", "Two"]),
        st.integers(1, 9),
    ),
    st.just({"type": "token", "tokenData": {"id": "t", "type": "chrome", "keys": {"p256dh": "p", "auth": "a"}}}),
)


def said_of(*identifiers: dict[str, str]) -> st.SearchStrategy[list[dict[str, Any]]]:
    """Up to three records with these identifiers."""
    return st.lists(st.builds(lambda ids, about: {**ids, **about}, st.sampled_from(identifiers), said), max_size=3)


merging = st.builds(
    lambda *parts: [record for part in parts for record in part],
    said_of({"objectId": "d"}, {"objectId": "e"}),
    said_of({"identity": "a"}, {"identity": "b", "FBID": "f"}),
    said_of({"identity": "a", "objectId": "d"}, {"FBID": "f", "objectId": "e"}, {"identity": "a", "objectId": "e"}),
    said_of({"identity": "a"}, {"objectId": "e"}, {"identity": "b"}),
)
"""Devices before and after somebody is known to use them: many of these batches merge."""

batches = st.one_of(
    st.lists(
        st.one_of(
            records(profile_data), records(sensible_data), records(sensible_data), events, events, tokens, hostile_records
        ),
        max_size=8,
    ),
    merging,
)
"""Lists of records of every kind; most are acceptable, and their identifiers are few."""
