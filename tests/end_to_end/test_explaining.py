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
from tests.end_to_end.conftest import HOME, KEY, Command


@pytest.fixture(scope="module")
def stocktrim(planned_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Command]:
    home = Path(shutil.copytree(planned_home, tmp_path_factory.mktemp("explained") / HOME, symlinks=True))
    with pytest.MonkeyPatch.context() as patch:
        yield Command(home, patch)


def metadata_of(home: Path, key: list[str]) -> dict[str, Any]:
    """What Dagster shows of an asset's newest materialization."""
    with dagster_instance(read_settings({"STOCKTRIM_HOME": str(home)})) as instance:
        result = instance.get_latest_materialization_event(dg.AssetKey(key))
    assert result is not None
    assert result.asset_materialization is not None
    return {name: value.value for name, value in result.asset_materialization.metadata.items()}


def test_dagster_explains_the_most_urgent_products_of_a_plan_as_the_command_does(stocktrim: Command) -> None:
    shown = metadata_of(stocktrim.home, ["plan", "order_plan"])
    explained = {name.removeprefix("explained "): text for name, text in shown.items() if name.startswith("explained ")}
    assert len(explained) == 10
    assert sum(len(text.encode()) for text in explained.values()) < 300_000
    for code, text in explained.items():
        result = stocktrim("explain", code, "--json").json()
        assert result["bridge"][0]["label"] in text
        assert f"| to order | {result['plan']['order_quantity']:,.0f} |" in text
        assert result["transactions"][0]["invoice_number"].replace("-", "\\-") in text
        assert "data:image/svg+xml;base64," in text


def test_any_product_is_explained_in_dagster_without_another_plan(stocktrim: Command) -> None:
    plan = stocktrim.published("order_plan").filter(pl.col("order_quantity") == 0)
    code = plan.filter(pl.col("demand_class") != "never_sold")["product_code"][0]
    before = stocktrim.snapshot()
    run_job("explain", organisation=KEY, ops={"plan__explained_product": {"config": {"product_code": code}}})
    result = metadata_of(stocktrim.home, ["plan", "explained_product"])
    assert (result["product"], result["plan"]) == (code, plan["plan_id"][0])
    sales = stocktrim("explain", code, "--json").json()["transactions"]
    assert all(one["invoice_number"].replace("-", "\\-") in result["explanation"] for one in sales[:1000])
    assert stocktrim.snapshot() == before


def test_the_command_prints_every_part(stocktrim: Command) -> None:
    code = stocktrim.published("order_plan").filter(pl.col("order_quantity") > 0)["product_code"][0]
    result = stocktrim("explain", code)
    parts = (
        "needed (net requirement)",
        "Sold by month",
        "Backtest of its class",
        "Possible lead times",
        "Settings",
        "Sales lines",
    )
    assert result.code == 0
    assert not [part for part in parts if part not in result.out]


def test_a_product_that_is_not_planned_is_one_sentence(stocktrim: Command) -> None:
    result = stocktrim("explain", "NO-SUCH")
    assert (result.code, result.out) == (2, "")
    assert "There is no product 'NO-SUCH'" in result.err


def test_a_code_in_another_case_is_found(stocktrim: Command) -> None:
    result = stocktrim("explain", " p-0004 ", "--json")
    assert result.code == 0, result.err
    assert result.json()["plan"]["product_code"] == "P-0004"
    assert stocktrim("reconcile", "p-0004", "--json").json()["product_code"] == "P-0004"


def test_a_setting_is_kept_for_the_product_that_is_meant(stocktrim: Command) -> None:
    result = stocktrim("settings", "set", "bundle_of", "p-0012:2", "--product", "p-0026", "--json")
    assert result.code == 0, result.err
    assert (result.json()["subject"], result.json()["value"]) == ("P-0026", "P-0012:2")
    shown = stocktrim("settings", "show", "--product", "p-0026", "--json").json()
    assert {one["name"]: one["value"] for one in shown}["bundle_of"] == "P-0012:2"


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("bundle_of", "ZZZ:1", "--product", "P-0026"), "There is no product 'ZZZ'; load first if it is new in Xero."),
        (("successor_of", "NOPE", "--product", "P-0006"), "There is no product 'NOPE'; load first"),
        (("lead_time_days", "5", "--product", "NOPE"), "There is no product 'NOPE'; load first"),
        (("successor_of", "P-0006", "--product", "P-0006"), "successor_of of P-0006 cannot name P-0006 itself."),
        (("overridden_demand_until", "2026-04-01", "--product", "P-0007"), "the override would end before it begins."),
    ],
)
def test_a_setting_that_fits_nothing_is_one_sentence(stocktrim: Command, words: tuple[str, ...], sentence: str) -> None:
    assert stocktrim("settings", "set", "overridden_demand_from", "2026-05-01", "--product", "P-0007").code == 0
    result = stocktrim("settings", "set", *words)
    assert (result.code, result.out) == (2, "")
    assert sentence in " ".join(result.err.split())
