"""Load a server with uploads, then read back what it acknowledged.

    python -m benchmarks.load http://127.0.0.1:8080 PROJECT PASSCODE --records 100000 --batch 1000 --concurrency 15

Works against any server that speaks the API, and ends with status 1 when anything was refused, lost or
doubled. The profiles stay on the server: give it a project of its own, and each run a new `--first`.
"""

import argparse
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from random import Random
from secrets import token_hex
from typing import Any, Final, TypeVar

import msgspec
import uvloop

from .client import Answer, Driven, Target, drive
from .payloads import SEED, Batch, batches, identity_of, repeating, stable_view

T = TypeVar("T")
Sent = Mapping[int, Sequence[int]]
"""For each identity number the `seq` of every record that was sent, in the order of sending."""

COUNTERS: Final = 200
INCREMENTS: Final = 20
READ_BACK_CHUNK: Final = 50_000
SHOWN_FAILURES: Final = 5


class Failed(Exception):  # noqa: N818 - the outcome of a check
    """The server refused, lost or doubled something; the text shows the first few."""


def settle(what: str, failures: Sequence[str], total: int) -> None:
    """Raise `Failed` if there are failures."""
    if failures:
        raise Failed("\n  ".join((f"{len(failures)} of {total} {what}:", *failures[:SHOWN_FAILURES])))


# --- uploads


async def upload(target: Target, uploads: Sequence[Batch], concurrency: int, *, dry_run: bool = False) -> Driven:
    """Send the uploads; raises `Failed` unless every record of every one was processed."""
    driven = await drive(target, [target.upload(batch.body, dry_run=dry_run) for batch in uploads], concurrency)
    check_uploads(driven.answers, [len(batch.sent) for batch in uploads])
    return driven


def check_uploads(answers: Sequence[Answer], sizes: Sequence[int]) -> None:
    failures = [
        f"{answer.status} {answer.body[:300]!r}"
        for answer, size in zip(answers, sizes, strict=True)
        if not all_processed(answer, size)
    ]
    settle("uploads were not processed in full", failures, len(answers))


def all_processed(answer: Answer, size: int) -> bool:
    if answer.status != 200:
        return False
    said = msgspec.json.decode(answer.body)
    return (said["status"], said["processed"], said["unprocessed"]) == ("success", size, [])


def sent_by(uploads: Sequence[Batch]) -> dict[int, list[int]]:
    """What these uploads sent, by identity number."""
    sent = defaultdict(list)
    for batch in uploads:
        for number, seq in batch.sent:
            sent[number].append(seq)
    return dict(sent)


# --- reading


async def get(target: Target, numbers: Sequence[int], concurrency: int) -> Driven:
    """GET the profiles of these people; raises `Failed` unless every one is answered with that person."""
    driven = await drive(target, [target.get(identity_of(number)) for number in numbers], concurrency)
    failures = [
        f"{answer.status} {answer.body[:300]!r}"
        for answer, number in zip(driven.answers, numbers, strict=True)
        if difference(answer, stable_view(number))
    ]
    settle("reads did not show what was sent", failures, len(numbers))
    return driven


async def read_back(target: Target, sent: Sent, concurrency: int, *, in_order: bool = False) -> int:
    """Read everyone in `sent`; returns how many that are.

    Raises `Failed` unless each has the stable properties and the `seq` of one of the records that were
    sent, of the last one when the records came `in_order`.
    """
    numbers = sorted(sent)
    for chunk in pieces(numbers, READ_BACK_CHUNK):
        driven = await get(target, chunk, concurrency)
        wanted = [sent[number][-1:] if in_order else sent[number] for number in chunk]
        seen = [view(answer).get("seq") for answer in driven.answers]
        failures = [
            f"{identity_of(number)} has seq {got!r}, sent {seqs}"
            for number, got, seqs in zip(chunk, seen, wanted, strict=True)
            if got not in seqs
        ]
        settle("profiles lack an acknowledged record", failures, len(chunk))
    return len(numbers)


