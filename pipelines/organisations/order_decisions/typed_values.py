"""What a person typed about an order, as numbers and days.

What belongs here: reading texts. What does not: whether an order may have the value (`pipelines/purchasing`).
Read more in docs/buyer/orders.md.
"""

from datetime import date
from decimal import Decimal, InvalidOperation

from pipelines.errors import UsageError
from pipelines.settings import read_day


def read_units(text: str) -> Decimal:
    """The number of units that a person typed.

    Raises:
        UsageError: it is no number.
    """
    return _number(text, "a quantity: give a number of units, or 0 to remove the line")


def read_cost(text: str) -> Decimal | None:
    """The money for a unit that a person typed; None if nothing was.

    Raises:
        UsageError: it is no number.
    """
    return _number(text, "a cost: give the price of a unit, such as 2.50") if text else None


def read_date(text: str) -> date | None:
    """The day that a person typed; None if nothing was.

    Raises:
        UsageError: it is not a date.
    """
    return read_day(text) if text else None


def _number(text: str, what: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation:
        raise UsageError(f"{text[:40]!r} is not {what}.") from None
