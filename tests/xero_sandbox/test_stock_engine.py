"""What moves stock and its value, and what never does."""

from decimal import Decimal

import pytest

from tests.xero_sandbox.sandbox_builders import a_bill, a_line, a_purchase_order, a_world, an_item, guid
from tests.xero_sandbox.sandbox_calls import a_body, put, stock
from xero_sandbox.behaviour.edits import CopyToBill, Write
from xero_sandbox.behaviour.faults import Fault


@pytest.mark.parametrize(
    ("kind", "on_hand"), [("ACCREC", 90.0), ("ACCPAY", 110.0), ("ACCRECCREDIT", 110.0), ("ACCPAYCREDIT", 90.0)]
)
def test_approval_moves_stock(open_sandbox, kind, on_hand):
    client = open_sandbox()
    put(client, kind, 10)
    assert stock(client)[0] == on_hand


@pytest.mark.parametrize("status", ["DRAFT", "SUBMITTED"])
def test_what_is_not_approved_moves_nothing(open_sandbox, status):
    client = open_sandbox()
    put(client, "ACCREC", 10, status=status)
    assert stock(client) == (100.0, 250.0)


def test_approving_a_draft_moves_stock_once(open_sandbox):
    client = open_sandbox()
    draft = put(client, "ACCREC", 10, status="DRAFT")
    for _ in range(2):
        client.post("Invoices", {"InvoiceID": draft["InvoiceID"], "Status": "AUTHORISED"})
    assert stock(client)[0] == 90.0


def test_a_void_gives_stock_back(open_sandbox):
    client = open_sandbox()
    invoice = put(client, "ACCREC", 10)
    client.post(f"Invoices/{invoice['InvoiceID']}", {"Status": "VOIDED"})
    assert stock(client) == (100.0, 250.0)


def test_a_changed_quantity_moves_the_difference(open_sandbox):
    client = open_sandbox()
    invoice = put(client, "ACCREC", 10)
    line = invoice["LineItems"][0] | {"Quantity": 4}
    client.post("Invoices", {"InvoiceID": invoice["InvoiceID"], "LineItems": [line]})
    assert stock(client)[0] == 96.0


def test_value_goes_by_moving_average(open_sandbox):
    client = open_sandbox()
    put(client, "ACCPAY", 100, price=3.5, contact="Supplier 01")
    assert stock(client) == (200.0, 600.0)
    put(client, "ACCREC", 50, price=9)
    assert stock(client) == (150.0, 450.0)


def test_a_bill_in_foreign_currency_is_valued_in_base_currency(open_sandbox):
    client = open_sandbox()
    put(client, "ACCPAY", 10, price=4, contact="Supplier 01", CurrencyCode="USD", CurrencyRate=2)
    assert stock(client) == (110.0, 270.0)


def test_a_zero_total_bill_adjusts_stock(open_sandbox):
    client = open_sandbox()
    body = a_body("ACCPAY", 5, price=2, contact="Supplier 01")
    body["LineItems"].append({"Description": "Adjustment", "Quantity": 1, "UnitAmount": -10})
    assert client.put("Invoices", body).json()["Invoices"][0]["Total"] == 0.0
    assert stock(client) == (105.0, 260.0)


def test_overselling_is_refused_and_moves_nothing(open_sandbox):
    client = open_sandbox()
    answer = client.put("Invoices", a_body("ACCREC", 101))
    assert answer.status_code == 400
    assert "TEA-01" in answer.json()["Elements"][0]["ValidationErrors"][0]["Message"]
    assert stock(client) == (100.0, 250.0)
    assert client.rows("Invoices") == []


def test_back_orders_take_what_is_there_and_owe_the_rest(open_sandbox):
    client = open_sandbox()
    client.put("Invoices?allowBackorders=true", a_body("ACCREC", 130))
    (item,) = client.rows("Items/TEA-01")
    assert (item["QuantityOnHand"], item["QuantityOnBackOrder"], item["QuantityAvailable"]) == (0.0, 30.0, -30.0)


def test_goods_that_arrive_fill_back_orders_first(open_sandbox):
    client = open_sandbox(a_world(an_item("RARE", on_hand=0, quantity_on_back_order=Decimal(30))))
    put(client, "ACCPAY", 50, price=2, contact="Supplier 01", code="RARE")
    (item,) = client.rows("Items/RARE")
    assert (item["QuantityOnHand"], item["TotalCostPool"]) == (20.0, 40.0)
    assert "QuantityOnBackOrder" not in item


def test_an_untracked_item_has_no_stock_to_move(open_sandbox):
    client = open_sandbox(a_world(an_item("FREIGHT", on_hand=0, is_tracked=False)))
    put(client, "ACCREC", 10, code="FREIGHT")
    assert client.sandbox.worlds[0].items[guid("item FREIGHT")].quantity_on_hand == 0


@pytest.mark.parametrize("status", ["SUBMITTED", "AUTHORISED", "BILLED"])
def test_a_purchase_order_never_moves_stock(open_sandbox, status):
    client = open_sandbox(a_world(a_purchase_order(status="AUTHORISED" if status == "BILLED" else "DRAFT")))
    answer = client.post("PurchaseOrders/PO-0001", {"Status": status})
    assert answer.json()["PurchaseOrders"][0]["Status"] == status
    assert stock(client) == (100.0, 250.0)


def test_marking_an_order_as_billed_makes_no_bill(open_sandbox):
    client = open_sandbox(a_world(a_purchase_order()))
    client.post("PurchaseOrders/PO-0001", {"Status": "BILLED"})
    assert client.rows("Invoices") == []


def test_an_order_copied_to_a_bill_carries_its_number_and_stays_open(open_sandbox):
    client = open_sandbox(a_world(a_purchase_order("PO-0007", a_line(quantity=4))))
    (bill,) = client.edit(CopyToBill(path="PurchaseOrders/PO-0007", status="AUTHORISED"))
    assert (bill["Type"], bill["InvoiceNumber"], bill["LineItems"][0]["Quantity"]) == ("ACCPAY", "PO-0007", 4.0)
    assert client.rows("PurchaseOrders/PO-0007")[0]["Status"] == "AUTHORISED"
    assert client.rows("Items/TEA-01")[0]["QuantityOnHand"] == 104.0


def test_a_bill_approved_between_two_reads_has_moved_the_stock(open_sandbox):
    client = open_sandbox(a_world(a_bill("BILL-1", a_line(quantity=7), status="DRAFT")))
    path = f"Invoices/{guid('ACCPAY BILL-1')}"
    client.sandbox.fault(Fault(kind="edit", path="/Items", edits=[Write(path=path, body={"Status": "AUTHORISED"})]))
    before, after = (client.rows("Items")[0]["QuantityOnHand"] for _ in range(2))
    assert (before, after) == (100.0, 107.0)
