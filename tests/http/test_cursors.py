"""How long cursors last, and what is in them (contract B 5)."""

from typing import Any

import pytest

from personae.core.query.asked import Filter, Options, Query
from personae.http.cursors import EVENTS, HOUR_S, MAX_CURSOR_CHARS, PROFILES, Cursor, Kind, seal, unseal
from personae.http.export import EXPORT
from personae.http.export import Cursor as Export
from personae.http.message import Refused
from personae.queries.events import Place
from personae.queries.profiles import MAX_GROWN, Position
from personae.secret_key import ServerKey
from personae.storage import Project

START = 1_700_000_000
KEY = ServerKey(b"k" * 32, "a test")
PROJECT = Project("TST-111-111Z", "One", b"one", START)
QUERY = Query("viewed", 1, 2, [Filter("price", "in", [1, 2.5, "a", True])], did_any=["left"])

DAY_S = 24 * HOUR_S


def cursor(place: Any, issued: int = START, options: Options | None = None) -> Cursor[Any]:
    return Cursor(QUERY, options or Options(), START * 1_000_000, issued, place)


PLACES: list[tuple[Kind[Any], Any]] = [
    (PROFILES, Position()),
    (PROFILES, Position(b"\x01" * 16, [b"\x02" * 16, b"\x03" * 16])),
    (EVENTS, Place(19_675 << 40 | 7, 3)),
]


@pytest.mark.parametrize(("kind", "place"), PLACES)
def test_what_was_sealed_is_opened(kind: Kind[Any], place: Any) -> None:
    """The query, the options and the place."""
    whole = cursor(place, options=Options(23, False, True, False))
    assert whole == unseal(KEY, PROJECT, kind, seal(KEY, PROJECT, kind, whole), START)


LIFETIMES = [
    (PROFILES, START, 4 * DAY_S),
    (PROFILES, START + 3 * DAY_S, 4 * DAY_S),
    (EVENTS, START, HOUR_S),
    (EVENTS, START + 2 * HOUR_S, 3 * HOUR_S),
    (EVENTS, START + 3 * HOUR_S + 1, 4 * HOUR_S),
]


@pytest.mark.parametrize(("kind", "issued", "age"), LIFETIMES)
def test_cursors_last_as_long_as_documented(kind: Kind[Any], issued: int, age: int) -> None:
    """Four days; of events four hours, and one from when they were issued. Then the text says so."""
    text = seal(KEY, PROJECT, kind, cursor(Position() if kind is PROFILES else Place(1, 1), issued))
    assert unseal(KEY, PROJECT, kind, text, START + age - 1)
    with pytest.raises(Refused) as refused:
        unseal(KEY, PROJECT, kind, text, START + age)
    assert refused.value.values == {"detail": "The cursor is expired; open a new one with a query"}


def test_an_export_has_no_query() -> None:
    """Who cannot go on with a cursor of one is told to start anew."""
    texts = ["", "abc", seal(KEY, PROJECT, EXPORT, Export(START * 1_000_000, START, "place"))]
    for text in texts:
        with pytest.raises(Refused) as refused:
            unseal(KEY, PROJECT, EXPORT, text, START + 4 * DAY_S)
        assert str(refused.value.values["detail"]).endswith("start anew without cursor")


def test_a_cursor_of_another_key_is_none() -> None:
    """Servers that share a database share the key, or do not know each other's cursors."""
    text = seal(ServerKey(b"o" * 32, "a test"), PROJECT, EVENTS, cursor(Place(1, 1)))
    with pytest.raises(Refused, match="Incorrect Usage"):
        unseal(KEY, PROJECT, EVENTS, text, START)


def test_a_cursor_of_another_form_is_told() -> None:
    """One that a newer version made, for example."""
    text = seal(KEY, PROJECT, EVENTS, cursor("elsewhere"))
    with pytest.raises(Refused) as refused:
        unseal(KEY, PROJECT, EVENTS, text, START)
    assert "another version" in str(refused.value.values)


def test_the_largest_cursor_is_not_too_long() -> None:
    """With the longest query and all it may remember."""
    query = Query("viewed", 1, 2, [Filter("price", "in", ["x" * 8192])])
    place = Position(b"\xff" * 16, [b"\xff" * 16] * MAX_GROWN)
    assert len(seal(KEY, PROJECT, PROFILES, Cursor(query, Options(), START, START, place))) < MAX_CURSOR_CHARS
