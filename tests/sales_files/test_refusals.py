"""A value that cannot be read, or can be read in two ways, is one sentence with line and column."""

from datetime import date, datetime
from pathlib import Path

import polars as pl
import pytest

from sales_files.forms import INVOICE_LINES, PRODUCT_SALES, Forms
from sales_files.reading import read_sales
from sales_files.sales_file_error import SalesFileError

HEAD = "product_code,date,quantity\n"
LAST = Forms(latest_year=2027)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "sales.csv"


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (HEAD + "TEA,2026-01-01,1\nTEA,soon,1\n", "line 3: date must hold dates such as 2026-03-31"),
        (HEAD + "TEA,2095-01-01,1\n", "line 2: date must hold dates such as 2026-03-31 of the years 1980 to 2027"),
        (HEAD + "TEA,71589,1\n", "line 2: date must hold dates"),
        (HEAD + "TEA,31/02/2026,1\n", "line 2: date must hold dates"),
        (HEAD + "TEA,,1\n", "line 2: date must hold dates such as 2026-03-31 of the years 1980 to 2027, but is empty"),
        (HEAD + "TEA,31/12/2026,1\nTEA,12/31/2026,1\n", "line 3: date must hold dates in one order of day and month"),
        (HEAD + "TEA,2026-01-01,\n", "line 2: quantity must hold numbers, but is empty"),
        (HEAD + "TEA,2026-01-01,1e400\n", "line 2: quantity must hold numbers up to 10^12, not '1e400'"),
        (HEAD + "TEA,2026-01-01,NaN\n", "line 2: quantity must hold numbers up to 10^12, not 'NaN'"),
        (HEAD + "TEA,2026-01-01,inf\n", "line 2: quantity must hold numbers up to 10^12, not 'inf'"),
        (HEAD + "TEA,2026-01-01,5 dozen\n", "line 2: quantity must hold numbers up to 10^12, not '5 dozen'"),
        (
            HEAD + 'TEA,2026-01-01,1.5\nTEA,2026-01-01,"1,5"\n',
            "line 3: quantity must hold numbers with one decimal mark",
        ),
        (HEAD + '"a\nb",2026-01-01,1\n', "line 2: product_code must hold no line break"),
        (HEAD + 'TEA,"\n2026-01-01",1\nTEA,2026-01-02,x\n', "line 4: quantity must hold numbers"),
        (HEAD + "\n\nTEA,2026-01-02,x\n", "line 4: quantity must hold numbers"),
        ("sep=;\nproduct_code;date;quantity\nTEA;2026-01-02;x\n", "line 3: quantity must hold numbers"),
        (HEAD + "x" * 200_000 + ",2026-01-02,x\n", "row 1: quantity must hold numbers"),
        ("\n" + HEAD + "TEA,2026-01-02,x\n", "line 3: quantity must hold numbers"),
        (HEAD + "TEA,2026-01-01,1\nTEA,2026-01-01\n", "line 3: found fewer fields (2) than the first line has (3)"),
        (HEAD + "TEA,2026-01-01,1,5\n", "line 2: found more fields (4) than the first line has (3)"),
        (HEAD + '"TEA,2026-01-01,1\n', "fewer fields"),
        (HEAD + "TE\0A,2026-01-01,1\n", "line 2: there is a NUL character"),
        ("quantity,product_code,date,quantity\n1,TEA,2026-01-01,1\n", "has the column quantity 2 times"),
        ("sku,item code,date,quantity\n", "'sku' and 'item code' can both be product_code"),
        ("Order Date,Invoice Date,sku,qty\n", "'Order Date' and 'Invoice Date' can both be date"),
        ("product_code,date\n", "lacks the column quantity: it has product_code, date"),
        ("", "is an empty CSV file"),
        ("\n\n \n", "is an empty CSV file"),
        ("PK\x03\x04", "is an Excel workbook or another archive: save the sheet as CSV (UTF-8), and give that file"),
        ("# Sales\n\nMany.\n", "is neither a readable Parquet file nor a CSV file"),
    ],
)
def test_an_unreadable_value_is_reported_with_its_line_and_column(path: Path, content: str, sentence: str) -> None:
    path.write_text(content)
    with pytest.raises(SalesFileError) as refused:
        read_sales(path, PRODUCT_SALES, LAST)
    assert sentence in str(refused.value)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (
            HEAD + "TEA,05/05/2026,1\nTEA,03/04/2026,1\n",
            "'03/04/2026' can be 2026-04-03 or 2026-03-04: give the order of dates, --date-order dmy or",
        ),
        (HEAD + "TEA,05-06-07,1\n", "--date-order dmy or --date-order mdy or --date-order ymd"),
        (
            HEAD + 'TEA,2026-01-01,7\nTEA,2026-01-01,"1,500"\n',
            "line 3: quantity '1,500' can be 1500 or 1.5: give the decimal mark, --decimal . or --decimal ,",
        ),
    ],
)
def test_an_ambiguous_value_names_the_option_that_decides(path: Path, content: str, sentence: str) -> None:
    path.write_text(content)
    with pytest.raises(SalesFileError) as refused:
        read_sales(path, PRODUCT_SALES, LAST)
    assert sentence in str(refused.value)
    assert read_sales(path, PRODUCT_SALES, Forms("dmy", ",", latest_year=2027)).lines.height


