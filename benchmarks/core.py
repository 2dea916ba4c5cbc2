"""Records a second on one core through the pure steps: screen, fold and answer, with and without decode.

    python -m benchmarks.core

Profiles to update are read before the clock starts, as finding them is the store's work. Rates are by
CPU time, so that other work on the machine does not count. Each is the median of five passes.
"""

from collections.abc import Sequence
from statistics import median
from time import thread_time
from typing import Any, Final, NamedTuple

import msgspec

from personae.core.answers import upload_answer
from personae.core.fold import fold, keys_of, screen
from personae.core.identity import Key, Ref
from personae.core.profile import Profile
from personae.core.rules import Rules
from personae.core.work import Found

from .payloads import FIRST_TS, batches, fresh

RECORDS: Final = 20_000
BATCH: Final = 1_000
PASSES: Final = 5
RULES: Final = Rules()

_decode_profile = msgspec.json.Decoder(Profile).decode


class Times(NamedTuple):
    """CPU seconds: of decoding, and of screen, fold and answer."""

    decode_s: float
    core_s: float


def process(records: Sequence[Any], found: Found) -> dict[str, Any]:
    """What an upload does between decoding and encoding, without a store; each batch mints objectIds of its own."""
    accepted, rejected = screen(records, FIRST_TS, RULES)
    keys_of(accepted)
    changes = fold(accepted, found, FIRST_TS * 1_000_000, records[0]["identity"].encode(), RULES)
    return upload_answer(len(records), rejected + changes.rejected, changes.warnings, records)


def measure(body: bytes, found: Found) -> Times:
    """One batch; its records must all be processed."""
    start = thread_time()
    records = msgspec.json.decode(body)["d"]
    decoded = thread_time()
    answer = process(records, found)
    end = thread_time()
    assert answer["status"] == "success"
    return Times(decoded - start, end - decoded)


def stored(bodies: Sequence[bytes]) -> dict[Key, bytes]:
    """The profiles these bodies make, as documents by key."""
    found = Found({}, {})
    for body in bodies:
        process(msgspec.json.decode(body)["d"], found)
    return {key: msgspec.json.encode(found.profiles[ref]) for key, ref in found.owners.items() if key[0] == "identity"}


def found_for(body: bytes, documents: dict[Key, bytes]) -> Found:
    """What a store would find for a batch: freshly read profiles."""
    keys = [("identity", record["identity"]) for record in msgspec.json.decode(body)["d"]]
    owners: dict[Key, Ref] = {key: key for key in keys if key in documents}
    return Found(owners, {ref: _decode_profile(documents[key]) for key, ref in owners.items()})


def one_pass(bodies: Sequence[bytes], documents: dict[Key, bytes]) -> Times:
    times = [measure(body, found_for(body, documents)) for body in bodies]
    return Times(sum(time.decode_s for time in times), sum(time.core_s for time in times))


def twelve_properties(body: bytes) -> bytes:
    """The same first records without the two properties that only a first record has."""
    upload = msgspec.json.decode(body)
    for record in upload["d"]:
        del record["profileData"]["Visits"], record["profileData"]["Interests"]
    return msgspec.json.encode(upload)


def main() -> None:
    numbers = fresh(RECORDS, 0)
    twice = [batch.body for batch in batches(numbers + numbers, BATCH)]
    first, again = twice[: RECORDS // BATCH], twice[RECORDS // BATCH :]
    everyone = stored(first)
    mixes: dict[str, tuple[list[bytes], dict[Key, bytes]]] = {
        "first sight": ([twelve_properties(body) for body in first], {}),
        "updates": (again, everyone),
        "half and half": (again, dict(list(everyone.items())[::2])),
    }
    print(f"{RECORDS:,} records in batches of {BATCH:,}, records a second on one core")
    print(f"{'':14}{'screen + fold + answer':>24}{'with decode':>14}{'bytes a record':>16}")
    for name, (bodies, documents) in mixes.items():
        passes = [one_pass(bodies, documents) for _ in range(PASSES)]
        alone = RECORDS / median(times.core_s for times in passes)
        together = RECORDS / median(sum(times) for times in passes)
        size = sum(map(len, bodies)) / RECORDS
        print(f"{name:14}{alone:>24,.0f}{together:>14,.0f}{size:>16.0f}")


if __name__ == "__main__":
    main()
