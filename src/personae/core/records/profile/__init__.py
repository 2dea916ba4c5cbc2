"""Records of type `profile`: what they may say (`screen`), what they do to the person they mean (`fold`)."""

from typing import Any

import msgspec

from ...identity import Key
from ...operators import Operator
from ...properties import Name


class Content(msgspec.Struct, frozen=True):
    """What a profile record does to its profile, its address flags and its subscription groups.

    `plain` has custom values by the spelling sent, `fields` reserved ones by normal name, `dnd` the
    address flags, `groups` (leave or not, {channel: groups}) in the order to apply, `attached` the
    further identifiers of `profileData`.
    """

    plain: dict[str, Any]
    fields: dict[str, Any]
    operations: list[tuple[Name, Operator, object]]
    dnd: dict[str, bool]
    groups: list[tuple[bool, dict[str, list[str]]]]
    attached: list[Key]
