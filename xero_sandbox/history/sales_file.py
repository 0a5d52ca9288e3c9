"""A file of invoice lines, CSV or Parquet, read and sorted into sales, credits, and what becomes no document.

What belongs here: reading the file and its contract. What does not: documents (`importer.py`).
Read more in docs/sandbox.md.
"""

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final

import polars as pl

COLUMNS: Final[dict[str, pl.DataType | type[pl.DataType]]] = {
    "InvoiceNo": pl.String,
    "StockCode": pl.String,
    "Description": pl.String,
    "Quantity": pl.Float64,
    "InvoiceDate": pl.Datetime("us"),
    "UnitPrice": pl.Float64,
    "CustomerID": pl.String,
}
OPTIONAL: Final = ("Description", "CustomerID", "UnitPrice")
SALE, CREDIT, NO_DOCUMENT = "sale", "credit", "none"


class SalesFileError(Exception):
    """The file cannot be used; the message says what to do."""


@dataclass(frozen=True)
class SalesLines:
    """The lines with columns invoice, code, description, quantity, day, price, customer, kind; and the last day."""

    lines: pl.DataFrame
    last_day: date


def read_sales_file(path: Path) -> SalesLines:
    """The lines of a file, each with what it becomes.

    A positive quantity on an invoice is a sale, whatever its price; a negative one on a C number is a credit; a
    negative one without C, a positive one with C, and a quantity of nothing become no document.

    Raises:
        SalesFileError: there is no such file, a column is missing, a value cannot be read, or it is empty.
    """
    given = _read(path)
    missing = [name for name in COLUMNS if name not in given.columns and name not in OPTIONAL]
    if missing:
        raise SalesFileError(f"{path} has no column {', '.join(missing)}; it must have {', '.join(COLUMNS)}.")
    if given.is_empty():
        raise SalesFileError(f"{path} holds no lines; export some sales into it.")
    given = given.with_columns(
        pl.lit(None, dtype=dtype).alias(name) for name, dtype in COLUMNS.items() if name not in given.columns
    )
    typed = given.select(_cast(given, name, dtype).alias(name) for name, dtype in COLUMNS.items())
    _refuse_unreadable(path, given, typed)
    is_credit_number = pl.col("InvoiceNo").str.starts_with("C")
    lines = typed.select(
        invoice=pl.col("InvoiceNo"),
        code=pl.col("StockCode").fill_null(""),
        description=pl.col("Description").fill_null("").str.strip_chars(),
        quantity=pl.col("Quantity"),
        day=pl.col("InvoiceDate").dt.date(),
        price=pl.col("UnitPrice").fill_null(0.0),
        customer=pl.col("CustomerID").fill_null(""),
        kind=pl.when((pl.col("Quantity") > 0) & ~is_credit_number)
        .then(pl.lit(SALE))
        .when((pl.col("Quantity") < 0) & is_credit_number)
        .then(pl.lit(CREDIT))
        .otherwise(pl.lit(NO_DOCUMENT)),
    )
    return SalesLines(lines, lines["day"].max())  # type: ignore[arg-type]


def _read(path: Path) -> pl.DataFrame:
    if not path.is_file():
        raise SalesFileError(f"There is no file {path}; give the path of a CSV or Parquet file of invoice lines.")
    try:
        if path.suffix.lower() == ".parquet":
            return pl.read_parquet(path)
        return pl.read_csv(path, infer_schema=False)
    except pl.exceptions.NoDataError:
        raise SalesFileError(f"{path} holds no lines; export some sales into it.") from None
    except (pl.exceptions.PolarsError, OSError) as trouble:
        said = str(trouble).splitlines()[0]
        raise SalesFileError(f"{path} cannot be read as CSV or Parquet ({said}).") from None


def _cast(given: pl.DataFrame, name: str, dtype: pl.DataType | type[pl.DataType]) -> pl.Expr:
    column = pl.col(name)
    is_text = given.schema[name] == pl.String
    if name in {"InvoiceNo", "StockCode"}:
        return column.cast(pl.String).str.strip_chars().str.to_uppercase().replace("", None)
    if name == "CustomerID":
        return column.cast(pl.String).str.strip_chars().str.strip_suffix(".0").replace("", None)
    if dtype == pl.Datetime("us") and is_text:
        forms = ["%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%d", "%d/%m/%Y %H:%M", "%d/%m/%Y"]
        text = column.str.strip_chars().str.replace(r"\.\d+$", "")
        return pl.coalesce(text.str.to_datetime(form, strict=False, time_unit="us") for form in forms)
    if is_text and dtype == pl.Float64:
        return column.str.strip_chars().cast(dtype, strict=False)
    return column.cast(dtype, strict=False)


def _refuse_unreadable(path: Path, given: pl.DataFrame, typed: pl.DataFrame) -> None:
    for name in ("InvoiceNo", "Quantity", "InvoiceDate", "UnitPrice"):
        is_needed = name != "UnitPrice"
        is_bad = typed[name].is_null() & (given[name].is_not_null() | is_needed)
        if typed.schema[name] == pl.Float64:
            is_bad |= ~typed[name].fill_null(0.0).is_finite()
        if is_bad.any():
            row = int(is_bad.arg_true()[0])
            raise SalesFileError(
                f"{path}, line {row + 1}: {name} is {given[name][row]!r}, which cannot be read; correct it first."
            )