def view(answer: Answer) -> dict[str, Any]:
    """The record of an answer as one flat object; empty unless the answer is 200."""
    if answer.status != 200:
        return {}
    record = msgspec.json.decode(answer.body)["record"]
    return record["profileData"] | record  # type: ignore[no-any-return]


def difference(answer: Answer, wanted: Mapping[str, object]) -> dict[str, object]:
    """What the profile has where it differs from what is wanted."""
    shown = view(answer)
    return {key: shown.get(key) for key, value in wanted.items() if shown.get(key) != value}


# --- counters


async def count(target: Target, batch: int, concurrency: int, read_concurrency: int) -> None:
    """Give 200 new people 20 x `$incr`, over all connections at once; raises `Failed` unless each reads 20.

    A server whose read, change and write are not one step loses some; one that writes again after a
    lost answer doubles some.
    """
    run = token_hex(6)
    people = [f"counter-{run}-{number}" for number in range(COUNTERS)]
    groups = list(pieces(people, min(batch, COUNTERS // 4)))
    starts = [counter_upload(target, group, 0) for group in groups]
    increments = [counter_upload(target, group, {"$incr": 1}) for group in groups] * INCREMENTS
    for requests, sizes in ((starts, [*map(len, groups)]), (increments, [*map(len, groups)] * INCREMENTS)):
        check_uploads((await drive(target, requests, concurrency)).answers, sizes)
    read = await drive(target, [target.get(person) for person in people], read_concurrency)
    failures = [
        f"{answer.status} {answer.body[:300]!r}" for answer in read.answers if view(answer).get("counter") != INCREMENTS
    ]
    settle("counters are wrong", failures, COUNTERS)


def counter_upload(target: Target, people: Sequence[str], value: object) -> bytes:
    records = [{"identity": person, "type": "profile", "profileData": {"Counter": value}} for person in people]
    return target.upload(msgspec.json.encode({"d": records}))


def pieces(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    return (items[start : start + size] for start in range(0, len(items), size))


# --- the program


async def run(args: argparse.Namespace) -> None:
    target = Target(args.url, args.project, args.passcode)
    uploads = list(batches(repeating(args.records, args.first), args.batch))
    sent = sent_by(uploads)
    driven = await upload(target, uploads, args.concurrency)
    report("records uploaded", args.records, driven)
    read = await read_back(target, sent, args.read_concurrency, in_order=args.concurrency == 1)
    print(f"{read} profiles read back, each as acknowledged")
    await count(target, args.batch, args.concurrency, args.read_concurrency)
    print(f"{COUNTERS} counters incremented {INCREMENTS} times each, all exact")
    people = Random(SEED).choices(list(sent), k=args.gets)
    report("GETs", args.gets, await get(target, people, args.read_concurrency))


def report(what: str, number: int, driven: Driven) -> None:
    print(
        f"{number / driven.seconds:,.0f} {what} a second "
        f"(p50 {driven.latency_ms(0.5):.2f} ms, p99 {driven.latency_ms(0.99):.2f} ms, {number} in {driven.seconds:.2f} s)"
    )


def status_of(program: Callable[[], None]) -> int:
    """The exit status of a benchmark: 1, with one line that says why, when a check or the server failed."""
    try:
        program()
    except (Failed, OSError) as failure:
        print(repr(failure) if isinstance(failure, OSError) else failure, file=sys.stderr)
        return 1
    return 0


def main() -> int:
    parser = argparse.ArgumentParser(prog="benchmarks.load", description="Load a server and check what it kept.")
    parser.add_argument("url")
    parser.add_argument("project")
    parser.add_argument("passcode")
    parser.add_argument("--records", type=int, default=100_000)
    parser.add_argument("--batch", type=int, default=1_000)
    parser.add_argument("--concurrency", type=int, default=15, help="uploads in flight")
    parser.add_argument("--read-concurrency", type=int, default=3, help="GETs in flight; 3 is what a server allows by default")
    parser.add_argument("--gets", type=int, default=20_000)
    parser.add_argument("--first", type=int, default=0, help="number of the first identity")
    args = parser.parse_args()
    return status_of(lambda: uvloop.run(run(args)))


if __name__ == "__main__":
    sys.exit(main())
