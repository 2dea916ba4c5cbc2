"""Between bytes and records: decoding an upload, and slicing out the records an answer echoes.

Source: contract A1.5, A1.6, A2.1, A2.3.
"""

import json
from collections.abc import Sequence
from math import isinf
from typing import Any, Final

import msgspec

from ..core.faults import MALFORMED
from ..core.rules import INT64_MAX, INT64_MIN
from .message import Refused


class Envelope(msgspec.Struct):
    """`d` is any value here: of a key that comes twice, the last one stands, whatever the first was."""

    d: Any


class Slice(msgspec.Struct):
    d: msgspec.Raw


_decode: Final = msgspec.json.Decoder(Envelope).decode
_slice: Final = msgspec.json.Decoder(Slice).decode
_slice_items: Final = msgspec.json.Decoder(list[msgspec.Raw]).decode
_decode_record: Final = msgspec.json.Decoder().decode

OUT_OF_RANGE: Final = object()
"""Stands for a number no JSON library can hold (1e400, thousands of digits); no check accepts it."""

MAX_INTEGER_CHARS: Final = 20
"""A sign and the 19 digits of a 64-bit integer; no longer text is even read as a number."""


def decode(body: bytes) -> list[Any]:
    """The records of an upload. Raises `Refused` (400) for anything that is no `{"d": [...]}`."""
    try:
        records = _decode(body).d
    except msgspec.ValidationError:
        return decode_singly(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise Refused(MALFORMED) from None
    if type(records) is not list:
        raise Refused(MALFORMED)
    return records


def decode_singly(body: bytes) -> list[Any]:
    """The records one by one, so that a number out of range costs its own record only."""
    try:
        return [decode_record(bytes(raw)) for raw in echo(body)]
    except (ValueError, RecursionError):
        raise Refused(MALFORMED) from None


def decode_record(raw: bytes) -> Any:
    """One record, its numbers out of range replaced. Raises `ValueError` where it is no JSON."""
    try:
        return _decode_record(raw)
    except msgspec.ValidationError:
        record = json.loads(raw, parse_int=_integer, parse_float=_float, parse_constant=_constant)
        msgspec.json.encode(record, enc_hook=lambda _: None)  # refuses the lone surrogates json lets through
        return record


def _integer(digits: str) -> object:
    value = int(digits) if len(digits) <= MAX_INTEGER_CHARS else INT64_MAX + 1
    return value if INT64_MIN <= value <= INT64_MAX else OUT_OF_RANGE


def _float(digits: str) -> object:
    value = float(digits)
    return OUT_OF_RANGE if isinf(value) else value


def _constant(name: str) -> object:
    raise ValueError(f"{name} is not JSON")


def echo(body: bytes) -> Sequence[msgspec.Raw]:
    """The records of a body that was decoded, byte for byte as received."""
    return _slice_items(_slice(body).d)
