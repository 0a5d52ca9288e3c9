"""The document type and status of a line, if the file has such columns: credits, purchases, cancelled documents.

What belongs here: the words that ledgers use. What does not: prefixes of numbers and signs (`credit_notes.py`).
Read more in docs/sales_files.md.
"""

from typing import Final

import polars as pl

CANCELLED: Final = ("void", "voided", "deleted", "cancelled", "canceled")
CREDITS: Final = (
    "creditmemo", "creditnote", "salescreditnote", "salescreditmemo", "accreccredit", "refund", "refundreceipt",
    "salesrefund", "salesreturn", "customerreturn", "return",
)  # fmt: skip
PURCHASES: Final = (
    "bill", "accpay", "accpaycredit", "billcredit", "vendorcredit", "vendorbill", "purchase", "purchaseorder",
    "purchaseinvoice", "purchasecreditnote", "suppliercreditnote", "supplierinvoice",
)  # fmt: skip


def is_one_of(column: str, words: tuple[str, ...]) -> pl.Expr:
    """Whether a text is one of these words, ignoring case, blanks and signs.

    >>> frame = pl.DataFrame({"status": ["VOIDED", "Paid", None, " Credit Memo"]})
    >>> frame.select(is_one_of("status", CANCELLED + CREDITS)).to_series().to_list()
    [True, False, False, True]
    """
    letters = pl.col(column).str.replace_all(r"[^\p{L}]", "").str.to_lowercase()
    return letters.is_in(words).fill_null(value=False)
