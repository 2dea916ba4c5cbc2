"""Reading the properties of one event. Source: contract A4.2 to A4.5, B 6.1."""

from collections.abc import Sequence
from math import isfinite
from typing import Any, Final

from ...faults import EVENT_LIMIT, EVENT_PROPERTIES, EVENT_VALUE, LIMIT, VALUE, Fault
from ...operators import Notes
from ...properties import Flaw, Name, Reader, shown
from ...rules import INT64_MAX, INT64_MIN, Rules
from ..shapes import shape_of
from ..spellings import kept_name, last_said, note_barred

Data = dict[str, Any]

CHARGED: Final = "charged"
ITEMS: Final = "items"
MAX_ITEMS: Final = 256
"""Items of one `Charged` event. Source: contract B 6.1."""

OF_EVENTS: Final = {LIMIT: EVENT_LIMIT, VALUE: EVENT_VALUE}
"""The faults of values as they are called in an event."""


def read_data(event: str, data: Data, rules: Rules, notes: Notes) -> Data | tuple[Fault, str]:
    """The properties of an event with this normal name as they are kept, or why they cannot be."""
    reading = Reading(event, rules, notes)
    names = shape_of(data, rules.max_key_bytes)
    try:
        if names is None or len(names) > rules.max_event_properties:
            reading.read_all(data)
        else:
            reading.read_plain(names, data)
    except Flaw as flaw:
        return OF_EVENTS.get(flaw.fault, flaw.fault), flaw.detail
    return reading.kept


class Reading:
    """Puts the properties of one event in `kept`; what cannot be kept raises `Flaw`, or with `rules.drop` is noted."""

    __slots__ = ("charged", "kept", "reader")

    def __init__(self, event: str, rules: Rules, notes: Notes) -> None:
        self.charged = event == CHARGED
        self.reader = Reader(rules, notes)
        self.kept: Data = {}

    def read_plain(self, names: Sequence[Name], data: Data) -> None:
        """Read properties whose keys there is nothing to say about: nearly all are short scalars."""
        kept = self.kept
        short = self.reader.rules.max_value_bytes // 4  # so many characters fit, whatever they are
        for name, value in zip(names, data.values(), strict=True):
            kind = type(value)
            if (
                (kind is str and len(value) <= short)
                or kind is bool
                or (kind is int and INT64_MIN <= value <= INT64_MAX)
                or (kind is float and isfinite(value))
            ) and not (self.charged and name.normal == ITEMS):
                kept[name.text] = value
            elif value is not None:
                self.read(name, name.text, value)

    def read_all(self, data: Data) -> None:
        """Read properties whose keys need a closer look; of two spellings of one the last stands alone."""
        reader = self.reader
        rules, notes = reader.rules, reader.notes
        most = rules.max_event_properties
        said, count = last_said(data, most, rules.max_key_bytes)
        if count > most:
            if not rules.drop:
                raise Flaw(EVENT_PROPERTIES, "")
            notes.append(("evtData", f"evtData has {count} properties, at most {most} are kept; the last ones are left out"))
        for first, key, value in said:
            self.read(kept_name(first, key, rules.max_key_bytes, notes), key, value)

    def read(self, name: Name | None, key: str, value: Any) -> None:
        """Read one property. `name` spells it as it is kept, `key` as it was sent; no name: the key is too long."""
        reader = self.reader
        try:
            if not reader.key_fits(key, key) or name is None:
                return
            self.kept[name.text] = self.items(key, value) if self.charged and name.normal == ITEMS else self.value(key, value)
        except Flaw as flaw:
            if not reader.rules.drop:
                raise
            reader.notes.append((shown(key), f"{flaw.detail}; left out"))
        else:
            note_barred(name, key, reader.notes)

    def value(self, key: str, value: Any) -> object:
        """A value as a profile may hold it; there is nothing an operator could change."""
        if type(value) is dict and any(inner[:1] == "$" for inner in value):
            raise Flaw(VALUE, f"{shown(key)} has an operator, which only properties of profiles can have")
        return self.reader.value(key, value)

    def items(self, key: str, values: Any) -> list[object]:
        """What a `Charged` event is about: flat objects. Source: contract B 6.1; the codes are ours."""
        if type(values) is not list:
            raise Flaw(VALUE, f"{shown(key)} of Charged is not a list of objects")
        present = [value for value in values if value is not None]
        if len(present) > MAX_ITEMS:
            detail = f"{shown(key)} of Charged has {len(present)} items, at most {MAX_ITEMS} are allowed"
            self.reader.over(key, detail, "the last ones are left out")
        return [self.item(key, value) for value in present[:MAX_ITEMS]]

    def item(self, key: str, value: Any) -> object:
        """One of them, within the limits of a nested object."""
        if type(value) is not dict or any(type(inner) in (list, dict) for inner in value.values()):
            raise Flaw(VALUE, f"{shown(key)} of Charged has an item that is not an object of scalars")
        return self.value(key, value)
