"""Exceptions: what needs a person keeps its id and its day, is solved by itself, and is left out while snoozed."""

import shlex
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import polars as pl
import pytest

from pipelines.errors import UsageError
from pipelines.exceptions.forecast_misses import forecast_misses
from pipelines.exceptions.kinds import KINDS, SEVERITIES
from pipelines.exceptions.of_the_plan import PlanFound, of_the_plan
from pipelines.exceptions.of_xero import of_xero
from pipelines.exceptions.open_exceptions import exception_id, exceptions_now, with_new_data
from pipelines.exceptions.order_costs import order_costs
from pipelines.exceptions.setting_conflicts import setting_conflicts
from pipelines.exceptions.snoozes import SNOOZES, day_to_snooze_until, reason_to_keep, with_decisions
from pipelines.exceptions.words import by_kind, only_open, total
from pipelines.replenishment.open_orders.advice import advise_open_orders
from pipelines.storage.tables import (
    DEMAND_TRANSFERS,
    EXCEPTION_DECISIONS,
    EXCEPTION_HISTORY,
    EXCEPTIONS,
    GROUP_CONFLICTS,
    PLAN_HISTORY,
    XERO_READINESS,
)
from tests.pipelines.planning_builders import (
    AS_OF,
    TEA,
    a_product,
    a_setting,
    expecting,
    in_days,
    in_stock,
    inputs,
    on_order,
    received,
    sold,
)

DEMAND = expecting(28, 14)  # two units a day


def found_in_plan(*frames: pl.DataFrame, expecting: Any = DEMAND) -> pl.DataFrame:
    given = inputs(*frames)
    plan = given.plan(expecting)
    advice = advise_open_orders(plan.order_plan, given.inputs, given.parameters, expecting, base_currency="GBP")
    return of_the_plan(PlanFound(plan.order_plan, advice, plan.lead_time_advice, given.products))


def a_problem(problem: str = "old_draft_invoice", record: str = "doc-1", **more: Any) -> pl.DataFrame:
    row = {"problem": problem, "record_id": record, "effect": "It counts.", "what_to_do": "Look.", "version": "1"}
    return pl.DataFrame([row | {"is_dismissed": False} | more], schema=XERO_READINESS.schema, orient="row")


def listed(
    *found: pl.DataFrame, history: pl.DataFrame | None = None, snoozes: pl.DataFrame | None = None, day: date = AS_OF
) -> tuple[pl.DataFrame, pl.DataFrame]:
    return exceptions_now(
        found, EXCEPTION_HISTORY.schema.to_frame() if history is None else history,
        SNOOZES.to_frame() if snoozes is None else snoozes, base_currency="GBP", plan_id="p", today=day,
    )  # fmt: skip


def a_snooze(exception: str, until: date, money: float | None = None) -> pl.DataFrame:
    return pl.DataFrame([(exception, until, money, "Ann", "a container")], schema=SNOOZES, orient="row")


def kinds_of(found: pl.DataFrame) -> list[str]:
    return sorted(found["kind"])


def test_out_of_stock_costs_the_margin_lost_before_an_order_arrives() -> None:
    (row,) = found_in_plan(a_product(), in_stock(0)).to_dicts()
    assert (row["kind"], row["subject_id"]) == ("out_of_stock", f"id of {TEA}")
    assert row["money_at_stake"] == pytest.approx(28 * 1.5, rel=0.05)  # 14 days of two units at a margin of 1.50
    assert "stocktrim orders list" in row["what_to_do"]


def test_what_runs_out_before_an_order_arrives_names_the_order_to_expedite() -> None:
    found = found_in_plan(a_product(), in_stock(5), on_order(60, arriving=in_days(10)))
    (row,) = found.to_dicts()
    assert row["kind"] == "will_run_out"
    assert row["what_to_do"].startswith("Expedite PO-0001")


def test_overstock_on_hand_and_surplus_on_order_are_counted_once() -> None:
    on_hand = found_in_plan(a_product(), in_stock(400)).to_dicts()
    both = {row["kind"]: row for row in found_in_plan(
        a_product(), in_stock(400), on_order(60, arriving=in_days(3))
    ).to_dicts()}  # fmt: skip
    assert [row["kind"] for row in on_hand] == ["overstock"]
    assert both.keys() == {"overstock", "surplus_on_order"}
    assert both["overstock"]["quantity"] == pytest.approx(on_hand[0]["quantity"])
    assert both["surplus_on_order"]["quantity"] == 60


