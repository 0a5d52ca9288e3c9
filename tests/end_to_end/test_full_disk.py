"""A disk that is full: one sentence, and what people read stays."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipelines.organisations.open_organisation import repoint_demo
from pipelines.settings import read_settings
from tests.disks import a_disk_of, filled_up
from tests.end_to_end.conftest import Command
from xero_sandbox.app.testing import running_sandbox
from xero_sandbox.core.documents import World

DISK_MEGABYTES = 200


@pytest.fixture
def on_a_small_disk(
    planned_home: Path, wholesaler: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Command]:
    """The command, its home on a small disk."""
    with a_disk_of(DISK_MEGABYTES, tmp_path / "disk") as disk:
        shutil.copytree(planned_home, disk / "home", symlinks=True)
        with running_sandbox([wholesaler]) as sandbox:
            command = Command(disk / "home", monkeypatch)
            repoint_demo(read_settings(), address=sandbox.url)
            yield command


def load() -> subprocess.CompletedProcess[str]:
    """Load everything again in a process of its own, as a person does: what it leaves open ends with it."""
    entities = ("products", "sales-orders", "purchase-orders")
    command = [
        sys.executable,
        "-m",
        "stocktrim_cli.main",
        "load",
        *(word for one in entities for word in ("--refresh", one)),
    ]
    return subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603, ours


@pytest.mark.parametrize(
    "free_kilobytes", [0, *(pytest.param(free, marks=pytest.mark.soak) for free in (1500, 4500, 7500, 10500))]
)
def test_a_load_on_a_full_disk_says_so_and_leaves_what_people_read(
    on_a_small_disk: Command, free_kilobytes: int
) -> None:
    before, plan = on_a_small_disk.snapshot(), on_a_small_disk.published("order_plan")
    with filled_up(on_a_small_disk.home.parent, but_for=free_kilobytes * 1000):
        result = load()
    assert result.returncode == 1
    assert "Stopped: The disk is full: free some space, then run the same again." in " ".join(result.stderr.split())
    assert "Traceback" not in result.stderr
    assert "sqlite3." not in result.stderr
    assert on_a_small_disk.snapshot() == before
    assert on_a_small_disk.published("order_plan").equals(plan)
    again = load()
    assert again.returncode == 0, again.stderr
    assert on_a_small_disk.snapshot() != before
