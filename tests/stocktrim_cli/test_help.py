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

HEAVY = {
    "dagster",
    "dagster_dbt",
    "dbt",
    "polars",
    "pandas",
    "duckdb",
    "sqlalchemy",
    "great_expectations",
    "statsforecast",
}


def commands(command: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    inner = getattr(command, "commands", {})
    if not inner or (path and command.invoke_without_command):
        yield path, command
    for name, subcommand in inner.items():
        yield from commands(subcommand, (*path, name))


COMMANDS = [pytest.param(path, command, id=" ".join(path)) for path, command in commands(typer.main.get_command(app))]
# They run until they are stopped, or for somebody who watches.
FOR_PEOPLE_ONLY = {("demo",), ("sandbox",), ("serve",)}


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


def test_help_loads_nothing_heavy() -> None:
    program = (
        "import sys\nsys.argv = ['stocktrim', 'orders', '--help']\nfrom stocktrim_cli.main import main\n"
        "try:\n    main()\nfinally:\n    print(*sorted(name for name in sys.modules if '.' not in name))"
    )
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)  # noqa: S603, our own program
    assert "approve" in result.stdout
    assert not HEAVY & set(result.stdout.splitlines()[-1].split())


def test_a_published_plan_is_shown_without_dagster_dbt_and_great_expectations(planned_home: Path) -> None:
    program = (
        "import sys\nsys.argv = ['stocktrim', 'plan', 'show', '--limit', '1']\n"
        "from stocktrim_cli.main import main\n"
        "try:\n    main()\nfinally:\n    print(*sorted(name for name in sys.modules if '.' not in name))"
    )
    environment = {**os.environ, "STOCKTRIM_HOME": str(planned_home)}
    command = [sys.executable, "-c", program]
    result = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)  # noqa: S603, our own program
    assert "1 of 62 lines" in result.stdout
    assert not (HEAVY - {"polars", "duckdb", "sqlalchemy"}) & set(result.stdout.splitlines()[-1].split())
