"""Virtual environments for peers: made once for each set of requirements, and kept in the user's cache."""

import os
import shutil
import subprocess
import sys
import venv
from hashlib import sha256
from pathlib import Path


def interpreter(requirements: Path) -> Path:
    """The Python of an environment with these requirements, which is made if it is not there yet."""
    folder = cache() / name_of(requirements)
    python = folder / "bin" / "python"
    installed = folder / "installed"
    if not installed.exists():
        shutil.rmtree(folder, ignore_errors=True)
        venv.create(folder, with_pip=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", "--requirement", requirements], check=True)
        installed.touch()
    return python


def cache() -> Path:
    """Where a user's programs keep what they can make again."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "personae-benchmarks"


def name_of(requirements: Path) -> str:
    """Another one for each peer, content of its requirements and version of Python."""
    content = requirements.read_bytes() + sys.version.encode()
    return f"{requirements.parent.name}-{sha256(content).hexdigest()[:12]}"
