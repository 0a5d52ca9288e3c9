"""`python -m tests.end_to_end.warm_commands`: real commands, each in a process of its own, killed on request.

A process is a fork of one that has imported everything, as `stocktrim serve` starts them. A line of JSON in asks for a
command and after how many seconds it is killed, none for never; a line out says how it ended and how long it took.
"""

import json
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from pipelines.settings import read_settings
from stocktrim_assets.instance.warm_process import WarmProcess


def main() -> None:
    with (
        tempfile.TemporaryDirectory(dir="/tmp") as folder,
        WarmProcess(read_settings(), Path(folder)) as warm,
    ):
        say("ready")
        for line in sys.stdin:
            say(json.dumps(run(warm, **json.loads(line))))


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def run(warm: WarmProcess, command: list[str], seconds: float | None) -> dict[str, Any]:
    """Run a command of which nothing is printed here, and kill it if it takes longer than this."""
    out = os.dup(1)
    with Path(os.devnull).open("w") as nowhere:
        os.dup2(nowhere.fileno(), 1)
        began = time.monotonic()
        fork = warm.start("stocktrim", *command)
        os.dup2(out, 1)
        os.close(out)
        fork.join(seconds)
        fork.kill()
        fork.join()
    return {"exit": fork.exitcode, "seconds": time.monotonic() - began}


if __name__ == "__main__":
    main()
