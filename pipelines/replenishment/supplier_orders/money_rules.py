"""The rules of money that people set: the minimum of each supplier's orders, what is done below it, the spend cap.

What belongs here: reading the rules from settings and from the option of a command. What does not: applying them
(`with_money_rules.py`), the settings (`planning_settings/setting_descriptions.py`).
Read more in docs/buyer/minimums-and-budget.md.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import polars as pl

from pipelines.planning_settings.registry import SettingError, parse_setting
from pipelines.planning_settings.setting_descriptions import PARAMETERS

BEST: Final = "best"
ADD: Final = "add"
WAIT: Final = "wait"
AS_IS: Final = "as_is"


@dataclass(frozen=True)
class MoneyRules:
    """`minimums` are the least values of a supplier's order, in the order's currency, by supplier id, 0 for none.

    `minimum_of_all`, if given, is that of every supplier instead.

    `below` is what is done below the minimum: `best`, `add`, `wait` or `as_is`, by supplier id, else `below_minimum`.
    `spend_cap` limits all orders of a plan, in base currency; None is no limit.
    """

    minimums: Mapping[str, float] = field(default_factory=dict)
    below: Mapping[str, str] = field(default_factory=dict)
    below_minimum: str = BEST
    spend_cap: float | None = None
    minimum_of_all: float | None = None

    def minimum_of(self, supplier_id: str) -> float:
        """The least value of an order of a supplier."""
        return self.minimums.get(supplier_id, 0.0) if self.minimum_of_all is None else self.minimum_of_all

    def below_minimum_of(self, supplier_id: str) -> str:
        """What is done with an order of a supplier below its minimum."""
        return self.below.get(supplier_id, self.below_minimum)


def money_rules(planning_settings: pl.DataFrame, *, budget: str = "") -> MoneyRules:
    """The rules in the settings, which have the shape of `raw.planning_settings`; a `budget` replaces the spend cap.

    Raises:
        SettingError: the budget is no amount of money.
    """
    of_all = dict(planning_settings.filter(level="global").select("name", "value").iter_rows())
    cap = check_budget(budget) if budget else of_all.get("spend_cap", "")
    minimums = _of_suppliers(planning_settings, "minimum_order_value")
    return MoneyRules(
        minimums={supplier: float(amount) for supplier, amount in minimums.items()},
        below=_of_suppliers(planning_settings, "below_minimum"),
        below_minimum=of_all.get("below_minimum", "") or PARAMETERS["below_minimum"].default,
        spend_cap=float(cap) if cap else None,
    )


def check_budget(text: str) -> str:
    """The amount that a person typed for the budget of a plan.

    >>> check_budget("20000.00")
    '20000'

    Raises:
        SettingError: it is no such amount.
    """
    try:
        amount = parse_setting("spend_cap", text, "global")
    except SettingError:
        amount = ""
    if not amount:
        raise SettingError(f"The budget cannot be {text!r}: give {PARAMETERS['spend_cap'].form.allowed}.")
    return amount


def _of_suppliers(planning_settings: pl.DataFrame, name: str) -> dict[str, str]:
    own = planning_settings.filter(pl.col("value") != "", level="supplier", name=name)
    return dict(own.select("subject", "value").iter_rows())
