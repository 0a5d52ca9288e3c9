"""The demo organisation of the first visit: its Xero, its first load and its first plan, in a process of their own.

What belongs here: starting that process, how far it is, ending it. What does not: what it does (`stocktrim demo`).
"""

import contextlib
import os
import re
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Final

from pipelines.settings import Settings

READY: Final = "The demo is ready."
_SAID: Final = re.compile(r"^  ([A-Z].*\.)$", re.MULTILINE)
_STOPPED: Final = re.compile(r"^Stopped: (.+?)(?=^\S+:|\Z)", re.MULTILINE | re.DOTALL)
_STOPPING_SECONDS: Final = 20
_FIRST: Final = "Making up a wholesaler."


@dataclass(frozen=True)
class DemoProgress:
    """How far it is: whether it is at work, is ready or has failed, and its last sentence."""

    is_at_work: bool
    is_ready: bool
    sentence: str


class DemoStart:
    """At most one at a time; `xero` is a sandbox that answers already, else it starts one that lives with the desk."""

    def __init__(self, settings: Settings, xero: str) -> None:
        self._settings, self._xero = settings, xero
        self._process: subprocess.Popen[bytes] | None = None
        self._lock = Lock()

    def start(self) -> None:
        """Begin, unless it is at work."""
        with self._lock:
            if self._process is not None and self._process.poll() is None:
                return
            self.stop()
            self._log.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            of_it = ["--xero", self._xero] if self._xero else ["--stay"]
            command = [sys.executable, "-m", "stocktrim_cli.main", "demo", *of_it]
            environment = {**os.environ, "STOCKTRIM_HOME": str(self._settings.home)}
            with self._log.open("wb") as log:
                # it ends when its standard input does, so also when the desk is killed
                self._process = subprocess.Popen(  # noqa: S603, our own command
                    command, env=environment, stdin=subprocess.PIPE, stdout=log, stderr=subprocess.STDOUT,
                    start_new_session=True,
                )  # fmt: skip

    @property
    def progress(self) -> DemoProgress | None:
        """How far it is; None if it was not begun."""
        process = self._process
        if process is None:
            return None
        code, text = process.poll(), self._log.read_text("utf-8", "replace")
        if READY in text.splitlines():
            return DemoProgress(is_at_work=False, is_ready=True, sentence=READY)
        if code is None:
            said = _SAID.findall(text)
            return DemoProgress(is_at_work=True, is_ready=False, sentence=said[-1] if said else _FIRST)
        stopped = _STOPPED.search(text)
        sentence = " ".join(stopped[1].split()) if stopped else f"It ended early; {self._log} says why."
        return DemoProgress(is_at_work=False, is_ready=False, sentence=sentence)

    def stop(self) -> None:
        """End the demo's Xero, or what is still at work."""
        if self._process is not None:
            _end(self._process)

    @property
    def _log(self) -> Path:
        return self._settings.planner_folder / "demo.log"


def _end(process: subprocess.Popen[bytes]) -> None:
    # it leads a group: the sandbox that it started ends too, also if it had no time to end it
    if process.poll() is None:
        _signal_group(process, signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(_STOPPING_SECONDS)
        _signal_group(process, signal.SIGKILL)
        process.wait()
    if process.stdin is not None:
        process.stdin.close()


def _signal_group(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, number)
