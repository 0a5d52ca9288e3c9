"""A draft invoice that makes most of what is committed is named at the product's line."""

from datetime import date, timedelta
from typing import Any

import polars as pl

from pipelines.replenishment.plan.draft_sales import behind_orders, draft_sentence, largest_drafts
from pipelines.storage import tables

TODAY = date(2026, 6, 15)


def a_line(number: str, quantity: float, *, status: str = "DRAFT", days: int = 200) -> dict[str, Any]:
    return {
        "product_code": "MUG", "invoice_id": number, "invoice_number": number, "status": status,
        "sold_quantity": quantity, "demand_date": TODAY - timedelta(days=days),
    }  # fmt: skip


def named(committed: float, ordered: float, *lines: dict[str, Any]) -> pl.DataFrame:
    plan = {
        "product_code": "MUG", "stock_committed": committed, "order_quantity": ordered, "as_of_date": TODAY,
    }  # fmt: skip
    return largest_drafts(
        pl.DataFrame([plan], schema=tables.ORDER_PLAN.schema),
        pl.DataFrame(list(lines), schema=tables.DEMAND_TRANSACTIONS.schema),
    )


def test_a_draft_with_most_of_the_allocated_stock_is_named_with_its_age() -> None:
    (draft,) = named(520, 600, a_line("OLD", 500), a_line("NEW", 20, days=2)).to_dicts()
    assert draft_sentence(draft).startswith("The draft invoice OLD, 200 days old, is 500 of the 520 allocated units")


def test_lines_of_one_draft_count_together_and_what_left_is_no_draft() -> None:
    lines = (a_line("OLD", 6), a_line("OLD", 6), a_line("PAID", 500, status="PAID"))
    assert named(20, 5, *lines)["quantity"].to_list() == [12]


def test_many_drafts_without_a_largest_one_are_everyday_trade() -> None:
    assert named(30, 40, *(a_line(f"D{n}", 10) for n in range(3))).is_empty()


def test_a_draft_far_smaller_than_the_order_does_not_explain_it() -> None:
    drafts = named(2, 500, a_line("OLD", 2))
    assert drafts.height == 1
    assert behind_orders(drafts).is_empty()
    assert behind_orders(named(500, 510, a_line("OLD", 500))).height == 1
