"""The whole loop against the sandbox: what was ordered is never suggested a second time."""

import copy
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dagster as dg
import polars as pl
import pytest

from pipelines.settings import read_settings
from stocktrim_assets.home import dagster_instance
from tests.end_to_end.conftest import HOME, Command, copied, in_a_line
from xero_sandbox.core.documents import Document, World

FATES = ("deleted", "renumbered", "lost", "refused")
GONE = {
    "deleted": "sent_order_deleted_in_xero", "lost": "sent_order_missing_in_xero", "refused": "order_refused_by_xero",
}  # fmt: skip


def suggested(stocktrim: Command) -> dict[str, float]:
    plan = stocktrim.published("order_plan").filter(pl.col("order_quantity") > 0)
    return dict(plan.select("product_code", "order_quantity").iter_rows())


def drafted(stocktrim: Command) -> list[dict[str, Any]]:
    orders: list[dict[str, Any]] = stocktrim("orders", "list", "--state", "draft", "--json").json()
    return orders


@dataclass(frozen=True)
class Walk:
    """The loop walked twice: what was ordered in the first round, and what the plans and Xero held after each step.

    The first four orders met a fate in Xero: deleted, renumbered, lost, refused. Nothing happened to the others.
    Before the last plan the supplier of the deleted one got a minimum far above it, and its first product a code.
    """

    stocktrim: Command
    orders: list[dict[str, Any]]
    suggested: list[dict[str, float]]
    waiting: pl.DataFrame
    sent: list[Document]
    in_xero: dict[str, Document]

    def lines(self, *fates: str) -> dict[str, float]:
        """What was ordered by product, of the orders that met one of these fates."""
        orders = [order for order, fate in zip(self.orders, FATES, strict=False) if fate in fates]
        orders += self.orders[len(FATES) :] if "" in fates else []
        return {line["product_code"]: float(line["quantity"]) for order in orders for line in order["lines"]}

    def number(self, fate: str) -> str:
        """The number that we gave an order."""
        return str(self.orders[FATES.index(fate)]["purchase_order_number"])


@pytest.fixture(scope="module")
def walk(planned_home: Path, wholesaler: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Walk]:
    home = tmp_path_factory.mktemp("walked") / HOME
    with pytest.MonkeyPatch.context() as patch, copied(planned_home, wholesaler, home, patch) as planned:
        stocktrim, held = planned.stocktrim, planned.world.purchase_orders
        orders, plans = drafted(stocktrim), [suggested(stocktrim)]
        assert len(orders) > len(FATES)
        for order in orders:
            assert stocktrim("orders", "approve", order["order_id"], "--by", "a buyer").code == 0
        plans.append(suggested_by_a_new_plan(stocktrim))
        waiting = stocktrim.published("stock_on_order").filter(pl.col("rule") == "approved_not_sent")

        planned.world.contacts[orders[FATES.index("refused")]["supplier_id"]].status = "ARCHIVED"
        assert [stocktrim("orders", "send").code for _ in range(2)] == [1, 0]
        sent = [copy.copy(order) for order in held.values() if order.number.startswith("RP-")]
        in_xero = {order.number: order for order in held.values()}
        deleted, renumbered, lost = (in_xero[order["purchase_order_number"]] for order in orders[:3])
        deleted.status, renumbered.number = "DELETED", "PO-9999"
        del held[lost.document_id]
        assert stocktrim("load", "--refresh", "purchase-orders").code == 0
        supplier, code = orders[0]["supplier_id"], orders[0]["lines"][0]["product_code"]
        assert stocktrim("settings", "set", "minimum_order_value", "100000", "--supplier", supplier).code == 0
        assert stocktrim("settings", "set", "below_minimum", "as_is", "--supplier", supplier).code == 0
        assert stocktrim("settings", "set", "supplier_product_code", "-4711", "--product", code).code == 0
        plans.append(suggested_by_a_new_plan(stocktrim))
        yield Walk(stocktrim, orders, plans, waiting, sent, held)


def suggested_by_a_new_plan(stocktrim: Command) -> dict[str, float]:
    planned = stocktrim("plan")
    assert planned.code == 0, planned.err
    return suggested(stocktrim)


def test_every_suggestion_for_a_supplier_is_drafted(walk: Walk) -> None:
    products = walk.stocktrim.published("order_plan").filter(pl.col("supplier_id").is_not_null())["product_code"]
    expected = {code: quantity for code, quantity in walk.suggested[0].items() if code in set(products)}
    assert walk.lines("", *FATES) == expected


