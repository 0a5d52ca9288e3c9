"""Suppliers' minimums and a spend cap in the backtest: what is ordered keeps them, and ours loses less."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import numpy as np
import polars as pl
import pytest

from pipelines.planning_settings.order_rule import OrderPolicy
from pipelines.policy_backtest.level_prices import OURS
from pipelines.policy_backtest.money_terms import MoneyTerms, in_proportion
from pipelines.policy_backtest.past import make_history
from pipelines.policy_backtest.policy_comparison import (
    OURS_IN_PROPORTION,
    OURS_UNLIMITED,
    BacktestSettings,
    run_backtest,
)
from pipelines.policy_backtest.replay.organisation_past import with_money_terms, with_one_supplier
from pipelines.replenishment.supplier_orders.money_rules import MoneyRules, money_rules
from pipelines.replenishment.supplier_orders.order_values import OrderTerms
from tests.pipelines.planning_builders import SUPPLIER, a_plan, a_product, a_setting, expecting, in_stock, inputs

FIRST = date(2024, 1, 1)
PRODUCTS = 8


@pytest.fixture(scope="module")
def history():
    """Eight products of two costs and two margins, sixty weeks of sales, an order a week."""
    rng = np.random.default_rng(7)
    weeks = [FIRST + timedelta(weeks=k) for k in range(60)]
    return make_history(
        pl.DataFrame(
            {
                "product_code": [f"P-{i:02d}" for i in range(PRODUCTS) for _ in weeks],
                "date": weeks * PRODUCTS,
                "quantity": rng.negative_binomial(3, 0.3, PRODUCTS * len(weeks)).astype(float),
                "unit_cost": [2.0 + 8 * (i % 2) for i in range(PRODUCTS) for _ in weeks],
                "unit_price": [3.0 + 20 * (i % 2) * (1 + i % 3) for i in range(PRODUCTS) for _ in weeks],
            }
        ),
        lead_time_days=7,
    )


def of_all(history, rules):
    asked = BacktestSettings(order_frequency_days=7, service_levels=[0.95], order_policy=OrderPolicy(), weeks=16)
    limited = with_one_supplier(history, rules, holding_cost_rate=0.25)
    results = run_backtest(limited, asked, progress=lambda _: None).results
    return {row["policy"]: row for row in results.filter(demand_class="all").to_dicts()}


def test_without_a_minimum_and_a_cap_no_policy_is_added(history):
    assert not {OURS_IN_PROPORTION, OURS_UNLIMITED} & set(of_all(history, MoneyRules()))


def test_a_minimum_makes_fewer_orders_and_a_cap_less_stock(history):
    free = of_all(history, MoneyRules(minimum_of_all=0.01))[OURS_UNLIMITED]
    least = of_all(history, MoneyRules(minimum_of_all=600.0))
    assert least[OURS]["supplier_orders"] < free["supplier_orders"]
    assert least[OURS_UNLIMITED] == free
    capped = of_all(history, MoneyRules(spend_cap=150.0))
    assert capped[OURS]["average_stock_value"] < free["average_stock_value"]
    lost = [result["lost_margin_a_week"] for result in (free, capped[OURS], capped[OURS_IN_PROPORTION])]
    assert lost == sorted(lost)
    assert lost[0] < lost[1]


def test_in_proportion_raises_in_batches_and_leaves_out_an_order_that_the_cap_takes_below_its_minimum():
    terms = OrderTerms(np.ones(3), np.array([1.0, 4.0, 1.0]), np.array([1.0, 4.0, 1.0]))
    money = MoneyTerms(np.array([0, 0, 1]), np.ones(3), np.array([18.0, 0.0]), ("best", "best"), None)
    ordered = np.array([2.0, 4.0, 10.0])
    assert in_proportion(ordered, terms, money).tolist() == [6.0, 12.0, 10.0]
    assert in_proportion(ordered, terms, replace(money, spend_cap=14.0)).tolist() == [0.0, 0.0, 5.0]


def test_an_organisations_own_minimums_are_replayed_in_base_currency():
    frames = [
        a_product("CUP", currency="USD", currency_rate=Decimal("2.000000")),
        in_stock(5, product="CUP"),
        a_setting("minimum_order_value", "250", level="supplier", subject=SUPPLIER),
        a_setting("spend_cap", "900", level="global", subject=""),
    ]
    company = inputs(*frames)
    plan = a_plan(*frames, expecting=expecting(20, 10, product="CUP"))
    sold = pl.DataFrame({"product_code": ["CUP"], "date": [FIRST], "quantity": [1.0]})
    past = with_money_terms(
        make_history(sold.vstack(sold.with_columns(date=pl.lit(FIRST + timedelta(days=100)))), lead_time_days=7),
        plan, company.parameters.plan_settings, money_rules(company.planning_settings),
    )  # fmt: skip
    assert past.money is not None
    assert (past.money.minimums.tolist(), past.money.spend_cap) == ([125.0], 900.0)
    assert past.money.holding_cost_rate.tolist() == [0.25]
