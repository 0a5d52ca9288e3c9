"""A plan decides each product by its own level, or by the one that was allocated to it, and says which and why."""

from decimal import Decimal

import polars as pl
import pytest

from pipelines.replenishment.explain.records import PlanLine
from pipelines.replenishment.explain.sentences import sentences
from pipelines.replenishment.service_allocation.allocation_words import (
    BY_MARGIN,
    BY_VALUE,
    EVEN,
    NO_COST,
    NO_DEMAND,
    NO_MARGIN,
)
from tests.pipelines.planning_builders import (
    GROUP,
    a_plan,
    a_product,
    a_setting,
    in_group,
    in_stock,
    inputs,
    sold_every,
)

CHEAP, MIDDLE, DEAR = "CHEAP", "MIDDLE", "DEAR"
COSTS = {CHEAP: Decimal("0.5000"), MIDDLE: Decimal("5.0000"), DEAR: Decimal("200.0000")}
PRICES = {CHEAP: Decimal("2.0000"), MIDDLE: Decimal("12.0000"), DEAR: Decimal("205.0000")}


def of_all(name: str, value: str) -> pl.DataFrame:
    return a_setting(name, value, level="global", subject="")


def a_company(**costs: Decimal | None) -> list[pl.DataFrame]:
    return [
        frame
        for place, code in enumerate(COSTS)
        for frame in (
            a_product(code, unit_cost=costs.get(code, COSTS[code]), sales_unit_price=PRICES[code]),
            sold_every(3 + 2 * place, 4 - place, for_days=300, product=code),
            in_stock(1, product=code),
        )
    ]


@pytest.fixture(scope="module")
def forecast():
    return inputs(*a_company()).forecast()


def levels(plan: pl.DataFrame) -> dict[str, float]:
    return dict(plan.select("product_code", "service_level").rows())


def reasons(plan: pl.DataFrame) -> dict[str, str]:
    return dict(plan.select("product_code", "service_level_reason").rows())


def stock_value(plan: pl.DataFrame) -> float:
    return sum(float(COSTS[code]) * level for code, level in plan.select("product_code", "order_up_to_level").rows())


def test_by_default_each_product_keeps_its_own_level(forecast):
    plan = a_plan(*a_company(), expecting=forecast)
    assert levels(plan) == dict.fromkeys(COSTS, 0.95)
    assert reasons(plan) == dict.fromkeys(COSTS, EVEN)


def test_by_value_the_products_keep_their_mean_level_with_less_money_and_none_is_below_the_floor(forecast):
    even = a_plan(*a_company(), expecting=forecast)
    plan = a_plan(*a_company(), of_all("service_allocation", "by_value"), expecting=forecast)
    found = levels(plan)
    assert sum(found.values()) / len(found) >= 0.95 - 1e-9
    assert found[DEAR] < 0.95 < found[CHEAP]
    assert min(found.values()) >= 0.8
    assert stock_value(plan) < stock_value(even)
    assert reasons(plan) == dict.fromkeys(COSTS, BY_VALUE)
    higher = a_plan(
        *a_company(), of_all("service_allocation", "by_value"), of_all("service_floor", "0.93"), expecting=forecast
    )
    assert min(levels(higher).values()) >= 0.93


def test_a_group_keeps_its_level_by_itself_and_a_product_can_be_left_out(forecast):
    by_value = a_setting("service_allocation", "by_value", level="group", subject=GROUP)
    members = [in_group(product=code) for code in (CHEAP, DEAR)]
    plan = a_plan(*a_company(), *members, by_value, expecting=forecast)
    found = levels(plan)
    assert (found[CHEAP] + found[DEAR]) / 2 >= 0.95 - 1e-9
    assert (found[MIDDLE], reasons(plan)[MIDDLE]) == (0.95, EVEN)
    own = a_setting("service_allocation", "even", subject=DEAR)
    kept = a_plan(*a_company(), of_all("service_allocation", "by_value"), own, expecting=forecast)
    assert (levels(kept)[DEAR], reasons(kept)[DEAR]) == (0.95, EVEN)


def test_a_group_without_products_changes_nothing(forecast):
    nobody = a_setting("service_allocation", "by_value", level="group", subject=GROUP)
    assert levels(a_plan(*a_company(), nobody, expecting=forecast)) == dict.fromkeys(COSTS, 0.95)


def test_by_margin_a_product_that_earns_little_for_its_cost_has_a_lower_level(forecast):
    plan = a_plan(*a_company(), of_all("service_allocation", "by_margin"), expecting=forecast)
    found = levels(plan)
    assert found[DEAR] < found[MIDDLE] <= 0.999
    assert found[CHEAP] > 0.98
    assert reasons(plan) == dict.fromkeys(COSTS, BY_MARGIN)


def test_unknown_costs_and_margins_that_are_not_positive_keep_the_level_that_is_set_and_it_is_said(forecast):
    company = a_company(CHEAP=None, DEAR=Decimal("205.0000"))
    by_margin = a_plan(*company, of_all("service_allocation", "by_margin"), expecting=forecast)
    assert reasons(by_margin) == {CHEAP: NO_COST, MIDDLE: BY_MARGIN, DEAR: NO_MARGIN}
    assert (levels(by_margin)[CHEAP], levels(by_margin)[DEAR]) == (0.95, 0.95)
    line = PlanLine(**by_margin.filter(pl.col("product_code") == DEAR).row(0, named=True))
    about_margin = (
        "The service level of this product is 95%: its margin is unknown or not positive, so that it keeps the "
    )
    assert any(text.startswith(about_margin) for text in sentences(line))


def test_what_is_expected_to_sell_nothing_counts_for_no_service():
    frames = [*a_company(), a_product("NEVER"), in_stock(3, product="NEVER")]
    plan = a_plan(*frames, of_all("service_allocation", "by_value"))
    assert reasons(plan)["NEVER"] == NO_DEMAND
    sold = [level for code, level in levels(plan).items() if code != "NEVER"]
    assert sum(sold) / len(sold) >= 0.95 - 1e-9


def test_an_explanation_names_the_level_of_the_product_and_the_one_that_is_set(forecast):
    plan = a_plan(*a_company(), of_all("service_allocation", "by_value"), expecting=forecast)
    line = PlanLine(**plan.filter(pl.col("product_code") == DEAR).row(0, named=True))
    about = [text for text in sentences(line) if text.startswith("The service level of this product is")]
    assert len(about) == 1
    assert "instead of 95%: together with others it keeps the level that is set" in about[0]
