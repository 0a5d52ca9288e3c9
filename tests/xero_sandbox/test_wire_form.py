"""The bytes are Xero's."""

import re
from decimal import Decimal

from tests.xero_sandbox.sandbox_builders import a_line, a_world, an_invoice, an_item


def test_json_is_pretty_with_crlf_and_escaped_slashes(open_sandbox):
    body = open_sandbox(a_world(an_invoice())).get("Invoices?page=1").content
    assert body.startswith(b'{\r\n  "Id": "')
    assert b'"Date": "\\/Date(1767571200000+0000)\\/"' in body
    assert not re.search(rb"(?<!\r)\n", body)


def test_the_envelope_has_xeros_keys_in_xeros_order(open_sandbox):
    paged = open_sandbox(a_world(an_invoice())).get("Invoices?page=1").json()
    assert list(paged) == ["Id", "Status", "ProviderName", "DateTimeUTC", "pagination", "Invoices"]
    assert list(paged["pagination"]) == ["page", "pageSize", "pageCount", "itemCount"]


def test_pagination_is_absent_where_nothing_is_paged(open_sandbox):
    client = open_sandbox(a_world(an_invoice()))
    assert "pagination" not in client.get("Items?page=1").json()
    assert "pagination" not in client.get("Invoices").json()


def test_whole_numbers_are_floats_and_empty_lists_are_there(open_sandbox):
    body = open_sandbox(a_world(an_invoice())).get("Invoices?page=1").text
    assert '"Quantity": 1.0' in body
    assert '"Payments": []' in body


def test_dates_have_a_twin_as_text(open_sandbox):
    (invoice,) = open_sandbox(a_world(an_invoice())).rows("Invoices?page=1")
    assert (invoice["DateString"], invoice["DueDateString"]) == ("2026-01-05T00:00:00", "2026-02-04T00:00:00")


def test_a_stamp_has_a_twin_as_text(open_sandbox):
    client = open_sandbox(a_world(an_invoice()))
    assert client.rows("Invoices")[0]["UpdatedDateUTCString"] == "2026-01-05T09:00:00Z"


def test_a_total_is_the_sum_of_lines_rounded_to_the_cent(open_sandbox):
    invoice = an_invoice("INV-1", a_line(quantity=3, price="0.335"), a_line(quantity=1, price="0.005"))
    (row,) = open_sandbox(a_world(invoice)).rows("Invoices?page=1")
    assert [line["LineAmount"] for line in row["LineItems"]] == [1.01, 0.01]
    assert row["Total"] == 1.02


def test_unit_prices_have_two_decimals_unless_four_are_asked_for(open_sandbox):
    client = open_sandbox(a_world(an_item("OIL", cost="1.2345")))
    plain, exact = client.rows("Items?order=Code"), client.rows("Items?order=Code&unitdp=4")
    assert plain[0]["PurchaseDetails"]["UnitPrice"] == 1.23
    assert exact[0]["PurchaseDetails"]["UnitPrice"] == 1.2345


def test_an_untracked_item_has_no_quantity(open_sandbox):
    client = open_sandbox(a_world(an_item("FREIGHT", is_tracked=False)))
    (item,) = client.rows('Items?where=Code=="FREIGHT"')
    assert "QuantityOnHand" not in item
    assert item["IsTrackedAsInventory"] is False


def test_back_orders_show_only_where_there_are_any(open_sandbox):
    short = an_item("RARE", on_hand=0, quantity_on_back_order=Decimal(4))
    rare, usual = open_sandbox(a_world(short)).rows("Items?order=Code")
    assert (rare["QuantityOnBackOrder"], rare["QuantityAvailable"]) == (4.0, -4.0)
    assert "QuantityAvailable" not in usual


def test_gzip_is_off_unless_switched_on(open_sandbox):
    client = open_sandbox()
    assert "content-encoding" not in client.get("Items").headers
    client.sandbox.sandbox.switches.is_gzip_on = True
    assert client.get("Items").headers["content-encoding"] == "gzip"
    entry = client.sandbox.stats()["requests"][-1]
    assert entry["wire_bytes"] < entry["raw_bytes"]
