"""Deterministic, realistic profile records, ready to upload.

Which identities come in which order is a list of numbers (`repeating`, `fresh`, `over_stored`); `records`
turns numbers into records, `batches` turns records into bodies. The same arguments always give the same
bytes. A person's stable properties are a pure function of the number, so a reader can check what is stored.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate, islice
from random import Random
from typing import Any, Final, NamedTuple

import msgspec

Record = dict[str, Any]

SEED: Final = 20_260_401
FIRST_TS: Final = 1_700_000_000

FIRST_NAMES: Final = (
    "Ada", "Amara", "Anita", "Arjun", "Bilal", "Chen", "Chloe", "Dana", "Diego", "Elif", "Emma", "Fatima", "Grace",
    "Hana", "Hugo", "Imani", "Isha", "Jonas", "José", "Kavya", "Keiko", "Leila", "Łukasz", "Malik", "Mei", "Nadia",
    "Olga", "Priya", "Rafael", "Sofia", "Tariq", "Yara", "Zoë",
)  # fmt: skip
LAST_NAMES: Final = (
    "Adeyemi", "Ahmed", "Andersson", "Banerjee", "Becker", "Costa", "Dubois", "Fernandez", "Gupta", "Haddad", "Ito",
    "Jensen", "Kapoor", "Khan", "Kowalski", "Lopez", "Mehta", "Müller", "Nakamura", "Nguyen", "Okafor", "Oliveira",
    "Patel", "Reddy", "Santos", "Sharma", "Silva", "Tanaka", "Yilmaz",
)  # fmt: skip
CITIES: Final = (
    "Mumbai", "Delhi", "Bengaluru", "Jakarta", "Singapore", "Dubai", "Lagos", "Nairobi", "Cairo", "London", "Berlin",
    "Lisbon", "Warsaw", "Istanbul", "Toronto", "Austin", "Bogotá", "Lima", "São Paulo", "Sydney", "Tokyo", "Seoul",
)  # fmt: skip
DIALS: Final = ("+91", "+1", "+44", "+49", "+62", "+55", "+234")
TIERS: Final = ("Silver", "Gold", "Platinum", "Trial")
PLANS: Final = ("free", "starter-monthly", "pro-monthly", "pro-yearly", "enterprise")
EVENTS: Final = (
    "Product Viewed", "Added To Cart", "Searched", "Category Viewed", "Checkout Started", "Coupon Applied", "Shared",
    "Wishlist Changed", "Review Read", "Video Played",
)  # fmt: skip
INTERESTS: Final = ("shoes", "bags", "books", "phones", "garden", "toys", "beauty", "sports", "music", "travel", "pets")


class Batch(NamedTuple):
    """One upload: its records as (identity number, `seq`) pairs, and the JSON body."""

    sent: list[tuple[int, int]]
    body: bytes


def identity_of(number: int) -> str:
    return f"u{number:09d}"


def stable_properties(number: int) -> Record:
    """The eight properties that every record about this person carries with the same values."""
    mixed = number * 2_654_435_761 & 0xFFFFFFFF
    first = FIRST_NAMES[mixed % len(FIRST_NAMES)]
    last = LAST_NAMES[(mixed >> 8) % len(LAST_NAMES)]
    return {
        "Name": f"{first} {last}",
        "Email": f"{ascii_only(last)}.{number}@example.{('com', 'org', 'net')[mixed % 3]}",
        "Phone": f"{DIALS[(mixed >> 5) % len(DIALS)]}{6_000_000_000 + number}",
        "Gender": "MF"[mixed >> 3 & 1],
        "DOB": f"$D_{86_400 * (3_650 + mixed % 14_600)}",
        "Customer Type": TIERS[(mixed >> 4) % len(TIERS)],
        "City": CITIES[(mixed >> 11) % len(CITIES)],
        "Plan": PLANS[(mixed >> 7) % len(PLANS)],
    }


def ascii_only(name: str) -> str:
    return name.encode("ascii", "ignore").decode().lower()


def stable_view(number: int) -> Record:
    """`identity` and the stable properties under the names GET shows them by (contract A6.3)."""
    view = {key.lower().replace(" ", ""): value for key, value in stable_properties(number).items()}
    return view | {"identity": identity_of(number)}


def fresh(count: int, first: int) -> list[int]:
    """`count` people never seen before, from number `first` on."""
    return list(range(first, first + count))


def repeating(count: int, first: int, seed: int = SEED) -> list[int]:
    """`count` draws by a Zipf-like law from as many people: few come often, most once or not at all."""
    draw = Random(seed)
    people = draw.sample(range(first, first + count), count)
    weights = accumulate((rank + 50) ** -0.8 for rank in range(1, count + 1))
    return draw.choices(people, cum_weights=list(weights), k=count)


def over_stored(numbers: Iterable[int], stored: int) -> list[int]:
    """The same numbers with every even one replaced by one of the `stored` people, who have numbers from 0.

    People stay distinct while `stored` is at least half the range of the numbers. With none stored
    nothing changes, so the same work can be measured on an empty store and on a full one.
    """
    return [number * 7_919 // 2 % stored if stored and number % 2 == 0 else number for number in numbers]


def records(numbers: Sequence[int], first_seq: int = 1, seed: int = SEED) -> Iterator[Record]:
    """One record for each number, in order, with 12 to 14 properties and 320 to 350 bytes on average.

    `seq` is a property of its own in every record, counted from `first_seq`: it tells which record an
    answer shows. The first record about a person sets Visits and Interests; a fifth of the later ones
    change them by operators.
    """
    draw = Random(seed)
    seen: set[int] = set()
    for seq, number in enumerate(numbers, first_seq):
        chance = draw.random()
        data = stable_properties(number)
        data |= {"Score": round(chance * 1_000, 2), "Last Seen": f"$D_{FIRST_TS + seq}", "MSG-email": chance >= 0.3, "seq": seq}
        data |= later(number, chance) if number in seen else first_sight(number)
        seen.add(number)
        yield {"identity": identity_of(number), "ts": FIRST_TS + seq, "type": "profile", "profileData": data}


def first_sight(number: int) -> Record:
    tags = [INTERESTS[number % 11], INTERESTS[(number // 11 + number + 1) % 11]]
    return {"Visits": 1, "Interests": tags}


def later(number: int, chance: float) -> Record:
    """What a later record changes: for four of five nothing but the plain values."""
    tag = INTERESTS[(number + int(chance * 1_000)) % 11]
    for below, key, change in (
        (0.09, "Visits", {"$incr": 1}),
        (0.11, "Visits", {"$decr": 1}),
        (0.16, "Interests", {"$add": [tag, "sale"]}),
        (0.19, "Interests", {"$remove": [tag]}),
        (0.20, "Nickname", {"$delete": 1}),
    ):
        if chance < below:
            return {key: change}
    return {}


def event(number: int, seq: int, ts: int) -> Record:
    """One event of this person, the `seq`-th of all, with four properties, some 80 bytes of them."""
    data = {
        "Product": f"p{seq * 7_919 % 100_000:05d}",
        "Category": INTERESTS[seq % 11],
        "Price": seq * 31 % 20_000 / 100,
        "Quantity": seq % 4 + 1,
    }
    name = EVENTS[seq * 2_654_435_761 % 2**32 % len(EVENTS)]
    return {"identity": identity_of(number), "ts": ts, "type": "event", "evtName": name, "evtData": data}


def event_bodies(numbers: Iterable[int], size: int, first_ts: int, seconds: int) -> Iterator[bytes]:
    """One event for each number, in the order of time from `first_ts` on over so many seconds, `size` an upload."""
    people = list(numbers)
    for start in range(0, len(people), size):
        chunk = enumerate(people[start : start + size], start)
        yield msgspec.json.encode({"d": [event(n, seq, first_ts + seq * seconds // len(people)) for seq, n in chunk]})


def mixed_batches(numbers: Sequence[int], size: int, first_seq: int = 1) -> Iterator[Batch]:
    """As `batches`, but every second record is an event of the person whose number stands there."""
    profiles = records(numbers[::2], first_seq)
    for start in range(0, len(numbers), size):
        chunk = numbers[start : start + size]
        seqs = range(first_seq + start // 2, first_seq + len(numbers))
        pairs = [(next(profiles), event(number, seq, FIRST_TS + seq)) for seq, number in zip(seqs, chunk[1::2], strict=False)]
        sent = [(int(record["identity"][1:]), record["profileData"]["seq"]) for record, _ in pairs]
        yield Batch(sent, msgspec.json.encode({"d": [record for pair in pairs for record in pair]}))


def batches(numbers: Sequence[int], size: int, first_seq: int = 1) -> Iterator[Batch]:
    """The records of `numbers` as uploads of `size` records each."""
    source = records(numbers, first_seq)
    while chunk := list(islice(source, size)):
        sent = [(int(record["identity"][1:]), record["profileData"]["seq"]) for record in chunk]
        yield Batch(sent, msgspec.json.encode({"d": chunk}))
