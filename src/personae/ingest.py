"""The one way records become profiles: the API, the importer and the dashboard all come through here."""

from collections.abc import Iterable
from functools import partial
from typing import NamedTuple

from .core.faults import Rejection, Warning
from .core.fold import fold, keys_of, screen
from .core.history import NOBODY, Author
from .core.rules import Rules
from .storage import Project, Store


class Outcome(NamedTuple):
    """What became of a batch: every record is processed, or rejected once."""

    total: int
    rejected: list[Rejection]
    warnings: list[Warning]

    @property
    def processed(self) -> int:
        return self.total - len(self.rejected)


async def upload(
    store: Store,
    project: Project,
    records: Iterable[object],
    *,
    now_us: int,
    seed: bytes,
    rules: Rules,
    author: Author = NOBODY,
    dry_run: bool = False,
) -> Outcome:
    """Screen, fold and commit a batch; when this returns, what was processed is on disk.

    `now_us` is epoch microseconds, `seed` up to 64 random bytes, `author` whom history names. A dry run does the same over what
    is stored and writes nothing. Raises `Unavailable`. Source: contract A2, A4.8.
    """
    accepted, rejected = screen(records, now_us // 1_000_000, rules)
    total = len(accepted) + len(rejected)
    if not accepted:
        return Outcome(total, rejected, [])
    keys = keys_of(accepted)
    step = partial(fold, accepted, now_us=now_us, seed=seed, rules=rules, author=author)
    changes = step(await store.find(project, keys)) if dry_run else await store.update(project, keys, step)
    return Outcome(total, rejected + changes.rejected, changes.warnings)
