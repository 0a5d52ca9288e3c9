"""A plan's run in a process of its own, which dies at a write: what it is given must travel to that process."""

import os
import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import dagster as dg
import duckdb
import pytest

from pipelines.organisations.open_organisation import open_organisation
from pipelines.settings import read_settings
from pipelines.storage.warehouse import open_warehouse
from stocktrim_assets.assets import forecast, parameters, plan, purchase_orders, raw

KEY = "demo"
STEPS = [
    raw.decisions, parameters.parameters, forecast.model_choice, forecast.demand, plan.order_plan,
    purchase_orders.purchase_order_drafts,
]  # fmt: skip


class Dying:
    """A connection whose process is killed just before its first statement that begins with certain words."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, words: str) -> None:
        self._connection = connection
        self._words = words

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._connection, name)
        return self._deadly(found) if name == "execute" else found

    def _deadly(self, execute: Callable[..., Any]) -> Callable[..., Any]:
        def executed(statement: str, *values: Any) -> Any:
            if statement.startswith(self._words):
                os.kill(os.getpid(), signal.SIGKILL)
            return execute(statement, *values)

        return executed


def run_of_a_plan(home: Path) -> bool:
    """Everything of the job `plan` between dbt and publishing; whether it came to its end."""
    return ended_run(home, STEPS).success


def ended_run(home: Path, steps: Sequence[dg.AssetsDefinition], *, rebuild: bool = False) -> dg.ExecuteInProcessResult:
    """A run of some steps, whether or not it came to its end."""
    organisation = open_organisation(read_settings({"STOCKTRIM_HOME": str(home)}), KEY, rebuild=rebuild)
    with closing(organisation.store), dg.DagsterInstance.ephemeral() as instance:
        instance.add_dynamic_partitions("organisation", [KEY])
        return dg.materialize(
            steps, partition_key=KEY, instance=instance, resources={"organisation": organisation}, raise_on_error=False
        )


def die_at(home: Path, words: str) -> None:
    """The same run, killed by the operating system at a write."""

    @contextmanager
    def deadly(folder: Path) -> Iterator[Any]:
        with open_warehouse(folder) as connection:
            yield Dying(connection, words)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("pipelines.organisations.open_organisation.open_warehouse", deadly)
        run_of_a_plan(home)
