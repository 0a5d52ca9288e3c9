"""Unique names of processes, so that what a dead process left behind is recognised.

What belongs here: the name of this process, and whether a named process has ended. What does not: locks
(`run_locks.py`). The system reuses a process's number, so its name holds the instant of its start too, and the
machine, since several machines may share a store.
Read more in docs/operations.md.
"""

import os
import platform
from pathlib import Path
from typing import Final, NamedTuple

_ENDED: Final = {"Z", "X"}
"""The states of a process that has ended and whose parent has not collected it yet."""


class _Seen(NamedTuple):
    """A process as the system shows it."""

    state: str
    started: str


def this_process() -> str:
    """The name of this process, unlike that of any other, on any machine, before or after.

    >>> has_ended(this_process())
    False
    """
    seen = _look(os.getpid())
    return f"{_machine()} {os.getpid()} {seen.started if seen else ''}"


def has_ended(name: str) -> bool | None:
    """Whether a named process has ended; None if it ran on another machine or the system cannot tell.

    >>> has_ended("another-machine 1 1") is None
    True
    """
    machine, number, started = [*name.split(" "), "", ""][:3]
    if machine != _machine() or not number.isdecimal():
        return None
    seen = _look(int(number))
    return seen is None or seen.state in _ENDED or seen.started != started


def _machine() -> str:
    """The name of this machine since its start, and of the processes that we see: each container has its own."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        return f"{boot}/{Path('/proc/self/ns/pid').readlink()}"
    except OSError:
        return "".join(platform.node().split()) or "here"


def _look(number: int) -> _Seen | None:
    """A process by its number, None if there is none; without /proc, only that it lives."""
    if not Path("/proc/self/stat").exists():
        return _Seen("", "") if _answers(number) else None
    try:
        # the name in brackets may hold any text, brackets too
        fields = Path(f"/proc/{number}/stat").read_text(errors="replace").rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return _Seen(fields[0], fields[19])


def _answers(number: int) -> bool:
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
