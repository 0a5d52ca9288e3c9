"""What a dry run says of the plan is what the next plan does."""

import polars as pl
import pytest

from pipelines.forecasting.forecast_tables import Forecast
from pipelines.planning_settings.registry import with_defaults
from pipelines.replenishment.setting_effects import PlanSources, changed_lines, planned_with
from pipelines.storage import tables
from tests.pipelines.planning_builders import (
    AS_OF,
    SUPPLIER,
    Company,
    a_product,
    a_setting,
    in_stock,
    inputs,
    kept,
    on_order,
    received,
    sold_every,
)

CODES = ("TEA", "CUP", "TIN")
DEMAND = [sold_every(2, 3 + place, for_days=500, product=code) for place, code in enumerate(CODES)]
STOCK = [in_stock(10 * place, product=code) for place, code in enumerate(CODES)]
BOOKS = (
    *(a_product(code) for code in CODES), *DEMAND, *STOCK, received(10, 14, 18, product="TEA"),
    on_order(12, arriving=None, product="CUP"), a_setting("batch_size", "6", subject="TEA"),
)  # fmt: skip


def published(company: Company) -> PlanSources:
    """The tables of a plan, as they are published."""
    on_drafts = company.kept_order_lines.filter(pl.col("quantity") > 0).cast({"quantity": pl.Float64})
    drafts = pl.concat(
        [tables.empty(tables.PURCHASE_ORDER_DRAFTS), on_drafts.with_columns(is_edited=True)], how="diagonal"
    )
    forecast: Forecast = company.forecast()
    return PlanSources(
        products=company.products, stock_position=company.stock_position, stock_on_order=company.stock_on_order,
        purchase_receipts=company.purchase_receipts, demand_daily=company.demand_daily,
        demand_transactions=tables.empty(tables.DEMAND_TRANSACTIONS), plan_settings=company.parameters.plan_settings,
        protection_intervals=company.parameters.protection_intervals, model_scores=tables.empty(tables.MODEL_SCORES),
        order_plan=company.plan(forecast).order_plan, answered_one_offs=tables.empty(tables.ANSWERED_ONE_OFFS),
        product_events=tables.empty(tables.PRODUCT_EVENTS), product_groups=tables.empty(tables.PRODUCT_GROUPS),
        purchase_order_drafts=drafts, data_freshness=pl.DataFrame({"base_currency": ["GBP"]}),
        **vars(forecast),
    )  # fmt: skip


@pytest.fixture(scope="module")
def company() -> Company:
    return inputs(*BOOKS)


@pytest.fixture(scope="module")
def sources(company: Company) -> PlanSources:
    return published(company)


def test_the_last_plan_is_found_again_with_its_own_settings(company: Company, sources: PlanSources) -> None:
    again = planned_with(sources, company.planning_settings, as_of=AS_OF)
    assert again.drop("plan_id").equals(sources.order_plan.drop("plan_id"))
    assert changed_lines(sources, company.planning_settings, company.planning_settings).is_empty()


def test_the_last_plan_is_found_again_with_the_drafts_that_people_keep() -> None:
    company = inputs(
        *BOOKS, kept(4, product="TEA"), kept(0, product="CUP"), a_setting("spend_cap", "40", level="global", subject="")
    )
    sources = published(company)
    assert set(sources.order_plan.filter(binding_rule="kept_draft")["product_code"]) == {"TEA", "CUP"}
    assert changed_lines(sources, company.planning_settings, company.planning_settings).is_empty()
    assert (
        planned_with(sources, company.planning_settings, as_of=AS_OF)
        .drop("plan_id")
        .equals(sources.order_plan.drop("plan_id"))
    )


@pytest.mark.parametrize(
    "setting",
    [
        a_setting("batch_size", "50", subject="TEA"),
        a_setting("service_level", "0.99", level="global", subject=""),
        a_setting("order_frequency_days", "40", level="supplier", subject=SUPPLIER),
        a_setting("forecast_period_days", "90", subject="TIN"),
        a_setting("overridden_demand", "9", subject="CUP"),
        a_setting("discontinued", "true", subject="TEA"),
        a_setting("unit_cost", "7.5", subject="TEA"),
    ],
    ids=lambda setting: setting["name"][0],
)
def test_a_dry_run_shows_the_orders_of_the_plan_that_the_settings_lead_to(
    company: Company, sources: PlanSources, setting: pl.DataFrame
) -> None:
    is_same = pl.col("name").eq(setting["name"][0]) & pl.col("subject").eq(setting["subject"][0])
    explicit = pl.concat([company.planning_settings.filter(pl.col("changed_by") == "a buyer", ~is_same), setting])
    after = with_defaults(explicit)
    marts = inputs(*BOOKS, setting)
    products = marts.products
    if setting["name"][0] == "discontinued":
        products = products.with_columns(is_discontinued=pl.col("product_code") == "TEA")
    if setting["name"][0] == "unit_cost":
        is_tea = pl.col("product_code") == "TEA"
        cost = pl.when(is_tea).then(pl.lit("7.5").cast(products.schema["unit_cost"])).otherwise("unit_cost")
        products = products.with_columns(unit_cost=cost)
    planned = Company(**{**vars(marts), "products": products, "planning_settings": after}).plan().order_plan
    found = planned_with(sources, after, as_of=AS_OF)
    assert found.drop("plan_id").equals(planned.drop("plan_id"))
    changed = changed_lines(sources, company.planning_settings, after)
    both = sources.order_plan.join(planned, on="product_code", suffix="_then")
    differing = both.filter(
        (pl.col("order_quantity") != pl.col("order_quantity_then"))
        | (pl.col("status") != pl.col("status_then"))
        | (pl.col("order_value") != pl.col("order_value_then"))
        | (pl.col("reason") != pl.col("reason_then"))
    )
    assert changed["product_code"].to_list() == sorted(differing["product_code"].to_list()) != []
