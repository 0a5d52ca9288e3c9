"""How a file is to be read: its forms, and the columns that a reader needs.

What belongs here: forms and columns. What does not: the reading (`reading.py`).
Read more in docs/sales_files.md.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal

DateOrder = Literal["dmy", "mdy", "ymd"]
DecimalMark = Literal[",", "."]
BY_SIGN: Final = "sign"
EARLIEST_YEAR: Final = 1980
LATEST_YEAR: Final = 2079
MOST: Final = 1e12


@dataclass(frozen=True)
class Forms:
    """The forms of a file; None means that the file decides.

    `credit_notes` are the prefixes of credit notes' numbers; if empty, the sign of the quantity decides.
    A date after `latest_year` is refused as a slip. Lines dated after `latest_day` are left out as not sold yet.
    """

    date_order: DateOrder | None = None
    decimal: DecimalMark | None = None
    credit_notes: tuple[str, ...] | None = None
    latest_year: int = LATEST_YEAR
    latest_day: date | None = None


@dataclass(frozen=True)
class Columns:
    """The columns that a reader needs: our name of each, with its documented heading.

    With `is_lenient`, lines without a product, and lines of a typed file whose quantity is no number, are left out and
    counted. Otherwise the former are kept and the latter refused.
    """

    needed: Mapping[str, str]
    optional: Mapping[str, str]
    is_lenient: bool = False

    @property
    def all(self) -> dict[str, str]:
        """All columns, needed ones first."""
        return {**self.needed, **self.optional}


INVOICE_LINES: Final = Columns(
    needed={
        "invoice_number": "InvoiceNo", "product_code": "StockCode", "quantity": "Quantity", "date": "InvoiceDate",
    },
    optional={
        "description": "Description", "unit_price": "UnitPrice", "customer": "CustomerID", "document_type": "Type",
        "status": "Status",
    },
)  # fmt: skip
PRODUCT_SALES: Final = Columns(
    needed={name: name for name in ("product_code", "date", "quantity")},
    optional={
        name: name
        for name in (
            "unit_cost", "unit_price", "lead_time_days", "batch_size", "minimum_order_quantity", "is_stocked_out",
            "invoice_number", "customer", "document_type", "status",
        )
    },
    is_lenient=True,
)  # fmt: skip


def read_credit_notes(text: str) -> tuple[str, ...] | None:
    """The prefixes of credit notes that an option gives: None if empty, () for `sign`, or those separated by commas.

    >>> read_credit_notes(""), read_credit_notes("sign"), read_credit_notes("c, CN-")
    (None, (), ('C', 'CN-'))
    """
    if not text.strip():
        return None
    if text.strip().lower() == BY_SIGN:
        return ()
    return tuple(prefix.strip().upper() for prefix in text.split(",") if prefix.strip())
