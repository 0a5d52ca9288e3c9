"""What a command costs: CPU seconds, wall seconds and peak memory of all the processes that it starts.

What belongs here: running a command below a small process, and adding up. What does not: which commands.
The small process waits for every descendant, also for those that outlive the command, so none is forgotten. Peak memory
is that of the largest process. A sandbox below the command stands for Xero: its CPU seconds are counted apart.
"""

import ctypes
import json
import os
import resource
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

SAMPLE_SECONDS: Final = 0.25
SANDBOX: Final = b"stocktrim_cli.main\0sandbox\0"
_SET_CHILD_SUBREAPER: Final = 36


@dataclass(frozen=True)
class Cost:
    """What a command took; `sandbox_cpu_seconds` are not part of `cpu_seconds`."""

    cpu_seconds: float
    wall_seconds: float
    peak_megabytes: float
    sandbox_cpu_seconds: float = 0.0


def cost_of(command: Sequence[str], environment: Mapping[str, str]) -> Cost:
    """The cost of a command, whose output is thrown away; the whole program ends with its errors if it fails."""
    measuring = [sys.executable, "-m", "benchmarks.measuring", *command]
    done = subprocess.run(measuring, env=environment, capture_output=True, text=True, check=False)  # noqa: S603, our own
    if done.returncode:
        sys.exit(f"{done.stderr}{' '.join(command)} ended with {done.returncode}.")
    return Cost(**json.loads(done.stdout))


def _run(command: Sequence[str]) -> tuple[int, Cost]:
    """The exit code and the cost of a command, run in this process's children."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    sandboxes: dict[int, float] = {}
    threading.Thread(target=_watch_sandboxes, args=[sandboxes], daemon=True).start()
    began = time.monotonic()
    code = subprocess.run(command, stdout=subprocess.DEVNULL, check=False).returncode  # noqa: S603, our own
    wall_seconds = time.monotonic() - began
    _wait_for_the_rest()
    used, in_sandboxes = resource.getrusage(resource.RUSAGE_CHILDREN), sum(sandboxes.values())
    cpu_seconds = used.ru_utime + used.ru_stime - in_sandboxes
    return code, Cost(cpu_seconds, wall_seconds, used.ru_maxrss / 1024, in_sandboxes)


def _wait_for_the_rest() -> None:
    try:
        while True:
            os.wait()
    except ChildProcessError:
        return


def _watch_sandboxes(cpu_seconds: dict[int, float]) -> None:
    """Keep up to date what each sandbox below this process has used, by its process id; Linux alone can tell."""
    while True:
        for process in _descendants(os.getpid()):
            if SANDBOX in _read(process, "cmdline"):
                user, system = _read(process, "stat").rpartition(b")")[2].split()[11:13]
                cpu_seconds[process] = (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")
        time.sleep(SAMPLE_SECONDS)


def _descendants(process: int) -> Iterator[int]:
    for task in Path(f"/proc/{process}/task").glob("*"):
        for child in _read(process, f"task/{task.name}/children").split():
            yield int(child)
            yield from _descendants(int(child))


def _read(process: int, name: str) -> bytes:
    """A file of the kernel about a process; nothing once it has ended."""
    try:
        return Path(f"/proc/{process}/{name}").read_bytes()
    except OSError:
        return b""


if __name__ == "__main__":
    exit_code, cost = _run(sys.argv[1:])
    print(json.dumps(vars(cost)))
    sys.exit(exit_code)
