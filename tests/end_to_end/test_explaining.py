"""The terminal and Dagster explain the same product in the same numbers."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import polars as pl
import pytest

from pipelines.settings import read_settings
from stocktrim_assets.home import dagster_instance
from stocktrim_cli.runs import run_job
from tests.end_to_end.conftest import KEY, Command


@pytest.fixture(scope="module")
def stocktrim(planned_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Command]:
    home = Path(shutil.copytree(planned_home, tmp_path_factory.mktemp("explained") / "home", symlinks=True))
    with pytest.MonkeyPatch.context() as patch:
        yield Command(home, patch)


def metadata_of(home: Path, key: list[str]) -> dict[str, Any]:
    """What Dagster shows of an asset's newest materialization."""
    with dagster_instance(read_settings({"STOCKTRIM_HOME": str(home)})) as instance:
        told = instance.get_latest_materialization_event(dg.AssetKey(key))
    assert told is not None
    assert told.asset_materialization is not None
    return {name: value.value for name, value in told.asset_materialization.metadata.items()}


def test_dagster_explains_the_most_urgent_products_of_a_plan_as_the_command_does(stocktrim: Command) -> None:
    shown = metadata_of(stocktrim.home, ["plan", "order_plan"])
    explained = {name.removeprefix("explained "): text for name, text in shown.items() if name.startswith("explained ")}
    assert len(explained) == 10
    assert sum(len(text.encode()) for text in explained.values()) < 300_000
    for code, text in explained.items():
        told = stocktrim("explain", code, "--json").json()
        assert told["bridge"][0]["label"] in text
        assert f"| order | {told['plan']['order_quantity']:,.0f} |" in text
        assert told["transactions"][0]["invoice_number"].replace("-", "\\-") in text
        assert "data:image/svg+xml;base64," in text


def test_any_product_is_explained_in_dagster_without_another_plan(stocktrim: Command) -> None:
    plan = stocktrim.published("order_plan").filter(pl.col("order_quantity") == 0)
    code = plan.filter(pl.col("demand_class") != "never_sold")["product_code"][0]
    before = stocktrim.snapshot()
    run_job("explain", organisation=KEY, ops={"plan__explained_product": {"config": {"product_code": code}}})
    told = metadata_of(stocktrim.home, ["plan", "explained_product"])
    assert (told["product"], told["plan"]) == (code, plan["plan_id"][0])
    sales = stocktrim("explain", code, "--json").json()["transactions"]
    assert all(one["invoice_number"].replace("-", "\\-") in told["explanation"] for one in sales[:1000])
    assert stocktrim.snapshot() == before


def test_the_command_prints_every_part(stocktrim: Command) -> None:
    code = stocktrim.published("order_plan").filter(pl.col("order_quantity") > 0)["product_code"][0]
    told = stocktrim("explain", code)
    parts = ("need", "Sold by month", "Backtest of its class", "An order may take", "Settings", "sales lines behind it")
    assert told.code == 0
    assert not [part for part in parts if part not in told.out]


def test_a_product_that_is_not_planned_is_one_sentence(stocktrim: Command) -> None:
    told = stocktrim("explain", "NO-SUCH")
    assert (told.code, told.out) == (2, "")
    assert "The plan has no product 'NO-SUCH'" in told.err
