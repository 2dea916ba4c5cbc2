"""What processes have used of a machine, each with those it has started: CPU time and memory, from `/proc`."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

TICKS_A_SECOND: Final = os.sysconf("SC_CLK_TCK")
CORES: Final = len(os.sched_getaffinity(0))


def cpu_s(pid: int) -> float:
    """CPU seconds used so far, user and system, all threads; those of processes that have ended count too."""
    return sum(sum(map(int, fields[11:15])) for fields in map(_fields, tree(pid)) if fields) / TICKS_A_SECOND


def peak_mib(pid: int) -> float:
    """The most memory each of them ever held, added up."""
    return sum(_kib(process, "VmHWM:") for process in tree(pid)) / 1_024


def resident_mib(pid: int) -> float:
    """The memory each of them holds now, added up."""
    return sum(_kib(process, "VmRSS:") for process in tree(pid)) / 1_024


def tree(pid: int) -> Iterator[int]:
    """The process and those it has started, and those these have started."""
    yield pid
    for child in children(pid):
        yield from tree(child)


def written_bytes(pid: int) -> int:
    """What a process has caused to be written to the disk so far."""
    lines = _text(Path(f"/proc/{pid}/io")).splitlines()
    return next((int(line.split()[1]) for line in lines if line.startswith("write_bytes:")), 0)


def busy_s() -> float:
    """CPU seconds the whole machine was busy so far, whoever had them."""
    user, nice, system, _idle, _wait, interrupts, soft, *_ = map(int, _text(Path("/proc/stat")).split()[1:11])
    return (user + nice + system + interrupts + soft) / TICKS_A_SECOND


def parent(pid: int) -> int:
    """The process that started this one; 0 where it is gone or on another machine."""
    fields = _fields(pid)
    return int(fields[1]) if fields else 0


def children(pid: int) -> list[int]:
    """The processes that this one has started."""
    tasks = Path(f"/proc/{pid}/task").glob("*/children")
    return [int(child) for task in tasks for child in _text(task).split()]


def _fields(pid: int) -> list[str]:
    """The fields of `stat` from the state on; none where the process is gone."""
    return _text(Path(f"/proc/{pid}/stat")).rpartition(")")[2].split()


def _kib(pid: int, name: str) -> int:
    """A line of `status` that is a size."""
    lines = _text(Path(f"/proc/{pid}/status")).splitlines()
    return next((int(line.split()[1]) for line in lines if line.startswith(name)), 0)


def _text(file: Path) -> str:
    try:
        return file.read_text()
    except (FileNotFoundError, ProcessLookupError):
        return ""
