"""The types of record an upload may hold, one row each: how it is screened and how it is folded.

A new type is one module or package and one row of `RECORD_TYPES`. Source: contract A2.2, A3.1.
"""

from collections.abc import Callable
from typing import Final, NamedTuple

from ..faults import Rejection
from ..operators import Notes
from ..rules import Rules
from ..work import Accepted, Work
from . import token
from .event import fold as event_fold
from .event import screen as event_screen
from .profile import fold as profile_fold
from .profile import screen as profile_screen

Record = dict[str, object]


class RecordType(NamedTuple):
    """`screen(index, record, now, rules)` judges one record by itself, without what is stored.

    `fold(accepted, work)` applies an accepted one to `work` and returns the (key, text) notes of what
    deserves a warning, or the rejection that only the stored profile could tell, having changed nothing.
    """

    screen: Callable[[int, Record, int, Rules], Accepted | Rejection]
    fold: Callable[[Accepted, Work], Rejection | Notes]


RECORD_TYPES: Final = {
    "profile": RecordType(profile_screen.screen, profile_fold.fold),
    "event": RecordType(event_screen.screen, event_fold.fold),
    "token": RecordType(token.screen, token.fold),
}
