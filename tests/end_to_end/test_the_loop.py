"""The whole loop against the sandbox, twice: nothing is suggested a second time."""

import polars as pl

from tests.end_to_end.conftest import Command
from xero_sandbox.testing import RunningSandbox


def published(stocktrim: Command, table: str) -> pl.DataFrame:
    return pl.read_parquet(stocktrim.home / "organisations" / "acme" / "published" / f"{table}.parquet")


def test_what_was_ordered_is_not_suggested_again(stocktrim: Command, wholesaler: RunningSandbox) -> None:
    assert stocktrim.connect(wholesaler).code == 0
    assert stocktrim("load", "-o", "acme").code == 0
    first = stocktrim("plan", "-o", "acme", "--json").json()["order_plan"]
    drafts = stocktrim("orders", "list", "-o", "acme", "--json").json()
    drafted = {line["product_code"]: float(line["quantity"]) for order in drafts for line in order["lines"]}
    assert drafted == {
        row["product_code"]: row["order_quantity"]
        for row in first
        if row["order_quantity"] > 0 and row["supplier_id"] is not None
    }
    for order in drafts:
        assert stocktrim("orders", "approve", order["order_id"], "--by", "a buyer", "-o", "acme").code == 0

    # Approved and not yet sent: supply already.
    assert stocktrim("plan", "-o", "acme").code == 0
    assert again(stocktrim, set(drafted)) == {}
    waiting = published(stocktrim, "stock_on_order").filter(pl.col("rule") == "approved_not_sent")
    assert set(waiting["product_code"]) == set(drafted)

    # Sent: Xero holds each order once, as a draft, and the next load finds them.
    assert stocktrim("orders", "send", "-o", "acme").code == 0
    assert stocktrim("orders", "send", "-o", "acme").code == 0
    held = [one for one in wholesaler.worlds[0].purchase_orders.values() if one.number.startswith("RP-")]
    assert sorted(one.number for one in held) == sorted(order["purchase_order_number"] for order in drafts)
    assert {one.status for one in held} == {"DRAFT"}
    assert all(one.delivery_date is None and one.expected_arrival_date is not None for one in held)
    assert stocktrim("load", "-o", "acme").code == 0
    assert stocktrim("plan", "-o", "acme").code == 0
    assert again(stocktrim, set(drafted)) == {}
    assert published(stocktrim, "stock_on_order").filter(pl.col("rule") == "approved_not_sent").is_empty()
    assert published(stocktrim, "plan_history")["plan_id"].n_unique() == 3


def again(stocktrim: Command, codes: set[str]) -> dict[str, float]:
    plan = published(stocktrim, "order_plan").filter(pl.col("order_quantity") > 0)
    return {
        code: quantity for code, quantity in plan.select("product_code", "order_quantity").iter_rows() if code in codes
    }


def test_a_draft_in_xero_that_a_person_deletes_is_suggested_again(
    stocktrim: Command, wholesaler: RunningSandbox
) -> None:
    stocktrim.connect(wholesaler)
    stocktrim("load", "-o", "acme")
    stocktrim("plan", "-o", "acme")
    order = stocktrim("orders", "list", "-o", "acme", "--json").json()[0]
    stocktrim("orders", "approve", order["order_id"], "-o", "acme")
    stocktrim("orders", "send", "-o", "acme")
    held = next(one for one in wholesaler.worlds[0].purchase_orders.values() if one.number.startswith("RP-"))
    held.status = "DELETED"
    held.updated_at = wholesaler.clock.now()
    stocktrim("load", "-o", "acme")
    stocktrim("plan", "-o", "acme")
    codes = {line["product_code"] for line in order["lines"]}
    assert set(again(stocktrim, codes)) == codes
