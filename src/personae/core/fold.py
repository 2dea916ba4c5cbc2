"""`screen` and `fold`: the two pure steps every upload goes through.

`screen` judges records by themselves. `fold` applies those accepted, in order, to the profiles a
store found for them; it may run again after a conflict, on profiles read anew.
"""

from collections.abc import Iterable, Sequence, Set

from .faults import TYPE, Rejection, Warning
from .history import NOBODY, Author
from .identity import Key, Mint
from .records import RECORD_TYPES
from .rules import Rules
from .work import Accepted, Changes, Found, Work


def screen(records: Iterable[object], now: int, rules: Rules) -> tuple[list[Accepted], list[Rejection]]:
    """Each record's first fault, or the record ready to fold; records are not changed.

    `now` is epoch seconds. Source: contract A3, A4.
    """
    accepted: list[Accepted] = []
    rejected: list[Rejection] = []
    for index, record in enumerate(records):
        kind = record.get("type") if type(record) is dict else None
        record_type = RECORD_TYPES.get(kind) if type(kind) is str else None
        if record_type is None:
            rejected.append(Rejection(index, TYPE))
            continue
        outcome = record_type.screen(index, record, now, rules)  # type: ignore[arg-type]
        if type(outcome) is Accepted:
            accepted.append(outcome)
        else:
            rejected.append(outcome)  # type: ignore[arg-type]
    return accepted, rejected


def keys_of(accepted: Sequence[Accepted]) -> list[Key]:
    """Every key these records name, once each: what a store has to look up for `fold`."""
    return list(dict.fromkeys([key for record in accepted for key in record.keys]))


def fold(
    accepted: Sequence[Accepted],
    found: Found,
    now_us: int,
    seed: bytes,
    rules: Rules,
    author: Author = NOBODY,
    only: Set[int] | None = None,
) -> Changes:
    """Apply the records in order, or `only` those with these indices; a later one sees what an earlier one did.

    Changes `found` in place. `now_us` is epoch microseconds; `seed`, at most 64 random bytes, is
    what new objectIds are made of; `author` is what history names. Source: contract A2.2, A5.
    """
    work = Work(found.owners, found.profiles, Changes(), now_us // 1_000_000, now_us, Mint(seed), rules, author)
    changes = work.changes
    for record in accepted:
        if only is not None and record.index not in only:
            continue
        outcome = RECORD_TYPES[record.type].fold(record, work)
        if isinstance(outcome, Rejection):
            changes.rejected.append(outcome)
        elif outcome or record.notes:
            changes.warnings += [Warning(record.index, key, text) for key, text in (*record.notes, *outcome)]
    return changes
