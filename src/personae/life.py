"""The life of stored profiles beside uploads: deleting, demerging, disassociating, and the flags of addresses.

Each raises `Unavailable`; when it returns, what it did is on disk. A dry run checks and finds the same
and writes nothing. Source: contract B 6.3 to B 6.6.
"""

from collections.abc import Callable, Iterable, Sequence, Set
from functools import partial
from typing import Any, Final

from .core.history import NOBODY, Author
from .core.identity import Key
from .core.life import disassociate as phones
from .core.life import subscribe as flags
from .core.life.demerge import demerge as take_apart
from .core.life.erase import erase
from .core.life.whole import Incomplete, keys_of
from .core.rules import Rules
from .core.work import Changes, Found
from .ingest import Outcome
from .storage import Fold, Project, Store, Unavailable

MAX_ATTEMPTS: Final = 20
"""How often profiles are read anew because one of them got a further identifier meanwhile."""

Step = Callable[[Found], Changes]


async def delete(store: Store, project: Project, keys: Sequence[Key], *, dry_run: bool = False) -> None:
    """Forget the profiles behind these keys, with all that belongs to them; keys nobody has are fine."""
    await change(store, project, keys, partial(erase, keys), dry_run=dry_run)


async def demerge(
    store: Store,
    project: Project,
    keys: Sequence[Key],
    *,
    now_us: int,
    rules: Rules,
    author: Author = NOBODY,
    dry_run: bool = False,
) -> None:
    """Take the profiles behind these keys apart; keys nobody has are fine."""
    step = partial(take_apart, keys, now_us=now_us, rules=rules, author=author)
    await change(store, project, keys, step, dry_run=dry_run)


async def disassociate(
    store: Store,
    project: Project,
    records: Iterable[Any],
    *,
    now_us: int,
    rules: Rules,
    author: Author = NOBODY,
    dry_run: bool = False,
) -> Outcome:
    """Take the phones these records name from whoever has them as identities."""
    accepted, rejected = phones.screen(records, rules)
    step = partial(phones.disassociate, accepted, now_us=now_us, rules=rules, author=author)
    changes = await change(store, project, [record.key for record in accepted], step, dry_run=dry_run)
    return Outcome(len(accepted) + len(rejected), rejected, changes.warnings)


async def subscribe(store: Store, project: Project, records: Iterable[Any], *, dry_run: bool = False) -> Outcome:
    """Set the do-not-disturb flags these records name, whoever has the addresses."""
    accepted, rejected = flags.screen(records)
    if accepted and not dry_run:
        await store.update(project, [], alone(partial(flags.subscribe, accepted)), alone=True)
    return Outcome(len(accepted) + len(rejected), rejected, [])


async def change(store: Store, project: Project, keys: Sequence[Key], step: Step, *, dry_run: bool) -> Changes:
    """What a step makes of the profiles behind these keys, with all their other identifiers looked up too.

    Where there is none, nothing is written.
    """
    found = await store.find(project, keys)
    if not found.profiles:
        return step(found)
    every = dict.fromkeys([*keys, *keys_of(found.profiles.values())])
    for _ in range(MAX_ATTEMPTS):
        try:
            if dry_run:
                return step(await store.find(project, list(every)))
            return await store.update(project, list(every), alone(step), alone=True)
        except Incomplete as profiles:
            every |= dict.fromkeys(profiles.keys)
    raise Unavailable("profiles kept getting further identifiers")


def alone(step: Step) -> Fold:
    """A step as the fold of an update that is written whole: no records of it are ever folded by themselves."""

    def fold(found: Found, *, only: Set[int] | None = None) -> Changes:
        return step(found)

    return fold
