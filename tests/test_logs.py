"""The log: its two forms, and what never gets into it."""

import json
import subprocess
import sys
from typing import Any

import pytest

from personae.logs import mask_secrets, one_line

SCRIPT = """
import logging, structlog
from personae import logs
logging.getLogger("uvicorn").addHandler(logging.StreamHandler())
logging.getLogger("uvicorn.error").propagate = False
logs.configure({format!r})
structlog.contextvars.bind_contextvars(request_id="r-1")
structlog.get_logger().info("refused", passcode="hush", status=401)
logging.getLogger("uvicorn.error").warning("listening on %s", "there")
url = "postgresql://u:hu" + "sh@h1,h2/db?sslmode=require&sslpassword=hu" + "sh"
structlog.get_logger().info("with " + url, database=url, more=[url])
try:
    hidden = "hush"
    raise KeyError("lost", url)
except KeyError:
    structlog.get_logger().exception("bug")
"""
URL = "postgresql://u:********@h1,h2/db?sslmode=require&sslpassword=********"


def log_of(format: str) -> str:  # noqa: A002 - the name of the setting
    """What a process writes to stderr with this form of log; it writes nothing to stdout."""
    ran = subprocess.run(
        [sys.executable, "-c", SCRIPT.format(format=format)], capture_output=True, text=True, timeout=30, check=True
    )
    assert ran.stdout == ""
    return ran.stderr


def test_json_has_an_object_a_line() -> None:
    """Time in UTC, level, event and context; uvicorn's own events too, once, whatever outputs it had."""
    events = [json.loads(line) for line in log_of("json").splitlines()]
    assert [(event["level"], event["event"], event["request_id"]) for event in events] == [
        ("info", "refused", "r-1"),
        ("warning", "listening on there", "r-1"),
        ("info", f"with {URL}", "r-1"),
        ("error", "bug", "r-1"),
    ]
    assert [event for event in events if not event["timestamp"].endswith("Z")] == []
    assert (events[0]["passcode"], events[0]["status"]) == ("********", 401)
    assert (events[2]["database"], events[2]["more"]) == (URL, [URL])
    assert "KeyError: ('lost', 'postgresql://u:********@h1,h2/db" in events[3]["exception"]


@pytest.mark.parametrize("format", ["text", "json"])
def test_no_form_shows_a_secret_value(format: str) -> None:  # noqa: A002 - the name of the setting
    """Neither a value under a secret key, nor a password of a URL, nor a local variable of a traceback."""
    log = log_of(format)
    assert "hush" not in log
    assert "KeyError: ('lost', 'postgresql://" in log


MASKED: list[tuple[dict[Any, Any], dict[Any, Any]]] = [
    ({"event": "e", "passcode_id": "x"}, {"event": "e", "passcode_id": "x"}),
    ({"passcode": "p"}, {"passcode": "********"}),
    ({"X-CleverTap-Passcode": "p"}, {"X-CleverTap-Passcode": "********"}),
    ({"Authorization": "p", "client_secret": b"p"}, {"Authorization": "********", "client_secret": "********"}),
    ({"headers": {"x-clevertap-passcode": "p", "a": 1}}, {"headers": {"x-clevertap-passcode": "********", "a": 1}}),
    (
        {"headers": [(b"x-clevertap-passcode", b"p"), (b"a", b"b")]},
        {"headers": [[b"x-clevertap-passcode", "********"], [b"a", b"b"]]},
    ),
    ({"deep": [{"list": [{"secret": 1}]}]}, {"deep": [{"list": [{"secret": "********"}]}]}),
]


@pytest.mark.parametrize(("event", "expected"), MASKED)
def test_secrets_are_masked_by_key(event: dict[Any, Any], expected: dict[Any, Any]) -> None:
    """However deep, whatever the case, in mappings and in pairs; nothing else is touched."""
    assert mask_secrets(None, "info", event) == expected


def test_an_event_cannot_forge_another() -> None:
    """Line breaks in the text of an event are written out."""
    assert one_line(None, "info", {"event": "a\nb\r\nc\u2028d"}) == {"event": r"a\nb\nc\nd"}
