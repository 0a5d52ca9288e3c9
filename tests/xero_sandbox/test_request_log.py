"""A book of every request, so that calls and bytes can be counted from outside."""

import httpx2
import pytest

from tests.xero_sandbox.sandbox_builders import LONG_AGO, a_world, an_invoice, guid
from xero_sandbox.core.clock import Clock

ORDER = {"Contact": {"ContactID": guid("contact Supplier 01")}, "LineItems": [{"ItemCode": "TEA-01"}]}


def test_every_request_is_in_the_book(open_sandbox):
    client = open_sandbox(clock=Clock(LONG_AGO))
    client.http.post("/_admin/stats/reset")
    answer = client.get("Invoices?page=1", If_Modified_Since="2026-01-01T00:00:00")
    stats = httpx2.get(f"{client.sandbox.url}/_admin/stats").json()
    (entry,) = stats["requests"]
    assert entry | {"client": None} == {
        "method": "GET",
        "path": "/api.xro/2.0/Invoices",
        "query": "page=1",
        "if_modified_since": "2026-01-01T00:00:00",
        "status": 200,
        "raw_bytes": len(answer.content),
        "wire_bytes": len(answer.content),
        "accept_encoding": "gzip, deflate",
        "idempotency_key": None,
        "client": None,
        "at": "2026-01-05T09:00:00+00:00",
    }
    assert stats["counts"]["accounting_requests"] == 1


def test_a_write_is_noted_with_its_key_and_its_client(open_sandbox):
    client = open_sandbox()
    client.put("PurchaseOrders?summarizeErrors=false", ORDER, Idempotency_Key="k-1", User_Agent="a client")
    entry = client.sandbox.stats()["requests"][-1]
    assert (entry["method"], entry["path"], entry["query"]) == (
        "PUT",
        "/api.xro/2.0/PurchaseOrders",
        "summarizeErrors=false",
    )
    assert (entry["idempotency_key"], entry["client"], entry["status"]) == ("k-1", "a client", 200)


def test_decoded_and_wire_bytes_differ_only_where_gzip_is_on_and_asked_for(open_sandbox):
    client = open_sandbox(a_world(*[an_invoice(f"INV-{number}") for number in range(30)]))
    client.http.post("/_admin/switches", json={"is_gzip_on": True})
    for wish in ("identity", "gzip"):
        client.get("Invoices?page=1", Accept_Encoding=wish)
    plain, zipped = client.sandbox.stats()["requests"][-2:]
    assert plain["raw_bytes"] == plain["wire_bytes"] == zipped["raw_bytes"]
    assert zipped["wire_bytes"] < zipped["raw_bytes"] / 5
    assert (plain["accept_encoding"], zipped["accept_encoding"]) == ("identity", "gzip")


@pytest.mark.parametrize(("kind", "status"), [("drop_before", 0), ("drop_after", 200)])
def test_a_dropped_request_is_noted_with_nothing_on_the_wire(open_sandbox, kind, status):
    client = open_sandbox()
    client.http.post("/_admin/faults", json=[{"kind": kind}])
    with pytest.raises(httpx2.RemoteProtocolError):
        client.get("Items")
    entry = client.sandbox.stats()["requests"][-1]
    assert (entry["status"], entry["wire_bytes"]) == (status, 0)


def test_the_sandboxs_own_addresses_are_in_no_book(open_sandbox):
    client = open_sandbox()
    client.http.post("/_admin/stats/reset")
    client.http.get("/_admin/clock")
    assert client.http.get("/_admin/stats").json()["counts"]["requests"] == 0
