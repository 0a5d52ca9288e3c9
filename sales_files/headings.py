"""Which heading of a file is which column: its documented name in any case, or a usual word for it.

What belongs here: headings. What does not: the values below them.
Read more in docs/sales_files.md.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from sales_files.forms import Columns
from sales_files.sales_file_error import SalesFileError

# Usual words for a column. Words after the bar can mean something else, and count only if no other word is found.
_SAME_AS: Final = {
    "product_code": "product code, sku, sku code, stock code, item code, item number, item no, item id, product id, "
    "product number, product no, article code, article number, article no, part number, part no, inventory item code "
    "| product, item, article, part",
    "date": "invoice date, order date, sale date, sales date, transaction date, document date, posting date, "
    "date of sale | day",
    "quantity": "qty, order demand, units sold, quantity sold, qty sold, sold quantity, sales quantity, sales qty, "
    "quantity ordered, order quantity, order qty, invoiced quantity | demand, units, pieces",  # codespell:ignore pieces
    "invoice_number": "invoice no, invoice, invoice id, document number, document no "
    "| order id, order number, order no, transaction id, transaction number",
    "description": "product description, item description | product name, item name, product title",
    "unit_price": "price, sales price, selling price, unit amount, price each, price per unit, unit selling price",
    "customer": "customer id, customer no, customer number, customer code | customer name, contact name, contact",
    "unit_cost": "cost, cost price, purchase price, unit cost price",
    "lead_time_days": "lead time in days, lead days",
    "batch_size": "batch, pack size, order multiple",
    "minimum_order_quantity": "moq, min order quantity, minimum order qty, min order qty",
    "is_stocked_out": "stocked out",
    "document_type": "type, transaction type, invoice type, doc type",
    "status": "invoice status, document status, order status, transaction status",
}
_SHOWN: Final = 10


@dataclass(frozen=True)
class FoundColumns:
    """The position of each column that was found, with notes on renamed or unclear headings."""

    positions: dict[str, int]
    notes: list[str] = field(default_factory=list)


def key_of(heading: str) -> str:
    """A heading in lower case without blanks and signs.

    >>> key_of("*Invoice Date "), key_of("Order_Demand")
    ('invoicedate', 'orderdemand')
    """
    return re.sub(r"[\W_]", "", heading).lower()


def count_known(headings: Sequence[str], columns: Columns) -> int:
    """The number of columns for which there is a heading."""
    keys = {key_of(heading) for heading in headings}
    wanted = columns.all
    return sum(not keys.isdisjoint(_keys_of(name, heading)) for name, heading in wanted.items())


def positions_known(headings: Sequence[str], columns: Columns) -> list[int]:
    """The positions of the headings that can be one of the columns."""
    keys = {key for name, heading in columns.all.items() for key in _keys_of(name, heading)} - {""}
    return [position for position, heading in enumerate(headings) if key_of(heading) in keys]


def find_columns(headings: Sequence[str], columns: Columns, path: Path) -> FoundColumns:
    """The position of each column.

    Raises:
        SalesFileError: a needed column is missing, or two headings can be the same needed column.
    """
    found = FoundColumns({})
    for name, heading in columns.all.items():
        at = _positions(headings, name, heading)
        if len(at) > 1 and (name in columns.needed or len({headings[position] for position in at}) == 1):
            raise SalesFileError(_both(headings, at, heading, path))
        if len(at) > 1:
            written = " and ".join(repr(headings[position]) for position in at)
            found.notes.append(
                f"{written} can both be {heading}, so neither is used: rename the right column {heading}."
            )
        elif at and at[0] not in found.positions.values():
            found.positions[name] = at[0]
    missing = [heading for name, heading in columns.needed.items() if name not in found.positions]
    if missing:
        raise SalesFileError(_lacking(headings, columns, missing, path))
    if renamed := _renamed(headings, columns.all, found.positions):
        found.notes.append(f"Columns: {renamed}.")
    return found


def _tiers(name: str, heading: str) -> list[set[str]]:
    """The names of a column, surest first: its documented name, ours, usual words, vague words."""
    words = [{key_of(word) for word in tier.split(",")} for tier in _SAME_AS.get(name, "").split("|")]
    return [{key_of(heading)}, {key_of(name)}, *words]


def _keys_of(name: str, heading: str) -> set[str]:
    return {key for tier in _tiers(name, heading) for key in tier}


def _positions(headings: Sequence[str], name: str, heading: str) -> list[int]:
    """The positions of the surest name of a column."""
    keys = [key_of(text) for text in headings]
    for tier in _tiers(name, heading):
        if at := [position for position, key in enumerate(keys) if key and key in tier]:
            return at
    return []


def _both(headings: Sequence[str], at: Sequence[int], heading: str, path: Path) -> str:
    if len({headings[position] for position in at}) == 1:
        return f"{path} has the column {headings[at[0]]} {len(at)} times: keep only the right column."
    written = " and ".join(repr(headings[position][:40]) for position in at)
    return f"{path}: {written} can both be {heading}: rename the right column {heading}, or remove the others."


def _lacking(headings: Sequence[str], columns: Columns, missing: Sequence[str], path: Path) -> str:
    needed = ", ".join(columns.needed.values())
    if not count_known(headings, columns):
        return (
            f"{path} is neither a readable Parquet file nor a CSV file whose first line names the columns; it must "
            f"have {needed}."
        )
    there = ", ".join(heading[:40] for heading in headings[:_SHOWN]) + (", ..." if len(headings) > _SHOWN else "")
    lacking = f"column{'s' if len(missing) > 1 else ''} {', '.join(missing)}"
    return f"{path} lacks the {lacking}: it has {there}, and must have {needed}."


def _renamed(headings: Sequence[str], wanted: Mapping[str, str], positions: Mapping[str, int]) -> str:
    """Which heading was read as which column, if they differ in more than case and signs."""
    return ", ".join(
        f"{headings[position]!r} is {wanted[name]}"
        for name, position in positions.items()
        if key_of(headings[position]) not in (key_of(wanted[name]), key_of(name))
    )
