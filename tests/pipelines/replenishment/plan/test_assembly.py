"""A bundle with stock of its own is planned before its parts, and what it needs is demand of these."""

from datetime import UTC, datetime
from typing import Any

import polars as pl
import pytest

from pipelines.expectations.plan_rules import _BRIDGE, check_plan
from pipelines.planning_settings.demand_settings.assemblies import all_parts, assemblies_of, planning_levels
from pipelines.planning_settings.registry import wide_settings
from pipelines.planning_settings.successors_and_bundles import transfers_of
from pipelines.purchasing.drafts import Terms, redraft
from tests.pipelines.planning_builders import (
    AS_OF,
    Company,
    a_product,
    a_setting,
    expecting,
    in_stock,
    inputs,
    on_order,
    sold_every,
    together,
)
from tests.pipelines.replenishment.explain.explaining_builders import explained

SET, CUP, TEA, BOX = "SET", "CUP", "TEA", "BOX"
SOLD_LATER = 10
"""Bundles sold in the 7 of 21 days after the last assembly of the part's protection interval."""
LEVEL = {0.5: 30.0, 0.95: 40.0}


def assembled(code: str, parts: str, *, days: int = 14) -> list[pl.DataFrame]:
    values = {"bundle_of": parts, "is_assembled": "true", "manufacturing_time_days": str(days)}
    return [a_setting(name, value, subject=code) for name, value in values.items()]


def company(*frames: pl.DataFrame, codes: tuple[str, ...] = (SET, CUP)) -> Company:
    return inputs(*(a_product(code) for code in codes), *frames)


def planned(*frames: pl.DataFrame, codes: tuple[str, ...] = (SET, CUP), sold: tuple[str, ...] | None = None) -> Any:
    forecast = together(*(expecting(20, 10, quantiles=LEVEL, product=code) for code in sold or codes))
    plan = company(*frames, codes=codes).plan(forecast).order_plan
    return {row["product_code"]: row for row in plan.to_dicts()}, plan


def test_a_bundle_without_enough_finished_stock_is_assembled_and_never_ordered():
    lines, plan = planned(*assembled(SET, "CUP:2"), in_stock(5, product=SET), in_stock(100, product=CUP))
    line = lines[SET]
    assert (line["order_action"], line["status"], line["reason"]) == ("assemble", "assemble_now", "to_assemble")
    assert (line["assembly_quantity"], line["order_quantity"]) == (line["quantity_after_cap"], 0)
    assert (line["supplier_id"], line["order_value"], line["lead_time_days"]) == (None, 0, 0)
    drafted = redraft(
        plan,
        [],
        plan_id="p",
        as_of=AS_OF,
        at=datetime(2026, 3, 2, tzinfo=UTC),
        data_loaded_at=None,
        terms=Terms({}, {}),
    ).drafted
    assert {row.product_code for order in drafted for row in order.lines} <= {CUP}


def test_what_is_assembled_is_taken_from_the_parts_and_every_bridge_adds_up():
    lines, plan = planned(*assembled(SET, "CUP:2"), in_stock(5, product=SET), in_stock(30, product=CUP))
    bundle, part = lines[SET], lines[CUP]
    assert part["assembly_requirement"] == 2 * (bundle["assembly_quantity"] - SOLD_LATER) > 0
    assert part["stock_position"] == 30 - part["assembly_requirement"]
    assert part["order_quantity"] > planned(in_stock(30, product=CUP))[0][CUP]["order_quantity"]
    assert part["order_action"] == "order"
    assert plan.select((_BRIDGE - pl.col("needed_quantity")).abs().max()).item() < 1e-6
    frames = company(*assembled(SET, "CUP:2"))
    assert [finding for finding in check_plan(plan, frames.products, frames.stock_on_order) if finding.rule.is_blocking
            and finding.count] == []  # fmt: skip


def test_finished_stock_serves_the_parts_demand_but_no_more_than_its_bundle_sells():
    few, many = (
        planned(*assembled(SET, "CUP:2"), in_stock(stock, product=SET), in_stock(0, product=CUP))[0][CUP]
        for stock in (45, 4500)
    )
    assert few["assembly_requirement"] == 2 * (40 - 45 - SOLD_LATER)
    assert many["assembly_requirement"] == -2 * 30
    assert (many["days_to_stock_out"], many["stock_on_hand"]) == (0, 0)


def test_assemblies_of_assemblies_are_planned_from_the_top():
    lines, _ = planned(
        *assembled(BOX, "SET:3"), *assembled(SET, "CUP:2"), in_stock(0, product=BOX), in_stock(1000, product=SET),
        in_stock(0, product=CUP), codes=(BOX, CUP, SET),
    )  # fmt: skip
    assert lines[SET]["assembly_requirement"] == 3 * (lines[BOX]["assembly_quantity"] - SOLD_LATER) > 0
    gap = max(40 - (1000 - lines[SET]["assembly_requirement"]) - SOLD_LATER, -30)
    assert lines[CUP]["assembly_requirement"] == 2 * gap


