"""How values are written on a page: units, money, days.

What belongs here: values to text. What does not: sentences about them.
"""

import re
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Final
from urllib.parse import urlsplit

from pipelines.replenishment.units_in_words import in_units
from pipelines.settings import is_loopback
from pipelines.xero.time_zones import time_zone

NONE: Final = "–"
_ISO_DAY: Final = re.compile(r"\b\d{4}-\d\d-\d\d\b")


def units(value: Decimal | float | None) -> str:
    """Units as a person writes them: at most four decimals, without trailing zeros.

    >>> units(1234.0), units(0.25), units(None)
    ('1,234', '0.25', '–')
    """
    return NONE if value is None else in_units(float(value))


def demand(value: float | None) -> str:
    """An expected quantity: a decimal or two for small ones, none for large ones.

    >>> demand(146.7711), demand(7.02), demand(0.034), demand(0.0)
    ('147', '7', '0.03', '0')
    """
    if value is None:
        return NONE
    return in_units(round(value, 0 if abs(value) >= 100 else 1 if abs(value) >= 1 else 2))  # noqa: PLR2004, digits


def money(value: Decimal | float | None, currency: str | None = None) -> str:
    """An amount with two decimals, and its currency if one is given.

    >>> money(Decimal("6305.6")), money(Decimal("-12"), "EUR"), money(None)
    ('6,305.60', '-12.00 EUR', '–')
    """
    if value is None:
        return NONE
    return f"{value:,.2f} {currency}" if currency else f"{value:,.2f}"


def price(value: Decimal | None, currency: str | None = None) -> str:
    """A price of one unit: two decimals, or four if the price has them.

    >>> price(Decimal("3.3600")), price(Decimal("0.0425"))
    ('3.36', '0.0425')
    """
    if value is None:
        return NONE
    text = f"{value:,.4f}"
    return (text.removesuffix("00") if text.endswith("00") else text) + (f" {currency}" if currency else "")


def plain(value: Decimal) -> str:
    """A number as a person types it: no separators, no zeros at its end.

    >>> plain(Decimal("1234.50")), plain(Decimal("1E+3"))
    ('1234.5', '1000')
    """
    return f"{value.normalize():f}"


def capital(sentence: str) -> str:
    """A sentence with a capital at its begin.

    >>> capital("anna changed it.")
    'Anna changed it.'
    """
    return sentence[:1].upper() + sentence[1:]


def share(value: float | None) -> str:
    """A share in per cent.

    >>> share(0.95), share(0.9875), share(0.0)
    ('95%', '98.75%', '0%')
    """
    return NONE if value is None else f"{in_units(round(value * 100, 2))}%"


def share_rounded(value: float | None) -> str:
    """A measured share in per cent, with one decimal; never 100% for what is not whole.

    >>> share_rounded(0.95), share_rounded(0.98765), share_rounded(0.99999), share_rounded(1.0)
    ('95%', '98.8%', '99.9%', '100%')
    """
    if value is None:
        return NONE
    return f"{in_units(min(round(value * 100, 1), 99.9) if value < 1 else 100)}%"


def day(value: date | None) -> str:
    """A day, with its year unless it is this one.

    >>> day(date(2019, 12, 1)), day(None)
    ('1 Dec 2019', '–')
    """
    if value is None:
        return NONE
    this_year = datetime.now(UTC).year
    return f"{value.day} {value:%b}" + ("" if value.year == this_year else f" {value.year}")


def plain_days(sentence: str) -> str:
    """A sentence with its days as people write them.

    >>> plain_days("Runs out on 2019-12-17, not on 2019-13-40.")
    'Runs out on 17 Dec 2019, not on 2019-13-40.'
    """
    return _ISO_DAY.sub(_as_day, sentence)


def _as_day(found: re.Match[str]) -> str:
    try:
        return day(date.fromisoformat(found[0]))
    except ValueError:
        return found[0]


def month(value: date) -> str:
    """A month with its year.

    >>> month(date(2026, 11, 1))
    'Nov 2026'
    """
    return f"{value:%b %Y}"


def moment(value: datetime | None, xero_zone: str | None) -> str:
    """An instant by the organisation's clock: the time if it is today there, else with the day."""
    if value is None:
        return NONE
    zone = time_zone(xero_zone or "")
    local, today = value.astimezone(zone), datetime.now(zone).date()
    return f"{local:%H:%M} today" if local.date() == today else f"{local:%H:%M}, {day(local.date())}"


def days_left(value: int | None, status: str) -> str:
    """Days until stock runs out: `out` if it has, `lasts` if it covers the protection interval.

    >>> days_left(0, "order_now"), days_left(3, "short"), days_left(None, "enough"), days_left(None, "not_planned")
    ('out', '3', 'lasts', '–')
    """
    if value is None:
        return NONE if status == "not_planned" else "lasts"
    return f"{value:,}" if value else "out"


def outside_link(address: str | None) -> str | None:
    """A link to another site that may be followed: https, or this machine's own sandbox; none for anything else.

    >>> outside_link("https://go.xero.com/x"), outside_link("javascript:alert(1)"), outside_link("http://evil.example")
    ('https://go.xero.com/x', None, None)
    """
    try:
        parts = urlsplit(address or "")
        host = parts.hostname or ""
    except ValueError:
        return None
    is_safe = parts.scheme == "https" or (parts.scheme == "http" and is_loopback(host))
    return address if is_safe and host else None


def is_sandbox(api_url: str) -> bool:
    """Whether an organisation's Xero is a sandbox on this machine, and not Xero.

    >>> is_sandbox("http://127.0.0.1:8765"), is_sandbox("https://api.xero.com")
    (True, False)
    """
    return is_loopback(urlsplit(api_url).hostname or "")


FILTERS: Final[dict[str, Any]] = {
    "units": units, "demand": demand, "money": money, "price": price, "share": share,
    "share_rounded": share_rounded, "day": day, "plain_days": plain_days, "month": month,
    "plain": plain, "capital": capital,
    "outside_link": outside_link, "is_sandbox": is_sandbox,
}  # fmt: skip
