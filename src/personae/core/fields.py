"""The reserved fields of `profileData`, in wire order: how each is checked and where it is kept.

One row per field. `screen` runs the checks in the order of the rows, so that of two bad fields the
same one is always reported (contract A3.6, B 3.3). Texts and codes are in `faults`.
"""

import re
from collections.abc import Callable
from math import isfinite
from typing import Final, Literal, NamedTuple

from . import faults
from .faults import Fault, Mark
from .rules import INT64_MAX, INT64_MIN

Place = Literal["field", "flag", "dnd", "category", "identifier"]
Check = Callable[[object], object]

INVALID: Final = object()
"""What a check returns for a value it does not accept."""


class Field(NamedTuple):
    """One reserved name of `profileData`.

    `place` says what becomes of the value: kept on the profile (`field`, and `flag` for its opt-ins),
    set on the address (`dnd`, with `target` naming the flag), folded into the subscription groups
    (`category`), or attached as a further identifier (`identifier`, with `target` naming its kind).
    A value that fails the check refuses the record with `fault`, or, where there is none, is handled
    by its place: ignored with a warning (`flag`, `dnd`), refused as unsupported (the rest).
    """

    name: str
    check: Check
    accepts: str
    fault: Fault | None
    place: Place
    mark: Mark
    target: str = ""
    order: int = 0

    @property
    def normal(self) -> str:
        """The name GET shows and names are matched by: lower case, no blanks (contract B 4.3)."""
        return self.name.lower()


_PHONE = re.compile(r"\+[0-9]{8,15}")
_EMAIL = re.compile(r"[^\s@]+@[^\s@]+\.[^\s@]+")
_DIGITS = re.compile(r"[0-9]{1,3}")
MAX_EMAIL_BYTES: Final = 512
CHANNELS: Final = ("email", "push", "sms", "whatsapp")
"""The channels subscription groups may be of; `email` is the only one ever seen (contract B 3.1)."""

_GENDERS: Final = {"m": "M", "f": "F", "o": "O", "u": "U", "male": "M", "female": "F", "others": "O", "unknown": "U"}


def is_email(text: str) -> bool:
    """Whether `text` has the form of an email address. Source: contract A4.1."""
    if len(text) > MAX_EMAIL_BYTES or _EMAIL.fullmatch(text) is None:
        return False
    return text.isascii() or len(text.encode()) <= MAX_EMAIL_BYTES


def email(value: object) -> object:
    return value if type(value) is str and is_email(value) else INVALID


def phone(value: object) -> object:
    """`+` and 8 to 15 digits; a JSON integer of as many digits gets its `+`. Source: contract A4.1."""
    if type(value) is int and 10**7 <= value < 10**15:
        return f"+{value}"
    return value if type(value) is str and _PHONE.fullmatch(value) else INVALID


def gender(value: object) -> object:
    return _GENDERS.get(value.lower(), INVALID) if type(value) is str else INVALID


def one_of(*words: str) -> Check:
    """A check that takes exactly these words."""

    def check(value: object) -> object:
        return value if type(value) is str and value in words else INVALID

    return check


def age(value: object) -> object:
    """1 to 120, as an integer or its digits. Source: contract A4.1."""
    if type(value) is str and _DIGITS.fullmatch(value):
        value = int(value)
    return value if type(value) is int and 1 <= value <= 120 else INVALID


def is_number(value: object) -> bool:
    """Whether this is a number that can be kept exactly: a 64-bit integer or a finite float (contract A1.5)."""
    if type(value) is int:
        return INT64_MIN <= value <= INT64_MAX
    return type(value) is float and isfinite(value)


def text(value: object) -> object:
    """Text as it is, numbers as their text. Source: contract B 3.1, Name."""
    if type(value) is str:
        return value
    return str(value) if is_number(value) else INVALID


def text_or_number(value: object) -> object:
    """DOB is stored whatever its form, if it can be kept exactly. Source: contract A1.5, B 3.1."""
    return value if type(value) is str or is_number(value) else INVALID


def boolean(value: object) -> object:
    """JSON booleans, and the forms the file import documents. Source: contract B 3.1."""
    if type(value) is bool:
        return value
    if type(value) is int:
        return bool(value) if value in (0, 1) else INVALID
    if type(value) is str:
        return {"true": True, "false": False}.get(value.lower(), INVALID)
    return INVALID


