"""The real server as a process of its own, in a directory of its own, for tests to talk to."""

import json
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from tests.client import Answer, Connection, Headers, request_bytes

PROJECT = "TST-123-456Z"
PASSCODE = "4f0c2a9e7b1d4c58a3e6f0d29b7c5e18"

READY_TIMEOUT_S = 20.0
STOP_TIMEOUT_S = 10.0
"""The server promises to be gone this long after a SIGTERM."""

Json = dict[str, Any]

_numbers = count(1)


def fresh(prefix: str = "id") -> str:
    """A value nothing else in this session has."""
    return f"{prefix}-{next(_numbers)}"


def credentials(project: str = PROJECT, passcode: str = PASSCODE) -> dict[str, str]:
    return {"X-CleverTap-Account-Id": project, "X-CleverTap-Passcode": passcode}


def profile(identity: object, data: Json | None = None, **keys: object) -> Json:
    """One profile record."""
    return {"type": "profile", "identity": identity, "profileData": {} if data is None else data, **keys}


def batch(*records: object) -> bytes:
    return json.dumps({"d": records}).encode()


def free_port() -> int:
    """A port below 32768 nothing listens on."""
    while True:
        port = random.randint(10_240, 32_767)
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port


def environment(settings: Json) -> dict[str, str]:
    """The environment for a `personae` process: this one's, with only these settings."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PERSONAE_")}
    given = {"project_id": PROJECT, "passcode": PASSCODE, **settings}
    return kept | {f"PERSONAE_{name.upper()}": str(value) for name, value in given.items()}


class Server:
    """`personae serve` on a free port; settings are given as PERSONAE_* variables."""

    def __init__(self, data: Path, **settings: object) -> None:
        self.data = data
        self.settings = settings
        self.port = free_port()
        data.mkdir(parents=True, exist_ok=True)
        self.out = data.with_name(f"{data.name}.out")
        self.err = data.with_name(f"{data.name}.err")
        flags = ["--host", "127.0.0.1", "--port", str(self.port), "--data", str(data)]
        command = [sys.executable, "-m", "personae", "serve", *flags]
        with self.out.open("ab") as out, self.err.open("ab") as err:
            self.process = subprocess.Popen(command, env=environment(settings), stdout=out, stderr=err)

    def wait_ready(self) -> None:
        """Return once /readyz answers 200; RuntimeError with what the server said if it never does."""
        deadline = time.monotonic() + READY_TIMEOUT_S
        while self.process.poll() is None and time.monotonic() < deadline:
            try:
                if self.request("GET", "/readyz").status == 200:
                    return
            except (OSError, EOFError):
                pass
            time.sleep(0.02)
        self.kill()
        raise RuntimeError(f"the server did not get ready: {self.err.read_text()}")

    def signal_stop(self) -> None:
        self.process.send_signal(signal.SIGTERM)

    def stop(self) -> int:
        """SIGTERM, and the exit code; TimeoutExpired if the server is not gone within ten seconds."""
        self.signal_stop()
        return self.process.wait(STOP_TIMEOUT_S)

    def kill(self) -> None:
        """SIGKILL, and wait until the process is gone."""
        self.process.kill()
        self.process.wait()

    def connect(self) -> Connection:
        return Connection(self.port)

    def request(self, method: str, path: str, headers: Headers | None = None, body: bytes | None = None) -> Answer:
        """One request on a connection of its own."""
        with self.connect() as connection:
            return connection.request(method, path, headers or {}, body)

    def command(self, *arguments: str) -> Any:
        """Run one `personae` command with this server's data and settings, and return the JSON it prints."""
        command = [sys.executable, "-m", "personae", *arguments, "--data", str(self.data), "--json"]
        done = subprocess.run(command, env=environment(self.settings), capture_output=True, text=True, timeout=30, check=False)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def new_project(self) -> dict[str, str]:
        """Make a project while the server runs, and return its credentials."""
        made = self.command("project", "create")
        return credentials(made["project_id"], made["passcode"])

    def post(self, body: bytes, path: str = "/1/upload", headers: Headers | None = None) -> Answer:
        """Upload these bytes with the test project's credentials; `headers` are added to them."""
        return self.request("POST", path, credentials() | dict(headers or {}), body)

    def upload(self, *records: object, path: str = "/1/upload") -> Json:
        """Upload these records and return the answer, which has to be a 200."""
        answer = self.post(batch(*records), path)
        assert answer.status == 200, answer
        parsed: Json = answer.json
        return parsed

    def get(self, query: str) -> Answer:
        """GET /1/profile.json with this raw query."""
        return self.request("GET", f"/1/profile.json?{query}", credentials())

    def read(self, identity: str, kind: str = "identity") -> Json:
        """The record GET shows for an identifier that has to be there."""
        answer = self.get(f"{kind}={quote(identity, safe='')}")
        assert answer.status == 200, answer
        record: Json = answer.json["record"]
        return record

    def properties(self, identity: str) -> Json:
        """The `profileData` GET shows for this identity."""
        data: Json = self.read(identity)["profileData"]
        return data


def begin_upload(connection: Connection, body: bytes) -> None:
    """Take a place: once the server asks for the body, the upload is in flight. The body is still to be sent."""
    headers = credentials() | {"Content-Length": str(len(body)), "Expect": "100-continue"}
    connection.send(request_bytes("POST", "/1/upload", headers))
    assert connection.receive_head()[0] == 100


def passwords(settings: Json) -> list[str]:
    """The password of the database's URL as it stands in it, between its separators, and as it is."""
    quoted = urlsplit(str(settings.get("database", ""))).password
    return [f":{quoted}@", f":{unquote(quoted)}@"] if quoted else []


@contextmanager
def running(data: Path, **settings: object) -> Iterator[Server]:
    """A server that is ready; at the end it stops by SIGTERM with exit code 0 and a clean log.

    A log is clean when it has no traceback, no passcode and no password of a database in it. A server
    the test stopped or killed itself is only held against its log.
    """
    server = Server(data, **settings)
    try:
        server.wait_ready()
        yield server
        code = server.stop() if server.process.poll() is None else None
        log = server.err.read_text()
        assert code in (0, None)
        assert "Traceback" not in log, log
        assert str(settings.get("passcode", PASSCODE)) not in log
        assert [secret for secret in passwords(settings) if secret in log + server.out.read_text()] == []
    finally:
        if server.process.poll() is None:
            server.kill()
