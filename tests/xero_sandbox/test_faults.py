"""The bad days of Xero and of the wire, planned from outside."""

import time

import httpx2
import pytest

from tests.xero_sandbox.sandbox_builders import LONG_AGO, a_world, an_invoice, an_item, guid
from xero_sandbox.behaviour.edits import Write
from xero_sandbox.behaviour.rate_limits import Limits
from xero_sandbox.core.clock import Clock, milliseconds

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
    plan(client, kind="latency", seconds=1)
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


@pytest.mark.parametrize(
    ("problem", "spent", "has_end"),
    [("minute", "min", True), ("day", "day", True), ("appminute", "appmin", False), ("concurrent", None, False)],
)
def test_a_429_of_each_kind_has_the_headers_of_its_kind(open_sandbox, problem, spent, has_end):
    client = open_sandbox()
    plan(client, kind="rate_limit", problem=problem, path="Items", times=2)
    answers = [client.get("Items") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [429, 429, 200]
    headers = answers[0].headers
    assert headers["x-rate-limit-problem"] == problem
    empty = [name for name in ("min", "day", "appmin") if headers[f"x-{name}limit-remaining"] == "0"]
    assert empty == ([spent] if spent else [])
    assert ("retry-after" in headers) is has_end


def test_a_day_limit_may_last_for_hours(open_sandbox):
    client = open_sandbox()
    plan(client, kind="rate_limit", problem="day", retry_after=73451)
    headers = client.get("Items").headers
    assert (headers["retry-after"], headers["x-minlimit-remaining"]) == ("73451", "60")


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (500, "An error occurred in Xero."),
        (503, "The Organisation is offline"),
        (502, "<html>Bad gateway</html>"),
        (200, "<!doctype html><title>Scheduled maintenance</title>"),
    ],
)
def test_trouble_of_the_server_is_text_even_with_a_status_of_200(open_sandbox, status, body):
    client = open_sandbox()
    plan(client, kind="answer", status=status, body=body)
    answer = client.get("Items")
    assert (answer.status_code, answer.text) == (status, body)
    assert answer.headers["content-type"].startswith("text/html")
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


def test_bytes_can_drip(open_sandbox):
    client = open_sandbox()
    whole = client.get("Items").content
    plan(client, kind="drip", piece_bytes=len(whole) // 4, seconds=0.05)
    started = time.perf_counter()
    assert len(client.get("Items").content) == len(whole)
    assert time.perf_counter() - started >= 0.15


def test_a_drip_ends_with_its_reader(open_sandbox):
    client = open_sandbox(limits=Limits(concurrent=1))
    plan(client, kind="drip", piece_bytes=1, seconds=0.02)
    with client.http.stream("GET", "/api.xro/2.0/Items", headers=client.headers) as answer:
        next(answer.iter_raw())
    statuses: list[int] = []
    while 200 not in statuses and len(statuses) < 50:
        time.sleep(0.02)
        statuses.append(client.get("Items").status_code)
    assert statuses[-1] == 200


def pages(client, size):
    """The pages of invoices as a careful client reads them: until the last that the first one names."""
    count = client.get(f"Invoices?page=1&pageSize={size}").json()["pagination"]["pageCount"]
    lists = (client.rows(f"Invoices?page={number}&pageSize={size}") for number in range(1, count + 1))
    return [[row["InvoiceNumber"] for row in rows] for rows in lists]


def test_a_page_may_be_shorter_than_asked_for_and_not_the_last(open_sandbox):
    client = open_sandbox(a_world(*[an_invoice(f"INV-{n}") for n in range(10)]))
    plan(client, kind="short_page", path="Invoices", rows=1, times=0)
    found = pages(client, 4)
    assert [len(page) for page in found] == [3, 3, 3, 1]
    assert len({number for page in found for number in page}) == 10


def test_an_id_may_come_in_two_pages(open_sandbox):
    client = open_sandbox(a_world(*[an_invoice(f"INV-{n}") for n in range(10)]))
    plan(client, kind="repeat_rows", path="Invoices", rows=1, times=0)
    first, second, third = pages(client, 4)
    assert (second[0], third[0]) == (first[-1], second[-1])
    assert len({*first, *second, *third}) == 10


def test_edits_under_a_clock_that_stands_have_one_stamp(open_sandbox):
    client = open_sandbox(a_world(an_invoice("INV-1"), an_invoice("INV-2")))
    client.http.post("/_admin/clock", json={"freeze": True})
    client.edit(*[Write(path=f"Invoices/INV-{number}", body={"Reference": "edited"}) for number in (1, 2)])
    assert len({row["UpdatedDateUTC"] for row in client.rows("Invoices")}) == 1


def test_the_organisation_may_be_of_a_class_nobody_knows(open_sandbox):
    client = open_sandbox()
    plan(client, kind="rewrite", path="Organisation", pattern='"Class": "\\w+"', replacement='"Class": "GALACTIC"')
    assert client.rows("Organisation")[0]["Class"] == "GALACTIC"


def test_a_fault_waits_for_its_turn(open_sandbox):
    client = open_sandbox()
    plan(client, kind="answer", status=500, path="Items", skip=2)
    assert [client.get("Items").status_code for _ in range(4)] == [200, 200, 500, 200]


def test_enums_and_arrays_can_surprise(open_sandbox):
    client = open_sandbox(a_world(an_invoice()))
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


def test_a_stale_read_shows_the_books_as_they_were(open_sandbox):
    client = open_sandbox(a_world(an_invoice("INV-1"), an_invoice("INV-2"), an_item("TEA-02")))
    before = client.rows("Items"), client.rows("Invoices?page=1")
    changed, new = {"Reference": "changed"}, {"Type": "ACCREC", "Contact": {"Name": "Customer 01"}, "LineItems": [{}]}
    client.edit(Write(path="Invoices/INV-1", body=changed), Write(path="Invoices", body=new, method="PUT"))
    client.sandbox.edit(Write(path="Items/TEA-02", method="DELETE"))
    after = client.rows("Items"), client.rows("Invoices?page=1")
    plan(client, kind="stale_read", seconds=180, times=2)
    assert (client.rows("Items"), client.rows("Invoices?page=1")) == before
    assert (client.rows("Items"), client.rows("Invoices?page=1")) == after != before


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
