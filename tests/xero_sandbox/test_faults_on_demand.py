"""Point 11: the bad days of Xero and of the wire, planned from outside."""

import time

import httpx2
import pytest
from sandbox_builders import LONG_AGO, a_world, an_invoice, guid

from xero_sandbox.clock import Clock, milliseconds
from xero_sandbox.limits import Limits

ORDER = {"Contact": {"ContactID": guid("contact Supplier 01")}, "LineItems": [{"ItemCode": "TEA-01"}]}


def plan(client, **fault):
    answer = client.http.post("/_admin/faults", json=[fault])
    assert answer.status_code == 204, answer.text


def orders(client):
    return len(client.sandbox.worlds[0].purchase_orders)


def test_latency_delays_the_answer(open_sandbox):
    client = open_sandbox()
    plan(client, kind="latency", seconds=0.2)
    started = time.perf_counter()
    client.get("Items")
    assert time.perf_counter() - started >= 0.2


def test_the_sixth_call_at_once_is_refused_without_a_time(open_sandbox):
    client = open_sandbox(limits=Limits(concurrent=0))
    refused = client.get("Items")
    assert refused.headers["x-rate-limit-problem"] == "concurrent"
    assert "retry-after" not in refused.headers


def test_a_call_counts_as_running_until_it_is_answered(open_sandbox):
    client = open_sandbox(limits=Limits(concurrent=1))
    plan(client, kind="latency", seconds=0.5)
    with pytest.raises(httpx2.ReadTimeout):
        client.http.get("/api.xro/2.0/Items", headers=client.headers, timeout=0.1)
    assert client.get("Items").status_code == 429


@pytest.mark.parametrize(("kind", "made"), [("drop_before", 0), ("drop_after", 1)])
def test_a_dropped_connection_says_nothing_of_what_was_done(open_sandbox, kind, made):
    client = open_sandbox()
    plan(client, kind=kind, method="PUT")
    with pytest.raises(httpx2.RemoteProtocolError):
        client.put("PurchaseOrders", ORDER)
    assert orders(client) == made


def test_after_a_drop_the_same_key_finds_the_order_that_was_made(open_sandbox):
    client = open_sandbox()
    plan(client, kind="drop_after", method="PUT")
    with pytest.raises(httpx2.RemoteProtocolError):
        client.put("PurchaseOrders", ORDER, Idempotency_Key="k")
    assert client.put("PurchaseOrders", ORDER, Idempotency_Key="k").status_code == 200
    assert orders(client) == 1


