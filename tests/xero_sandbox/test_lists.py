"""What a list answers with."""

from datetime import date, timedelta

import pytest

from tests.xero_sandbox.sandbox_builders import (
    LONG_AGO,
    a_bill,
    a_contact,
    a_credit_note,
    a_purchase_order,
    a_world,
    an_invoice,
    an_item,
    guid,
)
from xero_sandbox.core.switches import Switches
from xero_sandbox.worlds.scale import Size, world_of_size


def some_invoices(count):
    return [an_invoice(f"INV-{n:04d}", updated_at=LONG_AGO + timedelta(seconds=n)) for n in range(1, count + 1)]


def numbers(rows):
    return [row.get("InvoiceNumber") or row.get("PurchaseOrderNumber") for row in rows]


def test_items_are_never_paged(open_sandbox):
    client = open_sandbox(a_world(*[an_item(f"P{n:04d}") for n in range(1200)]))
    assert len(client.rows("Items?page=2&pageSize=100")) == 1201


@pytest.mark.parametrize("path", ["Invoices", "CreditNotes"])
def test_without_a_page_there_are_all_rows_but_no_lines(open_sandbox, path):
    client = open_sandbox(a_world(an_invoice(), a_credit_note()))
    assert client.rows(path)[0]["LineItems"] == []
    assert len(client.rows(f"{path}?page=1")[0]["LineItems"]) == 1


def test_purchase_orders_come_a_hundred_at_a_time_with_lines(open_sandbox):
    client = open_sandbox(a_world(*[a_purchase_order(f"PO-{n:04d}") for n in range(101)]))
    answer = client.get("PurchaseOrders").json()
    assert answer["pagination"] == {"page": 1, "pageSize": 100, "pageCount": 2, "itemCount": 101}
    assert len(answer["PurchaseOrders"][0]["LineItems"]) == 1


def test_a_page_has_at_most_a_thousand_rows(open_sandbox):
    client = open_sandbox(a_world(*some_invoices(1001)))
    answer = client.get("Invoices?page=1&pageSize=5000").json()
    assert answer["pagination"] == {"page": 1, "pageSize": 1000, "pageCount": 2, "itemCount": 1001}
    assert len(answer["Invoices"]) == 1000


def test_a_page_beyond_the_end_is_empty(open_sandbox):
    answer = open_sandbox(a_world(an_invoice())).get("Invoices?page=9").json()
    assert answer["Invoices"] == []
    assert answer["pagination"]["itemCount"] == 1


def test_the_usual_order_is_by_stamp_then_id(open_sandbox):
    invoices = some_invoices(3)
    invoices[0].updated_at = LONG_AGO + timedelta(hours=1)
    twins = [an_invoice(f"TWIN-{n}", updated_at=LONG_AGO) for n in range(4)]
    client = open_sandbox(a_world(*invoices, *twins))
    rows, backwards = client.rows("Invoices"), client.rows("Invoices?order=UpdatedDateUTC DESC")
    assert [row["InvoiceID"] for row in rows[:4]] == sorted(twin.document_id for twin in twins)
    assert numbers(rows[4:]) == ["INV-0002", "INV-0003", "INV-0001"]
    assert backwards == [*reversed(rows[4:]), *rows[:4]]


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ("UpdatedDateUTC DESC", ["INV-0003", "INV-0002", "INV-0001"]),
        ("InvoiceNumber DESC", ["INV-0003", "INV-0002", "INV-0001"]),
        ("Total, InvoiceNumber ASC", ["INV-0001", "INV-0002", "INV-0003"]),
        ("Contact.Name ASC", ["INV-0001", "INV-0002", "INV-0003"]),
    ],
)
def test_any_returned_field_can_order(open_sandbox, order, expected):
    assert numbers(open_sandbox(a_world(*some_invoices(3))).rows(f"Invoices?order={order}")) == expected


