"""What changes UpdatedDateUTC, and what Xero changes without telling."""

from decimal import Decimal

import pytest

from tests.xero_sandbox.sandbox_builders import a_world, an_invoice, guid
from tests.xero_sandbox.sandbox_calls import put
from xero_sandbox.behaviour.edits import Pay, Write
from xero_sandbox.core.switches import Switches


def test_an_edit_moves_the_stamp(open_sandbox):
    client = open_sandbox(a_world(an_invoice()))
    before = client.rows("Invoices")[0]["UpdatedDateUTC"]
    client.sandbox.clock.advance(1)
    client.post("Invoices", {"InvoiceNumber": "INV-0001", "Reference": "edited"})
    assert client.rows("Invoices")[0]["UpdatedDateUTC"] != before


def test_moved_stock_leaves_the_items_stamp_alone_unless_switched_on(open_sandbox):
    stamps = []
    for bumps in (False, True):
        client = open_sandbox(switches=Switches(items_bump_on_stock_change=bumps))
        before = client.rows("Items")[0]["UpdatedDateUTC"]
        client.sandbox.clock.advance(1)
        put(client, "ACCREC", 1)
        stamps.append(client.rows("Items")[0]["UpdatedDateUTC"] != before)
    assert stamps == [False, True]


def test_becoming_a_supplier_leaves_the_contacts_stamp_alone(open_sandbox):
    client = open_sandbox()
    path = f"Contacts/{guid('contact Supplier 01')}"
    (before,) = client.rows(path)
    client.sandbox.clock.advance(1)
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
    client.sandbox.clock.advance(1)
    assert client.post("Invoices", {"InvoiceNumber": "INV-0001"} | change).status_code == 200
    assert (client.rows("Invoices")[0]["UpdatedDateUTC"] != before) is is_stamped


def test_a_contacts_balance_changes_without_a_stamp(open_sandbox):
    client = open_sandbox()
    path = f"Contacts/{guid('contact Customer 01')}"
    (before,) = client.rows(path)
    client.sandbox.clock.advance(1)
    put(client, "ACCREC", 2, price=5, DueDate="2020-01-31")
    (after,) = client.rows(path)
    assert before["Balances"]["AccountsReceivable"] == {"Outstanding": 0.0, "Overdue": 0.0}
    assert after["Balances"]["AccountsReceivable"] == {"Outstanding": 10.0, "Overdue": 10.0}
    assert after["UpdatedDateUTC"] == before["UpdatedDateUTC"]


@pytest.mark.parametrize(
    ("change", "is_stamped"),
    [({"DueDate": "2026-05-01"}, False), ({"SentToContact": True}, False), ({"Reference": "x"}, True)],
)
def test_the_due_date_of_what_is_paid_in_part_changes_without_a_stamp(open_sandbox, change, is_stamped):
    client = open_sandbox(a_world(an_invoice()))
    (before,) = client.edit(Pay(path="Invoices/INV-0001", amount=Decimal(1)))
    client.sandbox.clock.advance(1)
    (after,) = client.edit(Write(path="Invoices/INV-0001", body=change))
    assert (after["UpdatedDateUTC"] != before["UpdatedDateUTC"]) is is_stamped
