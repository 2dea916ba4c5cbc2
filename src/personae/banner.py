"""What `personae serve` prints once it listens: where it is, who may use it, two lines to paste."""

import os
import sys
from pathlib import Path

import structlog

from .projects import Start
from .settings import Settings

UNSHOWN = "(not shown; `personae passcode rotate` makes a new one)"

SAMPLE = (
    '{"d":[{"identity":"george.montana@clevertap.com","type":"profile",'
    '"profileData":{"Name": "George Montana", "Customer Type": "Silver"}}]}'
)


log = structlog.get_logger("personae")


def banner(settings: Settings, start: Start, host: str, port: int) -> str:
    """The block of text; `host` and `port` are what the socket is bound to."""
    url = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
    where = ("Database", settings.place) if settings.database else ("Data", settings.data.resolve())
    headers = (
        f'-H "X-CleverTap-Account-Id: {start.project.id}" '
        f'-H "X-CleverTap-Passcode: {start.passcode or "PASSCODE"}" '
        '-H "Content-Type: application/json; charset=utf-8"'
    )
    return f"""
personae is ready.

  URL         {url}
  Project ID  {start.project.id}
  Passcode    {start.passcode or UNSHOWN}
  {where[0]:<10}  {where[1]}
  API docs    {url}/docs

Upload a profile:

curl -X POST -d '{SAMPLE}' "{url}/1/upload" {headers}

Get it back:

curl "{url}/1/profile.json?email=george.montana@clevertap.com" {headers}
"""


def show(text: str) -> None:
    """Print it for whoever reads stdout; that nobody does is no reason for a server to end."""
    try:
        print(text, flush=True)  # noqa: T201 - the command's output
    except OSError as error:
        log.warning("the start cannot be shown on stdout", reason=error.strerror)
        with Path(os.devnull).open("w") as nowhere:  # for what is still in the buffer and written at the end
            os.dup2(nowhere.fileno(), sys.stdout.fileno())
