"""Records of type `event`: what they may say (`screen`), what they do to the person they mean (`fold`)."""

from typing import Any

import msgspec


class Content(msgspec.Struct, frozen=True):
    """An event: its name as it is shown, its normal form, its properties by the spelling sent."""

    name: str
    normal: str
    data: dict[str, Any]
