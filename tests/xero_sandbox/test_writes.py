"""Creating and changing documents, and how Xero refuses."""

import pytest

from tests.xero_sandbox.sandbox_builders import a_contact, a_line, a_purchase_order, a_world, an_invoice, an_item, guid

SUPPLIER = {"ContactID": guid("contact Supplier 01")}


def an_order(**more):
    return {
        "Contact": SUPPLIER,
        "Date": "2026-02-01",
        "LineItems": [{"ItemCode": "TEA-01", "Quantity": 5, "UnitAmount": 2.5}],
    } | more


def messages(answer, *, element=0):
    body = answer.json()
    rows = body.get("Elements") or next(value for value in body.values() if isinstance(value, list))
    return [error["Message"] for error in rows[element]["ValidationErrors"]]


def test_an_order_is_kept_as_sent(open_sandbox):
    client = open_sandbox()
    client.put("PurchaseOrders", an_order(PurchaseOrderNumber="RP-1", ExpectedArrivalDate="2026-03-01"))
    (order,) = client.rows("PurchaseOrders/RP-1")
    assert (order["Status"], order["Total"], order["DateString"]) == ("DRAFT", 12.5, "2026-02-01T00:00:00")
    assert order["ExpectedArrivalDate"] == "/Date(1772323200000+0000)/"
    assert "DeliveryDate" not in order
    assert order["LineItems"][0]["Item"]["ItemID"] == guid("item TEA-01")


def test_orders_are_numbered_in_turn(open_sandbox):
    client = open_sandbox(a_world(a_purchase_order("PO-0041")))
    orders = client.put("PurchaseOrders", {"PurchaseOrders": [an_order(), an_order()]}).json()["PurchaseOrders"]
    assert [order["PurchaseOrderNumber"] for order in orders] == ["PO-0042", "PO-0043"]


def test_an_order_number_is_unique_even_after_deletion(open_sandbox):
    client = open_sandbox(a_world(a_purchase_order("PO-0001", status="DELETED")))
    answer = client.put("PurchaseOrders", an_order(PurchaseOrderNumber="PO-0001"))
    assert answer.status_code == 400
    assert answer.json()["Message"] == "A validation exception occurred"
    assert messages(answer) == ["Order number must be unique"]
    assert answer.json()["Elements"][0]["PurchaseOrderID"] == "00000000-0000-0000-0000-000000000000"


def test_without_a_summary_each_element_tells_its_own_fate(open_sandbox):
    client = open_sandbox(a_world(a_purchase_order("PO-0001")))
    body = {"PurchaseOrders": [an_order(PurchaseOrderNumber="RP-1"), an_order(PurchaseOrderNumber="PO-0001")]}
    answer = client.put("PurchaseOrders?summarizeErrors=False", body)
    assert answer.status_code == 200
    fates = [order["StatusAttributeString"] for order in answer.json()["PurchaseOrders"]]
    assert fates == ["OK", "ERROR"]
    assert messages(answer, element=1) == ["Order number must be unique"]


def test_a_summary_of_errors_keeps_the_good_elements_all_the_same(open_sandbox):
    client = open_sandbox(a_world(a_purchase_order("PO-0001")))
    body = {"PurchaseOrders": [an_order(PurchaseOrderNumber="RP-1"), an_order(PurchaseOrderNumber="PO-0001")]}
    answer = client.put("PurchaseOrders", body)
    assert (answer.status_code, len(answer.json()["Elements"])) == (400, 1)
    assert client.get("PurchaseOrders/RP-1").status_code == 200


def test_the_usual_answer_to_an_error_can_be_switched(open_sandbox):
    client = open_sandbox()
    client.sandbox.sandbox.switches.is_error_summary_usual = False
    assert client.put("PurchaseOrders", an_order(Contact=None)).status_code == 200


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"Contact": None}, "A Contact must be specified for this type of transaction"),
        (
            {"Contact": {"ContactID": guid("nobody")}},
            "The contact with the specified contact details could not be found",
        ),
        ({"LineItems": [{"ItemCode": "NOPE"}]}, "Item code 'NOPE' is not valid"),
        ({"LineItems": []}, "At least one line item must be specified"),
        ({"Status": "BILLED"}, "A purchase order cannot be created with the status BILLED"),
        ({"Status": "LOST"}, "'LOST' is not a valid purchase order status"),
        ({"Date": "soon"}, "The Date field is not a valid date"),
        ({"LineItems": [{"ItemCode": "TEA-01", "Quantity": "many"}]}, "The Quantity field is not a number"),
    ],
)
def test_an_order_that_breaks_a_rule_is_refused(open_sandbox, change, message):
    client = open_sandbox()
    answer = client.put("PurchaseOrders", an_order(**change))
    assert (answer.status_code, messages(answer)) == (400, [message])
    assert client.rows("PurchaseOrders") == []


def test_an_archived_contact_takes_no_orders(open_sandbox):
    client = open_sandbox(a_world(a_contact("Gone", status="ARCHIVED")))
    assert "archived" in messages(client.put("PurchaseOrders", an_order(Contact={"Name": "gone"})))[0]


