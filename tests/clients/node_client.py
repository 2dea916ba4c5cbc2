"""CleverTap's official client for Node, unmodified, as a process that makes calls."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import pytest

from tests.server import PASSCODE, PROJECT, Server

SOURCES: Final = Path(__file__).parent / "node"
INSTALL_S: Final = 300
REGISTRY_FLAGS: Final = ("--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier")


def install(place: Path) -> Path:
    """A directory with the client in the versions of the lock file; the test is skipped where there is no npm."""
    for program in ("node", "npm"):
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not installed: the official Node client is not tried")
    shutil.copytree(SOURCES, place)
    command = ["npm", "ci", *REGISTRY_FLAGS]
    done = subprocess.run(command, cwd=place, capture_output=True, text=True, timeout=INSTALL_S, check=False)
    assert 0 == done.returncode, done.stderr
    return place


class NodeClient:
    """The client, with one project's credentials."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    def ask(self, method: str, *arguments: object) -> Any:
        """Call a method; what it came to, as JSON, which its promise and its callback agree on."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps({"method": method, "arguments": arguments}) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        assert line, f"the client ended: {self._process.wait(5)}"
        answer = json.loads(line)
        assert answer.get("value") == answer["heard"], answer
        return answer.get("value", answer.get("error"))


@contextmanager
def connected(installed: Path, server: Server, project: str = PROJECT, passcode: str = PASSCODE) -> Iterator[NodeClient]:
    """A client that talks to this server."""
    variables = {"PERSONAE_PORT": str(server.port), "PERSONAE_PROJECT": project, "PERSONAE_PASSCODE": passcode}
    command = ["node", "-r", "./redirect.cjs", "calls.cjs"]
    process = subprocess.Popen(
        command, cwd=installed, env=os.environ | variables, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        yield NodeClient(process)
    finally:
        assert process.stdin
        process.stdin.close()
        process.wait(10)
        assert process.stdout
        process.stdout.close()
