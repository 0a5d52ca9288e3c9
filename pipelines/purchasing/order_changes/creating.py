"""A person makes orders: of lines of the plan, or an empty one for a supplier.

What belongs here: the events that follow, pure. What does not: which lines of the plan are wanted, and the drafts of a
new plan (`drafts.py`).
Read more in docs/buyer/orders.md.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

import msgspec
import polars as pl

from pipelines.purchasing.drafts import Terms, by_supplier, drafted
from pipelines.purchasing.events import Drafted, Event, Merged, MergedInto, OrderLine, Split
from pipelines.purchasing.order_record import oldest_load
from pipelines.purchasing.orders import Order, OrderState, new_order_id

_EARLIER: Final = timedelta(hours=1)
"""How long before its end a plan may have read which orders are approved."""


@dataclass(frozen=True)
class PlanSource:
    """The plan that lines are taken from: its id, when it was made, when its data were loaded, suppliers' terms."""

    plan_id: str
    planned_at: datetime | None
    data_loaded_at: datetime | None
    terms: Terms

    @classmethod
    def of(cls, summary: Mapping[str, Any] | None, *, loaded_at: datetime | None, terms: Terms) -> "PlanSource":
        """The plan of a row of `plan_summary`; none was made yet without one."""
        if summary is None:
            return cls("", None, loaded_at, terms)
        return cls(summary["plan_id"], read_orders_at(summary), summary["data_loaded_at"] or loaded_at, terms)


def read_orders_at(summary: Mapping[str, Any]) -> datetime:
    """The instant from which on a plan may not know that an order was approved."""
    planned_at: datetime = summary["planned_at"]
    return planned_at - _EARLIER


@dataclass(frozen=True)
class CreatedOrders:
    """The events that make orders, and a sentence for each line of the plan that was left out.

    `made` are the ids of the orders that have the lines then, among them drafts that had exactly these already.
    """

    events: list[Event] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    made: list[str] = field(default_factory=list)


def create_from_plan(
    wanted: pl.DataFrame,
    orders: Iterable[Order],
    source: PlanSource,
    *,
    order_date: date,
    by: str,
    at: datetime,
    reason: str = "",
    takes_kept: bool = False,
    new_id: Callable[[date], str] = new_order_id,
) -> CreatedOrders:
    """The events of making orders of lines of a plan, one for each supplier and currency.

    `wanted` has the shape of `plan.order_plan`. A line that is on an untouched draft moves from it; one that is on a
    draft of a person, or on an order approved since the plan was made, is left out. With `takes_kept` lines move from
    the drafts of people too, as people left them.
    """
    orders = list(orders)
    held = _held(orders, source.planned_at, takes_kept=takes_kept)
    drafts = [order for order in orders if order.state is OrderState.DRAFT and (takes_kept or not order.is_edited)]
    created = CreatedOrders()
    for rows in by_supplier(wanted, set(held)):
        suggested = drafted(
            rows, plan_id=source.plan_id, as_of=order_date, at=at, data_loaded_at=source.data_loaded_at,
            terms=source.terms, order_id=new_id(order_date),
        )  # fmt: skip
        draft = msgspec.structs.replace(suggested, by=by, is_by_person=True, reason=reason)
        order_id, events = _gathered(draft, drafts)
        created.made.append(order_id)
        created.events.extend(events)
    wanted_codes = wanted.filter(pl.col("order_quantity") > 0)["product_code"].to_list()
    created.left_out.extend(held[code] for code in wanted_codes if code in held)
    return created


def create_empty(
    supplier: tuple[str, str],
    currency: str,
    source: PlanSource,
    *,
    order_date: date,
    by: str,
    at: datetime,
    reason: str = "",
    new_id: Callable[[date], str] = new_order_id,
) -> Drafted:
    """The event of making an order without lines for a supplier, which is given by id and name."""
    supplier_id, supplier_name = supplier
    return Drafted(
        order_id=new_id(order_date), sequence=1, at=at, by=by, plan_id=source.plan_id, supplier_id=supplier_id,
        supplier_name=supplier_name, currency=currency, order_date=order_date, expected_arrival_date=order_date,
        lines=(), data_loaded_at=source.data_loaded_at,
        minimum_order_value=source.terms.minimum_order_values.get(supplier_id, Decimal(0)),
        xero_price_decimals=source.terms.xero_price_decimals, is_by_person=True, reason=reason,
    )  # fmt: skip