def test_post_changes_what_it_names_and_nothing_else(open_sandbox):
    client = open_sandbox(a_world(a_purchase_order(reference="keep me")))
    answer = client.post("PurchaseOrders", {"PurchaseOrderNumber": "PO-0001", "DeliveryDate": "2026-04-01"})
    (order,) = answer.json()["PurchaseOrders"]
    assert (order["Reference"], order["DeliveryDateString"]) == ("keep me", "2026-04-01T00:00:00")
    assert len(order["LineItems"]) == 1


def test_an_empty_date_clears_it(open_sandbox):
    client = open_sandbox(a_world(a_purchase_order()))
    client.post("PurchaseOrders/PO-0001", {"DeliveryDate": "2026-04-01"})
    (order,) = client.post("PurchaseOrders/PO-0001", {"DeliveryDate": ""}).json()["PurchaseOrders"]
    assert "DeliveryDate" not in order


def test_lines_keep_their_id_only_where_it_is_named(open_sandbox):
    client = open_sandbox(a_world(a_purchase_order("PO-0001", a_line(), a_line())))
    first, second = client.rows("PurchaseOrders/PO-0001")[0]["LineItems"]
    change = {"LineItems": [{"LineItemID": first["LineItemID"], "Quantity": 9}, {"ItemCode": "TEA-01", "Quantity": 1}]}
    kept, fresh = client.post("PurchaseOrders/PO-0001", change).json()["PurchaseOrders"][0]["LineItems"]
    assert (kept["LineItemID"], kept["Quantity"]) == (first["LineItemID"], 9.0)
    assert fresh["LineItemID"] not in {first["LineItemID"], second["LineItemID"]}


@pytest.mark.parametrize(
    ("before", "after", "is_allowed"),
    [
        ("DRAFT", "SUBMITTED", True),
        ("SUBMITTED", "AUTHORISED", True),
        ("AUTHORISED", "BILLED", True),
        ("BILLED", "AUTHORISED", True),
        ("AUTHORISED", "DELETED", True),
        ("AUTHORISED", "DRAFT", False),
        ("BILLED", "DELETED", False),
        ("DELETED", "DRAFT", False),
    ],
)
def test_an_order_goes_only_where_xero_lets_it(open_sandbox, before, after, is_allowed):
    client = open_sandbox(a_world(a_purchase_order(status=before)))
    answer = client.post("PurchaseOrders/PO-0001", {"Status": after})
    assert (answer.status_code == 200) is is_allowed
    assert client.rows("PurchaseOrders/PO-0001")[0]["Status"] == (after if is_allowed else before)


def test_only_sent_orders_may_say_so(open_sandbox):
    client = open_sandbox()
    path = "PurchaseOrders?summarizeErrors=false"
    (draft,) = client.put(path, an_order(SentToContact=True)).json()["PurchaseOrders"]
    assert draft["StatusAttributeString"] == "WARNING"
    assert "SentToContact" in draft["Warnings"][0]["Message"]
    (sent,) = client.put(path, an_order(SentToContact=True, Status="AUTHORISED")).json()["PurchaseOrders"]
    assert (draft["SentToContact"], sent["SentToContact"]) == (False, True)


def test_a_price_of_an_order_has_two_decimals_whatever_is_asked(open_sandbox):
    client = open_sandbox()
    order = an_order(LineItems=[{"ItemCode": "TEA-01", "Quantity": 1000, "UnitAmount": 0.1234}])
    (kept,) = client.put("PurchaseOrders?unitdp=4", order).json()["PurchaseOrders"]
    assert kept["LineItems"][0]["UnitAmount"] == 0.12


def test_a_line_without_price_takes_the_items(open_sandbox):
    client = open_sandbox()
    (order,) = client.put("PurchaseOrders", an_order(LineItems=[{"ItemCode": "TEA-01"}])).json()["PurchaseOrders"]
    assert (order["LineItems"][0]["UnitAmount"], order["LineItems"][0]["Description"]) == (2.5, "Name of TEA-01")


def test_an_order_is_in_its_suppliers_currency(open_sandbox):
    client = open_sandbox(a_world(a_contact("Far Supplier", default_currency="USD")))
    (order,) = client.put("PurchaseOrders", an_order(Contact={"Name": "Far Supplier"})).json()["PurchaseOrders"]
    assert order["CurrencyCode"] == "USD"


def test_a_body_that_is_no_json_is_refused(open_sandbox):
    client = open_sandbox()
    answer = client.http.put("/api.xro/2.0/PurchaseOrders", content=b"{", headers=client.headers)
    assert (answer.status_code, answer.json()["Type"]) == (400, "PostDataInvalidException")


def test_more_than_three_and_a_half_megabytes_are_refused(open_sandbox):
    client = open_sandbox()
    answer = client.http.put("/api.xro/2.0/PurchaseOrders", content=b" " * 3_500_001, headers=client.headers)
    assert answer.status_code == 413