def test_what_is_approved_is_supply_before_it_is_sent(walk: Walk) -> None:
    ordered = walk.lines("", *FATES)
    assert not walk.suggested[1].keys() & ordered.keys()
    assert dict(walk.waiting.select("product_code", "quantity").iter_rows()) == ordered


def test_an_order_that_is_sent_twice_is_in_xero_once_as_a_draft_without_a_delivery_date(walk: Walk) -> None:
    numbers = sorted(order["purchase_order_number"] for order in walk.orders)
    assert sorted([*(order.number for order in walk.sent), walk.number("refused")]) == numbers
    assert {order.status for order in walk.sent} == {"DRAFT"}
    assert all(order.delivery_date is None and order.expected_arrival_date is not None for order in walk.sent)


def test_what_was_ordered_is_not_suggested_again(walk: Walk) -> None:
    """The load finds the orders in Xero, one of them under another number; it counts once."""
    assert not walk.suggested[2].keys() & walk.lines("", "renumbered").keys()
    on_order = walk.stocktrim.published("stock_on_order")
    assert on_order.filter(pl.col("rule") == "approved_not_sent").is_empty()
    assert on_order.filter(purchase_order_number="PO-9999")["is_counted"].to_list() == [True] * len(
        walk.lines("renumbered")
    )
    assert not on_order.filter(purchase_order_number=walk.number("renumbered"))["is_counted"].any()
    assert walk.stocktrim.published("plan_history")["plan_id"].n_unique() == 3


@pytest.mark.parametrize("fate", GONE)
def test_an_order_that_xero_deleted_lost_or_refused_is_suggested_again_and_reported(walk: Walk, fate: str) -> None:
    assert walk.lines(fate).keys() <= walk.suggested[2].keys()
    on_order = walk.stocktrim.published("stock_on_order").filter(purchase_order_number=walk.number(fate))
    assert not on_order["is_counted"].any()
    problems = walk.stocktrim.published("xero_readiness").filter(document_number=walk.number(fate))
    assert problems["problem"].to_list() == [GONE[fate]]
    assert (problems["amount"] > 0).all()


def test_an_order_that_was_renumbered_is_no_problem(walk: Walk) -> None:
    problems = walk.stocktrim.published("xero_readiness").filter(pl.col("problem").is_in([*GONE.values()]))
    assert sorted(problems["document_number"]) == sorted(walk.number(fate) for fate in GONE)


def test_an_order_that_was_deleted_in_xero_says_so(walk: Walk) -> None:
    listed = walk.stocktrim("orders", "list", "--state", "sent", "--json").json()
    remarks = {order["purchase_order_number"]: order["remarks"] for order in listed}
    assert remarks[walk.number("deleted")][-1] == "it was deleted in Xero, so it is not on order"


def test_an_order_below_its_suppliers_minimum_is_marked_and_waits_for_a_deliberate_word(walk: Walk) -> None:
    """It sends an order: it is the last of the tests that share the walk."""
    stocktrim, deleted = walk.stocktrim, walk.orders[FATES.index("deleted")]
    (small,) = [order for order in drafted(stocktrim) if order["is_below_minimum"]]
    lines = stocktrim.published("purchase_order_drafts").filter("is_below_minimum")
    assert (set(lines["supplier_id"]), set(lines["order_id"])) == ({deleted["supplier_id"]}, {small["order_id"]})
    with dagster_instance(read_settings()) as instance:
        made = instance.get_latest_materialization_event(dg.AssetKey(["purchase_orders", "purchase_order_drafts"]))
    assert made is not None
    assert made.asset_materialization is not None
    assert made.asset_materialization.metadata["below_minimum"].value == 1
    remark = f"elow the supplier's minimum order value of 100,000.00 {small['currency']}"
    for shown in (stocktrim("orders", "list"), stocktrim("orders", "show", small["order_id"])):
        assert remark in in_a_line(f"{shown.out} {shown.err}")

    before = set(walk.in_xero)
    refused = stocktrim("orders", "approve", small["order_id"])
    assert (refused.code, remark in " ".join(refused.err.split())) == (2, True)
    stocktrim("orders", "send")
    assert set(walk.in_xero) == before
    assert stocktrim("orders", "approve", small["order_id"], "--even-if-below-minimum").code == 0
    assert stocktrim("orders", "send").code == 0
    (held,) = [order for key, order in walk.in_xero.items() if key not in before]
    assert held.number.startswith("RP-")
    (named,) = [line for line in held.lines if line.item_code == deleted["lines"][0]["product_code"]]
    assert named.description.startswith("-4711 — ")
