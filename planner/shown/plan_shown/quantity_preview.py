"""What a change of many quantities would do, before it is done: old and new of each, and the sums.

What belongs here: the preview. What does not: saving, which is that of a single quantity.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

import polars as pl

from pipelines.errors import UsageError
from pipelines.purchasing.drafts import planned_quantity
from pipelines.purchasing.order_changes.line_edits import check_quantity
from pipelines.purchasing.order_changes.planned_quantities import changed_quantity, units_typed
from planner.shown.plan_shown.plan_now import PlanNow

MOST_CHANGED: Final = 3_000
MOST_SHOWN: Final = 100


@dataclass(frozen=True)
class QuantityChange:
    """A product whose quantity would change, and what that would cost more, by its present unit cost."""

    code: str
    name: str
    old: Decimal
    new: Decimal
    currency: str
    more: Decimal | None


@dataclass(frozen=True)
class QuantityPreview:
    """The changes, how many of the selected products stay as they are, and the change of money by currency."""

    changes: Sequence[QuantityChange]
    same: int

    @property
    def units(self) -> tuple[Decimal, Decimal]:
        """All units before and after."""
        return sum((one.old for one in self.changes), Decimal(0)), sum((one.new for one in self.changes), Decimal(0))

    @property
    def money(self) -> dict[str, Decimal]:
        """What the changes cost more, or less, by currency."""
        sums: dict[str, Decimal] = {}
        for one in self.changes:
            sums[one.currency] = sums.get(one.currency, Decimal(0)) + (one.more or Decimal(0))
        return dict(sorted(sums.items()))


def quantity_preview(now: PlanNow, codes: Sequence[str], *, how: str, amount: str, in_percent: bool) -> QuantityPreview:
    """What setting, raising or lowering the quantities of some products would change.

    Raises:
        UsageError: the amount is none, a new quantity is none that can be ordered, or there are too many products.
    """
    if len(codes) > MOST_CHANGED:
        raise UsageError(f"That is more than {MOST_CHANGED:,} products: filter for fewer.")
    wanted = pl.DataFrame({"product_code": list(codes)})
    lines = now.lines.join(wanted, on="product_code", how="semi", maintain_order="left")
    by, changes = units_typed(amount), []
    for line in lines.iter_rows(named=True):
        old = planned_quantity(line["order_quantity"] or 0.0)
        new = changed_quantity(old, how, by, in_percent=in_percent and how != "set", batch_size=line["batch_size"])
        check_quantity(new, line["product_code"], is_divisible=True)
        if new != old:
            cost = line["order_unit_cost"] if line["order_unit_cost"] is not None else line["unit_cost"]
            more = None if cost is None else ((new - old) * cost).quantize(Decimal("0.01"))
            changes.append(QuantityChange(
                line["product_code"], line["product_name"], old, new, line["currency"] or "", more
            ))  # fmt: skip
    return QuantityPreview(changes, lines.height - len(changes))