def test_dead_stock_is_no_overstock_and_a_new_product_is_neither() -> None:
    dead, new = (expecting(0, 0, demand_class=demand_class) for demand_class in ("dead", "never_sold"))
    assert kinds_of(found_in_plan(a_product(), in_stock(40), expecting=dead)) == ["dead_stock"]
    assert kinds_of(found_in_plan(a_product(), in_stock(40), expecting=new)) == []
    old = a_product(last_purchase_date=in_days(-400))
    assert kinds_of(found_in_plan(old, in_stock(40), expecting=new)) == ["dead_stock"]


@pytest.mark.parametrize("code", ['5" mug; rm -rf', "it's", "$(id)", "-4711"])
def test_what_to_do_is_a_command_that_names_any_product(code: str) -> None:
    dead = expecting(0, 0, demand_class="dead", product=code)
    everyday = expecting(20, 10, product=code)
    for forecast, stock in ((dead, 40), (everyday, 4000), (everyday, 0)):
        found = found_in_plan(a_product(code), in_stock(stock, product=code), expecting=forecast)
        commands = [text.split("`")[1] for text in found["what_to_do"].to_list()]
        assert commands
        for command in commands:
            words = shlex.split(command)
            assert code in words or "orders list" in command or f"--product={code}" in words


def test_a_lead_time_that_receipts_contradict_is_an_exception() -> None:
    found = found_in_plan(
        a_product(), in_stock(100), a_setting("lead_time_days", "14"), received(30, 31, 30, 32, 31, 30)
    )
    assert "lead_time_far_from_receipts" in kinds_of(found)


def test_money_without_a_rate_is_unknown_and_counted() -> None:
    rows, _ = listed(found_in_plan(a_product(currency="USD", currency_rate=None), in_stock(400)))
    assert rows["money_at_stake"].to_list() == [None]
    assert total(rows) == "1 info, 1 of unknown value at stake"


def a_past_plan(horizon_demand: float, level: float, **more: Any) -> pl.DataFrame:
    row = {"product_code": TEA, "product_name": "Tea", "status": "enough", "model": "ses", "horizon_days": 21,
           "horizon_demand": horizon_demand, "order_up_to_level": level, "unit_cost": "2.5", "currency_rate": "1",
           "as_of_date": in_days(-21)}  # fmt: skip
    return pl.DataFrame([row | more]).cast({"horizon_days": pl.Int64}).with_columns(
        pl.col("unit_cost", "currency_rate").cast(pl.Decimal(18, 4)), supplier_id=pl.lit("s"), supplier_name=pl.lit("S")
    )  # fmt: skip


@pytest.mark.parametrize(
    ("sales", "money"), [(40, None), (60, None), (90, 50 * 1.5), (0, 40 * 2.5)],
    ids=["as forecast", "a little more", "twice as much", "nothing"],
)  # fmt: skip
def test_a_forecast_is_far_off_beyond_twice_its_safety_stock(sales: float, money: float | None) -> None:
    found = forecast_misses(
        a_past_plan(40, 55), sold({10: sales, 30: 500}), a_product(), DEMAND_TRANSFERS.schema.to_frame()
    )
    assert found["money_at_stake"].to_list() == ([] if money is None else [money])


def test_a_forecast_that_cannot_be_judged_is_no_miss() -> None:
    transfers = DEMAND_TRANSFERS.schema.to_frame()
    moved = pl.DataFrame([(TEA, "OTHER", 1.0)], schema=DEMAND_TRANSFERS.schema, orient="row")
    out = sold({10: 0.0}).with_columns(is_stocked_out=pl.lit(value=True))
    assert PLAN_HISTORY.columns.keys() >= set(a_past_plan(40, 55).columns)
    for past, demand, of in (
        (a_past_plan(40, 55), out, transfers),
        (a_past_plan(40, 55), sold({10: 200}), moved),
        (a_past_plan(40, 55, model="overridden"), sold({10: 200}), transfers),
        (a_past_plan(40, 55, status="not_planned"), sold({10: 200}), transfers),
    ):
        assert forecast_misses(past, demand, a_product(), of).is_empty()