def groups(value: object) -> object:
    """`{"email": ["Group", ...]}`; a single group may stand without its list. Source: contract A4.7."""
    if type(value) is not dict:
        return INVALID
    channels = {channel: [names] if type(names) is str else names for channel, names in value.items()}
    for channel, names in channels.items():
        if channel not in CHANNELS or type(names) is not list or not all(type(name) is str for name in names):
            return INVALID
    return channels


def unchecked(value: object) -> object:
    """Identifiers are checked by the rules of `identity`."""
    return value


_ADDRESS = "true or false; holds for every profile with this {}"
_OPT_IN = "true or false; this profile's opt-in, {} unless set"
_GROUPS = '{"email": ["Group", ...]}, likewise push, sms and whatsapp'

_ROWS = (
    Field("Gender", gender, "M, F, O, U, male, female, others or unknown, any case", faults.GENDER, "field", "documented"),
    Field("Email", email, "one address with a dotted domain, at most 512 bytes", faults.EMAIL, "field", "recorded"),
    Field("Phone", phone, "+ and 8 to 15 digits, or the digits as an integer", faults.PHONE, "field", "recorded"),
    Field("Employed", one_of("Y", "N"), "Y or N", faults.EMPLOYED, "field", "recorded"),
    Field(
        "Education", one_of("School", "College", "Graduate"), "School, College or Graduate", faults.EDUCATION, "field",
        "recorded",
    ),
    Field("Married", one_of("Y", "N"), "Y or N", faults.MARRIED, "field", "recorded"),
    Field("identity", unchecked, "a further identity of this profile", faults.IDENTITY, "identifier", "recorded", "identity"),
    Field("FBID", unchecked, "a further Facebook id", faults.IDENTITY, "identifier", "inferred", "FBID"),
    Field("GPID", unchecked, "a further Google Plus id", faults.IDENTITY, "identifier", "inferred", "GPID"),
    Field("Age", age, "an integer from 1 to 120, or its digits as text", faults.AGE, "field", "recorded"),
    Field("Name", text, "text", None, "field", "documented"),
    Field("DOB", text_or_number, "$D_ and epoch seconds; other text or numbers are kept", None, "field", "documented"),
    Field("Photo", text, "the URL of a picture", None, "field", "documented"),
    Field("Tz", text, "a time zone", None, "field", "documented"),
    Field("MSG-email", boolean, _OPT_IN.format("true"), None, "flag", "documented"),
    Field("MSG-push", boolean, _OPT_IN.format("true"), None, "flag", "documented"),
    Field("MSG-sms", boolean, _OPT_IN.format("true"), None, "flag", "documented"),
    Field("MSG-whatsapp", boolean, _OPT_IN.format("false"), None, "flag", "documented"),
    Field("MSG-dndEmail", boolean, _ADDRESS.format("email"), None, "dnd", "documented", "dndemail"),
    Field("MSG-dndPhone", boolean, _ADDRESS.format("phone"), None, "dnd", "documented", "dndphone"),
    Field("MSG-dndSMS", boolean, "the same flag as MSG-dndPhone", None, "dnd", "documented", "dndphone"),
    Field("MSG-dndWhatsApp", boolean, _ADDRESS.format("phone"), None, "dnd", "documented", "dndwhatsapp"),
    Field("category-unsubscribe", groups, _GROUPS, None, "category", "documented"),
    Field("category-resubscribe", groups, _GROUPS, None, "category", "documented"),
    Field("category-subscribe", groups, _GROUPS, None, "category", "inferred"),
)  # fmt: skip

FIELDS: Final = tuple(row._replace(order=order) for order, row in enumerate(_ROWS))
"""All reserved fields, in wire order."""

BY_NORMAL: Final = {field.normal: field for field in FIELDS}

DND_ADDRESS: Final = {"dndemail": "email", "dndphone": "phone", "dndwhatsapp": "phone"}
"""Which address each do-not-disturb flag belongs to (contract A4.7)."""

AT_RECORD_LEVEL: Final = ("name", "email", "phone")
"""Fields GET shows beside `identity`; the others are shown in `profileData` (contract A6.3)."""
