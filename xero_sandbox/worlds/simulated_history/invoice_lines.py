"""A file of invoice lines as documents are made of it: sales, credits, and what becomes no document.

What belongs here: the names that the importer uses. What does not: reading the file (`sales_files`), documents
(`importer.py`).
Read more in docs/sandbox.md.
"""

from dataclasses import dataclass
from datetime import date
from pathlib import Path

import polars as pl

from sales_files.credit_notes import SALE
from sales_files.forms import INVOICE_LINES, Forms
from sales_files.raw_lines import LeftOut
from sales_files.reading import Sales, read_sales
from sales_files.sales_file_error import SalesFileError


@dataclass(frozen=True)
class SalesLines:
    """The lines with columns invoice, code, description, quantity, day, price, customer, kind; and the last day.

    `left_out` says which of all `row_count` rows of the file become no document, and `notes` how the file was read.
    """

    lines: pl.DataFrame
    last_day: date
    row_count: int
    left_out: list[LeftOut]
    notes: list[str]


def read_sales_file(path: Path, forms: Forms | None = None) -> SalesLines:
    """The lines of a file, each with what it becomes.

    Where a beginning of the number marks credit notes, a positive quantity without it is a sale, whatever its price,
    and a negative one with it a credit; the others become no document. Otherwise the sign alone decides.

    Raises:
        SalesFileError: there is no such file, a column is missing, a value cannot be read, or nothing was sold in it.
    """
    sales = read_sales(path, INVOICE_LINES, forms)
    if sales.lines.is_empty():
        raise SalesFileError(f"{path} holds no lines; export some sales into it.")
    if not (sales.lines["kind"] == SALE).any():
        raise SalesFileError(f"{path}: none of its {sales.lines.height:,} lines is a sale; {_why(sales)}.")
    lines = _named(sales.lines)
    last_day = lines.select(pl.col("day").max()).item()
    return SalesLines(lines, last_day, sales.row_count, sales.left_out, sales.notes)


def _why(sales: Sales) -> str:
    """What a person looks at where nothing is a sale."""
    return "look at the quantities" if not sales.credit_prefixes else "look at the quantities, or at --credit-notes"


def _named(lines: pl.DataFrame) -> pl.DataFrame:
    """The importer's columns; what the file does not have is empty."""
    missing = [name for name in ("description", "unit_price", "customer") if name not in lines.columns]
    lines = lines.with_columns(pl.lit(None).alias(name) for name in missing)
    return lines.select(
        invoice=pl.col("invoice_number"),
        code=pl.col("product_code").str.to_uppercase().fill_null(""),
        description=pl.col("description").cast(pl.String).fill_null(""),
        quantity=pl.col("quantity"),
        day=pl.col("date"),
        price=pl.col("unit_price").cast(pl.Float64).fill_null(0.0),
        customer=pl.col("customer").cast(pl.String).str.strip_suffix(".0").fill_null(""),
        kind=pl.col("kind"),
    )
