"""Every command says what it does, with an example, and at once."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from stocktrim_cli.main import app

# Imports of a tenth of a second or more: what reads and shows, what Xero needs, and what only runs need.
READERS = {"cryptography", "duckdb", "polars", "sqlalchemy"}
FOR_XERO = {"urllib3", "xero_python"}
RUNNERS = {
    "alembic",
    "dagster",
    "dagster_dbt",
    "dbt",
    "great_expectations",
    "pandas",
    "scipy",
    "sklearn",
    "statsforecast",
}
HEAVY = READERS | FOR_XERO | RUNNERS | {"numpy"}
MAY_IMPORT = {
    "orders --help": set(),
    "plan show --limit 1": READERS,
    "explain P-0001": READERS | {"numpy"},
    "settings show": READERS,
    "orders list": READERS,
    "doctor": READERS | FOR_XERO,
}


def commands(command: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    inner = getattr(command, "commands", {})
    if not inner or (path and command.invoke_without_command):
        yield path, command
    for name, subcommand in inner.items():
        yield from commands(subcommand, (*path, name))


COMMANDS = [pytest.param(path, command, id=" ".join(path)) for path, command in commands(typer.main.get_command(app))]
# They run until they are stopped, or for somebody who watches.
FOR_PEOPLE_ONLY = {("demo",), ("planner",), ("sandbox",), ("serve",)}


@pytest.mark.parametrize(("path", "command"), COMMANDS)
def test_every_command_has_an_example(path: tuple[str, ...], command: Any) -> None:
    assert f"Example: `stocktrim {' '.join(path)}" in command.help


@pytest.mark.parametrize(("path", "command"), COMMANDS)
def test_every_option_is_explained(path: tuple[str, ...], command: Any) -> None:
    silent = [option.name for option in command.params if not getattr(option, "help", None) and option.name != "help"]
    assert not silent, f"{path} does not explain {silent}"


@pytest.mark.parametrize(("path", "command"), COMMANDS)
def test_a_program_can_read_the_result_of_every_command(path: tuple[str, ...], command: Any) -> None:
    assert any("--json" in option.opts for option in command.params) is (path not in FOR_PEOPLE_ONLY)


@pytest.mark.parametrize("words", MAY_IMPORT)
def test_a_command_imports_nothing_heavy_that_it_does_not_need(words: str, planned_home: Path) -> None:
    program = (
        "import sys\nfrom stocktrim_cli.main import main\n"
        "try:\n    main()\nfinally:\n    print(*sorted(name for name in sys.modules if '.' not in name))"
    )
    environment = {**os.environ, "STOCKTRIM_HOME": str(planned_home)}
    command = [sys.executable, "-c", program, *words.split()]
    result = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)  # noqa: S603, our own program
    *shown, imported = result.stdout.splitlines()
    assert shown, result.stderr
    assert HEAVY & set(imported.split()) <= MAY_IMPORT[words]
