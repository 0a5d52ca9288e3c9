"""Every number of a plan again, in plain Python from Xero's documents alone."""

import math
import shutil
from collections import defaultdict
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest

from pipelines.replenishment.lead_times import known_receipts
from pipelines.storage.tables import TABLES
from pipelines.storage.warehouse import FILE_NAME
from tests.dbt_project.conftest import run_dbt
from tests.end_to_end import recomputing
from tests.end_to_end.conftest import KEY
from tests.pipelines.replenishment.plan.claims import broken
from xero_sandbox.core.documents import World


@pytest.fixture(scope="module")
def published(planned_home: Path) -> Any:
    folder = planned_home / "organisations" / KEY / "published"
    return lambda table: pl.read_parquet(folder / f"{table}.parquet")


@pytest.fixture(scope="module")
def plan(published: Any) -> list[dict[str, Any]]:
    return published("order_plan").to_dicts()


@pytest.fixture(scope="module")
def today(published: Any) -> date:
    return published("data_freshness")["as_of_date"][0]


def test_demand_is_sales_net_of_credit_notes(published: Any, wholesaler: World) -> None:
    sold = published("demand_daily").filter(pl.col("quantity") > 0)
    days = sold.select("product_code", "demand_date", "quantity")
    result = {(code, day): quantity for code, day, quantity in days.iter_rows()}
    assert result == {key: float(quantity) for key, quantity in recomputing.demand(wholesaler).items()}


def test_some_demand_was_cancelled_by_credit_notes(wholesaler: World) -> None:
    sold = recomputing.lines_of(wholesaler, wholesaler.invoices, "ACCREC", recomputing.SALES)
    assert sum(line.quantity for _, line in sold) > sum(recomputing.demand(wholesaler).values()) > 0


def test_stock_is_what_xero_has_less_what_is_promised(published: Any, wholesaler: World, today: date) -> None:
    on_hand, committed = recomputing.stock_on_hand(wholesaler), recomputing.stock_committed(wholesaler)
    on_order: dict[str, float] = defaultdict(float)
    for _, line, is_counted in recomputing.open_order_lines(wholesaler, today):
        on_order[line.item_code] += float(line.quantity) * is_counted
    result = published("stock_position").select(
        "product_code", "stock_on_hand", "stock_committed", "stock_on_order", "stock_position"
    )
    assert set(result.iter_rows()) == {
        (
            code, float(on_hand[code]), float(committed[code]), on_order[code],
            float(on_hand[code] - committed[code]) + on_order[code],
        )
        for code in on_hand
    }  # fmt: skip


def test_a_late_order_is_listed_and_does_not_count(published: Any, wholesaler: World, today: date) -> None:
    result = published("stock_on_order").select("purchase_order_number", "product_code", "quantity", "is_counted")
    expected = [
        (order.number, line.item_code, float(line.quantity), is_counted)
        for order, line, is_counted in recomputing.open_order_lines(wholesaler, today)
    ]
    assert sorted(result.iter_rows()) == sorted(expected)
    assert {is_counted for *_, is_counted in expected} == {True, False}


def test_every_product_is_in_the_plan_once(plan: list[dict[str, Any]], wholesaler: World) -> None:
    assert sorted(row["product_code"] for row in plan) == sorted(item.code for item in wholesaler.items.values())
    assert all(row["reason"] and row["order_quantity"] >= 0 for row in plan)


def test_the_supplier_is_whom_it_was_last_bought_from(plan: list[dict[str, Any]], wholesaler: World) -> None:
    expected = recomputing.suppliers(wholesaler)
    assert {row["product_code"]: row["supplier_id"] for row in plan if row["supplier_id"]} == expected
    assert {row["reason"] for row in plan if not row["supplier_id"]} <= {"no_supplier", "no_demand", "untracked"}


def test_the_bridge_of_every_row_adds_up(plan: list[dict[str, Any]], wholesaler: World, today: date) -> None:
    on_hand, committed = recomputing.stock_on_hand(wholesaler), recomputing.stock_committed(wholesaler)
    for row in plan:
        code = row["product_code"]
        cover_ends = today + timedelta(days=row["expected_lead_time_days"] + row["order_frequency_days"])
        counted = [
            (order, line)
            for order, line, is_counted in recomputing.open_order_lines(wholesaler, today)
            if is_counted and line.item_code == code
        ]
        in_time = sum(
            float(line.quantity)
            for order, line in counted
            if (
                order.expected_arrival_date or order.delivery_date or order.date + timedelta(days=row["lead_time_days"])
            )
            < cover_ends
        )
        need = (
            row["demand_before_arrival"] + row["demand_in_cover"] + row["safety_stock"]
            - float(on_hand[code]) + float(committed[code]) - in_time - row["demand_lost_before_arrival"]
            + row["timing_adjustment"]
        )  # fmt: skip
        assert row["horizon_days"] == row["expected_lead_time_days"] + row["order_frequency_days"]
        assert 0 <= row["demand_lost_before_arrival"] <= 1.1 * row["demand_before_arrival"] + 1
        assert row["stock_on_order_in_time"] == in_time
        assert row["needed_quantity"] == pytest.approx(need, abs=1e-3)
        assert row["stock_on_order"] == sum(float(line.quantity) for _, line in counted)


