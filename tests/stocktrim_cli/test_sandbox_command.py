"""`stocktrim sandbox` says what it serves, is reset, and continues from where it stopped."""

import signal
import subprocess
import sys
from contextlib import contextmanager

import httpx2

SMALL = ("--products", "20", "--months", "4", "--end", "2026-06-30", "--port", "0")


@contextmanager
def a_sandbox(*words):
    """Its address, and all that it printed before."""
    command = [sys.executable, "-m", "stocktrim_cli.main", "sandbox", *SMALL, *words]
    with subprocess.Popen(  # noqa: S603, our own command
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        try:
            printed: list[str] = []
            assert process.stdout
            while not any("_admin" in line for line in printed):
                printed.append(process.stdout.readline())
                assert printed[-1], printed
            yield next(line for line in printed if line.startswith("Xero sandbox:")).split()[-1], "".join(printed)
        finally:
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=120)
    assert process.returncode == 0


def order_numbers(url):
    return [order["PurchaseOrderNumber"] for order in httpx2.get(f"{url}/_admin/books").json()["PurchaseOrders"]]


def an_order(url, number):
    books = httpx2.get(f"{url}/_admin/books").json()
    order = {
        "PurchaseOrderNumber": number,
        "Contact": {"ContactID": books["Contacts"][0]["ContactID"]},
        "LineItems": [{"ItemCode": books["Items"][0]["Code"]}],
    }
    edit = {"do": "write", "method": "PUT", "path": "PurchaseOrders", "body": order}
    assert httpx2.post(f"{url}/_admin/edits", json=[edit]).json()[0]["status"] == 200


def test_it_prints_what_it_serves_goes_on_from_its_state_and_is_reset(tmp_path):
    state = ("--state", str(tmp_path))
    with a_sandbox(*state) as (url, printed):
        for word in ("Demo Wholesale", "GBP", "Southern Wholesale", "NZD", "Demo Company (US), a demo company", "USD"):
            assert word in printed
        assert f"XERO_API_URL={url}" in printed
        at_first = order_numbers(url)
        an_order(url, "RP-1")
        httpx2.post(f"{url}/_admin/reset")
        assert order_numbers(url) == at_first
        an_order(url, "RP-2")
    with a_sandbox(*state) as (url, printed):
        assert f"continues from {tmp_path}" in " ".join(printed.split())
        assert order_numbers(url) == [*at_first, "RP-2"]
    with a_sandbox(*state, "--reset") as (url, _):
        assert order_numbers(url) == at_first


def test_it_holds_the_requested_number_of_invoices_and_allows_fewer_calls_a_day():
    with a_sandbox("--invoices", "50", "--day-limit", "1000") as (url, printed):
        assert "Volume Wholesale" in printed
        assert len(httpx2.get(f"{url}/_admin/books").json()["Invoices"]) == 50
        assert httpx2.post(f"{url}/_admin/limits", json={}).json()["per_day"] == 1000


def test_it_serves_every_sale_of_a_file_whose_numbers_begin_with_a_c_and_reports_what_it_left_out(tmp_path):
    file = tmp_path / "sales.csv"
    lines = [f"CA-2016-{row},Tëa {row % 3},{row % 5},{row % 28 + 1}/11/2025,2.50" for row in range(100)]
    file.write_text("Order ID,Product ID,Quantity,Order Date,Unit Price\n" + "\n".join(lines), encoding="cp1252")
    with a_sandbox("--sales", str(file)) as (url, printed):
        books = httpx2.get(f"{url}/_admin/books").json()
        text = " ".join(printed.split())
    sales = [invoice for invoice in books["Invoices"] if invoice["Type"] == "ACCREC"]
    assert sum(len(invoice["LineItems"]) for invoice in sales) == 80
    assert not books["CreditNotes"]
    assert "Warning: 20 of 100 rows have quantity 0, and are left out." in text
    assert "Dates are read as day-month-year." in text
