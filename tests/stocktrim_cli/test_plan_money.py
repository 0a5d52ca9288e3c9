"""What `stocktrim plan` and Dagster say of suppliers' minimums and of a budget."""

from datetime import UTC, datetime

import pytest

from pipelines.replenishment.plan.plan_summary import summarise_plan
from stocktrim_assets.assets.plan import shown_money
from stocktrim_cli.plan_money import say_what_is_not_counted, show_money
from tests.end_to_end.conftest import in_a_line
from tests.pipelines.planning_builders import AS_OF, a_product, in_stock, inputs
from tests.pipelines.replenishment.supplier_orders.test_plans_in_money import a_minimum, a_shop, natural, planned

PLANNED_AT = datetime(2026, 3, 2, 5, tzinfo=UTC)


def summary_of(plan, *frames, cap):
    return summarise_plan(
        plan.order_plan, inputs(*frames).stock_on_order, base_currency="GBP", planned_at=PLANNED_AT,
        data_loaded_at=PLANNED_AT, is_stale=False, inputs_hash="0" * 64, code_version="1", as_of=AS_OF,
        supplier_orders=plan.supplier_orders, spend_cap=cap,
    )  # fmt: skip


def said(capsys: pytest.CaptureFixture[str]) -> str:
    captured = capsys.readouterr()
    return in_a_line(f"{captured.out} {captured.err}")


def test_a_budget_is_said_with_what_it_leaves_out_and_what_it_cannot_count(capsys):
    plan = planned(*a_shop(), budget="40")
    summary = summary_of(plan, *a_shop(), cap=40.0)
    show_money(plan.supplier_orders, plan.order_adjustments, organisation="acme", most=2)
    say_what_is_not_counted(plan.order_plan, summary.row(0, named=True), organisation="acme", budget="40")
    text = said(capsys)
    assert "Left out by the spend cap: the 2 dearest of 3 products" in text
    assert "To keep the spend cap of 40.00 GBP" in text
    assert "for this plan only" in text
    assert "settings set spend_cap 40" in text
    metadata = {table.name: shown for table, shown in shown_money(plan, summary).items()}
    assert "To keep the spend cap of 40.00 GBP" in metadata["supplier_orders"]["spend_cap"]
    assert "CUP" in metadata["order_adjustments"]["left_out"].value


def test_products_outside_of_the_cap_are_named(capsys):
    frames = (a_product("CUP", currency="USD", currency_rate=None), in_stock(20, product="CUP"))
    plan = planned(*frames, budget="0")
    say_what_is_not_counted(plan.order_plan, summary_of(plan, *frames, cap=0.0).row(0, named=True))
    assert "1 product without a cost or an exchange rate is ordered outside of the cap: CUP." in said(capsys)


def test_an_order_below_its_minimum_is_said_with_both_ways(capsys):
    frames = [*a_shop(), *a_minimum(natural() + 15)]
    plan = planned(*frames)
    show_money(plan.supplier_orders, plan.order_adjustments, organisation="acme")
    text = said(capsys)
    assert "Name of supplier-07: Needed: " in text
    assert "6 units of" in text
    assert "Waiting until" in text
    metadata = {table.name: shown for table, shown in shown_money(plan, summary_of(plan, *frames, cap=None)).items()}
    assert "Waiting until" in metadata["supplier_orders"]["orders_below_minimum"].value
    assert metadata["order_adjustments"] == {}