@pytest.mark.parametrize("is_honoured", [False, True])
def test_whether_the_order_by_id_is_heeded_is_not_known(open_sandbox, is_honoured):
    switches = Switches(is_order_by_id_honoured=is_honoured)
    rows = open_sandbox(a_world(*some_invoices(9)), switches=switches).rows("Invoices?order=InvoiceID")
    identities = [row["InvoiceID"] for row in rows]
    assert (identities == sorted(identities)) is is_honoured
    assert (numbers(rows) == sorted(numbers(rows))) is not is_honoured


def test_an_edit_moves_a_row_to_the_end_so_that_forward_paging_loses_its_neighbour(open_sandbox):
    client = open_sandbox(a_world(*some_invoices(4)))
    seen = numbers(client.rows("Invoices?page=1&pageSize=2"))
    client.post("Invoices", {"InvoiceID": guid("ACCREC INV-0001"), "Reference": "edited"})
    seen += numbers(client.rows("Invoices?page=2&pageSize=2"))
    assert "INV-0003" not in seen


@pytest.mark.parametrize(
    "since", ["2026-01-05T09:00:02", "2026-01-05T09:00:02.999+00:00", "Mon, 05 Jan 2026 09:00:02 GMT"]
)
def test_modified_since_is_to_the_second_inclusive_and_utc(open_sandbox, since):
    client = open_sandbox(a_world(*some_invoices(3)))
    assert numbers(client.rows("Invoices?page=1", If_Modified_Since=since)) == ["INV-0002", "INV-0003"]


def test_modified_since_can_be_switched_to_exclude_its_second(open_sandbox):
    client = open_sandbox(a_world(*some_invoices(3)), switches=Switches(is_modified_since_inclusive=False))
    assert numbers(client.rows("Invoices?page=1", If_Modified_Since="2026-01-05T09:00:02")) == ["INV-0003"]


def test_archived_contacts_are_hidden_unless_asked_for(open_sandbox):
    client = open_sandbox(a_world(a_contact("Gone", status="ARCHIVED")))
    assert "Gone" not in [row["Name"] for row in client.rows("Contacts?page=1")]
    assert "Gone" in [row["Name"] for row in client.rows("Contacts?page=1&includeArchived=True")]


def test_a_merged_contact_names_its_successor_only_when_paged(open_sandbox):
    merged = a_contact("Old", status="ARCHIVED", merged_to_contact_id=guid("contact Customer 01"))
    client = open_sandbox(a_world(merged))
    path = 'Contacts?includeArchived=true&where=Name=="Old"'
    assert "MergedToContactID" not in client.rows(path)[0]
    assert client.rows(f"{path}&page=1")[0]["MergedToContactID"] == guid("contact Customer 01")


def test_voided_and_deleted_documents_stay_listed(open_sandbox):
    world = a_world(an_invoice("INV-1", status="VOIDED"), an_invoice("INV-2", status="DELETED"))
    assert {row["Status"] for row in open_sandbox(world).rows("Invoices?page=1")} == {"VOIDED", "DELETED"}


def test_archived_invoices_are_listed_only_when_asked_for(open_sandbox):
    client = open_sandbox(a_world(an_invoice(status="ARCHIVED")))
    client.unjudged()  # Xero's own document does not know the status that Xero sends
    assert client.rows("Invoices?page=1") == []
    assert client.rows("Invoices?page=1&includeArchived=true")[0]["Status"] == "ARCHIVED"


def test_a_deleted_item_is_gone(open_sandbox):
    client = open_sandbox()
    client.sign_in(scope="accounting.settings")
    assert client.send("DELETE", "Items/TEA-01").status_code == 204
    assert client.rows("Items") == []