def test_with_too_few_parts_the_plan_says_how_many_now_and_for_which_part_the_rest_waits():
    lines, _ = planned(
        *assembled(SET, "CUP:2; TEA:0.5"), in_stock(5, product=SET), in_stock(25, product=CUP),
        in_stock(1, committed=0.5, product=TEA), codes=(SET, CUP, TEA),
    )  # fmt: skip
    line = lines[SET]
    assert (line["assemble_now_quantity"], line["assembly_waits_for"]) == (1, TEA)
    enough, _ = planned(*assembled(SET, "CUP:2"), in_stock(5, product=SET), in_stock(500, product=CUP))
    assert (enough[SET]["assemble_now_quantity"], enough[SET]["assembly_waits_for"]) == (
        enough[SET]["assembly_quantity"], "",
    )  # fmt: skip


def test_two_bundles_do_not_take_the_same_parts():
    lines, _ = planned(
        *assembled(SET, "CUP:1"), *assembled(BOX, "CUP:1"), in_stock(0, product=SET), in_stock(0, product=BOX),
        in_stock(20, product=CUP), codes=(SET, CUP, BOX),
    )  # fmt: skip
    assert lines[SET]["assemble_now_quantity"] + lines[BOX]["assemble_now_quantity"] == 20


def test_the_days_of_assembly_are_its_lead_time_whatever_receipts_say():
    intervals = company(*assembled(SET, "CUP:2", days=3)).parameters.protection_intervals.filter(product_code=SET)
    assert intervals.select("arrival_day", "weight").rows() == [(3, 1.0)]


def test_a_bundle_that_is_not_set_as_assembled_is_planned_as_its_parts():
    lines, _ = planned(
        a_setting("bundle_of", "CUP:2", subject=SET), in_stock(5, product=SET), in_stock(10, product=CUP), sold=(CUP,)
    )
    assert (lines[SET]["reason"], lines[SET]["order_action"]) == ("planned_elsewhere", "none")
    assert lines[CUP]["assembly_requirement"] == 0


def test_parts_sell_what_their_bundles_sell_and_what_they_sell_themselves():
    books = company(
        *assembled(SET, "CUP:2"),
        sold_every(1, 3, for_days=100, product=SET),
        sold_every(1, 1, for_days=100, product=CUP),
    )
    means = dict(books.forecast().demand_horizons.select("product_code", "demand_in_cover").rows())
    assert means[SET] == pytest.approx(3 * 7, rel=0.02)
    assert means[CUP] == pytest.approx(7 * 7, rel=0.02)


def bill_of(*settings: pl.DataFrame, codes: tuple[str, ...]) -> pl.DataFrame:
    wide = wide_settings(company(*settings, codes=codes).parameters.plan_settings)
    return assemblies_of(wide, transfers_of(wide))


def test_a_part_that_is_a_bundle_without_stock_stands_for_its_own_parts():
    rows = bill_of(*assembled(BOX, "SET:3"), a_setting("bundle_of", "CUP:2; TEA:1", subject=SET),
                   codes=(BOX, CUP, SET, TEA))  # fmt: skip
    assert rows.rows() == [(BOX, CUP, 6.0), (BOX, TEA, 3.0)]


def test_parts_that_are_gone_and_circles_take_nothing():
    assert bill_of(*assembled(SET, "CUP:2; OLD:1"), codes=(SET, CUP)).rows() == [(SET, CUP, 2.0)]
    circle = bill_of(*assembled(SET, "BOX:1"), *assembled(BOX, "SET:1"), codes=(SET, BOX))
    assert circle.is_empty()
    assert planning_levels(circle, [SET, BOX]) == [[SET, BOX]]
    assert all_parts(circle).is_empty()


def test_a_part_with_an_open_order_waits_for_it():
    lines, _ = planned(
        *assembled(SET, "CUP:2"), in_stock(5, product=SET), in_stock(0, product=CUP),
        on_order(500, arriving=AS_OF, product=CUP),
    )  # fmt: skip
    assert lines[SET]["assemble_now_quantity"] == 0
    assert lines[SET]["assembly_waits_for"] == CUP
    assert lines[CUP]["order_quantity"] == 0


def test_the_explanation_says_what_to_assemble_and_the_part_what_it_is_taken_for():
    frames = (
        *assembled(SET, "CUP:2"),
        a_product(SET),
        a_product(CUP),
        in_stock(5, product=SET),
        in_stock(9, product=CUP),
    )
    forecast = together(*(expecting(20, 10, quantiles=LEVEL, product=code) for code in (SET, CUP)))
    bundle, part = (explained(*frames, product=code, expecting=forecast) for code in (SET, CUP))
    assert bundle.bridge[-1].label == "to assemble"
    assert f"Assemble 4 now (parts for 4), {bundle.plan.assembly_quantity - 4:g} more when CUP arrives." in (
        bundle.sentences
    )
    assert any("Part of SET, 2 for each" in sentence for sentence in part.sentences)
    steps = [step for step in part.bridge if step.sign]
    signed = sum(-step.quantity if step.sign == "-" else step.quantity for step in steps)
    assert signed == pytest.approx(part.plan.needed_quantity, abs=1e-6)