def test_one_decimal_mark_holds_for_all_columns_of_a_file(path: Path) -> None:
    path.write_text('product_code,date,quantity,unit_price\nTEA,2026-01-01,"1,500",2.50\nTEA,2026-01-02,"1,600",3.00\n')
    assert read_sales(path, PRODUCT_SALES, LAST).lines["quantity"].to_list() == [1500.0, 1600.0]
    path.write_text("product_code;date;quantity;unit_price\nTEA;2026-01-01;1.500;2,50\nTEA;2026-01-02;1.600;3,00\n")
    assert read_sales(path, PRODUCT_SALES, LAST).lines["quantity"].to_list() == [1500.0, 1600.0]


def test_typed_days_keep_the_day_of_their_own_clock_and_numbers_of_days_are_a_spreadsheets(tmp_path: Path) -> None:
    path = tmp_path / "sales.parquet"
    auckland = pl.Series([datetime(2026, 3, 31, 23, 30)]).dt.replace_time_zone("Pacific/Auckland")  # noqa: DTZ001, the zone follows
    for days in (
        auckland,
        pl.Series([date(2026, 3, 31)]),
        pl.Series([46112]),
        pl.Series([46112.9]),
        pl.Series([20260331]),
    ):
        pl.DataFrame({"product_code": [12], "date": days, "quantity": [1]}).write_parquet(path)
        assert read_sales(path, PRODUCT_SALES, LAST).lines.rows() == [("12", date(2026, 3, 31), 1.0, "sale")]


def test_rows_that_hold_nothing_or_no_product_are_counted(path: Path) -> None:
    path.write_text(HEAD + "TEA,2026-01-01,1\n,,\n,2026-01-01,5\n  ,  ,  \n")
    sales = read_sales(path, PRODUCT_SALES, LAST)
    assert [(left.reason, left.rows) for left in sales.left_out] == [("are empty", 2), ("name no product", 1)]
    assert (sales.lines.height, sales.row_count) == (1, 4)


def test_a_code_of_any_length_is_a_code(path: Path) -> None:
    code = "x" * 4000
    path.write_text(f"{HEAD}{code},2026-01-01,1\n0012,2026-01-01,1\n")
    assert read_sales(path, PRODUCT_SALES, LAST).lines["product_code"].to_list() == [code, "0012"]


@pytest.mark.parametrize(
    "headings",
    [
        "InvoiceNo,StockCode,Quantity,InvoiceDate,UnitPrice",
        "Invoice,StockCode,Quantity,InvoiceDate,Price",
        "*InvoiceNumber,InventoryItemCode,*Quantity,*InvoiceDate,*UnitAmount",
        "Order ID,Product ID,Quantity,Order Date,unit price",
    ],
)
def test_invoice_lines_are_known_by_their_usual_headings(path: Path, headings: str) -> None:
    path.write_text(f"{headings}\n1001,TEA,2,2026-01-01,2.50\n")
    line = read_sales(path, INVOICE_LINES, LAST).lines.row(0, named=True)
    assert line == {
        "invoice_number": "1001", "product_code": "TEA", "quantity": 2.0, "date": date(2026, 1, 1), "unit_price": 2.5,
        "kind": "sale",
    }  # fmt: skip


def test_a_sure_heading_wins_over_a_vague_heading_and_unclear_headings_are_reported(path: Path) -> None:
    heads = (
        "Row ID,Order ID,Order Date,Ship Date,Customer ID,Customer Name,Product ID,Product Name,Sales,Quantity,Profit"
    )
    path.write_text(f"{heads}\n1,CA-2016-152156,11/8/2016,11/11/2016,CG-1,Claire,FUR-1,Chair,261.96,2,41.91\n")
    line = read_sales(path, INVOICE_LINES, Forms("mdy", latest_year=2027)).lines.row(0)
    assert line == ("CA-2016-152156", "FUR-1", 2.0, date(2016, 11, 8), "Chair", "CG-1", "sale")
    path.write_text("SKU,Product,Date,Qty,Price,Sales price\nT1,Tea,2026-01-01,2,3,4\n")
    sales = read_sales(path, PRODUCT_SALES, LAST)
    assert sales.lines.select("product_code", "quantity").row(0) == ("T1", 2.0)
    assert "'Price' and 'Sales price' can both be unit_price, so neither is used" in sales.notes[0]
