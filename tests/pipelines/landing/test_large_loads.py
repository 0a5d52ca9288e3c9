"""A hundred times the data needs no more memory: what waits to be landed waits on the disk."""

import json
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

from xero_sandbox.app.testing import running_sandbox
from xero_sandbox.behaviour.rate_limits import Limits
from xero_sandbox.worlds.scale import Size, world_of_size


def peak_megabytes(invoices: int, home: Path) -> float:
    """The peak memory of a process that loads so many invoices of ten lines, its libraries included."""
    world = world_of_size(Size(invoices=invoices), end=date(2026, 6, 30))
    limits = Limits(per_minute=10_000, per_day=10_000)
    with running_sandbox([world], limits=limits) as sandbox:
        command = [sys.executable, "-m", "benchmarks.load_by_us", sandbox.url, str(home)]
        done = subprocess.run(command, stdout=subprocess.PIPE, check=True)  # noqa: S603, our own
    figures = json.loads(done.stdout)
    assert figures["rows"] > invoices * 11
    return float(figures["peak"])


def test_fifty_thousand_lines_need_little_memory(tmp_path: Path) -> None:
    assert peak_megabytes(5_000, tmp_path) < 400


@pytest.mark.soak
def test_half_a_million_lines_need_hardly_more(tmp_path: Path) -> None:
    assert peak_megabytes(50_000, tmp_path) < 550
