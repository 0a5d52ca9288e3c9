"""What Dagster shows of a product: the whole explanation, inert, small enough to keep with every plan."""

from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import polars as pl
import pytest

from pipelines.organisations.open_organisation import OpenOrganisation
from pipelines.replenishment.explain.product_explanation import SOURCES, ExplanationSources
from pipelines.settings import read_settings
from pipelines.storage.snapshots import publish
from pipelines.storage.warehouse import open_warehouse
from pipelines.store.engine import open_store
from stocktrim_assets.assets.explained import explained_product, product_to_explain
from stocktrim_assets.assets.plan import _shown_plan
from stocktrim_assets.definitions import defs
from stocktrim_assets.reports import explanation_text
from tests.pipelines.planning_builders import a_product, a_setting, expecting, in_days, in_stock, on_order
from tests.pipelines.replenishment.explain.explaining_builders import a_sale, days_without_stock, explained, planned

HEADINGS = (
    "### Sold by month", "### Backtest of its class", "### Demand of 21 days stays at or below",
    "### Possible lead times", "### Open orders", "### Projected stock", "### Settings",
    "### Sales lines, the latest first",
)  # fmt: skip
NASTY = "![x](http://evil.example/x.png) | <img src=x>"


def a_busy_company(products: int, lines: int) -> ExplanationSources:
    """Products that must be ordered, with long names, many sales lines and many open orders."""
    long = "Customer with a very long name " * 8
    frames = []
    for k in range(products):
        code = f"P-{k:03}"
        frames += [
            a_product(code, product_name="A product with a long name | " * 8),
            *(a_sale(1 + n % 300, 3, product=code, number=f"INV-{n:05}", customer_name=long) for n in range(lines)),
            *(on_order(1, arriving=in_days(9), product=code, purchase_order_number=f"PO-{n}") for n in range(40)),
        ]
    return planned(*frames)


def test_everything_is_shown_under_its_heading_with_the_picture_first() -> None:
    sales = a_sale(30, 4), days_without_stock(5), a_setting("lead_time_days", "14")
    text = explanation_text(explained(a_product(), *sales, expecting=expecting(20, 10)), transactions_shown=20)
    places = [
        text.index(part) for part in ("data:image/svg+xml;base64,", "| needed \\(net requirement\\) |", HEADINGS[0])
    ]
    assert places == sorted(places)
    assert not [heading for heading in HEADINGS if heading not in text]


def test_nothing_that_xero_says_is_fetched_or_breaks_a_table() -> None:
    explanation = explained(
        a_product(product_name=NASTY, supplier_name=NASTY), a_sale(3, 1, customer_name=NASTY, number=NASTY),
        on_order(1, arriving=in_days(3), purchase_order_number=NASTY), expecting=expecting(20, 10),
    )  # fmt: skip
    text = explanation_text(explanation, transactions_shown=20)
    assert text.count("![") == 1
    assert "<" not in text.replace("\\<", "")
    (line,) = [one for one in text.splitlines() if "2026\\-02\\-27" in one]
    assert line.replace("\\|", "").count("|") == 9


def test_what_is_left_out_is_said() -> None:
    sales = [a_sale(k + 1, 1, number=f"INV-{k}") for k in range(30)]
    text = explanation_text(explained(a_product(), *sales), transactions_shown=20)
    assert "### Sales lines, the latest first (20 of 30)" in text
    assert text.count("INV\\-") == 20


def test_the_ten_most_urgent_products_are_explained_whole_beside_the_plan_and_stay_small() -> None:
    shown = _shown_plan(a_busy_company(12, 60))
    texts = {name: one.md_str for name, one in shown.items() if name.startswith("explained ")}
    assert len(texts) == 10
    assert all(heading in text for text in texts.values() for heading in HEADINGS)
    assert sum(len(text.encode()) for text in texts.values()) < 300_000


@pytest.fixture
def organisation(tmp_path: Path) -> Iterator[OpenOrganisation]:
    """One with a published plan of two products that need no order."""
    settings = read_settings({"STOCKTRIM_HOME": str(tmp_path)})
    store = open_store(settings.database_url)
    opened = OpenOrganisation("acme", settings, store)
    frames = planned(
        *(a_product(code) for code in ("OLD-01", "TEA-01")), in_stock(500), a_setting("successor_of", "OLD-01"),
        *(a_sale(7 * week + 1, 2, product="OLD-01") for week in range(30)),
    )  # fmt: skip
    with open_warehouse(opened.folder) as warehouse:
        for table, frame in zip(SOURCES, vars(frames).values(), strict=True):
            warehouse.execute(f"create schema if not exists {table.stage}")
            warehouse.register("made", frame.to_arrow())
            warehouse.execute(f"create or replace table {table.path} as select * from made")
    publish(opened.folder, snapshot_id="20260302T000000-00000000")
    yield opened
    store.close()


def materialize(organisation: OpenOrganisation, code: str) -> dg.ExecuteInProcessResult:
    with dg.DagsterInstance.ephemeral() as instance:
        instance.add_dynamic_partitions("organisation", ["acme"])
        return dg.materialize(
            [explained_product], partition_key="acme", resources={"organisation": organisation}, instance=instance,
            run_config={"ops": {"plan__explained_product": {"config": {"product_code": code}}}}, raise_on_error=False,
        )  # fmt: skip


def test_any_product_is_explained_on_demand_as_metadata(organisation: OpenOrganisation) -> None:
    done = materialize(organisation, " TEA-01 ")
    assert done.success
    (made,) = done.asset_materializations_for_node("plan__explained_product")
    assert made.metadata["product"].value == "TEA-01"
    text = str(made.metadata["explanation"].value)
    assert "Sales of OLD\\-01 count for this product" in text
    assert text.count("| OLD\\-01 | PAID |") == 30


def test_a_run_of_every_asset_at_once_asks_for_no_code(organisation: OpenOrganisation) -> None:
    """Nothing is ordered here, so it is the first product; else it is the most urgent one."""
    done = materialize(organisation, "")
    assert done.success
    (made,) = done.asset_materializations_for_node("plan__explained_product")
    assert made.metadata["product"].value == "OLD-01"
    busy = a_busy_company(12, 60).order_plan
    assert product_to_explain(busy) == busy.filter(pl.col("order_quantity") > 0).sort("days_to_stock_out").item(
        0, "product_code"
    )


def test_a_code_that_is_not_planned_is_one_sentence(organisation: OpenOrganisation) -> None:
    (failure,) = materialize(organisation, "CUP").get_step_failure_events()
    assert "There is no product 'CUP'" in str(failure.step_failure_data.error)


def test_the_job_that_explains_asks_for_a_product_and_no_plan_waits_for_one() -> None:
    def steps(job: str) -> set[str]:
        return {node.name for node in defs.resolve_job_def(job).nodes}

    assert steps("explain") == {"plan__explained_product"}
    assert not {job for job in ("plan", "load_and_plan") if "plan__explained_product" in steps(job)}
