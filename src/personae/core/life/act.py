"""What the folds over whole profiles share: writing a profile where it belongs, and telling its history."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from ..history import NOBODY, Author, Change, Entry
from ..identity import Key, Ref
from ..profile import Profile
from ..records.absorbing import State
from ..records.changes import differences
from ..rules import Rules
from ..work import Changes


@dataclass(slots=True)
class Act:
    """One request: when it is, epoch microseconds, by whom, and what it has come to so far."""

    now_us: int
    rules: Rules
    author: Author = NOBODY
    changes: Changes = field(default_factory=Changes)

    def put(self, ref: Ref, profile: Profile) -> None:
        """Write a profile; each of one act is updated at a time of its own."""
        profile.updated = self.now_us + len(self.changes.profiles)
        self.changes.profiles[ref] = profile

    def put_home(self, profile: Profile) -> None:
        """Write a profile under its home, and let all its other identifiers lead there."""
        home = profile.home
        self.put(home, profile)
        self.changes.aliases |= {key: home for key in profile.keys if key != home}

    def tell(
        self, kind: str, profile: Profile, before: State, attached: Sequence[Key] = (), detached: Sequence[Key] = ()
    ) -> None:
        """Add to the history of a profile that was put: `before` is what it said of the person."""
        if not self.rules.max_history:
            return
        request, passcode = self.author
        pairs = differences(before, profile, None)
        change = Change(kind, profile.updated, request, passcode, pairs, list(attached), list(detached))
        self.changes.history.append(Entry(profile, change, self.rules.max_history))


def state_of(profile: Profile) -> State:
    """What a profile says of the person now."""
    return profile.properties, profile.fields, profile.unsubscribed
