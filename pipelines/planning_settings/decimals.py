"""Numbers as people type them, within bounds, and as they are stored: without exponents and needless zeros.

What belongs here: one number. What does not: which numbers a setting can have (`setting_values.py`), numbers in the
forms of spreadsheets (`spreadsheet_values.py`).
Read more in docs/interfaces.md.
"""

from decimal import Decimal, InvalidOperation
from typing import Final

DECIMALS: Final = 4
SMALLEST: Final = Decimal("0.0001")


def parse_decimal(text: str, least: Decimal, most: Decimal, allowed: str, *, decimals: int = DECIMALS) -> Decimal:
    """A typed number.

    >>> parse_decimal(" 12.50 ", SMALLEST, Decimal(100), "a price")
    Decimal('12.50')

    Raises:
        ValueError: it is no number within these bounds, or has more decimals; the message is `allowed`.
    """
    try:
        value = Decimal(text.strip())
    except InvalidOperation:
        raise ValueError(allowed) from None
    if not value.is_finite() or not least <= value <= most or value != round(value, decimals):
        raise ValueError(allowed)
    return value


def plain(value: Decimal) -> str:
    """A number as it is stored.

    >>> plain(Decimal("12.50")), plain(Decimal("1E+3")), plain(Decimal("-0"))
    ('12.5', '1000', '0')
    """
    return format(value.normalize() + 0, "f")
