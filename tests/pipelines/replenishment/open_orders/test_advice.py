"""Advice on open orders: what a buyer reads about goods on their way, and that it never contradicts the plan."""

import random
from datetime import date
from decimal import Decimal
from typing import Any

import polars as pl
import pytest

from pipelines.replenishment.open_orders.advice import ADVICE, advise_open_orders
from pipelines.storage.tables import OPEN_ORDER_ADVICE
from tests.pipelines.planning_builders import (
    a_late_order,
    a_product,
    a_setting,
    expecting,
    in_days,
    in_stock,
    inputs,
    on_order,
    received,
    together,
)

DEMAND = expecting(28, 14)  # two units a day, 59 at the service level for the 21 days of the interval


def advised(*frames: pl.DataFrame, expecting: Any = DEMAND) -> tuple[pl.DataFrame, list[dict[str, Any]]]:
    """The plan, and the advice on each open line in the order of its number."""
    given = inputs(*frames)
    plan = given.plan(expecting).order_plan
    found = advise_open_orders(plan, given.inputs, given.parameters, expecting, base_currency="GBP")
    assert found.schema == OPEN_ORDER_ADVICE.schema
    return plan, found.sort("purchase_order_number").to_dicts()


def the_advice(*frames: pl.DataFrame, **more: Any) -> dict[str, Any]:
    _, (line,) = advised(a_product(), *frames, **more)
    return line


def test_an_order_that_comes_after_stock_is_out_is_expedited_with_the_margin_lost() -> None:
    line = the_advice(in_stock(5), on_order(60, arriving=in_days(10)))
    assert (line["advice"], line["from_date"], line["to_date"]) == ("expedite", in_days(10), in_days(2))
    assert 14 <= line["advised_quantity"] <= 18  # two a day for ten days, less the five there are
    assert float(line["money_at_stake"]) == pytest.approx(line["advised_quantity"] * 1.5, abs=0.01)


def test_units_that_several_orders_could_save_are_counted_once() -> None:
    _, lines = advised(
        a_product(), in_stock(0),
        on_order(6, arriving=in_days(8), purchase_order_number="PO-1"),
        on_order(60, arriving=in_days(12), purchase_order_number="PO-2"),
    )  # fmt: skip
    first, second = lines
    assert first["advised_quantity"] == pytest.approx(6, abs=0.1)
    assert first["advised_quantity"] + second["advised_quantity"] <= 2 * 12


def test_an_order_that_comes_long_before_it_is_needed_is_postponed() -> None:
    line = the_advice(in_stock(220), on_order(60, arriving=in_days(3)))
    assert line["advice"] == "postpone"
    days = (line["to_date"] - line["from_date"]).days
    assert 60 <= days <= 110  # 220 units last for 78 days at the service level
    assert line["money_at_stake"] == round(Decimal("100.00") * Decimal("0.25") * days / 365, 2)


def test_what_the_plan_calls_overstock_is_cancelled_in_whole_batches() -> None:
    plan, (line,) = advised(a_product(), in_stock(300), on_order(60, arriving=in_days(3)))
    assert (line["advice"], line["advised_quantity"], line["money_at_stake"]) == ("cancel", 48, Decimal("80.00"))
    assert plan["overstock_quantity"][0] >= line["advised_quantity"]
    batches = the_advice(in_stock(300), on_order(60, arriving=in_days(3)), a_setting("batch_size", "25"))
    assert batches["advised_quantity"] == 35  # 25 stay, as one batch


@pytest.mark.parametrize(("days_ago", "is_said"), [(6, False), (7, False), (8, True), (40, True)])
def test_an_order_without_a_delivery_date_that_was_expected_long_ago_is_said_to_be_overdue(
    days_ago: int, *, is_said: bool
) -> None:
    line = the_advice(in_stock(60), on_order(60, arriving=in_days(-days_ago), is_arrival_assumed=False))
    assert (line["advice"] == "receive_or_redate") == is_said
    assert (
        line["sentence"].startswith(
            f"Expected on {in_days(-days_ago)}, {days_ago} days ago, and not received: it still counts as on order."
        )
        == is_said
    )
    assumed = the_advice(in_stock(60), on_order(60, arriving=in_days(-days_ago), is_arrival_assumed=True))
    assert assumed["advice"] != "receive_or_redate"


def test_an_order_within_the_usual_spread_of_its_lead_time_is_not_overdue() -> None:
    spread = received(4, 14, 24, 34, 9, 29)
    twelve = on_order(60, arriving=in_days(-12), is_arrival_assumed=False)
    assert the_advice(in_stock(60), twelve)["advice"] == "receive_or_redate"
    learned = a_setting("lead_time_rule", "learned", level="global", subject="")
    assert the_advice(in_stock(60), twelve, spread, learned)["advice"] != "receive_or_redate"


@pytest.mark.parametrize("stock", [200, 60, 5])
def test_an_order_that_is_promised_for_a_year_that_nobody_means_is_given_a_date(stock: float) -> None:
    line = the_advice(in_stock(stock), on_order(60, arriving=date(9999, 12, 31), delivery_date=date(9999, 12, 31)))
    if line["advice"] != "expedite":
        assert (line["advice"], line["advised_quantity"]) == ("receive_or_redate", 60)
        assert line["money_at_stake"] == Decimal("100.00")
        assert line["sentence"].startswith("Expected only on 9999-12-31: give it the date that the supplier means")
    far = the_advice(in_stock(60), on_order(60, arriving=in_days(800)))
    near = the_advice(in_stock(60), on_order(60, arriving=in_days(700)))
    assert (far["advice"], near["advice"] != "receive_or_redate") == ("receive_or_redate", True)


