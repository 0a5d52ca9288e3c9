"""Points 6 and 7: what moves stock and its value, and what moves a stamp."""

from decimal import Decimal

import pytest
from sandbox_builders import a_purchase_order, a_world, an_invoice, an_item, guid

from xero_sandbox.switches import Switches


def a_body(kind, quantity, *, price=5, status="AUTHORISED", contact="Customer 01", code="TEA-01", **more):
    line = {"ItemCode": code, "Quantity": quantity, "UnitAmount": price, "Description": "Goods"}
    contact_id = guid(f"contact {contact}")
    return {"Type": kind, "Status": status, "Contact": {"ContactID": contact_id}, "LineItems": [line]} | more


def put(client, kind, quantity, **more):
    path = "CreditNotes" if kind.endswith("CREDIT") else "Invoices"
    answer = client.put(path, a_body(kind, quantity, **more))
    assert answer.status_code == 200, answer.text
    return answer.json()[path][0]


def stock(client, code="TEA-01"):
    """Quantity on hand and cost pool."""
    (item,) = client.rows(f"Items/{code}")
    return item["QuantityOnHand"], item["TotalCostPool"]


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


def test_an_edit_moves_the_stamp(open_sandbox):
    client = open_sandbox(a_world(an_invoice()))
    before = client.rows("Invoices")[0]["UpdatedDateUTC"]
    client.post("Invoices", {"InvoiceNumber": "INV-0001", "Reference": "edited"})
    assert client.rows("Invoices")[0]["UpdatedDateUTC"] != before


def test_moved_stock_leaves_the_items_stamp_alone_unless_switched_on(open_sandbox):
    stamps = []
    for bumps in (False, True):
        client = open_sandbox(switches=Switches(items_bump_on_stock_change=bumps))
        before = client.rows("Items")[0]["UpdatedDateUTC"]
        put(client, "ACCREC", 1)
        stamps.append(client.rows("Items")[0]["UpdatedDateUTC"] != before)
    assert stamps == [False, True]


def test_becoming_a_supplier_leaves_the_contacts_stamp_alone(open_sandbox):
    client = open_sandbox()
    path = f"Contacts/{guid('contact Supplier 01')}"
    (before,) = client.rows(path)
    put(client, "ACCPAY", 1, contact="Supplier 01")
    (after,) = client.rows(path)
    assert (before["IsSupplier"], after["IsSupplier"]) == (False, True)
    assert after["UpdatedDateUTC"] == before["UpdatedDateUTC"]


@pytest.mark.parametrize(
    ("change", "is_stamped"),
    [({"DueDate": "2026-05-01"}, False), ({"SentToContact": True}, False), ({"Reference": "x"}, True)],
)
def test_the_due_date_of_a_paid_invoice_changes_without_a_stamp(open_sandbox, change, is_stamped):
    client = open_sandbox(a_world(an_invoice(status="PAID")))
    before = client.rows("Invoices")[0]["UpdatedDateUTC"]
    assert client.post("Invoices", {"InvoiceNumber": "INV-0001"} | change).status_code == 200
    assert (client.rows("Invoices")[0]["UpdatedDateUTC"] != before) is is_stamped
