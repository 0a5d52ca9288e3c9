"""What a load asks of Xero, counted by the sandbox: never a call more than is needed."""

from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from urllib.parse import parse_qs

import polars as pl
import pytest

from pipelines.landing.load_log import day_calls_left
from pipelines.storage import tables
from tests.pipelines.landing.loading import EVERYTHING, MONDAY, Loading, loading
from tests.xero_sandbox.sandbox_builders import a_credit_note, a_line, a_purchase_order, a_world, an_invoice
from xero_sandbox.behaviour.edits import Write
from xero_sandbox.behaviour.faults import Fault

OPEN_ORDERS = 3


@pytest.fixture
def acme(tmp_path: Path) -> Iterator[Loading]:
    """25 invoices, 11 orders, 2 credit notes, 2 contacts, 1 item; ten rows a page."""
    invoices = [an_invoice(f"INV-{number:04}") for number in range(25)]
    orders = [a_purchase_order(f"PO-{number:04}") for number in range(11)]
    notes = [a_credit_note(f"CN-{number:04}", status="DRAFT") for number in range(2)]
    with loading(a_world(*invoices, *orders, *notes), tmp_path, page_size=10) as acme:
        yield acme


def loaded(acme: Loading) -> Loading:
    """After the first load and a quarter of an hour."""
    acme.load()
    acme.calls()
    acme.pass_time(minutes=15)
    return acme


def lists(calls: list[str]) -> Counter[str]:
    return Counter(call.partition("?")[0] for call in calls)


def move_stock_after_items_were_read(acme: Loading, kind: str, *, quantity: int, times: int = 1) -> None:
    """Somebody approves a bill or a sale of the item right after it was read, so often, or each time."""
    acme.sandbox.clock.run()
    document = {
        "Type": kind, "Status": "AUTHORISED", "Contact": {"Name": "Supplier 01"},
        "LineItems": [{"ItemCode": "TEA-01", "Quantity": quantity, "UnitAmount": 2}],
    }  # fmt: skip
    edit = Write(path="Invoices", body=document, method="PUT")
    acme.sandbox.fault(Fault(kind="edit", path="/Items", edits=[edit], times=times))


def test_a_full_load_takes_a_call_a_page_and_one_each_for_items_and_organisation(acme: Loading) -> None:
    acme.load()
    assert lists(acme.calls()) == {
        "Organisation": 1, "Items": 1, "Invoices": 3, "PurchaseOrders": 2, "CreditNotes": 1, "Contacts": 1,
    }  # fmt: skip


def test_a_later_load_takes_four_calls_and_five_with_suppliers(acme: Loading) -> None:
    loaded(acme).load()
    assert lists(acme.calls()) == {"Items": 1, "Invoices": 1, "CreditNotes": 1, "PurchaseOrders": 1}
    acme.pass_time(minutes=10)
    acme.load(*EVERYTHING)
    assert lists(acme.calls()).total() == 5


def test_the_first_load_of_a_day_adds_the_organisation_its_contacts_and_its_open_orders(acme: Loading) -> None:
    acme.load()
    acme.pass_time(hours=23)
    acme.load()
    acme.calls()
    acme.pass_time(minutes=5)
    acme.load()
    assert lists(acme.calls()).total() == 4
    acme.pass_time(days=1)
    acme.at_hand.tokens.renewed()
    acme.load()
    calls = acme.calls()
    assert lists(calls).total() == 4 + 1 + 1 + OPEN_ORDERS + 1  # the eleven approved orders fill two pages
    assert sum("Status=" in call for call in calls) == OPEN_ORDERS + 1


def test_a_changed_delivery_date_that_leaves_the_stamp_alone_is_seen_the_next_day(acme: Loading) -> None:
    loaded(acme)
    order = next(iter(acme.world.purchase_orders.values()))
    order.delivery_date = order.date
    acme.load()
    assert acme.raw() != acme.truth()
    acme.pass_time(days=1)
    acme.load()
    assert acme.raw() == acme.truth()


def test_a_list_that_moves_between_two_pages_is_caught_up_with_one_call(acme: Loading) -> None:
    last = max(acme.world.purchase_orders)
    edit = Write(path=f"PurchaseOrders/{last}", body={"Reference": "moved to the front"})
    acme.sandbox.fault(Fault(kind="edit", path="/PurchaseOrders.*page=1", edits=[edit]))
    acme.load()
    assert lists(acme.calls())["PurchaseOrders"] == 2 + 1
    assert acme.raw() == acme.truth()


def test_a_catch_up_that_a_small_page_does_not_hold_is_read_in_usual_ones(tmp_path: Path) -> None:
    just_imported = [a_purchase_order(f"PO-{number:04}", updated_at=MONDAY) for number in range(250)]
    with loading(a_world(*just_imported), tmp_path, page_size=200) as acme:
        last = Write(path=f"PurchaseOrders/{max(acme.world.purchase_orders)}", body={"Reference": "moved to the front"})
        acme.pass_time(seconds=1)
        acme.sandbox.fault(Fault(kind="edit", path="/PurchaseOrders.*page=1", edits=[last]))
        acme.load()
        pages = [call for call in acme.calls() if call.startswith("PurchaseOrders")]
        sizes = [parse_qs(call.partition("?")[2])["pageSize"] for call in pages]
        assert sizes == [["200"], ["200"], ["100"], ["200"], ["200"]]
        assert acme.raw() == acme.truth()