def test_the_lead_time_is_what_a_person_set_or_what_receipts_and_late_orders_teach(
    plan: list[dict[str, Any]], published: Any, today: date
) -> None:
    """Within a day: many lengths are joined to eight whole ones."""
    received = pl.col("received_date").is_between(today - timedelta(days=728), today, closed="left")
    receipts = published("purchase_receipts").filter(received & pl.col("is_evidence"))
    result = receipts.select("product_code", "supplier_id", "lead_time_days").rows()
    still_open = published("stock_on_order").filter(pl.col("billed_quantity") < pl.col("ordered_quantity"))
    promised = pl.col("expected_arrival_date") - pl.col("order_date")
    waiting = still_open.select(
        "product_code", "supplier_id", (pl.lit(today) - pl.col("order_date")).dt.total_days(),
        promised=promised.dt.total_days(),
    ).rows()  # fmt: skip
    expected = recomputing.expected_lead_times(
        result, waiting, {row["product_code"]: (row["supplier_id"], row["lead_time_days"]) for row in plan}
    )
    for row in plan:
        if row["lead_time_rule"] == "learned":
            assert row["expected_lead_time_days"] == pytest.approx(expected[row["product_code"]], abs=1.01)
        else:
            assert row["expected_lead_time_days"] == row["lead_time_days"]
        assert row["product_receipts"] == sum(code == row["product_code"] for code, *_ in result)
    assert {row["lead_time_rule"] for row in plan} == {"as_set", "learned"}
    assert sum(row["lead_time_deviation_days"] > 1 for row in plan) > len(plan) / 2
    lengths = published("lead_times").group_by("product_code").agg(pl.col("weight").sum())
    assert lengths["weight"].to_list() == pytest.approx([1.0] * len(plan))


def test_what_the_pages_claim_of_a_number_holds_on_every_row(published: Any) -> None:
    assert broken(published("order_plan")) == {}


def test_the_lead_times_of_suppliers_are_of_the_receipts_that_the_plan_learns_from(
    plan: list[dict[str, Any]], published: Any, today: date
) -> None:
    result = {row["supplier_id"]: row for row in published("supplier_lead_times").to_dicts()}
    learned = known_receipts(published("purchase_receipts"), as_of=today).group_by("supplier_id").agg(
        pl.len(), pl.col("lead_time_days").median()
    )  # fmt: skip
    assert {(one, row["receipts"], row["median_lead_time_days"]) for one, row in result.items()} == set(learned.rows())
    for row in plan:
        assert row["supplier_receipts"] == (
            result[row["supplier_id"]]["receipts"] if row["supplier_id"] in result else 0
        )
    assert len(result) > 5


def test_the_limits_of_every_row_follow_from_its_need(plan: list[dict[str, Any]]) -> None:
    for row in plan:
        minimum = batch = cap = 0.0
        if row["status"] == "order_now" or row["reason"] == "capped":
            position = row["stock_position"]
            minimum = max(row["needed_quantity"], row["minimum_order_quantity"], row["minimum_shelf_level"] - position)
            batch = math.ceil(minimum / row["batch_size"]) * row["batch_size"]
            room = max(0.0, (row["maximum_shelf_level"] or math.inf) - position)
            cap = batch if batch <= room else math.floor(room / row["batch_size"]) * row["batch_size"]
        quantities = [row[f"quantity_after_{step}"] for step in ("minimum", "batch", "cap")] + [row["order_quantity"]]
        assert quantities == pytest.approx([minimum, batch, cap, cap]), row["product_code"]
        assert float(row["order_value"]) == pytest.approx(row["order_quantity"] * float(row["unit_cost"]), abs=0.01)


