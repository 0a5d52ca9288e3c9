"""Orders made of lines of the plan, by terminal and page alike.

What belongs here: deciding on the ledger, and what to say of it. What does not: which events follow
(`purchasing/order_changes/creating.py`), which lines are wanted.
Read more in docs/buyer/orders.md.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from pipelines.errors import UsageError
from pipelines.identities import Identities
from pipelines.organisations.open_organisation import OpenOrganisation
from pipelines.purchasing.current_names import with_current_names
from pipelines.purchasing.events import Event
from pipelines.purchasing.order_changes.creating import CreatedOrders, PlanSource, create_from_plan
from pipelines.purchasing.order_changes.creation_preview import OrderToBe, orders_to_be
from pipelines.purchasing.orders import Order
from pipelines.store.known_orders import KnownOrders


@dataclass(frozen=True)
class OrdersOfPlan:
    """The orders that changed, those among all that have the wanted lines, and why lines were left out."""

    changed: Sequence[Order]
    made: Sequence[Order]
    left_out: Sequence[str]


def preview_of_plan(
    opened: OpenOrganisation, wanted: pl.DataFrame, orders: Sequence[Order], source: PlanSource, *, takes_kept: bool
) -> tuple[list[OrderToBe], Sequence[str]]:
    """What `orders_of_plan` would make, without making it, and why lines would be left out.

    `orders` are all orders under current names.

    Raises:
        UsageError: no line is left to make an order of.
    """
    created = create_from_plan(
        wanted, orders, source, order_date=opened.today(), by="", at=opened.now(), takes_kept=takes_kept
    )
    if not created.made:
        raise UsageError(_nothing_made(created))
    return orders_to_be(created, orders), created.left_out


def orders_of_plan(
    opened: OpenOrganisation,
    wanted: pl.DataFrame,
    source: PlanSource,
    identities: Identities,
    *,
    by: str,
    reason: str = "",
    takes_kept: bool = False,
    known: KnownOrders | None = None,
) -> OrdersOfPlan:
    """Make orders of lines of a plan, one for each supplier and currency.

    `wanted` has the shape of `plan.order_plan`; see `create_from_plan`.

    Raises:
        UsageError: no line is left to make an order of.
    """
    created = CreatedOrders()
    present: dict[str, Order] = {}

    def decide(orders: list[Order]) -> list[Event]:
        nonlocal created
        current = [with_current_names(order, identities) for order in orders]
        created = create_from_plan(
            wanted, current, source, order_date=opened.today(), by=by, at=opened.now(), reason=reason,
            takes_kept=takes_kept,
        )  # fmt: skip
        if not created.made:
            raise UsageError(_nothing_made(created))
        present.update((order.order_id, order) for order in current)
        return created.events

    changed = opened.ledger.decide(decide, known=known)
    present.update((order.order_id, order) for order in changed)
    return OrdersOfPlan(changed, [present[order_id] for order_id in created.made], created.left_out)


def _nothing_made(created: CreatedOrders) -> str:
    return f"No order is created. {' '.join(created.left_out) or 'The plan orders none of these lines.'}"
