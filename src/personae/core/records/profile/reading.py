"""Reading the properties of one record that need more than a look: operators, lists, limits, warnings."""

from collections.abc import Callable
from operator import itemgetter
from typing import Any, Final

from ...faults import LIMIT, VALUE, Fault
from ...fields import BY_NORMAL, FIELDS, INVALID, Field, Place, age
from ...identity import identifier
from ...operators import ABSENT, OPERATORS, SET, Notes, Operator, operator_of
from ...properties import Flaw, Name, Reader, name_of, shown
from ...rules import Rules
from ..spellings import kept_name, last_said, note_barred
from . import Content

CUSTOM_KEYS_READ: Final = 4
"""Times `max_custom_keys` that are read of one record: not all of them need add a property."""

DELETABLE: Final = ("name", "gender")
"""The only properties whose `$delete` is documented; on others it is applied with a warning (A4.5)."""


class Reading:
    """Puts properties where they belong in `content`, each once, and keeps what is wrong with them.

    `notes` gathers warnings.
    """

    def __init__(self, rules: Rules, content: Content, notes: Notes) -> None:
        self.content = content
        self.reader = Reader(rules, notes)
        self._failures: list[tuple[int, Fault, str]] = []

    def first_failure(self) -> tuple[Fault, str] | None:
        """The fault that comes first in wire order, with its detail; custom properties come last."""
        if not self._failures:
            return None
        _, fault, detail = min(self._failures, key=itemgetter(0))
        return fault, detail

    def read_all(self, data: dict[str, Any]) -> None:
        """Read properties whose keys need a closer look; of two spellings of one the last stands alone."""
        rules = self.reader.rules
        most = CUSTOM_KEYS_READ * rules.max_custom_keys
        said, custom = last_said(data, most, rules.max_key_bytes, BY_NORMAL)
        if custom > most:
            detail = f"profileData has {custom} custom keys, at most {most} are read of one record"
            if rules.drop:
                self.reader.notes.append(("profileData", f"{detail}; the last ones are left out"))
            else:
                self._failures.append((len(FIELDS), LIMIT, detail))
        for first, key, value in said:
            self.read(kept_name(first, key, rules.max_key_bytes, self.reader.notes), key, value)

    def read(self, name: Name | None, key: str, value: Any) -> None:
        """Read one property. `name` spells it as it is kept, `key` as it was sent; no name: the key is too long."""
        field = name.field if name else None
        detail = ""
        try:
            fault = self._read_field(field, value) if field else self._read_custom(name, key, value)
        except Flaw as flaw:
            if self.reader.rules.drop:
                self.reader.notes.append((shown(key), f"{flaw.detail}; left out"))
                return
            fault, detail = flaw.fault, flaw.detail
        if fault is not None:
            self._failures.append((field.order if field else len(FIELDS), fault, detail))

    def _read_custom(self, name: Name | None, key: str, value: Any) -> Fault | None:
        if not self.reader.key_fits(key, key) or name is None:
            return None
        note_barred(name, key, self.reader.notes)
        if type(value) is dict and (operator := operator_of(value)):
            if operator != SET:
                self._operate(name, key, OPERATORS[operator], value[operator])
                return None
            value = value[SET]
        if value is not None:
            self.content.plain[name.text] = self.reader.value(key, value)
        return None

    def _read_field(self, field: Field, value: Any) -> Fault | None:
        if type(value) is dict and (operator := operator_of(value)):
            if operator != SET:
                self._operate_on_field(field, OPERATORS[operator], value[operator])
                return None
            value = value[SET]
            if value is None:
                return None
        checked = field.check(value)
        if checked is not INVALID:
            return KEEP[field.place](self, field, checked)
        if field.fault is None:
            self._refuse(field)
        return field.fault

    def _refuse(self, field: Field) -> None:
        """A value no code is documented for: subscription flags are ignored, the rest is a flaw."""
        if field.place not in ("flag", "dnd"):
            raise Flaw(VALUE, f"{field.name} has an unsupported value, it takes {field.accepts}")
        self.reader.notes.append((field.name, f"{field.name} is neither true nor false and was ignored"))

    def _operate_on_field(self, field: Field, operator: Operator, argument: Any) -> None:
        """Reserved fields take `$delete`, and Age also `$incr` and `$decr`."""
        deletes = operator.name == "$delete" and field.place in ("field", "flag")
        counts = operator.name in ("$incr", "$decr") and field.check is age
        if not (deletes or counts):
            raise Flaw(VALUE, f"{field.name} does not take {operator.name}")
        self._operate(name_of(field.name), field.name, operator, argument)

    def _operate(self, name: Name, key: str, operator: Operator, argument: Any) -> None:
        read = operator.read(key, argument, self.reader)
        if read is ABSENT:
            return
        if operator.name == "$delete" and name.normal not in DELETABLE:
            text = f"$delete is documented for Name and Gender only; here it works on {shown(key)} too"
            self.reader.notes.append((shown(key), text))
        self.content.operations.append((name, operator, read))

    def keep_field(self, field: Field, value: Any) -> None:
        self.content.fields[field.normal] = self.reader.text(field.name, value) if type(value) is str else value

    def keep_flag(self, field: Field, value: Any) -> None:
        self.content.fields[field.normal] = value

    def keep_dnd(self, field: Field, value: Any) -> None:
        self.content.dnd[field.target] = value

    def keep_groups(self, field: Field, value: Any) -> None:
        channels = {}
        for channel, groups in value.items():
            texts = [self.reader.text(field.name, group) for group in groups]
            channels[channel] = self.reader.latest(field.name, texts)
        self.content.groups.append((field.normal == "category-unsubscribe", channels))

    def keep_identifier(self, field: Field, value: Any) -> Fault | None:
        text = identifier(value, self.reader.rules)
        if text:
            self.content.attached.append((field.target, text))
        return field.fault if text is None else None


KEEP: Final[dict[Place, Callable[[Reading, Field, Any], Fault | None]]] = {
    "field": Reading.keep_field,
    "flag": Reading.keep_flag,
    "dnd": Reading.keep_dnd,
    "category": Reading.keep_groups,
    "identifier": Reading.keep_identifier,
}
