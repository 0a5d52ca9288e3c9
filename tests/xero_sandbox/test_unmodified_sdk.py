"""xero-python with its own models, not changed in any way, takes the sandbox for Xero."""

import time
from datetime import date
from types import SimpleNamespace

import httpx2
import pytest
import urllib3
from xero_python.accounting import AccountingApi, Contact, LineItem, PurchaseOrder, PurchaseOrders
from xero_python.api_client import ApiClient
from xero_python.api_client.configuration import Configuration
from xero_python.api_client.oauth2 import OAuth2Token, TokenApi
from xero_python.exceptions import AccountingBadRequestException, NotFoundException, RateLimitException
from xero_python.identity import IdentityApi

from tests.xero_sandbox.sandbox_builders import (
    a_bill,
    a_contact,
    a_credit_note,
    a_purchase_order,
    a_world,
    an_invoice,
    an_item,
    an_organisation,
    guid,
)
from xero_sandbox.app.testing import running_sandbox
from xero_sandbox.behaviour.rate_limits import Limits

TENANT = an_organisation().tenant_id
CALLBACK = "http://localhost:8912/callback"


@pytest.fixture
def connect(monkeypatch):
    """The SDK as its documentation shows it, with a token that a person allowed."""
    blocks = []

    def start(world=None, **options):
        block = running_sandbox([world or a_world()], **options)
        running = block.__enter__()
        blocks.append(block)
        for name in ("refresh_token_url", "client_credentials_token_url"):
            monkeypatch.setattr(TokenApi, name, f"{running.url}/connect/token")
        return a_client(running)

    yield start
    for block in blocks:
        block.__exit__(None, None, None)
    Configuration.set_default(None)


def a_client(running):
    Configuration.set_default(None)
    token = OAuth2Token(client_id=running.client_id, client_secret=running.client_secret)
    client = ApiClient(Configuration(oauth2_token=token))
    client.rest_client.pool_manager.connection_pool_kw["retries"] = urllib3.Retry(total=False)
    stored = {"token": first_tokens(running)}
    client.oauth2_token_getter(lambda: stored["token"])
    client.oauth2_token_saver(lambda new: stored.update(token=new))
    api = AccountingApi(client, base_url=f"{running.url}/api.xro/2.0")
    return SimpleNamespace(api=api, client=client, stored=stored, running=running)


def first_tokens(running):
    """A token set of the browser flow that needs a refresh at once."""
    scopes = ["offline_access", "accounting.invoices", "accounting.contacts", "accounting.settings"]
    grant = running.sandbox.identity.allow(scopes=scopes, tenant_ids=[TENANT], redirect_uri=CALLBACK, challenge="")
    form = {"grant_type": "authorization_code", "code": grant, "redirect_uri": CALLBACK}
    credentials = {"client_id": running.client_id, "client_secret": running.client_secret}
    answer = httpx2.post(f"{running.url}/connect/token", data=form | credentials)
    return answer.json() | {"scope": scopes, "expires_at": time.time() + 30}


def an_order(number):
    line = LineItem(item_code="TEA-01", description="Tea", quantity=5.0, unit_amount=2.5)
    supplier = Contact(contact_id=guid("contact Supplier 01"))
    return PurchaseOrder(
        purchase_order_number=number, contact=supplier, line_items=[line], date=date(2026, 2, 1), status="DRAFT"
    )


def test_the_six_lists_become_models(connect):
    world = a_world(an_invoice(), a_bill(), a_credit_note(), a_purchase_order(), an_item("MILK"), a_contact("Third"))
    api = connect(world).api
    assert api.get_organisations(TENANT).organisations[0].base_currency.value == "GBP"
    assert [item.code for item in api.get_items(TENANT, order="Code").items] == ["MILK", "TEA-01"]
    assert api.get_invoices(TENANT, page=1, page_size=1000).invoices[0].line_items[0].quantity == 1.0
    assert api.get_credit_notes(TENANT, page=1).credit_notes[0].date == date(2026, 1, 5)
    assert len(api.get_contacts(TENANT, page=1, include_archived=True).contacts) == 3
    orders = api.get_purchase_orders(TENANT, page=1, status="AUTHORISED")
    assert (orders.pagination.item_count, orders.purchase_orders[0].purchase_order_number) == (1, "PO-0001")


def test_filters_and_if_modified_since_go_through(connect):
    api = connect(a_world(an_invoice("INV-1"), an_invoice("INV-2", status="DRAFT"))).api
    drafts = api.get_invoices(TENANT, statuses=["DRAFT"], if_modified_since="2026-01-01T00:00:00")
    assert [invoice.invoice_number for invoice in drafts.invoices] == ["INV-2"]


def test_an_order_is_created_and_updated(connect):
    api = connect().api
    created = api.create_purchase_orders(TENANT, PurchaseOrders(purchase_orders=[an_order("RP-1")]))
    (order,) = created.purchase_orders
    change = PurchaseOrders(purchase_orders=[PurchaseOrder(status="SUBMITTED", reference="checked")])
    api.update_purchase_order(TENANT, order.purchase_order_id, change)
    (kept,) = api.get_purchase_order_by_number(TENANT, "RP-1").purchase_orders
    assert (kept.status, kept.reference, kept.total) == ("SUBMITTED", "checked", 12.5)


def test_a_refused_order_raises_with_xeros_words(connect):
    api = connect(a_world(a_purchase_order("RP-1"))).api
    with pytest.raises(AccountingBadRequestException) as refused:
        api.create_purchase_orders(TENANT, PurchaseOrders(purchase_orders=[an_order("RP-1")]))
    assert refused.value.reason == "Order number must be unique"


def test_a_missing_order_raises_not_found(connect):
    api = connect().api
    with pytest.raises(NotFoundException):
        api.get_purchase_order_by_number(TENANT, "RP-404")


def test_a_limit_raises_with_its_name(connect):
    api = connect(limits=Limits(per_minute=0)).api
    with pytest.raises(RateLimitException) as refused:
        api.get_items(TENANT)
    assert refused.value.rate_limit == "minute"
    assert int(refused.value.headers["retry-after"]) <= 60


def test_a_token_about_to_end_is_refreshed_and_rotated(connect):
    connected = connect()
    before = dict(connected.stored["token"])
    connected.api.get_items(TENANT)
    after = connected.stored["token"]
    assert after["refresh_token"] != before["refresh_token"]
    assert after["access_token"] != before["access_token"]


def test_connections_are_read_at_either_spelling(connect):
    connected = connect()
    (connection,) = IdentityApi(connected.client, base_url=connected.running.url).get_connections()
    assert (connection.tenant_id, connection.tenant_name) == (TENANT, "Harbour Wholesale")
