"""Purchase orders for programs: list, create, edit, merge, split, approve, reject, reopen.

    GET  …/purchase-orders?state=draft          pages by cursor
    GET  …/purchase-orders/{order_id}           with history; its ETag is its version
    POST …/purchase-orders/{order_id}/approve   If-Match: "3", Idempotency-Key: any text of one's own

What belongs here: routes. What does not: shapes (`purchase_orders_answers.py`), what is done
(`pipelines/organisations`), which is the same as on the screen and in the terminal.
"""

import re
from dataclasses import dataclass
from typing import Annotated, Final

import polars as pl
from fastapi import APIRouter, Depends, Header, HTTPException, Query, Response

from pipelines.errors import UsageError
from pipelines.organisations.order_decisions.order_approvals import ApprovedOrders, approve_orders
from pipelines.organisations.order_decisions.order_creation import empty_order, lines_of_products
from pipelines.organisations.order_decisions.order_desk import OrderDesk, totals
from pipelines.organisations.order_decisions.order_edits import OrderEdit, seen_order
from pipelines.organisations.order_decisions.order_summaries import documents_to_send, history_entry, summary_of
from pipelines.organisations.order_decisions.orders_of_plan import orders_of_plan
from pipelines.organisations.order_decisions.typed_values import read_cost, read_units
from pipelines.purchasing.order_history import history_of
from pipelines.purchasing.order_record import OrderChangedError
from pipelines.purchasing.orders import Order, OrderState
from planner.api.answer_types import purchase_orders_answers as shapes
from planner.api.cursors import cursor_to, row_of
from planner.api.snapshot_reading import OF, Cursor
from planner.frame.screen_context import ContextOf, ScreenContext
from planner.frame.writes import ApproverWrites, PlannerWrites
from planner.shown.orders_shown.order_book import order_book
from planner.shown.plan_lines_shown import plan_lines, plan_query

router = APIRouter(prefix=f"{OF}/purchase-orders")
_ORDER: Final = "/{order_id}"
_STATES: Final = ", ".join(OrderState)
Match = Annotated[str, Header(alias="If-Match", description='The ETag of the order as it was seen, such as "3".')]
Limit = Annotated[int, Query(ge=1, le=500, description="How many at most.")]


@dataclass(frozen=True)
class OrderWrite:
    """A write to one order: who writes, and the ETag of the order as it was seen, if If-Match names it."""

    context: ScreenContext
    person: str
    order_id: str
    if_match: str

    def edit(self, body: shapes.Edit) -> OrderEdit:
        """The edit of the order at the version that was seen.

        Raises:
            HTTPException: no version is given (428), or the order is no longer at that of If-Match (412).
            OrderChangedError: it is no longer at that of the body.
        """
        matched = re.fullmatch(r'"?([0-9]{1,9})"?', self.if_match.strip())
        if self.if_match and matched is None:
            raise HTTPException(400, 'If-Match has the ETag of the order, such as "3".')
        version = int(matched[1]) if matched else body.version
        if not version:
            raise HTTPException(428, 'Say which version was seen: If-Match: "3", or version in the body.')
        edit = OrderEdit(_book(self.context), self.order_id, version, self.person, body.reason)
        try:
            edit.order  # noqa: B018, read now, so that a version that was overtaken is refused as HTTP defines it
        except OrderChangedError as changed:
            if matched:
                raise HTTPException(412, str(changed)) from None
            raise
        return edit


def _planner_write(context: ContextOf, writing: PlannerWrites, order_id: str, if_match: Match = "") -> OrderWrite:
    return OrderWrite(context, writing.person, order_id, if_match)


def _approver_write(context: ContextOf, writing: ApproverWrites, order_id: str, if_match: Match = "") -> OrderWrite:
    return OrderWrite(context, writing.person, order_id, if_match)


PlannerEdits = Annotated[OrderWrite, Depends(_planner_write)]
ApproverEdits = Annotated[OrderWrite, Depends(_approver_write)]