@pytest.mark.parametrize("waits", [20.0, 60.0])
def test_what_assemblies_require_is_never_cancelled_and_cannot_wait(waits: float) -> None:
    """A part of a bundle: what the bundle takes is no surplus, in the plan as in the advice."""
    frames = (
        a_product("SET"), a_product("CUP"), a_setting("bundle_of", "CUP:10", subject="SET"),
        a_setting("is_assembled", "true", subject="SET"), a_setting("manufacturing_time_days", "14", subject="SET"),
        in_stock(waits, product="CUP"), in_stock(0, committed=40, product="SET"),
        on_order(600, arriving=in_days(3), product="CUP"),
    )  # fmt: skip
    forecasts = together(
        *(expecting(28, 14, product=code, quantiles={0.5: 42.0, 0.95: 59.0}) for code in ("SET", "CUP"))
    )
    plan, (line,) = advised(*frames, expecting=forecasts)
    part = plan.filter(product_code="CUP").row(0, named=True)
    alone = the_advice(in_stock(waits), on_order(600, arriving=in_days(3)))
    assert alone["advice"] == "cancel"
    assert part["assembly_requirement"] > 200
    assert (part["overstock_quantity"], line["advice"] in {"cancel", "postpone"}) == (0, False)


def test_an_order_of_what_no_longer_sells_is_cancelled_and_a_first_order_is_not() -> None:
    dead = expecting(0, 0, demand_class="dead")
    assert the_advice(in_stock(4), on_order(60, arriving=in_days(3)), expecting=dead)["advice"] == "cancel"
    new = expecting(0, 0, demand_class="never_sold", history_weeks=0)
    line = the_advice(in_stock(0), on_order(60, arriving=in_days(3)), expecting=new)
    assert (line["advice"], line["sentence"]) == ("none", "No advice: the product has no sales yet to judge by.")


def test_a_late_order_and_one_that_a_bill_delivered_are_to_be_received() -> None:
    late = the_advice(in_stock(20), a_late_order(60, delivery_date=in_days(-3), ordered_quantity=60.0))
    assert (late["advice"], late["advised_quantity"], late["money_at_stake"]) == (
        "receive_or_redate", 60, Decimal("100.00"),
    )  # fmt: skip
    billed = the_advice(
        in_stock(20),
        on_order(60, arriving=in_days(5), ordered_quantity=60.0, billed_quantity=30.0,
                 exception="counted_although_billed"),
    )  # fmt: skip
    assert (billed["advice"], billed["advised_quantity"], billed["money_at_stake"]) == (
        "receive_or_redate", 30, Decimal("50.00"),
    )  # fmt: skip


@pytest.mark.parametrize(
    "frames",
    [
        (in_stock(float("nan")), on_order(60, arriving=in_days(3))),
        (in_stock(50), on_order(float("nan"), arriving=in_days(3))),
        (in_stock(50), on_order(0.0, arriving=in_days(3))),
        (in_stock(50), on_order(5, arriving=None, is_counted=False, rule="missing_in_xero")),
        (in_stock(50), on_order(5, arriving=in_days(3), product="UNKNOWN")),
        (in_stock(-5), on_order(60, arriving=in_days(3))),
    ],
)
def test_a_line_that_cannot_be_judged_stays_in_the_list_with_its_reason(frames: tuple[pl.DataFrame, ...]) -> None:
    line = the_advice(*frames)
    assert line["advice"] == "none"
    assert line["sentence"]


def test_money_without_a_rate_is_unknown_never_one_to_one() -> None:
    line = the_advice(in_stock(300), on_order(60, arriving=in_days(3), currency="USD", currency_rate=None))
    assert (line["advice"], line["money_at_stake"]) == ("cancel", None)
    assert "an unknown amount" in line["sentence"]


def test_without_open_orders_or_without_a_plan_there_is_no_advice() -> None:
    given = inputs(a_product(), in_stock(5))
    plan = given.plan(DEMAND).order_plan
    for of in (plan, plan.clear()):
        found = advise_open_orders(of, given.inputs, given.parameters, DEMAND, base_currency="GBP")
        assert found.equals(OPEN_ORDER_ADVICE.schema.to_frame())


def test_advice_never_contradicts_the_plan() -> None:
    rng = random.Random(7)  # noqa: S311, no secret
    codes = [f"P{number:03}" for number in range(120)]
    frames, forecasts = [], []
    for code in codes:
        frames += [a_product(code), in_stock(rng.choice([0, 3, 20, 60, 150, 400]), product=code)]
        frames += [
            on_order(rng.choice([1, 10, 60, 200]), arriving=in_days(rng.randint(0, 60)), product=code,
                     purchase_order_number=f"PO-{code}-{line}", line_number=1)
            for line in range(rng.randint(0, 3))
        ]  # fmt: skip
        before = rng.choice([0, 1, 8, 40])
        forecasts.append(expecting(before, before / 2, product=code))
    plan, lines = advised(*frames, expecting=together(*forecasts))
    of_plan = {row["product_code"]: row for row in plan.to_dicts()}
    assert {line["advice"] for line in lines} == set(ADVICE) - {"receive_or_redate"}
    cancelled: dict[str, float] = {}
    for line in lines:
        row = of_plan[line["product_code"]]
        if row["order_quantity"] > 0 or row["status"] == "short":
            assert line["advice"] not in {"cancel", "postpone"}, row
        if line["advice"] == "expedite":
            assert row["days_to_stock_out_soonest"] < (line["from_date"] - row["as_of_date"]).days
        if line["advice"] == "cancel":
            cancelled[line["product_code"]] = cancelled.get(line["product_code"], 0) + line["advised_quantity"]
    assert all(units <= of_plan[code]["overstock_quantity"] + 1e-3 for code, units in cancelled.items())
