"""What a person may type for a setting: each form has its bounds as data, and checks a typed text.

What belongs here: forms of values. What does not: which settings there are (`setting_descriptions.py`).
Read more in docs/interfaces.md.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final, Literal

from pipelines.planning_settings.decimals import DECIMALS, SMALLEST, parse_decimal, plain
from pipelines.planning_settings.supplier_terms.calendar_words import (
    ALLOWED_ORDER_DAYS,
    ALLOWED_SHUTDOWNS,
    parse_order_days,
    parse_shutdowns,
)
from pipelines.planning_settings.supplier_terms.price_breaks import ALLOWED_PRICE_BREAKS, parse_price_breaks

LONGEST_CODE: Final = 100
MOST_UNITS: Final = Decimal(1_000_000_000)
CENT: Final = Decimal("0.01")

ValueKind = Literal[
    "whole number", "number", "money", "percentage", "choice", "flag", "date", "time", "weekdays", "product", "bundle",
    "like", "supplier", "text", "order days", "periods", "price breaks",
]  # fmt: skip
NUMBERS: Final = ("whole number", "number", "money", "percentage")
FLAGS: Final = ("true", "false")
NONE: Final = "none"
"""What a person may type for an optional value that is to be empty, so that no value of another level is used."""


@dataclass(frozen=True)
class ValueForm:
    """What values a setting can have.

    `allowed` ends the sentence "give …". `parse` turns a typed text into the stored text, or raises ValueError. `least`
    and `most` bound a number; `choices` are all words of a choice. An optional value may be empty: not in force.
    """

    kind: ValueKind
    allowed: str
    parse: Callable[[str], str]
    least: Decimal | None = None
    most: Decimal | None = None
    choices: tuple[str, ...] = ()
    is_optional: bool = False

    @property
    def described(self) -> str:
        """What is allowed, with the word for an empty value if it can be empty."""
        return f"{self.allowed}, or {NONE}" if self.is_optional else self.allowed


def whole(unit: str, least: int, most: int, *, is_optional: bool = False) -> ValueForm:
    """Whole numbers in a range."""
    allowed = f"a whole number of {unit} from {least} to {most}"

    def parse(text: str) -> str:
        if is_optional and _is_none(text):
            return ""
        if not text.strip().isdecimal() or not least <= Decimal(text.strip()) <= most:
            raise ValueError(allowed)
        return str(int(text))

    return ValueForm("whole number", allowed, parse, Decimal(least), Decimal(most), is_optional=is_optional)


def quantity(*, least: str, is_optional: bool = False) -> ValueForm:
    """Quantities of at least a least one."""
    allowed = f"a number of units from {least} to {MOST_UNITS}"

    def parse(text: str) -> str:
        return "" if is_optional and _is_none(text) else _decimal(text, Decimal(least), MOST_UNITS, allowed)

    return ValueForm("number", allowed, parse, Decimal(least), MOST_UNITS, is_optional=is_optional)


def price() -> ValueForm:
    """A positive price."""
    allowed = "a positive price, such as 12.50"
    return ValueForm("money", allowed, lambda text: _decimal(text, SMALLEST, MOST_UNITS, allowed), SMALLEST, MOST_UNITS)


def order_value(*, least: str = str(CENT), such_as: str = "250", is_optional: bool = False) -> ValueForm:
    """An amount of money of at least a least one."""
    allowed = f"an amount of money from {least} to {MOST_UNITS}, such as {such_as}"

    def parse(text: str) -> str:
        return "" if is_optional and _is_none(text) else _decimal(text, Decimal(least), MOST_UNITS, allowed, decimals=2)

    return ValueForm("money", allowed, parse, Decimal(least), MOST_UNITS, is_optional=is_optional)


def share() -> ValueForm:
    """A share that is stored as a fraction: "95%", "95" and "0.95" are the same."""
    allowed = "a share from 50% to 99.99%, such as 95%"
    return _fraction(allowed, Decimal("0.5"), Decimal("0.9999"))


def yearly_rate() -> ValueForm:
    """A yearly rate that is stored as a fraction: "25%", "25" and "0.25" are the same."""
    return _fraction("a rate a year from 0% to 100%, such as 25%", Decimal(0), Decimal(1), decimals=DECIMALS)


def choice(*choices: str) -> ValueForm:
    """One of several words, whatever their case."""
    allowed = f"one of {', '.join(choices)}"
    folded = {word.lower(): word for word in choices}

    def parse(text: str) -> str:
        if text.strip().lower() not in folded:
            raise ValueError(allowed)
        return folded[text.strip().lower()]

    return ValueForm("flag" if choices == FLAGS else "choice", allowed, parse, choices=choices)


def flag() -> ValueForm:
    """True or false."""
    return choice(*FLAGS)


def day() -> ValueForm:
    """A calendar day, or none."""
    allowed = "a day such as 2026-03-31"

    def parse(text: str) -> str:
        try:
            return "" if _is_none(text) else date.fromisoformat(text.strip()).isoformat()
        except ValueError:
            raise ValueError(allowed) from None

    return ValueForm("date", allowed, parse, is_optional=True)


def product() -> ValueForm:
    """The code of another product, or none."""
    return ValueForm("product", "the code of a product, such as P-0012", _named, is_optional=True)


def bundle() -> ValueForm:
    """The parts of a bundle in their stored form: "CUP:2; TEA:1"."""
    allowed = "product codes with their units, such as CUP:2; TEA:1"

    def parse(text: str) -> str:
        parts = [part.rpartition(":") for part in _named(text).split(";") if part.strip()]
        if any(not code.strip() for code, _, _ in parts):
            raise ValueError(allowed)
        most = Decimal(1_000_000)
        return "; ".join(f"{code.strip()}:{_decimal(units, SMALLEST, most, allowed)}" for code, _, units in parts)

    return ValueForm("bundle", allowed, parse, is_optional=True)


def contact() -> ValueForm:
    """The id of a contact."""
    allowed = "the id of a supplier's contact"

    def parse(text: str) -> str:
        if not text.strip():
            raise ValueError(allowed)
        return text.strip()

    return ValueForm("supplier", allowed, parse)


def order_days() -> ValueForm:
    """Days on which orders can be placed, or none for any day."""
    return ValueForm("order days", ALLOWED_ORDER_DAYS, parse_order_days, is_optional=True)


def shutdowns() -> ValueForm:
    """Periods in which nothing is made or shipped, or none."""
    return ValueForm("periods", ALLOWED_SHUTDOWNS, parse_shutdowns, is_optional=True)


def price_breaks() -> ValueForm:
    """Prices of a unit from quantities on, or none."""
    return ValueForm("price breaks", ALLOWED_PRICE_BREAKS, parse_price_breaks, is_optional=True)


def cost() -> ValueForm:
    """An amount of money that may be 0."""
    allowed = f"an amount of money from 0 to {MOST_UNITS}, such as 15"
    return ValueForm(
        "money",
        allowed,
        lambda text: _decimal(text, Decimal(0), MOST_UNITS, allowed, decimals=2),
        Decimal(0),
        MOST_UNITS,
    )


def currency() -> ValueForm:
    """A currency by its three letters."""
    allowed = "the three letters of a currency, such as EUR"

    def parse(text: str) -> str:
        letters = text.strip().upper()
        if not (len(letters) == 3 and letters.isascii() and letters.isalpha()):  # noqa: PLR2004, three letters
            raise ValueError(allowed)
        return letters

    return ValueForm("text", allowed, parse)


def code() -> ValueForm:
    """A code that fits on one line."""
    allowed = f"a code of at most {LONGEST_CODE} characters"

    def parse(text: str) -> str:
        if not text.strip() or len(text.strip()) > LONGEST_CODE or not text.strip().isprintable():
            raise ValueError(allowed)
        return text.strip()

    return ValueForm("text", allowed, parse)


def _is_none(text: str) -> bool:
    return text.strip().lower() in {"", NONE}


def _named(text: str) -> str:
    return "" if _is_none(text) else text.strip()


def _fraction(allowed: str, least: Decimal, most: Decimal, *, decimals: int = DECIMALS + 2) -> ValueForm:
    """A share or rate, stored as a fraction with so many decimals."""

    def parse(text: str) -> str:
        typed = text.strip()
        value = Decimal(_decimal(typed.removesuffix("%"), Decimal(0), Decimal(100), allowed))
        if typed.endswith("%") or value >= 1:
            value /= 100
        return _decimal(str(value), least, most, allowed, decimals=decimals)

    return ValueForm("percentage", allowed, parse, least, most)


def _decimal(text: str, least: Decimal, most: Decimal, allowed: str, *, decimals: int = DECIMALS) -> str:
    return plain(parse_decimal(text, least, most, allowed, decimals=decimals))
