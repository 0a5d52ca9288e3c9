"""Ending a process whose parent has died, so that dbt never writes a warehouse that another run has opened since.

What belongs here: that alone. A run that is killed takes nothing along; its dbt would go on for seconds.
Read more in docs/operations.md.
"""

import os
import threading
import time
from typing import Final

_LOOK_SECONDS: Final = 0.1


def end_with_parent() -> None:
    """From now on, end this process at once when its parent has ended, as if it had been killed itself."""
    threading.Thread(target=_watch, args=(os.getppid(),), name="parent", daemon=True).start()


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(_LOOK_SECONDS)
    os._exit(1)
