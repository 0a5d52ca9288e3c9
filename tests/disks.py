"""A disk of a chosen size, for what must happen when it is full."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

_PAGE = 4096


@contextmanager
def a_disk_of(megabytes: int, place: Path) -> Iterator[Path]:
    """A disk in memory at a place; skipped where none may be mounted."""
    place.mkdir(parents=True, exist_ok=True)
    mount = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(place)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode != 0:  # noqa: S603, ours
        pytest.skip("a small disk can be mounted by root only")
    try:
        yield place
    finally:
        subprocess.run(["umount", "--lazy", str(place)], check=True)  # noqa: S603, S607, ours


@contextmanager
def filled_up(disk: Path, *, but_for: int = 0) -> Iterator[None]:
    """Leave this many bytes free on a disk for the block."""
    filler = disk / "filler"
    filler.write_bytes(b"?" * max(0, shutil.disk_usage(disk).free - but_for - _PAGE))
    try:
        yield
    finally:
        filler.unlink()
