"""The largest numbers that are read from Xero, many on one day, stop no mart of anybody's."""

import math
from decimal import Decimal

import pytest

from pipelines.storage import tables
from tests.dbt_project.conftest import Build
from tests.dbt_project.papers import Paper, Rows, a_world, raw_of

LARGEST = 10**13
LINES = 12
MARTS = [table.name for table in tables.TABLES if table.stage == "marts"]
KINDS = {
    "ACCREC": ("DRAFT", "PAID"), "ACCRECCREDIT": ("PAID",), "ACCPAY": ("DRAFT", "PAID"), "ACCPAYCREDIT": ("PAID",),
    "PURCHASEORDER": ("AUTHORISED", "BILLED"),
}  # fmt: skip


def many_of(quantity: int, *, line_amount: int = LARGEST) -> Rows:
    """Twelve documents of every kind and status on one day, of a product with as much in stock and on back order."""
    papers = [
        Paper(kind, status, "Ann", "MUG", -3, quantity)
        for kind, statuses in KINDS.items() for status in statuses for _ in range(LINES)
    ]  # fmt: skip
    more = {
        "unit_amount": Decimal(LARGEST), "line_amount": Decimal(line_amount), "purchase_unit_price": Decimal(LARGEST),
        "quantity_on_hand": Decimal(quantity), "quantity_on_back_order": Decimal(-quantity), "currency_code": "EUR",
        "currency_rate": Decimal("0.000001"),
    }  # fmt: skip
    return {
        table: [row | {name: value for name, value in more.items() if name in table.columns} for row in rows]
        for table, rows in raw_of(a_world(papers)).items()
    }


@pytest.mark.parametrize("mart", MARTS)
@pytest.mark.parametrize("quantity", [LARGEST, -LARGEST])
def test_the_largest_numbers_stop_no_mart(build: Build, mart: str, quantity: int) -> None:
    rows = build(many_of(quantity), mart)
    assert all(math.isfinite(value) for row in rows for value in row.values() if isinstance(value, float))


def test_what_moved_on_a_day_is_the_sum_of_its_lines_however_large(build: Build) -> None:
    """Twelve sales and twelve credits of suppliers out, twelve bills and twelve credits of customers in."""
    (day,) = build(many_of(LARGEST), "stock_daily")
    assert (day["quantity_in"], day["quantity_out"]) == (2 * LINES * LARGEST, 2 * LINES * LARGEST)
    assert day["stock_on_hand"] == 2 * LARGEST


@pytest.mark.parametrize("sign", [1, -1])
def test_an_amount_is_kept_up_to_the_same_limit_by_the_models_and_by_the_plan(build: Build, sign: int) -> None:
    (week,) = build(many_of(LARGEST, line_amount=sign * LARGEST), "supplier_spend_weekly")
    assert week["ordered_amount"] == week["billed_amount"] == sign * int(tables.MOST_MONEY)