def test_stock_that_moves_after_the_items_were_read_is_read_again_with_its_documents(acme: Loading) -> None:
    loaded(acme)
    move_stock_after_items_were_read(acme, "ACCPAY", quantity=10)
    read = acme.load()
    assert lists(acme.calls()) == {"Items": 2, "Invoices": 2, "CreditNotes": 2, "PurchaseOrders": 2}
    assert read.is_quiescent
    assert acme.raw() == acme.truth()
    assert acme.rows(tables.XERO_ITEMS)["quantity_on_hand"].to_list() == [Decimal(110)]


def test_stock_that_never_stands_still_is_reported_after_three_rounds(acme: Loading) -> None:
    loaded(acme)
    move_stock_after_items_were_read(acme, "ACCREC", quantity=1, times=0)
    read = acme.load()
    assert lists(acme.calls())["Items"] == 1 + 3
    assert not read.is_quiescent
    assert not acme.rows(tables.LOADS).sort("loaded_at")["is_quiescent"][-1]


def test_once_a_week_the_number_of_records_is_compared_and_a_difference_is_read_in_full(acme: Loading) -> None:
    loaded(acme)
    acme.pass_time(days=7)
    acme.at_hand.tokens.renewed()
    acme.load(*EVERYTHING)
    assert sum("pageSize=1&" in f"{call}&" for call in acme.calls()) == 4

    hidden = an_invoice("INV-OLD", a_line())  # its stamp is older than any watermark: no load of changes can see it
    acme.world.invoices[hidden.document_id] = hidden
    acme.pass_time(days=6)
    acme.load(*EVERYTHING)
    assert acme.raw() != acme.truth()
    acme.pass_time(days=1)
    acme.at_hand.tokens.renewed()
    acme.calls()
    acme.load(*EVERYTHING)
    assert lists(acme.calls())["Invoices"] == 1 + 1 + 3
    assert acme.raw() == acme.truth()


def test_what_a_load_took_is_kept_with_what_is_left_of_the_day(acme: Loading) -> None:
    read = acme.load()
    seen = acme.sandbox.stats()["counts"]
    kept = acme.rows(tables.LOADS)
    assert kept["calls"].sum() == seen["accounting_requests"]
    sizes = [entry["raw_bytes"] for entry in acme.sandbox.stats()["requests"] if entry["path"].startswith("/api.xro/")]
    assert kept["megabytes"].sum() == pytest.approx(sum(sizes) / 1e6)
    assert day_calls_left(kept) == 5000 - seen["accounting_requests"]
    assert set(kept["load_id"]) == {read.load_id}
    assert kept.filter(pl.col("list") == "Invoices")["kind"].to_list() == ["everything"]


def test_a_voided_invoice_a_merged_contact_and_a_deleted_item_arrive_with_the_next_load(acme: Loading) -> None:
    loaded(acme)
    invoice, contact = next(iter(acme.world.invoices)), next(iter(acme.world.contacts))
    acme.sandbox.edit(
        Write(path=f"Invoices/{invoice}", body={"Status": "VOIDED"}),
        Write(path=f"Contacts/{contact}", body={"ContactStatus": "ARCHIVED"}),
        Write(path="Items/TEA-01", method="DELETE"),
    )
    acme.pass_time(minutes=1)
    acme.load(*EVERYTHING)
    assert acme.raw() == acme.truth()
    invoices = acme.rows(tables.XERO_INVOICES).filter(pl.col("invoice_id") == invoice)
    contacts = acme.rows(tables.XERO_CONTACTS).filter(pl.col("contact_id") == contact)
    assert invoices["status"].to_list() == ["VOIDED"]
    assert contacts["contact_status"].to_list() == ["ARCHIVED"]
    assert acme.rows(tables.XERO_ITEMS).is_empty()
    changes = {entry.records: (entry.changed, entry.void, entry.gone, entry.named) for entry in acme.changes.records}
    assert changes == {
        "contacts": (1, 0, 0, (contacts["name"][0],)),
        "products": (0, 0, 1, ("TEA-01",)),
        "sales invoices": (0, 1, 0, (invoices["invoice_number"][0],)),
    }
    acme.load(*EVERYTHING)
    assert acme.changes.records == ()


def test_a_replayed_load_makes_raw_what_it_was_and_asks_xero_nothing(acme: Loading) -> None:
    first = acme.load()
    before = acme.raw()
    acme.pass_time(minutes=20)
    acme.sandbox.edit(Write(path=f"Invoices/{next(iter(acme.world.invoices))}", body={"Status": "VOIDED"}))
    later = acme.load()
    after = acme.raw()
    acme.calls()
    acme.replay(first.load_id)
    assert acme.raw() == before
    acme.replay(later.load_id)
    assert acme.raw() == after
    assert acme.calls() == []
    acme.replay(first.load_id)
    acme.load()
    assert acme.raw() == acme.truth()
