"""The limits a record is judged by, as one value that is handed to `screen` and `fold`."""

from typing import NamedTuple

INT64_MIN = -(2**63)
INT64_MAX = 2**63 - 1


class Rules(NamedTuple):
    """Limits in force for one server. The defaults are the contract's (A3.2, A4.2, A4.3)."""

    max_identifier_chars: int = 1024
    max_key_bytes: int = 120
    max_value_bytes: int = 512
    max_custom_keys: int = 256
    max_list_items: int = 100
    max_nesting: int = 3
    max_event_properties: int = 256
    max_history: int = 100
    """Changes that are kept of a profile; with 0 none."""
    drop: bool = False
    """Trim or drop what breaks a limit, with a warning, instead of refusing the record (A4.4)."""