@pytest.mark.parametrize("problem", ["minute", "day", "concurrent", "appminute"])
def test_a_429_of_each_kind(open_sandbox, problem):
    client = open_sandbox()
    plan(client, kind="rate_limit", problem=problem, retry_after=73451, path="Items", times=2)
    answers = [client.get("Items") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [429, 429, 200]
    assert answers[0].headers["x-rate-limit-problem"] == problem
    assert answers[0].headers["x-minlimit-remaining"] == "60"


@pytest.mark.parametrize(("status", "body"), [(503, "The Organisation is offline"), (502, "<html>Bad gateway</html>")])
def test_an_error_of_the_server_is_text(open_sandbox, status, body):
    client = open_sandbox()
    plan(client, kind="answer", status=status, body=body)
    answer = client.get("Items")
    assert (answer.status_code, answer.text) == (status, body)
    assert client.get("Items").status_code == 200


@pytest.mark.parametrize(("is_after_commit", "made"), [(False, 0), (True, 1)])
def test_a_500_may_come_before_or_after_the_work_and_is_remembered(open_sandbox, is_after_commit, made):
    client = open_sandbox()
    plan(client, kind="answer", status=500, method="PUT", is_after_commit=is_after_commit)
    statuses = [client.put("PurchaseOrders", ORDER, Idempotency_Key="k").status_code for _ in range(2)]
    assert statuses == [500, 500]
    assert orders(client) == made


def test_a_truncated_body_pretends_to_be_whole(open_sandbox):
    client = open_sandbox()
    client._contract = None  # half an answer is no answer of Xero's
    plan(client, kind="truncate", keep_bytes=50)
    assert len(client.get("Items").content) == 50


def test_a_connection_can_end_in_mid_body(open_sandbox):
    client = open_sandbox()
    plan(client, kind="truncate", keep_bytes=50, is_cut=True)
    with pytest.raises(httpx2.RemoteProtocolError):
        client.get("Items")


def test_tokens_expire_in_mid_run(open_sandbox):
    client = open_sandbox(a_world(an_invoice()))
    plan(client, kind="expire_tokens", path="page=2")
    assert [client.get(f"Invoices?page={page}").status_code for page in (1, 2)] == [200, 401]
    client.sign_in()
    assert client.get("Invoices?page=2").status_code == 200


def test_someone_edits_between_two_pages(open_sandbox):
    client = open_sandbox(a_world(*[an_invoice(f"INV-{n:04d}") for n in range(4)]))
    edit = {"do": "write", "path": "Invoices", "body": {"InvoiceNumber": "INV-0000", "Reference": "edited"}}
    plan(client, kind="edit", path="page=1", edits=[edit])
    client.get("Invoices?page=1&pageSize=2&order=UpdatedDateUTC DESC")
    (first, *_) = client.rows("Invoices?page=1&order=UpdatedDateUTC DESC")
    assert first["Reference"] == "edited"
    assert client.sandbox.stats()["counts"]["by_status"] == {"200": 3}


def test_a_fault_waits_for_its_turn(open_sandbox):
    client = open_sandbox()
    plan(client, kind="answer", status=500, path="Items", skip=2)
    assert [client.get("Items").status_code for _ in range(4)] == [200, 200, 500, 200]


def test_enums_and_arrays_can_surprise(open_sandbox):
    client = open_sandbox(a_world(an_invoice()))
    client._contract = None  # the surprise is the point
    plan(client, kind="rewrite", pattern='"Status": "AUTHORISED"', replacement='"Status": "FORGOTTEN"')
    plan(client, kind="rewrite", pattern='"Payments": \\[\\]', replacement='"Payments": null')
    (invoice,) = client.rows("Invoices?page=1")
    assert (invoice["Status"], invoice["Payments"]) == ("FORGOTTEN", None)


def test_clocks_of_header_envelope_and_stamps_can_differ(open_sandbox):
    client = open_sandbox(clock=Clock(LONG_AGO))
    client.http.post("/_admin/clock", json={"answer_skew_seconds": -300, "header_skew_seconds": 60})
    client.put("PurchaseOrders", ORDER)
    answer = client.get("PurchaseOrders")
    assert answer.headers["date"] == "Mon, 05 Jan 2026 09:01:00 GMT"
    assert answer.json()["DateTimeUTC"] == f"/Date({milliseconds(LONG_AGO) - 300_000})/"
    assert answer.json()["PurchaseOrders"][0]["UpdatedDateUTC"] == f"/Date({milliseconds(LONG_AGO)}+0000)/"


def test_rows_of_one_stamp_may_change_places_between_requests(open_sandbox):
    client = open_sandbox(a_world(*[an_invoice(f"INV-{n:04d}") for n in range(30)]))
    client.http.post("/_admin/switches", json={"are_ties_stable": False})
    first, second = ([row["InvoiceID"] for row in client.rows("Invoices")] for _ in range(2))
    assert first != second
    assert sorted(first) == sorted(second)


def test_a_stale_read_does_not_see_what_was_just_written(open_sandbox):
    client = open_sandbox()
    client.put("PurchaseOrders", ORDER | {"PurchaseOrderNumber": "RP-1"})
    plan(client, kind="stale_read", seconds=180, path="PurchaseOrders", times=2)
    assert client.rows("PurchaseOrders") == []
    assert client.get("PurchaseOrders/RP-1").status_code == 404
    assert client.get("PurchaseOrders/RP-1").status_code == 200


def test_faults_are_listed_and_reset(open_sandbox):
    client = open_sandbox()
    plan(client, kind="answer", times=0)
    assert [client.get("Items").status_code for _ in range(2)] == [500, 500]
    assert [fault["kind"] for fault in client.http.get("/_admin/faults").json()] == ["answer"]
    client.http.post("/_admin/faults/reset")
    assert client.get("Items").status_code == 200


@pytest.mark.parametrize("body", [[{"kind": "earthquake"}], [{"kind": "latency", "path": "("}], {"kind": "latency"}])
def test_a_fault_that_cannot_be_read_is_refused(open_sandbox, body):
    assert open_sandbox().http.post("/_admin/faults", json=body).status_code == 400


def test_an_unknown_admin_address_names_the_known_ones(open_sandbox):
    answer = open_sandbox().http.get("/_admin/nothing")
    assert answer.status_code == 404
    assert "GET stats" in answer.json()["error"]
