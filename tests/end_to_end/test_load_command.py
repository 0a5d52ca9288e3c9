"""`stocktrim load`: what it says it took, a refresh of everything, a replay of what it kept, and a day's limit."""

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from pipelines.storage.tables import PUBLISHED
from pipelines.storage.warehouse import open_warehouse
from stocktrim_assets.dbt.dbt_project import MANIFEST
from tests.end_to_end.conftest import HOME, KEY, Planned, copied
from xero_sandbox.behaviour.edits import Write
from xero_sandbox.behaviour.faults import Fault
from xero_sandbox.core.documents import World

HISTORY = ("kpi_daily", "plan_history", "plan_summary")
OPENING = """
import sys, pathlib
from pipelines.storage.tables import PRODUCTS
from pipelines.storage.warehouse import open_warehouse, row_count
with open_warehouse(pathlib.Path(sys.argv[1])) as warehouse:
    print(row_count(warehouse, PRODUCTS))
"""


@dataclass(frozen=True)
class Refreshed:
    """A home where everything was read again in this very process: the histories before, the result, Xero's answers."""

    planned: Planned
    before: list[pl.DataFrame]
    loaded: dict[str, Any]
    answers: int
    said: str


@pytest.fixture(scope="module")
def refreshed(planned_home: Path, wholesaler: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Refreshed]:
    home = tmp_path_factory.mktemp("refreshed") / HOME
    with pytest.MonkeyPatch.context() as patch, copied(planned_home, wholesaler, home, patch) as planned:
        before = [planned.stocktrim.published(table) for table in HISTORY]
        for path in (home, *home.rglob("*")):  # as an older version made it under a careless umask
            path.chmod(path.lstat().st_mode | 0o055) if not path.is_symlink() else None
        every = ("products", "sales-orders", "purchase-orders", "suppliers")
        planned.sandbox.sandbox.log.reset()
        loaded = planned.stocktrim("load", "--json", *(word for entity in every for word in ("--refresh", entity)))
        assert loaded.code == 0, loaded.err
        calls = [call for call in planned.sandbox.stats()["requests"] if call["path"].startswith("/api.xro/")]
        answers = sum(call["status"] == 200 for call in calls)  # beside them, the token of the sandbox before this one
        yield Refreshed(planned, before, loaded.json(), answers, loaded.err)


def test_a_load_says_how_many_calls_it_took(refreshed: Refreshed) -> None:
    assert refreshed.loaded["calls"] == refreshed.answers >= 4


def test_a_refresh_that_brings_what_was_there_changes_and_builds_nothing_but_the_age_of_the_data(
    refreshed: Refreshed,
) -> None:
    assert refreshed.loaded["changes"] == {"records": [], "products_moved": 0, "stock_moves": []}
    assert "dbt is not started" in refreshed.said
    (loaded_at,) = refreshed.planned.stocktrim.published("data_freshness")["loaded_at"]
    assert loaded_at > refreshed.before[2]["data_loaded_at"].max()


def test_dbt_reads_of_the_project_in_a_new_home_only_what_changed_since_it_was_installed(planned_home: Path) -> None:
    here, installed = read_at(planned_home / "organisations" / KEY / "dbt" / MANIFEST.name), read_at(MANIFEST)
    assert sum(here.get(name) == at for name, at in installed.items()) > len(installed) / 2 > 50


def read_at(manifest: Path) -> dict[str, float]:
    """When dbt read each model and test, in seconds since 1970."""
    return {name: node["created_at"] for name, node in json.loads(manifest.read_text())["nodes"].items()}


def test_what_comes_after_a_change_is_built_and_equals_what_building_everything_makes(refreshed: Refreshed) -> None:
    stocktrim, sandbox = refreshed.planned.stocktrim, refreshed.planned.sandbox
    sold = next(sale for sale in sandbox.worlds[0].invoices.values() if (sale.kind, sale.status) == ("ACCREC", "DRAFT"))
    sandbox.edit(Write(path=f"Invoices/{sold.document_id}", body={"Status": "DELETED"}))
    loaded = stocktrim("load")
    assert loaded.code == 0, loaded.err
    assert "dbt is not started" not in loaded.err
    assert ["sales invoices", "0", "0", "1", "0", sold.number] in [
        [cell.strip() for cell in line.strip("│").split("│")] for line in loaded.out.splitlines()
    ]
    partly = {table.name: stocktrim.published(table.name) for table in PUBLISHED if table.stage == "marts"}

    warned = [line for line in loaded.err.splitlines() if line.startswith("Warning: ")]
    with open_warehouse(stocktrim.folder) as warehouse:
        warehouse.execute("delete from intermediate.int_stock__movements")
        warehouse.execute("update marts.products set product_name = 'by hand'")
    mended = stocktrim("load")
    assert mended.code == 0, mended.err
    assert [line for line in mended.err.splitlines() if line.startswith("Warning: ")] == warned != []
    wholly = {name: stocktrim.published(name) for name in partly}
    age = "data_freshness"
    assert partly.pop(age).drop("loaded_at").equals(wholly.pop(age).drop("loaded_at"))
    for name, frame in partly.items():
        assert_frame_equal(frame, wholly[name], check_row_order=False)


def test_after_dbt_the_warehouse_is_free_while_the_process_that_ran_it_lives(refreshed: Refreshed) -> None:
    stocktrim = refreshed.planned.stocktrim
    opened = subprocess.run(  # noqa: S603, ours
        [sys.executable, "-c", OPENING, stocktrim.folder], capture_output=True, text=True, check=False
    )
    assert (opened.returncode, opened.stderr) == (0, "")
    assert int(opened.stdout) == stocktrim.published("products").height


def test_all_that_lies_in_a_home_is_its_owners_alone(refreshed: Refreshed) -> None:
    home = refreshed.planned.stocktrim.home
    open_to_others = [
        str(path.relative_to(home))
        for path in (home, *home.rglob("*"))
        if not path.is_symlink() and path.lstat().st_mode & 0o077
    ]
    assert open_to_others == []
    assert len(list(home.rglob("*"))) > 50


def test_history_survives_a_refresh_of_everything(refreshed: Refreshed) -> None:
    assert [frame.is_empty() for frame in refreshed.before] == [False] * 3
    after = [refreshed.planned.stocktrim.published(table) for table in HISTORY]
    assert all(old.equals(new) for old, new in zip(refreshed.before, after, strict=True))


def test_a_load_can_be_replayed_without_a_call(refreshed: Refreshed) -> None:
    stocktrim, sandbox = refreshed.planned.stocktrim, refreshed.planned.sandbox
    sandbox.sandbox.log.reset()
    replayed = stocktrim("load", "--replay", refreshed.loaded["load_id"])
    assert replayed.code == 0, replayed.err
    assert sandbox.stats()["counts"]["accounting_requests"] == 0
    assert stocktrim("load", "--replay", "never").code == 2


def test_a_days_limit_is_remembered(refreshed: Refreshed) -> None:
    stocktrim, sandbox = refreshed.planned.stocktrim, refreshed.planned.sandbox
    sandbox.fault(Fault(kind="rate_limit", path="/Items", problem="day", retry_after=40_000))
    limited = stocktrim("load")
    assert limited.code == 5, limited.err
    assert "UTC" in limited.err.splitlines()[-1]
    sandbox.sandbox.log.reset()
    again = stocktrim("load")
    assert (again.code, again.err.splitlines()[-1]) == (5, limited.err.splitlines()[-1])
    assert sandbox.stats()["counts"]["accounting_requests"] == 0