@router.get("", summary="Purchase orders")
def purchase_orders(
    context: ContextOf,
    state: Annotated[str, Query(description=f"{_STATES}; empty for all.")] = "",
    supplier: Annotated[str, Query(description="The supplier's name or id.", max_length=500)] = "",
    limit: Limit = 100,
    cursor: Cursor = "",
) -> shapes.OrdersAnswer:
    """The orders of a state, by id, with what all of them come to."""
    book = _book(context)
    if state and state not in set(OrderState):
        raise HTTPException(422, f"{state[:40]!r} is not a state; choose from {_STATES}.")
    found = [
        order for order in book.orders
        if state in {"", order.state.value} and supplier in {"", order.supplier_name, order.supplier_id}
    ]  # fmt: skip
    first = row_of(cursor, "orders")
    return shapes.OrdersAnswer(
        orders=[_answer(order, book) for order in found[first : first + limit]], orders_found=len(found),
        value_by_currency=totals(found), next_cursor=cursor_to("orders", first + limit, len(found)),
    )  # fmt: skip


@router.get(_ORDER, summary="A purchase order, with its history")
def purchase_order(response: Response, context: ContextOf, order_id: str) -> shapes.WholeOrderAnswer:
    """An order, everything that happened to it, and exactly what is sent to Xero."""
    book = _book(context)
    order = book.order(order_id)
    past = history_of(book.opened.ledger.history(order_id))
    _tag(response, order)
    return shapes.WholeOrderAnswer(
        **summary_of(order, book), history=[shapes.HistoryAnswer(**history_entry(entry)) for entry in past],
        document=next(iter(documents_to_send(book, [order])), None),
    )  # fmt: skip


@router.post("", status_code=201, summary="Create purchase orders")
def create(context: ContextOf, writing: PlannerWrites, body: shapes.NewOrders) -> shapes.DecidedAnswer:
    """Orders of lines of the newest plan, one for each supplier; or one without lines for a supplier."""
    book = _book(context)
    if body.is_empty:
        made = empty_order(book, body.supplier, currency=body.currency, by=writing.person, reason=body.reason)
        return _decided(book, [made])
    wanted = _wanted(context, book, body)
    found = orders_of_plan(
        book.opened, wanted, book.plan_source(), book.known, by=writing.person, reason=body.reason
    )  # fmt: skip
    return _decided(book, list(found.changed), list(found.left_out))


@router.post("/approve", summary="Approve purchase orders together")
def approve_many(context: ContextOf, writing: ApproverWrites, body: shapes.ApprovalsRequest) -> shapes.DecidedAnswer:
    """All are approved, or none. Above the approval limit a second, different person approves too."""
    book = _book(context)
    chosen = [seen_order(book, one.order_id, one.version) for one in body.orders]
    return _approved(book, approve_orders(
        book, chosen, by=writing.person, is_stale_accepted=body.is_stale_accepted,
        is_below_minimum_accepted=body.is_below_minimum_accepted,
    ))  # fmt: skip


@router.post(f"{_ORDER}/approve", summary="Approve a purchase order")
def approve(write: ApproverEdits, body: shapes.Approval) -> shapes.DecidedAnswer:
    """It is sent to Xero. Above the approval limit a second, different person approves too."""
    edit = write.edit(body)
    return _approved(edit.desk, approve_orders(
        edit.desk, [edit.order], by=write.person, is_stale_accepted=body.is_stale_accepted,
        is_below_minimum_accepted=body.is_below_minimum_accepted,
    ))  # fmt: skip


@router.patch(_ORDER, summary="Change an order's dates or note")
def change(write: PlannerEdits, body: shapes.ChangedOrder) -> shapes.DecidedAnswer:
    """What is left out stays; a new expected date is that of every line."""
    edit = write.edit(body)
    changed = edit.change_header(order_date=body.order_date, arrival=body.expected_arrival_date, note=body.note)
    return _decided(edit.desk, changed)


@router.post(f"{_ORDER}/lines", summary="Add a line")
def add_line(write: PlannerEdits, body: shapes.NewLine) -> shapes.DecidedAnswer:
    """A product, at its usual cost and expected date unless given."""
    edit = write.edit(body)
    return _decided(edit.desk, edit.add_line(
        body.product_code, read_units(body.quantity), unit_cost=read_cost(body.unit_cost),
        arrival=body.expected_arrival_date, is_drafted_accepted=body.is_drafted_accepted,
    ))  # fmt: skip


