"""A home of its own for every test, the command in this process, and a wholesaler in a sandbox."""

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from stocktrim_cli.main import main
from xero_sandbox.generator import generate_wholesaler
from xero_sandbox.testing import RunningSandbox, running_sandbox


@dataclass(frozen=True)
class Told:
    """What a command said, and how it ended."""

    code: int
    out: str
    err: str

    def json(self) -> Any:
        return json.loads(self.out)


class Command:
    """Runs `stocktrim` in this process, with a home of its own."""

    def __init__(self, home: Path, patch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self.home = home
        self._patch = patch
        self._capsys = capsys
        patch.setenv("STOCKTRIM_HOME", str(home))

    def __call__(self, *arguments: str) -> Told:
        self._capsys.readouterr()
        self._patch.setattr(sys, "argv", ["stocktrim", *arguments])
        try:
            main()
            code = 0
        except SystemExit as ended:
            code = int(ended.code or 0)
        told = self._capsys.readouterr()
        return Told(code, told.out, told.err)

    def connect(self, sandbox: RunningSandbox, *, organisation: str = "acme", secret: str | None = None) -> Told:
        self._patch.setenv("XERO_API_URL", sandbox.url)
        self._patch.setenv("XERO_IDENTITY_URL", sandbox.url)
        self._patch.setenv("XERO_CLIENT_ID", sandbox.client_id)
        self._patch.setenv("XERO_CLIENT_SECRET", secret or sandbox.client_secret)
        told = self("connect", "--custom", "--organisation", organisation)
        for name in ("XERO_API_URL", "XERO_IDENTITY_URL", "XERO_CLIENT_ID", "XERO_CLIENT_SECRET"):
            self._patch.delenv(name)
        return told


def yesterday() -> Any:
    return (datetime.now(UTC) - timedelta(days=1)).date()


@pytest.fixture
def stocktrim(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    return Command(tmp_path / "home", monkeypatch, capsys)


@pytest.fixture
def wholesaler() -> Iterator[RunningSandbox]:
    """Sixty products, fourteen months, until yesterday."""
    with running_sandbox([generate_wholesaler(end=yesterday(), products=60, months=14)]) as sandbox:
        yield sandbox
