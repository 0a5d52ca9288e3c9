"""Several organisations, made from a seed, of any size."""

from datetime import date

import pytest

from tests.xero_sandbox.sandbox_calls import allow, bearer
from xero_sandbox.app.several import generate_organisations
from xero_sandbox.behaviour.edits import Write
from xero_sandbox.core.books import Books
from xero_sandbox.core.clock import Clock
from xero_sandbox.core.json_records import RecordDetail
from xero_sandbox.core.rendering import Rendering
from xero_sandbox.worlds.scale import Size, world_of_size

SMALL = Size(invoices=60, lines=3, purchase_orders=8, credit_notes=5, contacts=40, items=9)


def test_an_organisation_is_as_large_as_asked_for(open_sandbox):
    client = open_sandbox(world_of_size(SMALL, end=date(2026, 6, 30)))
    counts = [
        client.get(f"{path}page=1&pageSize=1").json()["pagination"]["itemCount"]
        for path in ("Invoices?", "PurchaseOrders?", "CreditNotes?", "Contacts?includeArchived=true&")
    ]
    assert counts == [60, 8, 5, 40]
    assert len(client.rows("Items")) == 9
    assert len(client.rows("Invoices?page=1")[0]["LineItems"]) == 3


@pytest.mark.parametrize(("seed", "is_same"), [(7, True), (8, False)])
def test_the_seed_decides_everything(seed, is_same):
    first, second = (world_of_size(SMALL, end=date(2026, 6, 30), seed=one) for one in (7, seed))
    assert (first == second) is is_same


def test_the_last_document_is_of_the_last_day():
    world = world_of_size(SMALL, end=date(2026, 6, 30))
    assert max(invoice.date for invoice in world.invoices.values()) == date(2026, 6, 30)


@pytest.fixture(scope="module")
def several():
    return generate_organisations(end=date(2026, 6, 30), products=20, months=4)


def test_by_default_there_are_several_organisations_of_other_currencies_and_zones_and_one_demo_company(several):
    organisations = [world.organisation for world in several]
    assert [one.base_currency for one in organisations] == ["GBP", "NZD", "USD"]
    assert len({one.time_zone for one in organisations}) == 3
    assert [one.is_demo_company for one in organisations] == [False, False, True]


def test_an_organisations_sales_are_in_its_own_currency_and_purchases_at_a_rate(several):
    for world in several:
        base = world.organisation.base_currency
        assert {one.currency_code for one in world.invoices.values() if one.kind == "ACCREC"} == {base}
        for order in world.purchase_orders.values():
            assert (order.currency_code == base) is (order.currency_rate == 1)


def test_each_token_opens_what_was_picked_and_a_custom_connection_the_first(open_sandbox, several):
    client = open_sandbox(*several)
    assert client.rows("Organisation")[0]["Name"] == "Demo Wholesale"
    tenants = [world.organisation.tenant_id for world in several[1:]]
    scopes = ["offline_access", "accounting.settings.read"]
    client.headers = {**client.headers, **bearer(allow(client, tenant_ids=tenants, scopes=scopes)["access_token"])}
    names = [client.rows("Organisation", xero_tenant_id=tenant)[0]["Name"] for tenant in tenants]
    assert names == ["Southern Wholesale", "Demo Company (US)"]


def test_the_day_of_an_organisation_is_that_of_its_time_zone(open_sandbox, several):
    client = open_sandbox(*several)
    client.http.post("/_admin/clock", json={"freeze": "2026-07-01T20:00:00Z"})
    days = []
    for world in several:
        supplier = next(contact for contact in world.contacts.values() if contact.is_supplier)
        item = next(iter(world.items.values()))
        body = {"Contact": {"ContactID": supplier.contact_id}, "LineItems": [{"ItemCode": item.code}]}
        edit = Write(method="PUT", path="PurchaseOrders", body=body, organisation=world.organisation.tenant_id)
        days.append(client.edit(edit)[0]["DateString"][:10])
    assert days == ["2026-07-01", "2026-07-02", "2026-07-01"]


def test_a_document_is_rendered_once_and_anew_when_it_or_a_name_in_it_changes(open_sandbox):
    client = open_sandbox(world_of_size(SMALL, end=date(2026, 6, 30)))
    client.sign_in(scope="accounting.invoices accounting.settings accounting.contacts")
    rendering = next(iter(client.sandbox.sandbox.books.values())).rendering
    (first,) = client.rows("Invoices?page=1&pageSize=1")
    kept = rendering.size_bytes
    assert client.rows("Invoices?page=1&pageSize=1") == [first]
    assert rendering.size_bytes == kept
    line, contact = first["LineItems"][0], first["Contact"]
    client.edit(
        Write(path=f"Items/{line['ItemCode']}", body={"Name": "Another name"}),
        Write(path=f"Contacts/{contact['ContactID']}", body={"Name": "Another customer"}),
    )
    (second,) = client.rows("Invoices?page=1&pageSize=1")
    assert second["LineItems"][0]["Item"]["Name"] == "Another name"
    assert second["Contact"]["Name"] == "Another customer"
    client.sandbox.worlds[0].invoices[first["InvoiceID"]].reference = "written past the sandbox"
    assert client.rows("Invoices?page=1&pageSize=1")[0]["Reference"] == "written past the sandbox"


def test_rendered_documents_are_kept_up_to_a_size():
    world = world_of_size(SMALL, end=date(2026, 6, 30))
    names, rendering = Books(world, clock=Clock()).names(), Rendering(capacity_bytes=20_000)
    bodies = [rendering.body(invoice, names=names, view=RecordDetail()) for invoice in world.invoices.values()]
    assert sum(map(len, bodies)) > 20_000 >= rendering.size_bytes > 0
