"""What a request must carry: a bearer, its organisation, the wish for JSON, and the scope of the endpoint."""

import pytest

from tests.xero_sandbox.sandbox_builders import a_world, an_organisation, guid
from tests.xero_sandbox.sandbox_calls import allow, bearer


def test_the_tenant_header_is_optional_for_a_custom_connection_only(open_sandbox):
    client = open_sandbox()
    assert client.get("Items").status_code == 200
    client.headers = bearer(allow(client)["access_token"]) | {"Accept": "application/json"}
    assert client.get("Items").status_code == 403


@pytest.mark.parametrize(
    ("scope", "path", "status"),
    [
        ("accounting.invoices.read", "Invoices", 200),
        ("accounting.invoices", "PurchaseOrders", 200),
        ("accounting.invoices.read", "Items", 200),
        ("accounting.settings.read", "Items", 200),
        ("accounting.settings.read", "Organisation", 200),
        ("accounting.invoices.read", "Organisation", 401),
        ("accounting.invoices.read", "Contacts", 401),
        ("accounting.contacts.read", "Invoices", 401),
    ],
)
def test_reading_needs_the_scope_of_the_endpoint(open_sandbox, scope, path, status):
    client = open_sandbox()
    client.sign_in(scope=scope)
    assert client.get(path).status_code == status


def test_writing_needs_more_than_a_read_scope(open_sandbox):
    client = open_sandbox()
    client.sign_in(scope="accounting.invoices.read")
    answer = client.put("PurchaseOrders", {})
    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "insufficient_scope")
    assert answer.json()["Detail"] == "AuthorizationUnsuccessful"


def test_item_writes_need_the_settings_scope(open_sandbox):
    client = open_sandbox()
    client.sign_in(scope="accounting.invoices")
    assert client.put("Items", {"Code": "NEW"}).status_code == 401


def test_who_does_not_accept_json_gets_xml(open_sandbox):
    answer = open_sandbox().get("Items", Accept="*/*")
    assert answer.headers["content-type"].startswith("text/xml")


def test_without_a_bearer_there_is_a_401_in_xeros_envelope(open_sandbox):
    answer = open_sandbox().http.get("/api.xro/2.0/Items", headers={"Accept": "application/json"})
    assert answer.status_code == 401
    assert list(answer.json()) == ["Type", "Title", "Status", "Detail", "Instance", "Extensions"]
    assert answer.json()["Detail"] == "AuthenticationUnsuccessful"


def test_who_writes_without_accepting_json_has_written_and_gets_xml(open_sandbox):
    client = open_sandbox()
    order = {"Contact": {"ContactID": guid("contact Supplier 01")}, "LineItems": [{"ItemCode": "TEA-01"}]}
    assert client.put("PurchaseOrders", order, Accept="*/*").headers["content-type"].startswith("text/xml")
    assert len(client.rows("PurchaseOrders")) == 1


def test_a_token_speaks_for_no_other_organisation(open_sandbox):
    other = an_organisation("Second Street")
    client = open_sandbox(a_world(), a_world(organisation=other))
    tokens = allow(client, tenant_ids=[an_organisation().tenant_id])
    client.headers = bearer(tokens["access_token"]) | {"Accept": "application/json"}
    statuses = [client.get("Items", xero_tenant_id=one.tenant_id).status_code for one in (an_organisation(), other)]
    assert statuses == [200, 403]
