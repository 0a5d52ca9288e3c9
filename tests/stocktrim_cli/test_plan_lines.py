"""What a buyer sees of the newest plan is what they want to see of it."""

from datetime import date
from pathlib import Path

import polars as pl
import pytest

from pipelines.errors import UsageError
from pipelines.spreadsheets.formulas import all_guarded
from pipelines.storage.tables import ORDER_PLAN
from stocktrim_cli.plan_lines import (
    LineFilter,
    chosen_lines,
    known_columns,
    later_orders,
    sorted_lines,
    totals,
)
from tests.end_to_end.conftest import Command, Planned

LINES = pl.DataFrame(
    {
        "product_code": ["MUG-1", "MUG-2", "TEA-1"],
        "product_name": ["Mug, white", "Mug, red", "=HYPERLINK(1)"],
        "supplier_name": ["Acme", None, "Beta"],
        "status": ["enough", "order_now", "order_now"],
        "order_quantity": [0.0, 5.0, 2.0],
        "order_value": [0, 50, 20],
        "currency": ["GBP", "GBP", "EUR"],
        "days_to_stock_out": [90, 12, 3],
        "stock_on_order_late": [0.0, 3.0, 0.0],
        "overstock_quantity": [7.0, 0.0, 0.0],
    }
)
PLAN = pl.concat([pl.DataFrame(schema=ORDER_PLAN.schema), LINES], how="diagonal_relaxed")


def test_a_supplier_that_takes_no_order_today_is_named_with_its_next_day() -> None:
    later = PLAN.with_columns(
        status=pl.lit("order_later"), order_on_date=pl.lit(date(2026, 12, 7)), supplier_name=pl.lit("Acme")
    )
    assert later_orders(PLAN) == []
    assert later_orders(later) == ["Acme takes no order today: its order of 3 products is for Mon 7 Dec."]


def codes(lines: pl.DataFrame) -> list[str]:
    return lines["product_code"].to_list()


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (LineFilter(), ["MUG-1", "MUG-2", "TEA-1"]),
        (LineFilter(status="order_now"), ["MUG-2", "TEA-1"]),
        (LineFilter(status="short"), []),
        (LineFilter(supplier="acme"), ["MUG-1"]),
        (LineFilter(search="red mug"), ["MUG-2"]),
        (LineFilter(search="tea"), ["TEA-1"]),
        (LineFilter(is_late=True), ["MUG-2"]),
        (LineFilter(is_overstocked=True), ["MUG-1"]),
        (LineFilter(status="order_now", search="mug"), ["MUG-2"]),
    ],
)
def test_lines_meet_every_condition(wanted: LineFilter, expected: list[str]) -> None:
    assert codes(chosen_lines(PLAN, wanted)) == expected


def test_lines_to_order_come_first_the_most_urgent_of_them_at_the_top() -> None:
    assert codes(sorted_lines(PLAN, "")) == ["TEA-1", "MUG-2", "MUG-1"]


def test_lines_are_sorted_by_any_column_and_downwards_after_a_minus() -> None:
    assert codes(sorted_lines(PLAN, "value")) == ["MUG-1", "TEA-1", "MUG-2"]
    assert codes(sorted_lines(PLAN, "-order_value")) == ["MUG-2", "TEA-1", "MUG-1"]


@pytest.mark.parametrize(
    ("wanted", "sentence"),
    [
        (LineFilter(status="to_much"), "There is no status 'to_much'. Nearest first: too_much, "),
        (LineFilter(supplier="Bet"), r"There is no supplier 'Bet'. Nearest first: Beta, Acme\."),
    ],
)
def test_a_wrong_word_names_what_exists_the_nearest_first(wanted: LineFilter, sentence: str) -> None:
    with pytest.raises(UsageError, match=sentence):
        chosen_lines(PLAN, wanted)


def test_a_supplier_is_given_by_name_or_id_and_a_name_of_two_is_not_guessed() -> None:
    named = PLAN.with_columns(
        supplier_id=pl.Series(["s-1", "s-2", "s-3"]), supplier_name=pl.Series(["Acme", "Acme", "B"])
    )
    assert codes(chosen_lines(named, LineFilter(supplier="s-2"))) == ["MUG-2"]
    assert codes(chosen_lines(named, LineFilter(supplier=" b "))) == ["TEA-1"]
    with pytest.raises(UsageError, match="2 suppliers are called 'acme': give the id of one, s-1 or s-2"):
        chosen_lines(named, LineFilter(supplier="acme"))


def test_a_column_is_called_by_its_heading_or_its_name_and_a_suppliers_id_is_none() -> None:
    assert known_columns(PLAN, ["product", " order_value", "Quantity"]) == [
        "product_code", "order_value", "order_quantity",
    ]  # fmt: skip
    with pytest.raises(UsageError, match=r"There is no column 'prduct'\. Nearest first: product, "):
        known_columns(PLAN, ["prduct"])
    with pytest.raises(UsageError, match="There is no column 'supplier_id'"):
        known_columns(PLAN, ["supplier_id"])


def test_the_total_is_given_in_each_currency() -> None:
    assert totals(PLAN, 400) == "3 of 400 lines; to order: 20.00 EUR and 50.00 GBP."
    assert totals(PLAN.head(1), 400) == "1 of 400 lines."


def test_a_spreadsheet_computes_nothing_from_a_products_name() -> None:
    assert all_guarded(PLAN)["product_name"].to_list() == ["Mug, white", "Mug, red", "'=HYPERLINK(1)"]


def test_the_newest_plan_is_shown_as_it_was_published(planned: Planned, tmp_path: Path) -> None:
    stocktrim, plan = planned.stocktrim, planned.stocktrim.published("order_plan")
    answer = stocktrim("plan", "show", "--json").json()
    beside = {"planned_quantity", "decided_quantity", "decided_on"}
    assert answer["order_plan"][0].keys() == {*plan.columns} - {"organisation_key"} | beside
    assert answer["now"]["products_to_order"] == plan.filter(pl.col("order_quantity") > 0).height
    shown = stocktrim("plan", "show")
    assert all(code in shown.out for code in plan["product_code"])
    assert not any(supplier in shown.out for supplier in plan["supplier_id"].drop_nulls().unique())
    file = tmp_path / "plan.csv"
    assert stocktrim("plan", "show", "--csv", str(file), "--columns", "product,quantity").code == 0
    written = pl.read_csv(file)
    assert dict(written.iter_rows()) == dict(plan.select("product_code", "order_quantity").iter_rows())
    assert stocktrim("plan", "show", "--csv", str(tmp_path)).code == 2


def test_options_before_show_are_refused_rather_than_ignored(stocktrim: Command) -> None:
    result = stocktrim("plan", "--json", "show")
    assert (result.code, "after `show`" in result.err) == (2, True)


def test_a_column_that_is_named_twice_is_shown_once() -> None:
    assert known_columns(pl.DataFrame(schema=ORDER_PLAN.schema), ["product", "product_code", " value"]) == [
        "product_code", "order_value",
    ]  # fmt: skip