def _held(orders: Iterable[Order], planned_at: datetime | None, *, takes_kept: bool) -> Mapping[str, str]:
    """The products that no order is made of, each with a sentence why."""
    orders = list(orders)
    held = _on_several_drafts(orders) if takes_kept else {}
    for order in orders:
        number = order.purchase_order_number
        if order.state is OrderState.DRAFT and order.is_edited and not takes_kept:
            held |= {line.product_code: f"{line.product_code} is on the draft {number}." for line in order.lines}
        if order.is_approved_since(planned_at):
            held |= {
                line.product_code: f"{line.product_code} is on {number}, approved since the plan was made."
                for line in order.lines
            }
    return held


def _on_several_drafts(orders: Iterable[Order]) -> dict[str, str]:
    """The products that several drafts have, each with a sentence: which of them is meant is for a person to say."""
    numbers: defaultdict[str, list[str]] = defaultdict(list)
    for order in orders:
        if order.state is OrderState.DRAFT:
            for line in order.lines:
                numbers[line.product_code].append(order.purchase_order_number)
    return {
        code: f"{code} is on the drafts {' and '.join(several)} already."
        for code, several in numbers.items()
        if len(several) > 1
    }


def _gathered(draft: Drafted, drafts: Sequence[Order]) -> tuple[str, list[Event]]:
    """The id of the order that has these lines then, and the events: none if a person made a draft with exactly these.

    A draft of a person all of whose lines are wanted takes the others; without one a new order is made.
    """
    codes = {line.product_code for line in draft.lines}
    for order in drafts:
        own = {line.product_code for line in order.lines}
        is_there = (order.supplier_id, order.currency) == (draft.supplier_id, draft.currency)
        if order.is_edited and is_there and own and own <= codes:
            others = [other for other in drafts if other.order_id != order.order_id]
            return order.order_id, [] if own == codes and order.is_chosen else _joined(order, draft, others)
    taken, made = _taking_over(draft, drafts)
    return draft.order_id, [*taken, made]


def _joined(order: Order, draft: Drafted, others: Sequence[Order]) -> list[Event]:
    """The events of a draft of a person taking the other wanted lines, from the drafts that have them or the plan."""
    codes = {line.product_code for line in draft.lines} - {line.product_code for line in order.lines}
    more = tuple(line for line in draft.lines if line.product_code in codes)
    taken, made = _taking_over(msgspec.structs.replace(draft, order_id=order.order_id, lines=more), others)
    ended = [other for other in others if other.order_id in made.made_from]
    gone = frozenset().union(order.taken_out, *(other.taken_out for other in ended)) - codes
    merged = Merged(
        order_id=order.order_id, sequence=order.sequence + 1, at=draft.at, by=draft.by, reason=draft.reason,
        lines=(*order.lines, *made.lines), from_orders=made.made_from, taken_out=tuple(sorted(gone)),
        data_loaded_at=oldest_load([order, *ended]), minimum_order_value=order.minimum_order_value, note=order.note,
    )  # fmt: skip
    return [*taken, merged]


def _taking_over(draft: Drafted, drafts: Sequence[Order]) -> tuple[list[Event], Drafted]:
    """The events of the drafts whose lines an order takes over, and the order with those lines as they were there."""
    codes = {line.product_code for line in draft.lines}
    sources = [
        order for order in drafts
        if (order.supplier_id, order.currency) == (draft.supplier_id, draft.currency)
        and any(line.product_code in codes for line in order.lines)
    ]  # fmt: skip
    taken = {
        line.product_code: msgspec.structs.replace(line, expected_arrival_date=order.arrival_of(line))
        for order in sources for line in order.lines
    }  # fmt: skip
    lines = tuple(taken.get(line.product_code, line) for line in draft.lines)
    made = msgspec.structs.replace(draft, lines=lines, made_from=tuple(order.order_id for order in sources))
    return [_without(order, codes, draft) for order in sources], made


def _without(order: Order, codes: set[str], draft: Drafted) -> MergedInto | Split:
    """The event of a draft whose products move to an order: it ends, or goes on with the rest."""
    stay: tuple[OrderLine, ...] = tuple(line for line in order.lines if line.product_code not in codes)
    if not stay:
        return MergedInto(
            order_id=order.order_id, sequence=order.sequence + 1, at=draft.at, by=draft.by, into_order=draft.order_id
        )
    moved = tuple(line for line in order.lines if line.product_code in codes)
    return Split(
        order_id=order.order_id, sequence=order.sequence + 1, at=draft.at, by=draft.by, into_order=draft.order_id,
        moved=moved, lines=stay, is_edited=False,
    )  # fmt: skip
