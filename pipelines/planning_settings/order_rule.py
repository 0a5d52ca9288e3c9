"""How an order is decided: what a service level means, what becomes of unmet demand, what an order is decided on.

What belongs here: the choices, as types. What does not: the decision that follows them
(`pipelines/replenishment/decision/order_decision.py`), where they are set (`registry.py`).
Read more in docs/maths.md.
"""

from dataclasses import dataclass
from typing import Literal

ServiceMeasure = Literal["cycle", "fill", "money"]
UnmetDemand = Literal["lost", "backordered"]
OrderRule = Literal["projected", "position"]
Rounding = Literal["average", "each"]


@dataclass(frozen=True)
class OrderPolicy:
    """The five choices by which orders are decided.

    `measure`: the service level is a share of order cycles, of demand (fill rate), or the critical ratio b / (b + h).
    `unmet_demand`: lost, or backordered. `order_rule`: decided on projected stock, or on the stock position.
    `has_two_levels`: an order waits until stock reaches a reorder point below the order-up-to level.
    `rounding`: of the two whole numbers of units around a service level, products keep the level on average, or each.
    """

    measure: ServiceMeasure = "cycle"
    unmet_demand: UnmetDemand = "lost"
    order_rule: OrderRule = "projected"
    has_two_levels: bool = True
    rounding: Rounding = "average"
