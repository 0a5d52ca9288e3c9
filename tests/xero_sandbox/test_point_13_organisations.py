"""Point 13: several organisations, made from a seed, of any size."""

from datetime import date

import pytest

from xero_sandbox.scale import Size, world_of_size

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
