"""PostgreSQL clusters of the tests' own.

Each has a directory and a port to itself, listens on 127.0.0.1 alone and has no unix socket. A guard ends it:
a process that waits until its input is closed, which `close` does, and the end of this process, however it came.
"""

import os
import signal
import subprocess
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Final, Literal, Self
from urllib.parse import quote

from tests.databases import create_database, execute
from tests.programs import environment, programs, unprivileged
from tests.server import free_port

USER: Final = "personae"
PASSWORD: Final = "pass/word@1:of-the-tests"
"""Has what a URL has to escape."""

LOCAL: Final = {"listen_addresses": "127.0.0.1", "unix_socket_directories": "", "max_connections": "200"}
QUICK: Final = {"fsync": "off", "full_page_writes": "off"}
"""A crash of the machine may lose what was committed; a crash of PostgreSQL alone does not."""

TIMEOUT_S: Final = 60

GUARD: Final = """
trap "" INT TERM HUP
cat
file="$1/data/postmaster.pid"
pid=$(head -n 1 "$file") && kill -QUIT "$pid" && while [ -e "$file" ] && kill -0 "$pid"; do sleep 0.1; done
rm -rf "$1"
"""

Mode = Literal["smart", "fast", "immediate"]


class Failed(Exception):  # noqa: N818
    """A program of PostgreSQL did not do what it was to do; the text is what it said."""


def own_directory() -> Path:
    """A temporary directory that belongs to whoever runs PostgreSQL."""
    directory = Path(tempfile.mkdtemp(prefix="personae-postgres-"))
    runs_as = unprivileged()
    if runs_as:
        os.chown(directory, runs_as["user"], runs_as["group"])
    return directory


@dataclass
class Cluster:
    """A cluster that is stopped until `start`; `close` ends and removes it. With `durable` a commit is synced to disk.

    `settings` are added to what `postgresql.conf` says, with names and values as they are written there.
    """

    durable: bool = False
    settings: Mapping[str, str] = field(default_factory=dict)
    bin: Path = field(default_factory=programs)
    primary: "Cluster | None" = None

    def __post_init__(self) -> None:
        self.port = free_port()
        self.directory = own_directory()
        self.data = self.directory / "data"
        command = ["sh", "-c", GUARD, "guard", str(self.directory)]
        self.guard = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            start_new_session=True, cwd="/", env=environment(), **unprivileged(),
        )  # fmt: skip
        try:
            self.copy(self.primary) if self.primary else self.initialise()
            self.configure()
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def initialise(self) -> None:
        password = self.directory / "password"
        password.write_text(PASSWORD)
        password.chmod(0o644)
        given = ("--username", USER, "--pwfile", str(password), "--auth", "scram-sha-256")
        self.run("initdb", "--pgdata", str(self.data), *given, "--encoding", "UTF8", "--locale", "C", "--no-sync")
        with (self.data / "postgresql.conf").open("a") as file:
            file.write("include 'tests.conf'\n")

    def copy(self, primary: "Cluster") -> None:
        """Become a standby of a cluster that runs; it knows this one by `name`."""
        source = f"{primary.url()}?application_name={self.name}"
        self.run("pg_basebackup", "-d", source, "-D", str(self.data), "--write-recovery-conf", "-c", "fast", "--no-sync")

    def configure(self, **settings: str) -> None:
        """Add settings; those that need no restart are in force within a moment."""
        self.settings = {**self.settings, **settings}
        chosen = {"port": str(self.port), **LOCAL, **({} if self.durable else QUICK), **self.settings}
        lines = ["{} = '{}'\n".format(name, value.replace("'", "''")) for name, value in chosen.items()]
        (self.data / "tests.conf").write_text("".join(lines))
        if self.running:
            self.control("reload")

    @property
    def name(self) -> str:
        """What a standby is called in `synchronous_standby_names`."""
        return f"standby_{self.port}"

    @property
    def running(self) -> bool:
        return (self.data / "postmaster.pid").exists()

    def start(self) -> None:
        """Return once it takes connections."""
        self.control("start", "--log", str(self.directory / "log"))

    def stop(self, mode: Mode = "fast") -> None:
        """Return once it is gone; "immediate" is a crash."""
        self.control("stop", "--mode", mode)

    def restart(self, mode: Mode = "fast") -> None:
        self.stop(mode)
        self.start()

    def kill(self) -> None:
        """SIGKILL to every process of it at once; the next start takes back what they held."""
        others = [pid for (pid,) in execute(self.url(), "SELECT pid FROM pg_stat_activity WHERE pid <> pg_backend_pid()")]
        for pid in (int((self.data / "postmaster.pid").read_text().split()[0]), *others):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def standby(self, **settings: str) -> "Cluster":
        """A standby that follows this cluster, which has to run; it too is stopped until `start`."""
        return Cluster(self.durable, settings, self.bin, self)

    def promote(self) -> None:
        """Return once this standby takes writes."""
        self.control("promote")

    def url(self, database: str = "postgres", *others: "Cluster") -> str:
        """The URL of a database, with the hosts of other clusters behind this one's."""
        hosts = ",".join(f"127.0.0.1:{cluster.port}" for cluster in (self, *others))
        return f"postgresql://{USER}:{quote(PASSWORD, safe='')}@{hosts}/{database}"

    def create_database(self) -> str:
        """The URL of a new, empty database."""
        return create_database(self.url())

    def control(self, action: str, *arguments: str) -> None:
        self.run("pg_ctl", action, "--silent", "--wait", "--pgdata", str(self.data), *arguments)

    def run(self, program: str, *arguments: str) -> None:
        """Run one of PostgreSQL's programs to its end."""
        command = [str(self.bin / program), *arguments]
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=TIMEOUT_S, check=False,
            cwd=self.directory, env=environment(), **unprivileged(),
        )  # fmt: skip
        if done.returncode:
            raise Failed(f"{program} {arguments[0]}: {done.stdout}{done.stderr}{self.log()[-2000:]}")

    def log(self) -> str:
        file = self.directory / "log"
        return file.read_text(errors="replace") if file.exists() else ""

    def close(self) -> None:
        """Stop at once and remove everything."""
        self.guard.communicate(timeout=TIMEOUT_S)
