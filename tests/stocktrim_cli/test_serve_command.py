"""`stocktrim serve` says at once which of its processes has died."""

import subprocess
import sys

import pytest

from pipelines.errors import UsageError
from stocktrim_cli.serve import wait_for_port
from tests.end_to_end.test_serving import free_ports


def test_a_process_that_died_is_named_at_once_while_the_others_live() -> None:
    with (
        subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as lives,
        subprocess.Popen([sys.executable, "-c", "raise SystemExit(7)"]) as dies,
    ):
        try:
            with pytest.raises(UsageError, match=r"^The sandbox ended with 7 before it answered; see what was printed"):
                wait_for_port(free_ports(1)[0], {"the web pages": lives, "the sandbox": dies})
        finally:
            lives.kill()