@pytest.mark.parametrize(
    ("value", "rate", "money"), [("250", "1", None), ("300", "1", 0.5), ("600", "2", 0.5), ("300", None, None)]
)
def test_a_unit_cost_is_compared_with_that_of_the_latest_open_order(
    value: str, rate: str | None, money: float | None
) -> None:
    order: dict[str, Any] = {
        "value": Decimal(value),
        "currency_rate": rate and Decimal(rate),
        "ordered_product_code": TEA,
    }
    plan = pl.DataFrame({"product_code": [TEA], "average_daily_demand": [2.0]})
    older = on_order(100, arriving=in_days(9), order_date=in_days(-9), ordered_product_code=TEA, value=Decimal(999))
    lines = pl.concat([on_order(100, arriving=in_days(9), order_date=in_days(-1), **order), older])
    found = order_costs(lines, a_product(unit_cost_source="item"), plan)
    known = order_costs(lines, a_product(unit_cost_source="bill"), plan)
    if rate is not None:
        assert found["money_at_stake"].to_list() == ([] if money is None else [money * 2 * 365])
    assert known.is_empty()


def test_a_renamed_product_keeps_its_exception_its_day_and_its_snooze() -> None:
    before, history = listed(found_in_plan(a_product(), in_stock(0)))
    (old,) = before.to_dicts()
    snooze = a_snooze(old["exception_id"], in_days(30), 40.0)
    renamed = found_in_plan(a_product(product_id=f"id of {TEA}"), in_stock(0)).with_columns(
        product_code=pl.lit("NEW"), product_name=pl.lit("New")
    )
    after, history = listed(renamed, history=history, snoozes=snooze, day=in_days(5))
    (new,) = after.to_dicts()
    assert (new["exception_id"], new["since_date"], new["state"]) == (old["exception_id"], AS_OF, "snoozed")
    assert history.height == 1


def test_an_exception_is_solved_by_itself_and_comes_back_with_its_id_and_a_new_day() -> None:
    found = of_xero(a_problem(), a_product())
    first, history = listed(found)
    gone, history = listed(found.clear(), history=history, day=in_days(2))
    again, history = listed(found, history=history, day=in_days(9))
    assert gone.is_empty()
    assert again["exception_id"].to_list() == first["exception_id"].to_list()
    assert (first["since_date"].item(), again["since_date"].item()) == (AS_OF, in_days(9))
    days = history.select("opened_date", "solved_date").rows()
    assert days == [(AS_OF, in_days(2)), (in_days(9), None)]
    open_on = [history.filter(
        (pl.col("opened_date") <= day) & (pl.col("solved_date").is_null() | (pl.col("solved_date") > day))
    ).height for day in (AS_OF, in_days(1), in_days(2), in_days(10))]  # fmt: skip
    assert open_on == [1, 1, 0, 1]


def test_the_same_day_twice_changes_nothing() -> None:
    found = found_in_plan(a_product(), in_stock(0))
    once, history = listed(found)
    twice, again = listed(found, history=history)
    assert once.equals(twice)
    assert history.equals(again)


def test_old_episodes_are_forgotten_and_open_ones_never() -> None:
    found = of_xero(a_problem(), a_product())
    _, history = listed(found)
    _, history = listed(found.clear(), history=history, day=in_days(1))
    _, history = listed(of_xero(a_problem(record="doc-2"), a_product()), history=history, day=in_days(2))
    _, history = listed(of_xero(a_problem(record="doc-2"), a_product()), history=history, day=in_days(500))
    assert history["opened_date"].to_list() == [in_days(2)]


@pytest.mark.parametrize(
    ("until", "then", "state"),
    [(5, 42.0, "snoozed"), (1, 42.0, "snoozed"), (0, 42.0, "open"), (-3, 42.0, "open"), (5, 20.0, "open"),
     (5, 22.0, "snoozed"), (5, None, "snoozed"), (5, 0.0, "snoozed")],
)  # fmt: skip
def test_a_snooze_ends_at_its_day_or_once_the_money_has_doubled(until: int, then: float | None, state: str) -> None:
    found = of_xero(a_problem(amount=Decimal("42.00")), a_product())
    name = exception_id("old_draft_invoice", "doc-1")
    rows, _ = listed(found, snoozes=a_snooze(name, in_days(until), then))
    assert rows["state"].to_list() == [state]
    assert only_open(rows).height == (state == "open")


