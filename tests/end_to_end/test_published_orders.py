"""The tables of orders and of their events are as the ledger is after every run that may change it."""

from datetime import UTC, datetime
from decimal import Decimal

import polars as pl

from tests.end_to_end.conftest import Planned


def test_each_run_publishes_every_order_with_who_and_every_event_as_a_sentence(planned: Planned) -> None:
    stocktrim = planned.stocktrim
    drafts = stocktrim("orders", "list", "--json").json()
    assert stocktrim.published("purchase_orders")["state"].unique().to_list() == ["draft"]
    first, second = drafts[0]["order_id"], drafts[1]["order_id"]
    assert stocktrim("orders", "reject", second, "--by", "Ben", "--reason", "enough").code == 0
    assert stocktrim("orders", "approve", first, "--by", "Anna", "--even-if-below-minimum").code == 0
    assert stocktrim("orders", "send").code == 0

    orders = {row["order_id"]: row for row in stocktrim.published("purchase_orders").to_dicts()}
    sent = orders[first]
    assert (sent["state"], sent["approved_by"], sent["status_in_xero"]) == ("sent", "Anna", "DRAFT")
    assert (sent["number_in_xero"], sent["drafted_by"]) == (f"RP-{first}", "plan")
    assert sent["remarks"] == f"RP-{first} reached Xero"
    assert sent["purchase_order_id"]
    assert sent["sent_at"] <= datetime.now(UTC)
    assert (orders[second]["state"], len(orders)) == ("rejected", len(drafts))
    assert sent["value"] == Decimal(drafts[0]["value"]) == sent["base_value"]

    of_drafts = set(stocktrim.published("purchase_order_drafts")["order_id"])
    assert of_drafts == {order_id for order_id, order in orders.items() if order["state"] == "draft"}

    events = stocktrim.published("purchase_order_events")
    sentences = events.filter(order_id=second)["event_sentence"].to_list()
    assert sentences[-1] == "Ben rejected it: enough."
    assert events.filter(order_id=first)["event"].to_list() == ["Drafted", "Approved", "PushStarted", "Pushed"]
    assert events.filter(order_id=first)["state"].to_list()[-1] == "sent"

    before = stocktrim.snapshot()
    assert stocktrim("orders", "send").code == 0
    assert stocktrim.snapshot() == before

    assert stocktrim("orders", "reject", drafts[2]["order_id"]).code == 0
    assert stocktrim("load").code == 0
    states = stocktrim.published("purchase_orders").filter(pl.col("order_id") == drafts[2]["order_id"])["state"]
    assert states.to_list() == ["rejected"]
