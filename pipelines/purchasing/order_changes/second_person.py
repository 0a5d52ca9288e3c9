"""Above the approval limit a second person approves too.

What belongs here: whether an order needs two people, and the event of each approval, pure. What does not: whether it
can be approved at all (`transitions.py`).
Read more in docs/buyer/orders.md.
"""

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from pipelines.purchasing.events import CENT, Approved, FirstApproved
from pipelines.purchasing.order_changes.exchange_rates import Rates
from pipelines.purchasing.orders import Order, OrderError, OrderState
from pipelines.purchasing.transitions import approve


@dataclass(frozen=True)
class ApprovalRule:
    """The value in base currency above which two people approve, None for no limit.

    `orders` are all orders: those that belong together with an order count with it, so that neither a split nor several
    small orders avoid the second person.
    """

    limit: Decimal | None = None
    base_currency: str = ""
    rates: Rates = field(default_factory=Rates)
    orders: Sequence[Order] = ()

    def base_value(self, order: Order) -> Decimal | None:
        """The order's value in base currency; None without an exchange rate."""
        if order.currency == self.base_currency:
            return order.value
        rate = self.rates.rate(order.supplier_id, order.currency)
        return (order.value / rate).quantize(CENT, ROUND_HALF_UP) if rate else None

    def why_two(self, order: Order) -> str:
        """A clause on why two people approve the order; empty if one is enough."""
        if self.limit is None:
            return ""
        value = self.base_value(order)
        if value is None:
            return f"there is no exchange rate of {order.currency}, so that its value cannot be compared with the limit"
        others = counted_with(order, self.orders)
        apart = sum((self.base_value(other) or Decimal(0) for other in others), Decimal(0))
        if value + apart <= self.limit:
            return ""
        together = f", together with {_numbers(others)}," if apart and value <= self.limit else ""
        amount = f"{value + apart if together else value:,.2f} {self.base_currency}"
        return f"{amount}{together} is above the approval limit of {self.limit:,.2f}"

    def remark(self, order: Order) -> str:
        """A clause on who still has to approve the order; empty if one person is enough."""
        why, first = self.why_two(order), order.first_approval
        if first is None or not order.awaits_second_approval:
            return why and f"two people must approve it: {why}"
        if not why:
            return f"approved by {first.by} while two people had to; one is enough now: approve it again"
        again = " again" if order.state is OrderState.APPROVED else ""
        return f"approved{again} by {first.by}, a second person must approve it too: {why}"


_NAMED: Final = 3


def approve_in_turn(
    order: Order,
    rule: ApprovalRule,
    *,
    by: str,
    at: datetime,
    is_stale_accepted: bool = False,
    is_below_minimum_accepted: bool = False,
    supplier: tuple[str, str] | None = None,
    renamed_products: Mapping[str, str] | None = None,
) -> Approved | FirstApproved:
    """The event of a person's approval: the first of two if the rule asks for two people, else the approval itself.

    Two approvals count together if both were given to the same order, one after the other: what changed in between is
    approved anew, and what two people approved before needs two again.

    Raises:
        OrderError: it cannot be approved, or the same person would approve it twice.
    """
    approved = approve(
        order, by=by, at=at, is_stale_accepted=is_stale_accepted, is_below_minimum_accepted=is_below_minimum_accepted,
        supplier=supplier, renamed_products=renamed_products,
    )  # fmt: skip
    why, first = rule.why_two(order), order.first_approval
    if not why:
        return approved
    if first is not None and order.awaits_second_approval and first.body_hash == approved.body_hash:
        if is_same_person(first.by, by):
            raise OrderError(
                f"{first.by} has approved {order.purchase_order_number}; a second person must approve it too: {why}."
            )
        return approved
    return FirstApproved(
        order_id=order.order_id, sequence=order.sequence + 1, at=at, by=by, body_hash=approved.body_hash,
        value=rule.base_value(order), limit=rule.limit or Decimal(0), base_currency=rule.base_currency,
    )  # fmt: skip


def counted_with(order: Order, orders: Sequence[Order]) -> list[Order]:
    """The other orders whose value counts with an order's, without those that ended unsent.

    These are the orders that it was split from or into, and theirs; and the orders to the same supplier in the same
    currency, of the same plan or day, if a person made one of the two.
    """
    family = _split_with(order, orders)
    over = {OrderState.REJECTED, OrderState.SUPERSEDED}
    return [
        other for other in orders
        if other.order_id != order.order_id and other.state not in over and other.lines
        and (other.order_id in family or _is_beside(order, other))
    ]  # fmt: skip


def _is_beside(order: Order, other: Order) -> bool:
    """Whether a person could have ordered on one order what is on two."""
    is_same_supplier = (order.supplier_id, order.currency) == (other.supplier_id, other.currency)
    is_same_plan = bool(order.plan_id) and order.plan_id == other.plan_id
    is_same_day = order.drafted_at.date() == other.drafted_at.date()
    return is_same_supplier and (order.is_by_person or other.is_by_person) and (is_same_plan or is_same_day)


def _split_with(order: Order, orders: Sequence[Order]) -> set[str]:
    """The ids of the order, of those that it was split from or into, and of theirs."""
    family = {order.order_id, *order.made_from}
    while (
        grown := {
            member
            for other in orders
            if family & {other.order_id, *other.made_from}
            for member in (other.order_id, *other.made_from)
        }
        - family
    ):
        family |= grown
    return family


def _numbers(orders: Sequence[Order]) -> str:
    """The numbers of orders, the first few of many."""
    more = f" and {len(orders) - _NAMED} more" if len(orders) > _NAMED else ""
    return f"{', '.join(order.purchase_order_number for order in orders[:_NAMED])}{more}"


def is_same_person(one: str, other: str) -> bool:
    """Whether two names are of the same person: only letters and digits count, whatever their case and Unicode form.

    >>> is_same_person("Anna Bell", " anna-bell."), is_same_person("Anna", "Ben")
    (True, False)
    """
    return _spelled(one) == _spelled(other)


def _spelled(name: str) -> str:
    """The letters, their accents and the digits of a name in one form; the name itself if it has none."""
    plain = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())
    return "".join(sign for sign in plain if unicodedata.category(sign)[0] in "LMN") or name
