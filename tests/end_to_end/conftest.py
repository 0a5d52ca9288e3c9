"""The command in this process, with a home of its own, and a wholesaler in a sandbox."""

import contextlib
import copy
import io
import json
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from pipelines.organisations.open_organisation import repoint_demo
from pipelines.settings import read_settings
from stocktrim_cli.main import main
from tests.running import made_once
from xero_sandbox.app.testing import RunningSandbox, running_sandbox
from xero_sandbox.core.documents import World
from xero_sandbox.worlds.generator import generate_wholesaler

KEY = "demo"
HOME = 'O\'Brien & "Söhne"; 100% 🧀'
"""What a home may be called: whatever runs end to end runs in one."""
SETTINGS = (
    ("lead_time_days", "21"),
    ("lead_time_days", "35", "--product", "P-0002"),
    ("batch_size", "12", "--product", "P-0003"),
    ("minimum_order_quantity", "50", "--product", "P-0004"),
    ("maximum_shelf_level", "40", "--product", "P-0005"),
    ("minimum_shelf_level", "500", "--product", "P-0006"),
    ("unit_cost", "1.25", "--product", "P-0007"),
    ("discontinued", "true", "--product", "P-0008"),
    ("lead_time_rule", "learned", "--supplier", "Supplier 03"),
)


@dataclass(frozen=True)
class CommandResult:
    """The output and the exit code of a command."""

    code: int
    out: str
    err: str

    def json(self) -> Any:
        return json.loads(self.out)


def in_a_line(text: str) -> str:
    """Output without the borders of its boxes and its line breaks."""
    return " ".join(text.replace("│", " ").split())


class Command:
    """Runs `stocktrim` in this process, with a home of its own."""

    def __init__(self, home: Path, patch: pytest.MonkeyPatch) -> None:
        self.home = home
        self._patch = patch
        patch.setenv("STOCKTRIM_HOME", str(home))

    @property
    def folder(self) -> Path:
        return self.home / "organisations" / KEY

    def __call__(self, *arguments: str) -> CommandResult:
        self._patch.setattr(sys, "argv", ["stocktrim", *arguments])
        with contextlib.redirect_stdout(io.StringIO()) as out, contextlib.redirect_stderr(io.StringIO()) as err:
            try:
                main()
                code = 0
            except SystemExit as ended:
                code = int(ended.code or 0)
        return CommandResult(code, out.getvalue(), err.getvalue())

    def connect(self, sandbox: RunningSandbox, *, organisation: str = KEY, secret: str | None = None) -> CommandResult:
        with self._patch.context() as patch:
            patch.setenv("XERO_API_URL", sandbox.url)
            patch.setenv("XERO_IDENTITY_URL", sandbox.url)
            patch.setenv("XERO_CLIENT_ID", sandbox.client_id)
            patch.setenv("XERO_CLIENT_SECRET", secret or sandbox.client_secret)
            return self("connect", "--custom", "--organisation", organisation)

    def published(self, table: str) -> pl.DataFrame:
        return pl.read_parquet(self.folder / "published" / f"{table}.parquet")

    def snapshot(self) -> Path:
        """The snapshot that people read now."""
        return (self.folder / "published").resolve()


def yesterday() -> date:
    return (datetime.now(UTC) - timedelta(days=1)).date()


@pytest.fixture
def stocktrim(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Command:
    """The command, in a home where nothing happened yet."""
    return Command(tmp_path / HOME, monkeypatch)


@pytest.fixture(scope="session")
def wholesaler() -> World:
    """Sixty products, fourteen months, until yesterday, and a product never sold. Whoever changes it changes a copy."""
    world = generate_wholesaler(end=yesterday(), products=60, months=14)
    unsold = copy.deepcopy(next(item for item in world.items.values() if item.is_tracked))
    unsold.item_id, unsold.code, unsold.name = "00000000-0000-0000-0000-00000000beef", "P-UNSOLD", "Never sold"
    world.items[unsold.item_id] = unsold
    return world


@pytest.fixture(scope="session")
def planned_home(wholesaler: World, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home in which the wholesaler was connected, loaded and planned; all workers have it, so commands get a copy."""
    return made_once(tmp_path_factory, f"{HOME}, planned", lambda home: _load_and_plan(home, wholesaler))


def _load_and_plan(home: Path, wholesaler: World) -> None:
    with pytest.MonkeyPatch.context() as patch, running_sandbox([copy.deepcopy(wholesaler)]) as sandbox:
        command = Command(home, patch)
        set_by_people = (command("settings", "set", *words) for words in SETTINGS)
        for result in (command.connect(sandbox), command("load"), *set_by_people, command("plan")):
            assert result.code == 0, result.err


@dataclass(frozen=True)
class Planned:
    """A home where a plan was made, and the Xero it was made from."""

    stocktrim: Command
    sandbox: RunningSandbox
    world: World


@pytest.fixture
def planned(
    planned_home: Path, wholesaler: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Planned]:
    """A copy of the home and of the wholesaler, to be changed at will."""
    with copied(planned_home, wholesaler, tmp_path / HOME, monkeypatch) as planned:
        yield planned


@contextlib.contextmanager
def copied(planned_home: Path, wholesaler: World, home: Path, patch: pytest.MonkeyPatch) -> Iterator[Planned]:
    """A home as after a plan, and the Xero that it was planned from."""
    shutil.copytree(planned_home, home, symlinks=True)
    world = copy.deepcopy(wholesaler)
    with running_sandbox([world]) as sandbox:
        command = Command(home, patch)
        repoint_demo(read_settings(), address=sandbox.url)
        yield Planned(command, sandbox, world)


@pytest.fixture
def copied_home(planned_home: Path, tmp_path: Path) -> Path:
    """A copy of the home, for what asks nothing of Xero."""
    return Path(shutil.copytree(planned_home, tmp_path / HOME, symlinks=True))
