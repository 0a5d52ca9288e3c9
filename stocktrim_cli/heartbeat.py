"""Signs of life: dots on stderr while a command works and has nothing to say, so that it is never silent for long.

What belongs here: the thread that prints the dots. What does not: sentences and bars (`output.py`).
Read more in docs/interfaces.md.
"""

import sys
import threading
import time
from typing import Final

SILENCE_SECONDS: Final = 1.8
_LOOK_SECONDS: Final = 0.2


class Heartbeat:
    """Prints a dot whenever nothing was printed for `SILENCE_SECONDS`, between `start` and `stop`.

    Whoever prints calls `pause` before, which ends the line of dots. While a bar is shown, which moves by itself,
    `is_muted` is set.
    """

    def __init__(self) -> None:
        self.is_muted = False
        self._lock = threading.Lock()
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None
        self._printed_at = time.monotonic()
        self._has_dots = False

    def start(self) -> None:
        """Begin to watch, if nobody has begun."""
        if self._thread is None:
            self._stopped.clear()
            self._printed_at = time.monotonic()
            self._thread = threading.Thread(target=self._watch, name="heartbeat", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """Print no more dots."""
        if self._thread is not None:
            self._stopped.set()
            self._thread.join()
            self._thread = None
        self.pause()

    def pause(self) -> None:
        """End the line of dots, since something else is about to be printed."""
        with self._lock:
            if self._has_dots:
                _write("\n")
            self._has_dots, self._printed_at = False, time.monotonic()

    def _watch(self) -> None:
        while not self._stopped.wait(_LOOK_SECONDS):
            with self._lock:
                if not self.is_muted and time.monotonic() - self._printed_at > SILENCE_SECONDS:
                    _write("." if self._has_dots else "  .")
                    self._has_dots, self._printed_at = True, time.monotonic()


def _write(text: str) -> None:
    sys.stderr.write(text)
    sys.stderr.flush()
