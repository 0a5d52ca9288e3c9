"""Events: days on which people expect demand to be a multiple of the usual, such as a promotion or a fair.

What belongs here: an event, and what may be typed for one. What does not: storing it
(`pipelines.store.demand_decisions`), what it does to a forecast (`pipelines.forecasting.special_demand`).
Read more in docs/buyer/promotions.md.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final, Literal

from pipelines.errors import UsageError
from pipelines.planning_settings.decimals import DECIMALS, parse_decimal

Scope = Literal["all", "product", "group"]
LONGEST_DAYS: Final = 366
MOST_TIMES: Final = Decimal(100)
LONGEST_NAME: Final = 100


class EventError(UsageError):
    """An event that cannot be planned with: nothing was changed."""


@dataclass(frozen=True)
class DemandEvent:
    """From one day until another, both included, demand is expected to be the usual one times the factor.

    `subjects` are the codes of products or the ids of groups, by `scope`; none if the event is for all products.
    """

    name: str
    from_date: date
    until_date: date
    factor: Decimal
    scope: Scope
    subjects: tuple[str, ...] = ()


def demand_event(
    name: str, *, from_day: str, until_day: str, factor: str, scope: Scope, subjects: tuple[str, ...] = ()
) -> DemandEvent:
    """The event that a person typed.

    >>> demand_event("Fair", from_day="2026-05-01", until_day="2026-05-03", factor="1.50", scope="all").factor
    Decimal('1.5')

    Raises:
        EventError: the name, a day or the factor is not allowed, or there is nothing that the event is for.
    """
    begin, end = _day("from", from_day), _day("until", until_day)
    if end < begin:
        raise EventError(f"The event would end on {end}, before it begins on {begin}.")
    days = (end - begin).days + 1
    if days > LONGEST_DAYS:
        raise EventError(
            f"The event would last {days:,} days, and {LONGEST_DAYS} at most are allowed: what lasts longer is usual "
            "demand, which the forecast learns from sales."
        )
    if scope != "all" and not subjects:
        raise EventError("Say what the event is for: products, groups or all products.")
    return DemandEvent(_name(name), begin, end, parse_factor(factor), scope, tuple(dict.fromkeys(subjects)))


def parse_factor(text: str) -> Decimal:
    """A typed factor: 0 (nothing will sell) to 100.

    Raises:
        EventError: it is no such number.
    """
    allowed = f"a number from 0 to {MOST_TIMES} with at most {DECIMALS} decimals, such as 1.5 for half as much again"
    try:
        return parse_decimal(text, Decimal(0), MOST_TIMES, allowed).normalize() + 0
    except ValueError:
        raise EventError(f"The factor cannot be {text!r}: give {allowed}.") from None


def _name(text: str) -> str:
    name = text.strip()
    if not name or len(name) > LONGEST_NAME or not name.isprintable():
        raise EventError(f"An event needs a name of at most {LONGEST_NAME} printable characters.")
    return name


def _day(which: str, text: str) -> date:
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        raise EventError(f"{which} cannot be {text!r}: give a day such as 2026-11-27.") from None
