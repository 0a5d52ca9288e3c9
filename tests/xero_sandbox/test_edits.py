"""People edit in Xero's own pages while an app is connected."""

from datetime import timedelta
from decimal import Decimal

import pytest

from tests.xero_sandbox.sandbox_builders import (
    LONG_AGO,
    a_contact,
    a_line,
    a_world,
    an_invoice,
    an_organisation,
    guid,
)
from tests.xero_sandbox.sandbox_calls import stored_world
from xero_sandbox.behaviour.edits import CopyToBill, Merge, Pay, Stamp, Write

CUSTOMER = {"Contact": {"ContactID": guid("contact Customer 01")}}


def test_an_edit_costs_no_call_and_needs_no_token(open_sandbox):
    client = open_sandbox(a_world(an_invoice()))
    client.http.post("/_admin/stats/reset")
    (invoice,) = client.edit(Write(path="Invoices/INV-0001", body={"Reference": "by telephone"}))
    assert invoice["Reference"] == "by telephone"
    assert client.sandbox.stats()["counts"]["requests"] == 0


@pytest.mark.parametrize(
    ("before", "status"), [("DRAFT", "AUTHORISED"), ("AUTHORISED", "VOIDED"), ("DRAFT", "DELETED")]
)
def test_people_approve_void_and_delete(open_sandbox, before, status):
    client = open_sandbox(a_world(an_invoice(status=before)))
    (invoice,) = client.edit(Write(path="Invoices/INV-0001", body={"Status": status}))
    assert invoice["Status"] == status


def test_an_invoice_is_paid_in_part_and_then_in_full(open_sandbox):
    client = open_sandbox(a_world(an_invoice("INV-0001", a_line(quantity=2, price="5.00"))))
    part, full = client.edit(Pay(path="Invoices/INV-0001", amount=Decimal(4)), Pay(path="Invoices/INV-0001"))
    assert (part["Status"], part["AmountPaid"], part["AmountDue"]) == ("AUTHORISED", 4.0, 6.0)
    assert (full["Status"], full["AmountPaid"], full["AmountDue"]) == ("PAID", 10.0, 0.0)


def test_what_is_paid_in_part_cannot_be_voided(open_sandbox):
    client = open_sandbox(a_world(an_invoice()))
    client.edit(Pay(path="Invoices/INV-0001", amount=Decimal(1)))
    (answer,) = client.sandbox.edit(Write(path="Invoices/INV-0001", body={"Status": "VOIDED"}))
    assert answer["status"] == 400


@pytest.mark.parametrize("is_switched_on", [False, True])
def test_a_merged_contact_is_archived_and_its_documents_change_hands(open_sandbox, is_switched_on):
    client = open_sandbox(a_world(a_contact("Old name", is_customer=True), an_invoice(contact="Old name")))
    client.http.post("/_admin/switches", json={"merge_bumps_documents": is_switched_on})
    (before,) = client.rows("Invoices?page=1")
    client.sandbox.clock.advance(1)
    (gone,) = client.edit(Merge(contact="Old name", into="Customer 01"))
    (after,) = client.rows("Invoices?page=1")
    assert (gone["ContactStatus"], gone["MergedToContactID"]) == ("ARCHIVED", guid("contact Customer 01"))
    assert after["Contact"]["Name"] == "Customer 01"
    assert (after["UpdatedDateUTC"] != before["UpdatedDateUTC"]) is is_switched_on


def test_stamps_can_be_made_equal(open_sandbox):
    client = open_sandbox(a_world(an_invoice("INV-1"), an_invoice("INV-2")))
    at = LONG_AGO + timedelta(days=3)
    client.edit(*[Stamp(path=f"Invoices/INV-{number}", at=at) for number in (1, 2)])
    assert len({row["UpdatedDateUTC"] for row in client.rows("Invoices")}) == 1


def test_an_item_is_removed_for_good(open_sandbox):
    client = open_sandbox()
    assert client.sandbox.edit(Write(method="DELETE", path="Items/TEA-01")) == [{"status": 204, "body": ""}]
    assert client.sandbox.books()["Items"] == []


def test_an_edit_names_its_organisation(open_sandbox):
    other = an_organisation("Second Street")
    client = open_sandbox(a_world(), a_world(organisation=other))
    body = CUSTOMER | {"Type": "ACCREC", "LineItems": [{"Description": "x"}]}
    client.edit(Write(method="PUT", path="Invoices", body=body, organisation=other.tenant_id))
    assert client.sandbox.books()["Invoices"] == []
    assert len(client.sandbox.books(other.tenant_id)["Invoices"]) == 1


@pytest.mark.parametrize(
    ("edit", "status"),
    [
        (Write(path="Invoices/NOPE", body={}), 404),
        (Write(path="Invoices", method="PUT", body={"Type": "ACCREC"}), 400),
        (Pay(path="Invoices/INV-0001", amount=Decimal(1000)), 400),
        (Merge(contact="Nobody", into="Customer 01"), 404),
        (Merge(contact="customer 01", into="Customer 01"), 400),
        (CopyToBill(path="Invoices/INV-0001"), 400),
    ],
)
def test_a_refused_edit_changes_nothing(open_sandbox, edit, status):
    client = open_sandbox(a_world(an_invoice()))
    before = client.sandbox.books()
    assert [answer["status"] for answer in client.sandbox.edit(edit)] == [status]
    assert client.sandbox.books() == before


@pytest.mark.parametrize("edit", [{"do": "magic"}, {"do": "pay"}, {"do": "pay", "path": "x", "organisation": "y"}])
def test_an_edit_that_cannot_be_read_is_refused(open_sandbox, edit):
    assert open_sandbox().http.post("/_admin/edits", json=[edit]).status_code == 400


def test_edits_are_in_the_state_on_disk(tmp_path, open_sandbox):
    client = open_sandbox(a_world(an_invoice()), state_directory=tmp_path)
    client.edit(Pay(path="Invoices/INV-0001"))
    assert [invoice.status for invoice in stored_world(tmp_path).invoices.values()] == ["PAID"]
