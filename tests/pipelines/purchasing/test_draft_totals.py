"""What is said of all drafts: a draft that a person keeps counts beside the cap and beside the supplier's minimum."""

from decimal import Decimal
from typing import Any

import polars as pl

from pipelines.purchasing.draft_totals import draft_totals, drafts_beside_cap, split_orders
from pipelines.storage.tables import ORDER_PLAN, PURCHASE_ORDER_DRAFTS

SUMMARY = {"spend_cap": Decimal(20000), "currency": "GBP"}


def drafts(*rows: dict[str, Any]) -> pl.DataFrame:
    usual = {
        "supplier_id": "s", "supplier_name": "Supplier 07", "currency": "GBP", "is_edited": False,
        "minimum_order_value": Decimal(0),
    }  # fmt: skip
    return pl.DataFrame(
        [usual | {"order_id": row["purchase_order_number"]} | row for row in rows],
        schema=PURCHASE_ORDER_DRAFTS.schema, orient="row",
    )  # fmt: skip


def a_plan(**rates: float | None) -> pl.DataFrame:
    rows = [{"currency": currency, "currency_rate": rate} for currency, rate in rates.items()]
    return pl.DataFrame(rows, schema=ORDER_PLAN.schema, orient="row")


KEPT = {"purchase_order_number": "RP-1", "value": Decimal(15000), "is_edited": True}
PLANNED = {"purchase_order_number": "RP-2", "value": Decimal(15000), "supplier_id": "t"}


def test_a_kept_draft_that_breaks_the_budget_is_said_with_its_money() -> None:
    assert drafts_beside_cap(drafts(KEPT, PLANNED), a_plan(GBP=1.0), SUMMARY) == (
        "All drafts together come to 30,000.00 GBP, 10,000.00 above the spend cap of 20,000.00. 15,000.00 of it is 1 "
        "draft that people changed or made, which a plan counts before its own lines."
    )
    assert drafts_beside_cap(drafts(PLANNED), a_plan(GBP=1.0), SUMMARY) == (
        "All drafts together come to 15,000.00 GBP, within the spend cap of 20,000.00."
    )
    assert drafts_beside_cap(drafts(KEPT), a_plan(), SUMMARY | {"spend_cap": None}) == ""


def test_money_in_another_currency_is_divided_by_its_rate_and_unknown_without_one() -> None:
    dollars, yen = PLANNED | {"currency": "USD"}, KEPT | {"currency": "JPY"}
    found = draft_totals(drafts(dollars, yen), a_plan(USD=1.25, JPY=None), base_currency="GBP")
    assert (found.value, found.kept_value, found.unknown) == (Decimal("12000.00"), Decimal(0), ["RP-1"])


def test_an_order_split_over_two_drafts_is_said_with_how_to_merge_them() -> None:
    one, other = KEPT | {"minimum_order_value": Decimal(20000)}, PLANNED | {"supplier_id": "s"}
    (sentence,) = split_orders(drafts(one, other))
    assert sentence == (
        "What is ordered of Supplier 07 is split over RP-1 (15,000.00) and RP-2 (15,000.00) GBP, each with the minimum "
        "of 20,000.00: `stocktrim orders merge RP-1 RP-2 --reason TEXT` makes one order of them."
    )
    assert split_orders(drafts(one, PLANNED, other | {"currency": "USD"})) == []
