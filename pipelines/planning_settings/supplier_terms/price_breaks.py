"""Quantity price breaks: from so many units on, a unit costs so much.

What belongs here: reading, writing and looking up breaks. What does not: whether the next one pays
(`replenishment/plan/order_price.py`).
Read more in docs/buyer/supplier-terms.md.
"""

import re
from collections.abc import Sequence
from decimal import Decimal
from itertools import pairwise
from typing import Final, NamedTuple

from pipelines.planning_settings.decimals import SMALLEST, parse_decimal, plain

ALLOWED_PRICE_BREAKS: Final = (
    "units with the price of one from there on, such as 100 at 9.50; 500 at 9.00, with lower prices for more units"
)
MOST_BREAKS: Final = 20
_MOST: Final = Decimal(1_000_000_000)
_BETWEEN: Final = re.compile(r"\s*(?::|@|=|\bat\b)\s*")


class PriceBreak(NamedTuple):
    """The price of a unit from a quantity on."""

    quantity: Decimal
    unit_cost: Decimal


def parse_price_breaks(text: str) -> str:
    """Price breaks as the stored text, by quantity; in words, so that no spreadsheet takes them for a time.

    >>> parse_price_breaks("500:9.00; 100:9.50")
    '100 at 9.5; 500 at 9'

    Raises:
        ValueError: they cannot be read, or more units would not cost less each; the message says what is allowed.
    """
    if text.strip().lower() in {"", "none"}:
        return ""
    breaks = sorted(_read(part) for part in re.split(r"[;\n]", text) if part.strip())
    is_falling = all(
        before.quantity < after.quantity and before.unit_cost > after.unit_cost for before, after in pairwise(breaks)
    )
    if not breaks or len(breaks) > MOST_BREAKS or not is_falling:
        raise ValueError(ALLOWED_PRICE_BREAKS)
    return "; ".join(f"{plain(quantity)} at {plain(price)}" for quantity, price in breaks)


def breaks_in(price_breaks: str) -> list[PriceBreak]:
    """The breaks of a stored text, by quantity."""
    return [_read(part) for part in price_breaks.split(";") if part.strip()]


def cost_of(quantity: Decimal, unit_cost: Decimal, breaks: Sequence[PriceBreak]) -> Decimal:
    """The price of a unit if so many are ordered; a break above the usual unit cost changes nothing.

    >>> cost_of(Decimal(120), Decimal(10), breaks_in("100 at 9.5; 500 at 9"))
    Decimal('9.5')
    """
    reached = [price.unit_cost for price in breaks if quantity >= price.quantity]
    return min([unit_cost, *reached])


def _read(text: str) -> PriceBreak:
    quantity, *rest = _BETWEEN.split(text.strip().lower().removeprefix("from "))
    if len(rest) != 1:
        raise ValueError(ALLOWED_PRICE_BREAKS)
    return PriceBreak(_number(quantity), _number(rest[0]))


def _number(text: str) -> Decimal:
    return parse_decimal(text, SMALLEST, _MOST, ALLOWED_PRICE_BREAKS)
