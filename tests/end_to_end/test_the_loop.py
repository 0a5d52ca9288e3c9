"""The whole loop against the sandbox: what was ordered is never suggested a second time."""

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dagster as dg
import polars as pl
import pytest

from pipelines.settings import read_settings
from stocktrim_assets.home import dagster_instance
from tests.end_to_end.conftest import HOME, Command, Planned, copied
from xero_sandbox.core.documents import World

HISTORY = ("kpi_daily", "plan_history", "plan_summary")
OPENING = """
import sys, pathlib
from pipelines.storage.tables import PRODUCTS
from pipelines.storage.warehouse import open_warehouse, row_count
with open_warehouse(pathlib.Path(sys.argv[1])) as warehouse:
    print(row_count(warehouse, PRODUCTS))
"""


def suggested(stocktrim: Command) -> dict[str, float]:
    plan = stocktrim.published("order_plan").filter(pl.col("order_quantity") > 0)
    return dict(plan.select("product_code", "order_quantity").iter_rows())


def drafted(stocktrim: Command) -> list[dict[str, Any]]:
    orders: list[dict[str, Any]] = stocktrim("orders", "list", "--state", "draft", "--json").json()
    return orders


def test_what_was_ordered_is_not_suggested_again(planned: Planned) -> None:
    stocktrim, sandbox = planned.stocktrim, planned.sandbox
    plan = stocktrim.published("order_plan")
    with_supplier = set(plan.filter(pl.col("supplier_id").is_not_null())["product_code"])
    orders = drafted(stocktrim)
    lines = {line["product_code"]: float(line["quantity"]) for order in orders for line in order["lines"]}
    assert lines == {code: quantity for code, quantity in suggested(stocktrim).items() if code in with_supplier}
    for order in orders:
        assert stocktrim("orders", "approve", order["order_id"], "--by", "a buyer").code == 0

    # Approved and not yet sent: supply already.
    assert stocktrim("plan").code == 0
    assert not suggested(stocktrim).keys() & lines.keys()
    waiting = stocktrim.published("stock_on_order").filter(pl.col("rule") == "approved_not_sent")
    assert dict(waiting.select("product_code", "quantity").iter_rows()) == lines

    # Sent, and sent again: Xero holds each order once, as a draft without a delivery date.
    assert stocktrim("orders", "send").code == 0
    assert stocktrim("orders", "send").code == 0
    held = [one for one in sandbox.worlds[0].purchase_orders.values() if one.number.startswith("RP-")]
    assert sorted(one.number for one in held) == sorted(order["purchase_order_number"] for order in orders)
    assert {one.status for one in held} == {"DRAFT"}
    assert all(one.delivery_date is None and one.expected_arrival_date is not None for one in held)

    # The next load finds them in Xero: the second walk through the loop orders nothing of it again.
    assert stocktrim("load").code == 0
    assert stocktrim("plan").code == 0
    assert not suggested(stocktrim).keys() & lines.keys()
    assert stocktrim.published("stock_on_order").filter(pl.col("rule") == "approved_not_sent").is_empty()
    assert stocktrim.published("plan_history")["plan_id"].n_unique() == 3


def test_an_order_that_a_person_deletes_in_xero_is_suggested_again(planned: Planned) -> None:
    stocktrim, sandbox = planned.stocktrim, planned.sandbox
    order = drafted(stocktrim)[0]
    stocktrim("orders", "approve", order["order_id"])
    stocktrim("orders", "send")
    held = next(one for one in sandbox.worlds[0].purchase_orders.values() if one.number.startswith("RP-"))
    held.status = "DELETED"
    held.updated_at = sandbox.clock.now()
    assert stocktrim("load").code == 0
    assert stocktrim("plan").code == 0
    assert {line["product_code"] for line in order["lines"]} <= suggested(stocktrim).keys()
    result = stocktrim.published("xero_readiness").filter(problem="sent_order_deleted_in_xero")
    assert result["document_number"].to_list() == [order["purchase_order_number"]]
    (sent,) = stocktrim("orders", "list", "--state", "sent", "--json").json()
    assert sent["remarks"][-1] == "it was deleted in Xero, so it is not on order"


def test_an_order_that_was_renumbered_counts_once_and_one_that_xero_lost_or_refused_does_not_and_is_told(
    planned: Planned,
) -> None:
    stocktrim, sandbox = planned.stocktrim, planned.sandbox
    renumbered, lost, refused = drafted(stocktrim)[:3]
    world = sandbox.worlds[0]
    for order in (renumbered, lost, refused):
        assert stocktrim("orders", "approve", order["order_id"]).code == 0
    world.contacts[refused["supplier_id"]].status = "ARCHIVED"
    assert stocktrim("orders", "send").code == 1
    held = {one.number: one for one in world.purchase_orders.values()}
    held[renumbered["purchase_order_number"]].number = "PO-9999"
    del world.purchase_orders[held[lost["purchase_order_number"]].document_id]
    assert stocktrim("load", "--refresh", "purchase-orders").code == 0
    assert stocktrim("plan").code == 0

    on_order = stocktrim.published("stock_on_order")
    assert on_order.filter(pl.col("rule") == "approved_not_sent").is_empty()
    assert on_order.filter(purchase_order_number="PO-9999")["is_counted"].all()
    ours = [order["purchase_order_number"] for order in (renumbered, lost, refused)]
    assert not on_order.filter(pl.col("purchase_order_number").is_in(ours))["is_counted"].any()
    readiness = stocktrim.published("xero_readiness").filter(pl.col("document_number").is_in(ours))
    assert dict(readiness.select("problem", "document_number").rows()) == {
        "sent_order_missing_in_xero": ours[1], "order_refused_by_xero": ours[2]}  # fmt: skip
    assert (readiness["amount"] > 0).all()
    for order in (lost, refused):
        assert {line["product_code"] for line in order["lines"]} <= suggested(stocktrim).keys()
    assert not {line["product_code"] for line in renumbered["lines"]} & suggested(stocktrim).keys()


