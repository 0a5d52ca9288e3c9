"""What a person says of a file's forms, and which columns a reader wants of it.

What belongs here: the requests. What does not: the reading (`reading.py`).
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
    """How a file is to be read; None leaves it to the file.

    `credit_notes` holds the beginnings of the numbers of credit notes; empty, the sign of the quantity decides alone.
    A date after `latest_year` is a slip; lines dated after `latest_day` were not sold yet, and are left out.
    """

    date_order: DateOrder | None = None
    decimal: DecimalMark | None = None
    credit_notes: tuple[str, ...] | None = None
    latest_year: int = LATEST_YEAR
    latest_day: date | None = None


@dataclass(frozen=True)
class Columns:
    """The columns of a contract, each by our name with the heading that its documentation gives.

    With `is_lenient` lines without a product, and quantities of a typed file that are no number, are left out and
    counted; otherwise they are kept, or refused.
    """

    needed: Mapping[str, str]
    optional: Mapping[str, str]
    is_lenient: bool = False

    @property
    def all(self) -> dict[str, str]:
        """Every column, the needed ones first."""
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
    """The beginnings of credit notes' numbers as a person writes them: none, `sign`, or some with commas between.

    >>> read_credit_notes(""), read_credit_notes("sign"), read_credit_notes("c, CN-")
    (None, (), ('C', 'CN-'))
    """
    if not text.strip():
        return None
    if text.strip().lower() == BY_SIGN:
        return ()
    return tuple(prefix.strip().upper() for prefix in text.split(",") if prefix.strip())
