"""How close each behaviour is to CleverTap, one row each: the source of `docs/fidelity.md`.

Faults, refusals, reserved fields and operators carry their marks in their own tables; the modules here
hold the behaviours that live in no other table. `rule` is the clause of the contract the code cites.
"""

from collections.abc import Mapping
from typing import Final

from ..core import faults
from ..core.faults import FAULTS, REFUSALS, Fault, Refusal
from ..core.fields import FIELDS, Field
from ..core.operators import OPERATORS, Operator
from .events import EVENTS, TOKENS
from .life import DELETE, DEMERGE, DISASSOCIATE, EXPORT, HISTORY, SUBSCRIBE
from .profiles import CHANGES, IDENTITY, PROPERTIES, READING, RESERVED, SUBSCRIPTIONS
from .queries import COUNTS, CURSORS, QUERIES, QUERY_OPERATORS
from .requests import ACCESS, TRANSPORT
from .row import MARKS, Row
from .uploads import RECORD, UPLOAD

__all__ = ("MARKS", "SECTIONS", "Row")

FAULT_RULES: Final[Mapping[Fault, str]] = {
    faults.SUBSCRIPTION: "B 6.5",
    faults.SUBSCRIPTION_STATUS: "B 6.5",
    faults.RELEASE: "B 6.6",
}
"""The clauses of faults that no upload has."""

REFUSAL_RULES: Final[Mapping[Refusal, str]] = {
    faults.ONE_KIND: "B 6.3",
    faults.TARGETS: "B 6.3",
    **dict.fromkeys(faults.QUERY_REFUSALS, "B 5"),
    faults.REQUEST_ID: "B 6.7",
    faults.COUNT_LOST: "B 6.7",
}
"""The clauses of refusals that only some routes have."""


def fault_row(fault: Fault) -> Row:
    rule = FAULT_RULES.get(fault, "A3.6")
    return Row(rule, f"{fault.code}, {fault.meaning}: `{fault.text.rstrip()}`", fault.mark)


def refusal_row(refusal: Refusal) -> Row:
    code = f" code {refusal.own_code}" if refusal.own_code else ""
    rule = REFUSAL_RULES.get(refusal, "A1.3")
    return Row(rule, f"{refusal.status}{code} `{refusal.error}`: {refusal.meaning}.", refusal.mark)


def field_row(field: Field) -> Row:
    code = f", else {field.fault.code}" if field.fault else ""
    return Row("A4.1", f"`{field.name}`: {field.accepts}{code}.", field.mark)


def operator_row(operator: Operator) -> Row:
    return Row("A4.6", f"`{operator.name}` {operator.does}; it takes {operator.accepts}.", operator.mark)


SECTIONS: Final = {
    "Transport": TRANSPORT,
    "Refused requests": tuple(map(refusal_row, REFUSALS)),
    "Uploads": UPLOAD,
    "The record": RECORD,
    "Refused records": tuple(map(fault_row, FAULTS)),
    "Reserved fields": (*RESERVED, *map(field_row, FIELDS)),
    "Custom properties": PROPERTIES,
    "Operators": (
        Row("A4.6", "`$set` replaces the property; it takes a value or a list.", "documented", "For the file import and SDKs."),
        *map(operator_row, OPERATORS.values()),
        *CHANGES,
    ),
    "Subscriptions": SUBSCRIPTIONS,
    "Whom a record means": IDENTITY,
    "Events": EVENTS,
    "Device tokens": TOKENS,
    "Reading a profile": READING,
    "Queries": (*QUERIES, *QUERY_OPERATORS),
    "Cursors": CURSORS,
    "Counts": COUNTS,
    "Deleting": DELETE,
    "Demerging": DEMERGE,
    "Subscribing and unsubscribing": SUBSCRIBE,
    "Disassociating": DISASSOCIATE,
    "Export": EXPORT,
    "History": HISTORY,
    "Projects and passcodes": ACCESS,
}
"""Every row by the heading it stands under, in the order of the page."""
