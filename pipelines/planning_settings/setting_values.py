"""What a person may type for a setting: each check returns the text that is kept, or raises what is allowed.

What belongs here: forms of values. What does not: which settings there are (`registry.py`).
Read more in docs/interfaces.md.
"""

from collections.abc import Callable
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Final

DECIMALS: Final = 4
LONGEST_CODE: Final = 100


def whole(unit: str, least: int, most: int, *, is_optional: bool = False) -> Callable[[str], str]:
    """A check for whole numbers in a range."""

    def check(text: str) -> str:
        if is_optional and not text.strip():
            return ""
        if not text.strip().isdecimal() or not least <= Decimal(text.strip()) <= most:
            raise ValueError(f"a whole number of {unit} from {least} to {most}")
        return str(int(text))

    return check


def quantity(*, least: str, is_optional: bool = False) -> Callable[[str], str]:
    """A check for quantities of at least a least one."""

    def check(text: str) -> str:
        allowed = f"a number of units from {least} to 1000000000"
        if is_optional and not text.strip():
            return ""
        return _decimal(text, Decimal(least), Decimal(1_000_000_000), allowed)

    return check


def price(text: str) -> str:
    """A positive price."""
    return _decimal(text, Decimal("0.0001"), Decimal(1_000_000_000), "a positive price, such as 12.50")


def order_value(text: str) -> str:
    """An amount of money."""
    allowed = "an amount of money from 0.01 to 1000000000, such as 250"
    return _decimal(text, Decimal("0.01"), Decimal(1_000_000_000), allowed, decimals=2)


def _decimal(text: str, least: Decimal, most: Decimal, allowed: str, *, decimals: int = DECIMALS) -> str:
    try:
        value = Decimal(text.strip())
    except InvalidOperation:
        raise ValueError(allowed) from None
    if not value.is_finite() or not least <= value <= most or value != round(value, decimals):
        raise ValueError(allowed)
    return format(value.normalize() + 0, "f")


def share(text: str) -> str:
    """A share as a fraction: "95%", "95" and "0.95" are the same."""
    allowed = "a share from 50% to 99.99%, such as 95%"
    typed = text.strip()
    value = Decimal(_decimal(typed.removesuffix("%"), Decimal(0), Decimal(100), allowed))
    if typed.endswith("%") or value >= 1:
        value /= 100
    if not Decimal("0.5") <= value <= Decimal("0.9999"):
        raise ValueError(allowed)
    return format(value.normalize() + 0, "f")


def yearly_rate(text: str) -> str:
    """A yearly rate as a fraction: "25%", "25" and "0.25" are the same."""
    allowed = "a rate a year from 0% to 100%, such as 25%"
    typed = text.strip()
    value = Decimal(_decimal(typed.removesuffix("%"), Decimal(0), Decimal(100), allowed))
    if typed.endswith("%") or value >= 1:
        value /= 100
    return _decimal(str(value), Decimal(0), Decimal(1), allowed)


def choice(*choices: str) -> Callable[[str], str]:
    """A check for one of several words, whatever their case."""

    def check(text: str) -> str:
        folded = {choice.lower(): choice for choice in choices}
        if text.strip().lower() not in folded:
            raise ValueError(f"one of {', '.join(choices)}")
        return folded[text.strip().lower()]

    return check


def day(text: str) -> str:
    """A calendar day, or none."""
    typed = text.strip()
    try:
        return date.fromisoformat(typed).isoformat() if typed else ""
    except ValueError:
        raise ValueError("a day such as 2026-03-31") from None


def bundle(text: str) -> str:
    """The parts of a bundle in their stored form: "CUP:2; TEA:1"."""
    parts = [part.rpartition(":") for part in text.split(";") if part.strip()]
    allowed = "product codes with their units, such as CUP:2; TEA:1"
    if any(not code.strip() for code, _, _ in parts):
        raise ValueError(allowed)
    least, most = Decimal("0.0001"), Decimal(1_000_000)
    return "; ".join(f"{code.strip()}:{_decimal(units, least, most, allowed)}" for code, _, units in parts)


def contact(text: str) -> str:
    """The id of a contact."""
    if not text.strip():
        raise ValueError("the id of a supplier's contact")
    return text.strip()


def code(text: str) -> str:
    """A code that fits on one line."""
    if not text.strip() or len(text.strip()) > LONGEST_CODE or not text.strip().isprintable():
        raise ValueError(f"a code of at most {LONGEST_CODE} characters")
    return text.strip()