def test_an_order_below_its_suppliers_minimum_is_marked_and_waits_for_a_deliberate_word(planned: Planned) -> None:
    stocktrim, supplier = planned.stocktrim, drafted(planned.stocktrim)[0]["supplier_id"]
    code = drafted(stocktrim)[0]["lines"][0]["product_code"]
    stocktrim("settings", "set", "minimum_order_value", "100000", "--supplier", supplier)
    stocktrim("settings", "set", "supplier_product_code", "-4711", "--product", code)
    assert stocktrim("plan").code == 0
    (small,) = [order for order in drafted(stocktrim) if order["is_below_minimum"]]
    lines = stocktrim.published("purchase_order_drafts").filter("is_below_minimum")
    assert (set(lines["supplier_id"]), set(lines["order_id"])) == ({supplier}, {small["order_id"]})
    with dagster_instance(read_settings()) as instance:
        made = instance.get_latest_materialization_event(dg.AssetKey(["purchase_orders", "purchase_order_drafts"]))
    assert made is not None
    assert made.asset_materialization is not None
    assert made.asset_materialization.metadata["below_minimum"].value == 1
    remark = f"elow the supplier's minimum order value of 100,000.00 {small['currency']}"
    for shown in (stocktrim("orders", "list"), stocktrim("orders", "show", small["order_id"])):
        assert remark in " ".join(f"{shown.out} {shown.err}".replace("│", " ").split())

    refused = stocktrim("orders", "approve", small["order_id"])
    assert (refused.code, remark in " ".join(refused.err.split())) == (2, True)
    stocktrim("orders", "send")
    assert not [one for one in planned.world.purchase_orders.values() if one.number.startswith("RP-")]
    assert stocktrim("orders", "approve", small["order_id"], "--even-if-below-minimum").code == 0
    assert stocktrim("orders", "send").code == 0
    (held,) = [one for one in planned.world.purchase_orders.values() if one.number.startswith("RP-")]
    (named,) = [line for line in held.lines if line.item_code == code]
    assert named.description.startswith("-4711 — ")


@dataclass(frozen=True)
class Refreshed:
    """A home where everything was read again, dbt included, in this very process; and what was said before."""

    planned: Planned
    before: list[pl.DataFrame]


@pytest.fixture(scope="module")
def refreshed(planned_home: Path, wholesaler: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Refreshed]:
    home = tmp_path_factory.mktemp("refreshed") / HOME
    with pytest.MonkeyPatch.context() as patch, copied(planned_home, wholesaler, home, patch) as planned:
        before = [planned.stocktrim.published(table) for table in HISTORY]
        for path in (home, *home.rglob("*")):  # as an older version made it under a careless umask
            path.chmod(path.lstat().st_mode | 0o055) if not path.is_symlink() else None
        every = ("products", "sales-orders", "purchase-orders", "suppliers")
        result = planned.stocktrim("load", *(word for entity in every for word in ("--refresh", entity)))
        assert result.code == 0, result.err
        yield Refreshed(planned, before)


def test_after_dbt_the_warehouse_is_free_while_the_process_that_ran_it_lives(refreshed: Refreshed) -> None:
    stocktrim = refreshed.planned.stocktrim
    opened = subprocess.run(  # noqa: S603, ours
        [sys.executable, "-c", OPENING, stocktrim.folder], capture_output=True, text=True, check=False
    )
    assert (opened.returncode, opened.stderr) == (0, "")
    assert int(opened.stdout) == stocktrim.published("products").height


def test_all_that_lies_in_a_home_is_its_owners_alone(refreshed: Refreshed) -> None:
    home = refreshed.planned.stocktrim.home
    open_to_others = [
        str(path.relative_to(home))
        for path in (home, *home.rglob("*"))
        if not path.is_symlink() and path.lstat().st_mode & 0o077
    ]
    assert open_to_others == []
    assert len(list(home.rglob("*"))) > 50


def test_history_survives_a_refresh_of_everything(refreshed: Refreshed) -> None:
    assert [frame.is_empty() for frame in refreshed.before] == [False] * 3
    after = [refreshed.planned.stocktrim.published(table) for table in HISTORY]
    assert all(old.equals(new) for old, new in zip(refreshed.before, after, strict=True))