def test_a_sales_invoice_number_is_unique_but_a_bills_is_not(open_sandbox):
    client = open_sandbox(a_world(an_invoice("INV-0001")))
    sale = {"Type": "ACCREC", "InvoiceNumber": "INV-0001", "Contact": SUPPLIER, "LineItems": [{"Description": "x"}]}
    assert messages(client.put("Invoices", sale)) == ["Invoice # must be unique."]
    bill = sale | {"Type": "ACCPAY", "InvoiceNumber": "PO-0001"}
    assert [client.put("Invoices", bill).status_code for _ in range(2)] == [200, 200]


@pytest.mark.parametrize("status", ["PAID", "VOIDED", "DELETED"])
def test_a_closed_invoice_cannot_be_edited(open_sandbox, status):
    client = open_sandbox(a_world(an_invoice(status=status)))
    answer = client.post("Invoices", {"InvoiceNumber": "INV-0001", "LineItems": [{"Description": "more"}]})
    assert messages(answer) == ["Invoice not of valid status for modification"]


def test_an_item_code_is_unique_and_at_most_thirty_long(open_sandbox):
    client = open_sandbox(a_world(an_item("MILK")))
    client.sign_in(scope="accounting.settings")
    assert messages(client.put("Items", {"Code": "MILK"})) == ["Price List Item with Code 'MILK' already exists"]
    client.unjudged()  # what is echoed is as long as what was sent
    assert "maximum of 30" in messages(client.put("Items", {"Code": "M" * 31}))[0]


def test_an_item_is_changed_but_never_its_quantity(open_sandbox):
    client = open_sandbox()
    client.sign_in(scope="accounting.settings")
    change = {"Code": "TEA-01", "Name": "Green tea", "QuantityOnHand": 5, "PurchaseDetails": {"UnitPrice": 3}}
    (item,) = client.post("Items", change).json()["Items"]
    assert (item["Name"], item["QuantityOnHand"], item["PurchaseDetails"]["UnitPrice"]) == ("Green tea", 100.0, 3.0)


def test_a_contact_name_belongs_to_one_active_contact(open_sandbox):
    client = open_sandbox()
    client.sign_in(scope="accounting.contacts")
    assert "already assigned to another contact" in messages(client.put("Contacts", {"Name": "supplier 01"}))[0]
    (contact,) = client.put("Contacts", {"Name": "Supplier 02"}).json()["Contacts"]
    archived = client.post(f"Contacts/{contact['ContactID']}", {"ContactStatus": "ARCHIVED"})
    assert archived.json()["Contacts"][0]["ContactStatus"] == "ARCHIVED"


def test_a_line_keeps_its_discount_and_its_tax_and_the_totals_follow(open_sandbox):
    client = open_sandbox()
    line = {"ItemCode": "TEA-01", "Quantity": 10, "UnitAmount": 13.37, "DiscountRate": 20, "TaxType": "INPUT2"}
    client.put("PurchaseOrders", an_order(PurchaseOrderNumber="RP-1", LineItems=[line]))
    (order,) = client.rows("PurchaseOrders/RP-1")
    kept = order["LineItems"][0]
    assert (kept["UnitAmount"], kept["DiscountRate"], kept["LineAmount"], kept["TaxAmount"]) == (
        13.37,
        20,
        106.96,
        21.39,
    )
    assert (order["LineAmountTypes"], order["SubTotal"], order["TotalTax"], order["Total"]) == (
        "Exclusive", 106.96, 21.39, 128.35,
    )  # fmt: skip
    assert order["IsDiscounted"] is True


@pytest.mark.parametrize(("mode", "sub_total", "tax"), [("INCLUSIVE", 100.0, 20.0), ("NoTax", 120.0, 0.0)])
def test_tax_is_inside_the_amounts_or_nowhere(open_sandbox, mode, sub_total, tax):
    client = open_sandbox()
    line = {"ItemCode": "TEA-01", "Quantity": 10, "UnitAmount": 12, "TaxType": "INPUT2"}
    client.put("PurchaseOrders", an_order(PurchaseOrderNumber="RP-1", LineItems=[line], LineAmountTypes=mode))
    (order,) = client.rows("PurchaseOrders/RP-1")
    assert (order["SubTotal"], order["TotalTax"], order["Total"]) == (sub_total, tax, 120.0)


def test_a_bill_brings_goods_in_at_what_was_paid_for_them(open_sandbox):
    """Without the tax inside."""
    client = open_sandbox(a_world(an_item("TEA-01", on_hand=0)))
    line = {"ItemCode": "TEA-01", "Quantity": 10, "UnitAmount": 12, "TaxAmount": 20}
    bill = {"Type": "ACCPAY", "Status": "AUTHORISED", "Contact": SUPPLIER, "LineItems": [line]}
    client.put("Invoices", bill | {"LineAmountTypes": "Inclusive"})
    (item,) = client.rows("Items/TEA-01")
    assert (item["QuantityOnHand"], item["TotalCostPool"]) == (10, 100)
