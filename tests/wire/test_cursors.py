"""Cursors over the wire: they are taken as they were given, by whom they were given to, where they belong (contract B 5)."""

from collections.abc import Callable
from urllib.parse import quote

import pytest

from tests.server import Server, fresh
from tests.wire.asking import cursor_of, did, fail, page, query
from tests.wire.test_projects import status_after

PATHS = ["profiles", "events"]


def foreign(path: str) -> str:
    return (
        f"Incorrect Usage. This is no cursor of this project for {path}; send it exactly as it was given, "
        "or open a new one with a query"
    )


def fresh_cursor(server: Server, path: str) -> str:
    """The cursor of the second page of two."""
    event = fresh("Viewed")
    server.upload(did(fresh(), event), did(fresh(), event))
    answer = page(server, path, cursor_of(server, path, query(event), "batch_size=1"))
    cursor: str = answer.json["next_cursor"]
    return cursor


def other(letter: str) -> str:
    return "A" if letter != "A" else "B"


def encoded(cursor: str) -> str:
    """Every character percent-encoded, whether that is needed or not."""
    return "".join(f"%{ord(letter):02X}" for letter in cursor)


ALTERED: dict[str, Callable[[str], str]] = {
    "empty": lambda cursor: "",
    "truncated": lambda cursor: cursor[:-1],
    "half": lambda cursor: cursor[: len(cursor) // 2],
    "one letter": lambda cursor: "A",
    "first letter": lambda cursor: other(cursor[0]) + cursor[1:],
    "last letter": lambda cursor: cursor[:-1] + other(cursor[-1]),
    "middle": lambda cursor: cursor[:40] + other(cursor[40]) + cursor[41:],
    "more": lambda cursor: f"{cursor}AAAA",
    "padding": lambda cursor: f"{cursor}====",
    "blank": lambda cursor: f"{cursor}%20",
    "twice": lambda cursor: cursor * 2,
    "encoded twice": lambda cursor: quote(encoded(cursor)),
    "huge": lambda cursor: "A" * 40_000,
    "not ascii": lambda cursor: f"{cursor[:-1]}%C3%A9",
    "text": lambda cursor: "next",
}


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("how", ALTERED)
def test_a_cursor_that_is_not_as_it_was_given(server: Server, path: str, how: str) -> None:
    """It is refused, with a text that says what to do."""
    answer = page(server, path, ALTERED[how](fresh_cursor(server, path)))
    assert (400, fail(foreign(path))) == (answer.status, answer.json)


@pytest.mark.parametrize("path", PATHS)
def test_a_cursor_may_be_percent_encoded_once(server: Server, path: str) -> None:
    """As any parameter may; nothing in it needs it, so `quote` leaves it as it is."""
    cursor = fresh_cursor(server, path)
    assert cursor == quote(cursor, safe="")
    assert page(server, path, cursor).json["records"] == page(server, path, encoded(cursor)).json["records"]


@pytest.mark.parametrize("path", PATHS)
def test_a_cursor_may_be_used_again(server: Server, path: str) -> None:
    """The same cursor gives the same page."""
    cursor = fresh_cursor(server, path)
    first, second = (page(server, path, cursor).json for _ in range(2))
    assert (1, first) == (len(first["records"]), second)


@pytest.mark.parametrize("path", PATHS)
def test_a_cursor_of_another_project(server: Server, path: str) -> None:
    """It is refused, whatever is in it."""
    headers = server.new_project()
    assert 200 == status_after(server, headers, 200)
    answer = page(server, path, fresh_cursor(server, path), headers)
    assert (400, fail(foreign(path))) == (answer.status, answer.json)


@pytest.mark.parametrize(("path", "of"), [("profiles", "events"), ("events", "profiles")])
def test_a_cursor_of_the_other_route(server: Server, path: str, of: str) -> None:
    """It is refused."""
    answer = page(server, path, fresh_cursor(server, of))
    assert (400, fail(foreign(path))) == (answer.status, answer.json)


def test_a_cursor_tells_nothing(server: Server) -> None:
    """What was asked is not to be read in it, and the same question has another cursor each time."""
    event = fresh("Viewed")
    server.upload(did(fresh(), event))
    cursors = [cursor_of(server, "profiles", query(event)) for _ in range(2)]
    assert cursors[0] != cursors[1]
    assert cursors[0][:20] != cursors[1][:20]


def test_a_cursor_of_another_server(server: Server) -> None:
    """CleverTap's own, for example, is refused as any other."""
    answer = page(server, "profiles", "ZyZjb3B5PTEmYWNjdD1U")
    assert (400, fail(foreign("profiles"))) == (answer.status, answer.json)
