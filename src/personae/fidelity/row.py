"""A row of the fidelity table, and the marks it may have."""

from collections.abc import Mapping
from typing import Final, NamedTuple

from ..core.faults import Mark

MARKS: Final[Mapping[Mark, str]] = {
    "documented": "CleverTap's documentation says so",
    "recorded": "a real answer of CleverTap shows it",
    "inferred": "follows from the documentation, from recorded answers or from what working clients rely on",
    "ours": "our choice: nothing is known of CleverTap here, or we do otherwise on purpose",
}


class Row(NamedTuple):
    """One behaviour: the clause it comes from, what holds, how sure we are, and why where that helps."""

    rule: str
    behaviour: str
    mark: Mark
    why: str = ""