def test_what_was_decided_since_the_last_run_holds_at_once() -> None:
    readiness = pl.concat([a_problem(), a_problem("unreadable_record", "doc-2")])
    rows, _ = listed(of_xero(readiness, a_product()))
    decision = ("unreadable_record", "doc-2", "1", "dismissed", "Ann", None, "a test")
    dismissed = pl.DataFrame([decision], schema=EXCEPTION_DECISIONS.schema, orient="row")
    snooze = a_snooze(exception_id("old_draft_invoice", "doc-1"), in_days(5))
    now = with_decisions(rows, readiness, snoozes=snooze, dismissed=dismissed, today=AS_OF)
    assert now.schema == EXCEPTIONS.schema
    assert dict(now.select("kind", "state").iter_rows()) == {
        "old_draft_invoice": "snoozed", "unreadable_record": "dismissed",
    }  # fmt: skip
    changed = a_problem("unreadable_record", "doc-2", version="2")
    later = with_decisions(rows, changed, snoozes=snooze, dismissed=dismissed, today=in_days(5))
    assert set(later["state"]) == {"open"}


@pytest.mark.parametrize("day", [AS_OF, in_days(-1), date(9999, 12, 31), AS_OF + timedelta(days=367)])
def test_a_snooze_until_the_past_or_for_ever_is_refused(day: date) -> None:
    with pytest.raises(UsageError, match=r"later day|too far ahead"):
        day_to_snooze_until(day, today=AS_OF)


def test_a_reason_is_one_line_of_bounded_length_and_kept_as_it_is() -> None:
    assert (
        reason_to_keep("=1+1 <script>alert('x')</script>\x1b[31m\n now") == "=1+1 <script>alert('x')</script> [31m now"
    )
    for reason in ("", " \n", "x" * 10_000):
        with pytest.raises(UsageError):
            reason_to_keep(reason)


def test_exceptions_are_listed_by_money_then_by_severity() -> None:
    readiness = pl.concat([
        a_problem("near_duplicate_code", "a"), a_problem("unreadable_record", "b"),
        a_problem("old_draft_invoice", "c", amount=Decimal("5.00")), a_problem("demo_company", "d"),
        a_problem("old_draft_invoice", "e", amount=Decimal("7.00")),
    ])  # fmt: skip
    rows, _ = listed(of_xero(readiness, a_product()))
    assert rows["subject_id"].to_list() == ["e", "c", "b", "d", "a"]
    assert total(rows) == "1 error, 2 warnings and 2 info, 12.00 GBP and 2 of unknown value at stake"
    assert by_kind(rows)["kind"].to_list()[0] == "unreadable_record"


def test_without_a_plan_and_without_data_nothing_is_listed() -> None:
    found = found_in_plan(expecting=expecting(0, 0).__class__(**{
        name: frame.clear() for name, frame in vars(expecting(0, 0)).items()
    }))  # fmt: skip
    rows, history = listed(found, of_xero(XERO_READINESS.schema.to_frame(), a_product().clear()))
    assert (rows.height, history.height, total(rows)) == (0, 0, "")


def test_every_kind_has_a_severity_and_says_what_its_money_is() -> None:
    assert all(kind.severity in SEVERITIES and kind.money and kind.title for kind in KINDS.values())


def test_what_a_load_finds_is_listed_before_the_next_plan() -> None:
    before = pl.concat([a_problem(), a_problem("unreadable_record", "doc-2")])
    rows, _ = listed(found_in_plan(a_product(), in_stock(0)), of_xero(before, a_product()))
    after = pl.concat([a_problem(), a_problem("negative_stock", "id-3", product_code=TEA)])
    now = with_new_data(rows, after, a_product(), today=in_days(3))
    since = dict(now.select("kind", "since_date").iter_rows())
    assert since == {"out_of_stock": AS_OF, "old_draft_invoice": AS_OF, "negative_stock": in_days(3)}
    assert now.schema == EXCEPTIONS.schema


def test_groups_that_disagree_are_one_exception_per_group_and_setting() -> None:
    rows = [
        (code, "lead_time_days", "14", "g1", "Tea", "Imports says 60") for code in ("P-1", "P-2")
    ]  # fmt: skip
    found = setting_conflicts(pl.DataFrame(rows, schema=GROUP_CONFLICTS.schema, orient="row"))
    (row,) = found.to_dicts()
    assert (row["kind"], row["subject_id"], row["quantity"]) == ("setting_conflict", "g1 lead_time_days", 2)
    assert setting_conflicts(GROUP_CONFLICTS.schema.to_frame()).is_empty()
