"""Files from other ledgers and spreadsheets: totals, types, statuses, swapped dates, future sales."""

from datetime import date
from pathlib import Path

import pytest

from sales_files.forms import INVOICE_LINES, PRODUCT_SALES, DateOrder, Forms
from sales_files.reading import Sales, read_sales
from sales_files.sales_file_error import SalesFileError

HEAD = "product_code,date,quantity\n"
TODAY = date(2026, 11, 30)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "sales.csv"


def read(path: Path, content: str | bytes, date_order: DateOrder | None = None) -> Sales:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_sales(path, PRODUCT_SALES, Forms(date_order, latest_year=2027, latest_day=TODAY))


def left_out(sales: Sales) -> dict[str, tuple[int, float]]:
    return {left.reason: (left.rows, left.units) for left in sales.left_out}


SOLD = "TEA,2026-01-01,5\nTEA,2026-01-02,6\n"


@pytest.mark.parametrize(
    "total", ["Total,,11", "Grand Total,,11", "TOTAL TEA,,11", "Sub-total,,11", "subtotal: TEA,,11"]
)
def test_a_row_of_totals_without_a_date_is_left_out_and_reported(path: Path, total: str) -> None:
    sales = read(path, f"{HEAD}{SOLD}{total}\n")
    assert sales.lines["quantity"].to_list() == [5.0, 6.0]
    assert left_out(sales)["are totals"][0] == 1


def test_totals_with_a_date_are_left_out_if_they_are_the_sum_of_the_rows_above(path: Path) -> None:
    cups = "CUP,2026-01-03,2\nTotal CUP,2026-01-03,2\n"
    sales = read(path, f"{HEAD}{SOLD}Total TEA,2026-01-02,11\n{cups}Grand total,2026-01-03,13\n")
    assert sales.lines["product_code"].to_list() == ["TEA", "TEA", "CUP"]
    assert left_out(sales) == {"are totals of the rows above": (3, 26.0)}


def test_a_product_that_is_called_total_is_a_product(path: Path) -> None:
    sales = read(path, f"{HEAD}{SOLD}Total Clean 5 l,2026-01-03,4\nTotality,2026-01-03,4\n")
    assert (sales.lines["quantity"].sum(), sales.left_out) == (19.0, [])


def test_void_lines_and_purchases_are_no_sales_and_are_reported_with_their_units(path: Path) -> None:
    heads = "invoice number,sku,date,qty,Status,Type\n"
    rows = ["1,T,2026-01-01,5,PAID,Sales invoice", "2,T,2026-01-02,500,Voided,Sales invoice",
            "3,T,2026-01-02,9,deleted,Invoice", "4,T,2026-01-02,70,Paid,Bill", "5,T,2026-01-02,6,Draft,ACCREC",
            "6,T,2026-01-02,8,Cancelled,"]  # fmt: skip
    sales = read(path, heads + "\n".join(rows) + "\n")
    assert sales.lines["quantity"].to_list() == [5.0, 6.0]
    assert left_out(sales) == {"are void, deleted or cancelled": (3, 517.0), "are purchases": (1, 70.0)}


@pytest.mark.parametrize("quantity", ["2", "-2"])
@pytest.mark.parametrize("document_type", ["Credit Memo", "credit note", "ACCRECCREDIT", "Refund"])
def test_a_line_of_a_credit_type_is_a_credit_whatever_its_sign(path: Path, document_type: str, quantity: str) -> None:
    sales = read(
        path, f"Type,Num,Item,date,Qty\nInvoice,1,TEA,2026-01-01,5\n{document_type},2,TEA,2026-01-02,{quantity}\n"
    )
    assert sales.lines.select("quantity", "kind").rows() == [(5.0, "sale"), (-2.0, "credit")]
    assert "Credits: 1 lines of a credit type." in sales.notes


@pytest.mark.parametrize("prefix", ["CRN-", "SR-", "CN", "Refund "])
def test_positive_lines_with_a_usual_credit_note_prefix_need_a_decision(path: Path, prefix: str) -> None:
    rows = [f"SI-{row},TEA,5,2026-01-01" for row in range(20)] + [f"{prefix}{row},TEA,2,2026-01-02" for row in (1, 2)]
    path.write_text("InvoiceNo,StockCode,Quantity,InvoiceDate\n" + "\n".join(rows) + "\n")
    sales = read_sales(path, INVOICE_LINES, Forms(latest_year=2027))
    assert sales.lines["kind"].to_list() == ["sale"] * 22
    (warning,) = sales.notes
    assert warning.startswith(
        f"Warning: 2 lines whose invoice number begins with {prefix.upper()} have no negative quantity"
    )


def test_dates_that_a_spreadsheet_may_have_swapped_need_a_decision(path: Path) -> None:
    """A spreadsheet reads 3 April as 4 March, which is day 46085, and leaves 13/04/2026 as text."""
    content = f"{HEAD}TEA,46085,1\nTEA,13/04/2026,1\nTEA,25/04/2026,1\n"
    with pytest.raises(SalesFileError, match="line 2: day and month of '46085' may be swapped"):
        read(path, content)
    assert read(path, content, date_order="dmy").lines["date"][0] == date(2026, 3, 4)
    sales = read(path, f"{HEAD}TEA,46099,1\nTEA,13/04/2026,1\n")
    assert sales.lines["date"].to_list() == [date(2026, 3, 18), date(2026, 4, 13)]


def test_lines_dated_after_today_are_not_sold_yet(path: Path) -> None:
    """Otherwise a row in a future year would make the year before it a year without sales."""
    sales = read(path, f"{HEAD}{SOLD}TEA,2027-12-31,7\n")
    assert left_out(sales) == {"are dated after today": (1, 7.0)}
    assert sales.lines["date"].max() == date(2026, 1, 2)


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf_16_is_recognised_without_its_byte_order_mark(path: Path, encoding: str) -> None:
    assert read(path, (HEAD + SOLD).encode(encoding)).lines["quantity"].to_list() == [5.0, 6.0]
