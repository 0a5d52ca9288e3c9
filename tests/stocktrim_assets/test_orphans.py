"""dbt ends with the run that started it."""

import signal
import subprocess
import sys

CHILD = """
from stocktrim_assets.dbt.orphans import end_with_parent
end_with_parent()
print("up", flush=True)
import time
time.sleep(300)
"""
PARENT = """
import subprocess, sys
subprocess.run([sys.executable, "-c", sys.argv[1]])
"""


def test_a_process_ends_with_the_parent_that_was_killed():
    """Whoever holds the other end of the pipe is alive: communicate returns once nobody does."""
    command = [sys.executable, "-c", PARENT, CHILD]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as parent:  # noqa: S603, our own
        assert parent.stdout is not None
        assert parent.stdout.readline() == "up\n"
        parent.send_signal(signal.SIGKILL)
        assert parent.communicate(timeout=60)[0] == ""
