"""Between bytes and records: cutting an upload into its records, and decoding them.

Source: contract A1.5, A1.6, A2.1, A2.3.
"""

import json
from collections.abc import Iterator, Sequence
from math import isinf
from typing import Any, Final

import msgspec

from ..core.faults import MALFORMED, TOO_LARGE
from ..core.rules import INT64_MAX, INT64_MIN
from .message import Refused


class Envelope(msgspec.Struct):
    """`d` is any value here: of a key that comes twice, the last one stands, whatever the first was."""

    d: msgspec.Raw


_open: Final = msgspec.json.Decoder(Envelope).decode
_cut: Final = msgspec.json.Decoder(list[msgspec.Raw]).decode
_decode: Final = msgspec.json.Decoder().decode

CHUNK_RECORDS: Final = 50
"""Records decoded in one go: few enough to be in the processor's cache when they are screened."""

LARGE_BYTES: Final = 4 * 1024 * 1024
MAX_VALUES: Final = 2_000_000
"""JSON values a large body may have, by its commas: a byte of text can become a hundred as an object."""

OUT_OF_RANGE: Final = object()
"""Stands for a number no JSON library can hold (1e400, thousands of digits); no check accepts it."""

MAX_INTEGER_CHARS: Final = 20
"""A sign and the 19 digits of a 64-bit integer; no longer text is even read as a number."""


def cut(body: bytes) -> list[msgspec.Raw]:
    """The records of an upload, byte for byte as received.

    Raises `Refused`: 400 for anything that is no `{"d": [...]}`, 413 for millions of values.
    """
    require_few_values(body)
    try:
        return _cut(_open(body).d)
    except (ValueError, RecursionError):
        raise Refused(MALFORMED) from None


def decode_object(body: bytes) -> dict[str, Any]:
    """A body that is one JSON object and no envelope of records. Raises `Refused` as `cut` does."""
    require_few_values(body)
    value = decode_closely(msgspec.Raw(body))
    if type(value) is not dict:
        raise Refused(MALFORMED)
    return value


def require_few_values(body: bytes) -> None:
    """Raise `Refused` (413) for a body that would take too much memory once it is decoded."""
    if len(body) > LARGE_BYTES and body.count(b",") > MAX_VALUES:
        raise Refused(TOO_LARGE)


def decode(slices: Sequence[msgspec.Raw]) -> Iterator[Any]:
    """The records themselves, in order. Raises `Refused` (400) at the first that is no JSON."""
    for start in range(0, len(slices), CHUNK_RECORDS):
        chunk = slices[start : start + CHUNK_RECORDS]
        try:
            records = list(map(_decode, chunk))
        except (ValueError, RecursionError):
            records = list(map(decode_closely, chunk))
        yield from records


def decode_closely(raw: msgspec.Raw) -> Any:
    """One record, where a number out of range costs its own record only. Raises `Refused` (400)."""
    try:
        return _decode(raw)
    except msgspec.ValidationError:
        return decode_wide(bytes(raw))
    except (ValueError, RecursionError):
        raise Refused(MALFORMED) from None


def decode_wide(raw: bytes) -> Any:
    """A record with its numbers out of range replaced. Raises `Refused` (400)."""
    try:
        record = json.loads(raw, parse_int=_integer, parse_float=_float, parse_constant=_constant)
        msgspec.json.encode(record, enc_hook=lambda _: None)  # refuses the lone surrogates json lets through
    except (ValueError, RecursionError):
        raise Refused(MALFORMED) from None
    return record


def _integer(digits: str) -> object:
    value = int(digits) if len(digits) <= MAX_INTEGER_CHARS else INT64_MAX + 1
    return value if INT64_MIN <= value <= INT64_MAX else OUT_OF_RANGE


def _float(digits: str) -> object:
    value = float(digits)
    return OUT_OF_RANGE if isinf(value) else value


def _constant(name: str) -> object:
    raise ValueError(f"{name} is not JSON")