@router.patch(f"{_ORDER}/lines", summary="Change a line")
def change_line(write: PlannerEdits, body: shapes.ChangedLine) -> shapes.DecidedAnswer:
    """Quantity, cost, expected date or note; the code stands in the body, since it may hold any character."""
    edit = write.edit(body)
    return _decided(edit.desk, edit.change_line(
        body.product_code, quantity=None if body.quantity is None else read_units(body.quantity),
        unit_cost=read_cost(body.unit_cost or ""), arrival=body.expected_arrival_date, note=body.note,
    ))  # fmt: skip


@router.post(f"{_ORDER}/lines/drop", summary="Remove a line")
def drop_line(write: PlannerEdits, body: shapes.DroppedLine) -> shapes.DecidedAnswer:
    """While the order is a draft, no plan drafts the product again."""
    edit = write.edit(body)
    return _decided(edit.desk, edit.drop_line(body.product_code))


@router.post(f"{_ORDER}/merge", summary="Merge drafts")
def merge(write: PlannerEdits, body: shapes.Merger) -> shapes.DecidedAnswer:
    """The order takes over the lines of the others, which end."""
    edit = write.edit(body)
    return _decided(edit.desk, edit.merge([(one.order_id, one.version) for one in body.others]))


@router.post(f"{_ORDER}/split", summary="Split a draft")
def split(write: PlannerEdits, body: shapes.SplitRequest) -> shapes.DecidedAnswer:
    """Lines, or units of them, move to a new draft to the same supplier: the second order of the answer."""
    edit = write.edit(body)
    moves = {one.product_code: None if one.quantity is None else read_units(one.quantity) for one in body.lines}
    if len(moves) < len(body.lines):
        raise HTTPException(422, "A product is named twice: say once how many units of it move.")
    return _decided(edit.desk, edit.split(moves))


@router.post(f"{_ORDER}/reject", summary="Reject a purchase order")
def reject(write: ApproverEdits, body: shapes.Edit) -> shapes.DecidedAnswer:
    """Before it is sent; its products are planned anew."""
    edit = write.edit(body)
    return _decided(edit.desk, edit.reject())


@router.post(f"{_ORDER}/reopen", summary="Make a draft again")
def reopen(write: ApproverEdits, body: shapes.Edit) -> shapes.DecidedAnswer:
    """Of an approved, rejected or refused order that is surely not in Xero."""
    edit = write.edit(body)
    return _decided(edit.desk, edit.reopen())


def _book(context: ScreenContext) -> OrderDesk:
    return order_book(context.desk, context.view)


def _wanted(context: ScreenContext, book: OrderDesk, body: shapes.NewOrders) -> pl.DataFrame:
    """The lines of the newest plan that are asked for.

    Raises:
        UsageError: nothing is asked for, or the plan does not have a product.
    """
    if body.product_codes:
        return lines_of_products(book, body.product_codes)
    filters = {name: getattr(body, name) for name in ("report", "supplier", "status", "search")}
    if not any(filters.values()):
        raise UsageError("Say of what: product_codes, or a filter (report, supplier, status, search).")
    return context.view.order_plan[plan_lines(context.view, plan_query(filters)).rows]


def _decided(book: OrderDesk, orders: list[Order], notes: list[str] | None = None) -> shapes.DecidedAnswer:
    shown = OrderDesk(book.opened, book.read)
    return shapes.DecidedAnswer(
        orders=[_answer(shown.order(order.order_id), shown) for order in orders], notes=notes or []
    )  # fmt: skip


def _approved(book: OrderDesk, approved: ApprovedOrders) -> shapes.DecidedAnswer:
    return _decided(book, list(approved.orders), [*approved.notes, *approved.waiting])


def _answer(order: Order, book: OrderDesk) -> shapes.PurchaseOrderAnswer:
    return shapes.PurchaseOrderAnswer(**summary_of(order, book))


def _tag(response: Response, order: Order) -> None:
    response.headers["ETag"] = f'"{order.sequence}"'
    response.headers["Cache-Control"] = "private, no-cache"
