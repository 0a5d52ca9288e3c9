"""One port for identity and accounting; paths, booleans and parameters read as loosely as Xero does."""

import pytest

from tests.xero_sandbox.sandbox_builders import a_contact, a_purchase_order, a_world, an_invoice, guid


@pytest.mark.parametrize(
    "path",
    ["Invoices/INV-0001", "PurchaseOrders/PO-0001", "Items/TEA-01", f"Contacts/{guid('contact Customer 01')}"],
)
def test_one_record_is_found_by_number_code_or_id(open_sandbox, path):
    assert len(open_sandbox(a_world(an_invoice(), a_purchase_order())).rows(path)) == 1


def test_what_is_not_there_is_a_404_in_plain_text(open_sandbox):
    answer = open_sandbox().get("PurchaseOrders/PO-9999")
    assert (answer.status_code, answer.text) == (404, "The resource you're looking for cannot be found")


def test_the_organisation_answers_to_both_its_names(open_sandbox):
    client = open_sandbox()
    assert client.rows("Organisation") == client.rows("Organisations")


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("POST", "/connect/token", 400),
        ("POST", "/connect/revocation", 400),
        ("GET", "/connections", 401),
        ("GET", "/Connections", 401),
        ("GET", "/api.xro/2.0/Items", 401),
        ("GET", "/api.xro/2.0/organisation", 401),
        ("GET", "/anything/else", 404),
    ],
)
def test_one_port_serves_identity_and_accounting(open_sandbox, method, path, status):
    assert open_sandbox().http.request(method, path).status_code == status


@pytest.mark.parametrize("truth", ["true", "True", "TRUE"])
def test_a_boolean_is_read_in_any_case(open_sandbox, truth):
    client = open_sandbox(a_world(a_contact("Gone", status="ARCHIVED")))
    assert "Gone" in [row["Name"] for row in client.rows(f"Contacts?page=1&includeArchived={truth}")]


@pytest.mark.parametrize("path", ["Items?page=2", "PurchaseOrders?unheard=of", "Contacts?fields=Name"])
def test_an_unknown_parameter_is_ignored(open_sandbox, path):
    client = open_sandbox(a_world(a_purchase_order()))
    assert len(client.rows(path)) == len(client.rows(path.partition("?")[0]))
