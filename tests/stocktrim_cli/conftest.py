"""The command on a terminal, and a person who opens the address that it prints."""

import contextlib
import os
import re
import shutil
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from pipelines.organisations.open_organisation import open_organisation
from pipelines.settings import read_settings
from tests.end_to_end.conftest import Command, CommandResult, planned, planned_home, stocktrim, wholesaler
from tests.pipelines.organisations.conftest import Person, callback_port, sandbox
from tests.running import made_once
from tests.stocktrim_cli.settings_company import Company, make
from xero_sandbox.app.testing import RunningSandbox

__all__ = ["planned", "planned_home", "sandbox", "stocktrim", "wholesaler"]
ADDRESS = re.compile(r"^http://\S+/identity/connect/authorize\S+$", re.MULTILINE)
PATIENCE_SECONDS = 120.0


@dataclass(frozen=True)
class Terminal:
    """The command, and a person who opens the address that it prints."""

    stocktrim: Command
    sandbox: RunningSandbox

    def connect(self, person: Callable[[str], None], *options: str) -> CommandResult:
        reader = threading.Thread(target=_open_what_is_printed, args=[person])
        with callback_port():
            reader.start()
            result = self.stocktrim("connect", "--no-browser", *options)
            reader.join()
        return result


def _open_what_is_printed(person: Callable[[str], None]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        printed = getattr(sys.stderr, "getvalue", str)()
        if found := ADDRESS.search(printed):
            person(found[0])
            return
        time.sleep(0.02)


def through_http(*organisations: str, button: str = "allow") -> Callable[[str], None]:
    def visit(address: str) -> None:
        person = Person(*organisations, button=button)
        person.open_page(address)
        person.leave()

    return visit


@pytest.fixture
def terminal(stocktrim: Command, sandbox: RunningSandbox, monkeypatch: pytest.MonkeyPatch) -> Iterator[Terminal]:
    for name in ("API", "IDENTITY", "LOGIN"):
        monkeypatch.setenv(f"XERO_{name}_URL", sandbox.url)
    monkeypatch.setenv("XERO_CLIENT_ID", sandbox.client_id)
    monkeypatch.setenv("XERO_CLIENT_SECRET", sandbox.client_secret)
    with Path(os.devnull).open() as nothing, contextlib.ExitStack() as stack:
        stack.callback(setattr, sys, "stdin", sys.stdin)
        sys.stdin = nothing
        yield Terminal(stocktrim, sandbox)


@pytest.fixture
def company(stocktrim: Command, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Company]:
    made = made_once(tmp_path_factory, "settings", make)
    shutil.copytree(made, stocktrim.home, symlinks=True)
    opened = open_organisation(read_settings(), "acme")
    yield Company(stocktrim, opened)
    opened.store.close()
