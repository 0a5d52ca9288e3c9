"""What tests ask of a sandbox again and again."""

from pathlib import Path

from tests.xero_sandbox.sandbox_builders import guid
from xero_sandbox.core.documents import World
from xero_sandbox.core.state import load_worlds

CALLBACK = "http://localhost:8912/callback"


def a_body(kind, quantity, *, price=5, status="AUTHORISED", contact="Customer 01", code="TEA-01", **more):
    line = {"ItemCode": code, "Quantity": quantity, "UnitAmount": price, "Description": "Goods"}
    contact_id = guid(f"contact {contact}")
    return {"Type": kind, "Status": status, "Contact": {"ContactID": contact_id}, "LineItems": [line]} | more


def put(client, kind, quantity, **more):
    path = "CreditNotes" if kind.endswith("CREDIT") else "Invoices"
    answer = client.put(path, a_body(kind, quantity, **more))
    assert answer.status_code == 200, answer.text
    return answer.json()[path][0]


def stored_world(directory: Path) -> World:
    """The only organisation that is stored in a directory."""
    worlds = load_worlds(directory)
    assert worlds is not None
    (world,) = worlds
    return world


def stock(client, code="TEA-01"):
    """Quantity on hand and cost pool."""
    (item,) = client.rows(f"Items/{code}")
    return item["QuantityOnHand"], item["TotalCostPool"]


def allow(client, **more):
    """A token set as a person gives it by the browser."""
    identity = client.sandbox.sandbox.identity
    wish = {"scopes": ["offline_access", "accounting.invoices"], "tenant_ids": list(identity.organisations)}
    code = identity.allow(**(wish | {"redirect_uri": CALLBACK, "challenge": ""} | more))
    answer = client.token(grant_type="authorization_code", code=code, redirect_uri=CALLBACK)
    assert answer.status_code == 200
    return answer.json()


def bearer(token):
    return {"Authorization": f"Bearer {token}"}
