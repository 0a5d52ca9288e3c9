"""The file decides what marks credit notes: a prefix that only negative lines have, or else the sign."""

from pathlib import Path

import polars as pl
import pytest

from sales_files.forms import INVOICE_LINES, Forms, read_credit_notes
from sales_files.reading import Sales, read_sales
from sales_files.sales_file_error import SalesFileError


def read(path: Path, numbers: list[str], quantities: list[float], credit_notes: str = "", price: float = 2.5) -> Sales:
    pl.DataFrame(
        {
            "InvoiceNo": numbers,
            "StockCode": "TEA",
            "Quantity": quantities,
            "InvoiceDate": "2026-03-31",
            "UnitPrice": [0.0 if number.startswith("ADJ") else price for number in numbers],
        }
    ).write_csv(path)
    return read_sales(path, INVOICE_LINES, Forms(credit_notes=read_credit_notes(credit_notes)))


def kinds(sales: Sales) -> list[str]:
    return sales.lines["kind"].to_list()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "sales.csv"


@pytest.mark.parametrize("prefixes", [("CA-", "US-"), ("C", "C"), ("CN", "INV"), ("Z/", "C.")])
def test_a_prefix_that_only_sales_have_marks_no_credit_note(path: Path, prefixes: tuple[str, str]) -> None:
    sales = read(path, [f"{prefixes[row % 2]}{row:05}" for row in range(60)], [3.0] * 60)
    assert kinds(sales) == ["sale"] * 60
    assert not sales.left_out


@pytest.mark.parametrize("prefix", ["C", "CR-", "CN", "Gutschrift ", "R/", "c"])
def test_a_prefix_that_nearly_all_negative_lines_have_marks_credit_notes(path: Path, prefix: str) -> None:
    numbers = [str(row) for row in range(100)] + [f"{prefix}{row}" for row in range(20)]
    sales = read(path, numbers, [5.0] * 100 + [-2.0] * 20)
    assert kinds(sales) == ["sale"] * 100 + ["credit"] * 20
    assert sales.notes == [f"Credit notes: 20 lines whose invoice number begins with {prefix.upper()}."]


def test_a_prefix_that_sales_have_too_marks_nothing_and_the_sign_decides(path: Path) -> None:
    """Returns on separate invoices, whose numbers have the prefix of sales."""
    sales = read(path, [f"C{row}" for row in range(40)], [5.0] * 30 + [-2.0] * 10)
    assert kinds(sales) == ["sale"] * 30 + ["credit"] * 10
    assert sales.notes == ["Credit notes: 10 lines with a negative quantity."]


def test_a_prefix_that_few_negative_lines_have_marks_nothing(path: Path) -> None:
    sales = read(path, ["1", "2", "3", "C4"], [5.0, -1.0, -1.0, -1.0])
    assert kinds(sales) == ["sale", "credit", "credit", "credit"]


def test_lines_against_the_files_rule_are_left_out_and_reported_by_reason_with_units_and_money(path: Path) -> None:
    numbers = [f"{row}" for row in range(60)] + [f"C{row}" for row in range(40)] + ["C900", "ADJ-1", "77"]
    sales = read(path, numbers, [5.0] * 60 + [-2.0] * 40 + [3.0, -7.0, 0.0])
    assert kinds(sales)[-3:] == ["none"] * 3
    assert [(left.reason, left.rows, left.units, left.value) for left in sales.left_out] == [
        ("are negative without the prefix C", 1, 7.0, 0.0),
        ("are positive with the prefix C", 1, 3.0, 7.5),
        ("have quantity 0", 1, 0.0, 0.0),
    ]


def test_negative_lines_without_money_are_stock_corrections_and_do_not_hide_the_files_rule(path: Path) -> None:
    numbers = ["1", *(f"ADJ{row}" for row in range(5)), *(f"C{row}" for row in range(5))]
    assert kinds(read(path, numbers, [5.0] + [-1.0] * 10))[-1] == "credit"


def test_a_persons_choice_of_credit_notes_holds(path: Path) -> None:
    numbers, quantities = ["1", "2", "C3", "CN-4"], [5.0, -1.0, -2.0, -3.0]
    assert kinds(read(path, numbers, quantities, "sign")) == ["sale", "credit", "credit", "credit"]
    assert kinds(read(path, numbers, quantities, "CN-")) == ["sale", "none", "none", "credit"]
    assert kinds(read(path, numbers, quantities, "c")) == ["sale", "none", "credit", "credit"]
    with pytest.raises(SalesFileError, match="no invoice number begins with X"):
        read(path, numbers, quantities, "X")


def test_credit_notes_written_with_positive_quantities_are_credits_once_a_person_names_them(path: Path) -> None:
    sales = read(path, ["INV-1", "CN-2"], [5.0, 2.0], "CN-")
    assert sales.lines.select("quantity", "kind").rows() == [(5.0, "sale"), (-2.0, "credit")]