def test_what_people_set_is_what_the_plan_used(plan: list[dict[str, Any]]) -> None:
    row = {row["product_code"]: row for row in plan}
    assert (row["P-0001"]["lead_time_days"], row["P-0002"]["lead_time_days"]) == (21, 35)
    assert (row["P-0003"]["batch_size"], row["P-0004"]["minimum_order_quantity"]) == (12, 50)
    assert (row["P-0005"]["maximum_shelf_level"], row["P-0006"]["minimum_shelf_level"]) == (40, 500)
    assert float(row["P-0007"]["unit_cost"]) == 1.25
    assert (row["P-0008"]["reason"], row["P-0008"]["order_quantity"]) == ("discontinued", 0)
    assert row["P-0006"]["stock_position"] + row["P-0006"]["order_quantity"] >= 500


def test_stock_of_every_past_day_is_what_the_documents_up_to_it_left(published: Any, wholesaler: World) -> None:
    """Rebuilt backwards from what Xero counts today, and the same forwards from the opening stock."""
    result = {
        (row["product_code"], row["stock_date"]): row["stock_on_hand"] for row in published("stock_daily").to_dicts()
    }
    assert result == {key: float(level) for key, level in recomputing.stock_at_day_ends(wholesaler).items()}


def test_days_out_of_stock_are_marked_in_demand(published: Any, wholesaler: World, today: date) -> None:
    levels = sorted(recomputing.stock_at_day_ends(wholesaler).items())
    expected = set()
    for ((code, day), level), following in zip(levels, [*levels[1:], None], strict=True):
        until = following[0][1] if following and following[0][0] == code else today + timedelta(days=1)
        expected |= {(code, day + timedelta(days=n)) for n in range((until - day).days if level == 0 else 0)}
    result = published("demand_daily").filter("is_stocked_out").select("product_code", "demand_date")
    assert set(result.iter_rows()) == expected
    assert len(expected) == result.height > 100


def test_every_bill_that_names_its_order_delivers_it(published: Any, wholesaler: World) -> None:
    orders = {order.number: order for order in wholesaler.purchase_orders.values()}
    named = {
        (bill.number, line.item_code, (bill.date - orders[bill.number].date).days, float(line.quantity))
        for bill, line in recomputing.lines_of(wholesaler, wholesaler.invoices, "ACCPAY", {"AUTHORISED", "PAID"})
        if bill.number in orders
    }
    exact = published("purchase_receipts").filter(pl.col("confidence") == "exact")
    result = exact.select("purchase_order_number", "product_code", "lead_time_days", "quantity")
    assert set(result.iter_rows()) == named
    assert len(named) > 100


def test_every_sale_behind_demand_is_there_with_its_way_into_xero(published: Any, wholesaler: World) -> None:
    result = published("demand_transactions")
    sales = list(recomputing.lines_of(wholesaler, wholesaler.invoices, "ACCREC", recomputing.SALES))
    expected = [(one.number, one.status, line.item_code, float(line.quantity)) for one, line in sales]
    shown = result.select("invoice_number", "status", "product_code", "sold_quantity")
    assert sorted(shown.iter_rows()) == sorted(expected)
    assert result["quantity"].sum() == float(sum(recomputing.demand(wholesaler).values()))
    assert all(row["invoice_id"] in row["xero_link"] for row in result.to_dicts())


def test_our_total_and_xeros_are_reconciled_for_every_product_and_month(published: Any, wholesaler: World) -> None:
    xeros = recomputing.invoiced(wholesaler)
    ours: dict[tuple[str, date], Any] = defaultdict(float)
    for (code, day), quantity in recomputing.demand(wholesaler).items():
        ours[code, day.replace(day=1)] += float(quantity)
    explained: dict[tuple[str, date], float] = defaultdict(float)
    for row in published("sales_differences").to_dicts():
        explained[row["product_code"], row["month"]] += row["difference"]
    for row in published("sales_monthly").to_dicts():
        key = row["product_code"], row["month"]
        assert (row["demand_quantity"], row["xero_invoiced_quantity"]) == (ours[key], float(xeros[key]))
        assert row["demand_quantity"] - row["xero_invoiced_quantity"] == explained[key]
    assert {"draft_counted", "void_not_counted", "credit_note", "other_date"} <= set(
        published("sales_differences")["reason"]
    )


def test_building_again_changes_no_byte_of_a_mart(planned_home: Path, tmp_path: Path) -> None:
    warehouse = shutil.copy(planned_home / "organisations" / KEY / FILE_NAME, tmp_path / FILE_NAME)
    marts = [table for table in TABLES if table.stage == "marts"]

    def contents() -> dict[str, list[Any]]:
        with duckdb.connect(str(warehouse), read_only=True) as connection:
            connection.execute("set TimeZone = 'UTC'")
            return {table.path: connection.sql(f"from {table.path}").pl().rows() for table in marts}

    before = contents()
    assert run_dbt(tmp_path / "dbt", "run", warehouse=str(warehouse)) == 0
    assert contents() == before