def test_a_summary_leaves_lines_out(open_sandbox):
    (row,) = open_sandbox(a_world(an_invoice())).rows("Invoices?page=1&summaryOnly=true")
    assert row["LineItems"] == []


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("Statuses=DRAFT,PAID", ["INV-2", "INV-3"]),
        (f"IDs={guid('ACCREC INV-1')}", ["INV-1"]),
        ("InvoiceNumbers=INV-3,INV-1", ["INV-1", "INV-3"]),
        (f"ContactIDs={guid('contact Supplier 01')}", ["B-1"]),
        ("searchTerm=inv-2", ["INV-2"]),
        ('where=Type=="ACCPAY"', ["B-1"]),
        ('where=Status!="DRAFT" AND Type=="ACCREC"', ["INV-1", "INV-3"]),
        ('where=(Status=="DRAFT" || Status=="PAID") %26%26 InvoiceNumber.EndsWith("3")', ["INV-3"]),
        ("where=Date >= DateTime(2026, 01, 06)", ["INV-2"]),
        ('where=Date < DateTime.Parse("2026-01-06") AND Total > 1', ["B-1", "INV-1", "INV-3"]),
        (f'where=Contact.ContactID==Guid("{guid("contact Supplier 01")}")', ["B-1"]),
        ('where=Reference!=null AND Reference.Contains("spring")', ["INV-1"]),
    ],
)
def test_invoices_are_filtered(open_sandbox, query, expected):
    world = a_world(
        an_invoice("INV-1", reference="spring sale"),
        an_invoice("INV-2", status="DRAFT", date=date(2026, 1, 6)),
        an_invoice("INV-3", status="PAID"),
        a_bill("B-1"),
    )
    assert sorted(numbers(open_sandbox(world).rows(f"Invoices?page=1&{query}"))) == expected


@pytest.mark.parametrize(
    "where", ["Status==", "Status==&", "(Status==1", 'Name.Upper("x")', "DateTime(2026,13,1)==Date"]
)
def test_a_filter_that_cannot_be_read_is_refused(open_sandbox, where):
    answer = open_sandbox().get(f"Invoices?where={where}")
    assert (answer.status_code, answer.json()["Type"]) == (400, "QueryParseException")


@pytest.mark.parametrize("order", ["Total SIDEWAYS", "Total ASC please"])
def test_an_order_that_cannot_be_read_is_refused(open_sandbox, order):
    answer = open_sandbox(a_world(an_invoice())).get(f"Invoices?order={order}")
    assert (answer.status_code, answer.json()["Type"]) == (400, "QueryParseException")


def test_a_wasteful_filter_is_warned_about_and_above_a_hundred_thousand_documents_refused(open_sandbox):
    world = world_of_size(Size(invoices=100_001, lines=0), end=date(2026, 6, 30))
    client = open_sandbox(world)
    wasteful, useful = (
        f"Invoices?page=1&Statuses=DRAFT&where={where}" for where in ('Reference=="x"', 'Type=="ACCREC"')
    )
    refused = client.get(wasteful)
    assert refused.status_code == 400
    assert "not filtering Invoices efficiently" in refused.json()["Message"]
    assert "Warnings" not in client.get(useful).json()
    for identity in list(world.invoices)[50_001:]:
        del world.invoices[identity]
    assert "not filtering Invoices efficiently" in client.get(wasteful).json()["Warnings"][0]["Message"]


def test_purchase_orders_know_status_and_dates_but_no_where(open_sandbox):
    world = a_world(
        a_purchase_order("PO-1", status="DRAFT"),
        a_purchase_order("PO-2", date=date(2026, 2, 1)),
        a_purchase_order("PO-3", date=date(2026, 3, 1)),
    )
    client = open_sandbox(world)
    assert numbers(client.rows("PurchaseOrders?Status=DRAFT")) == ["PO-1"]
    assert numbers(client.rows("PurchaseOrders?DateFrom=2026-02-01&DateTo=2026-02-28")) == ["PO-2"]
    assert len(client.rows('PurchaseOrders?where=Status=="DRAFT"')) == 3
