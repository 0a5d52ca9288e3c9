"""The stock engine: what a document's approval, change or end does to quantity on hand and to its value.

What belongs here: movements of tracked items and the moving average. Purchase orders never move stock.
What does not: the rules of the documents themselves (`invoices.py`).
Read more in docs/sandbox.md.
"""

from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Final, NamedTuple

import msgspec

from xero_sandbox.accounting_api.incoming import InvalidError
from xero_sandbox.core.books import Books
from xero_sandbox.core.documents import Document, Item, Line
from xero_sandbox.core.json_records import net_amount

_ARRIVES: Final = {"ACCPAY": 1, "ACCRECCREDIT": 1, "ACCREC": -1, "ACCPAYCREDIT": -1}
_APPROVED: Final = frozenset({"AUTHORISED", "PAID"})
_NOTHING: Final = Decimal(0)
_VALUE: Final = Decimal("0.0001")


class Movement(NamedTuple):
    """What a document does to one item: the quantity that arrives (leaves, if negative), and what it cost."""

    quantity: Decimal
    cost: Decimal


def movements(document: Document | None, items: Mapping[str, Item]) -> dict[str, Movement]:
    """What an approved document moved of each tracked item; cost in base currency, on bills only."""
    if document is None or document.status not in _APPROVED or document.kind not in _ARRIVES:
        return {}
    moved: dict[str, Movement] = {}
    for line in document.lines:
        item = items.get(line.item_code)
        if item is None or not item.is_tracked:
            continue
        before = moved.get(line.item_code, Movement(_NOTHING, _NOTHING))
        cost = _paid(document, line) / document.currency_rate if document.kind == "ACCPAY" else _NOTHING
        quantity = before.quantity + _ARRIVES[document.kind] * line.quantity
        moved[line.item_code] = Movement(quantity, before.cost + cost)
    return moved


def _paid(document: Document, line: Line) -> Decimal:
    """What a line's goods cost, in the document's currency: to the last decimal where neither tax nor discount is."""
    if line.discount_rate or line.discount_amount or document.line_amount_types == "Inclusive":
        return net_amount(document, line)
    return line.quantity * line.unit_amount


def move_stock(books: Books, *, before: Document | None, after: Document | None) -> None:
    """Move stock from what the document was to what it is now.

    Raises:
        InvalidError: more would leave than is on hand, and the document allows no back orders; nothing was moved.
    """
    items = books.names().items_by_code
    old, new = movements(before, items), movements(after, items)
    empty = Movement(_NOTHING, _NOTHING)
    net = {
        code: Movement(
            new.get(code, empty).quantity - old.get(code, empty).quantity,
            new.get(code, empty).cost - old.get(code, empty).cost,
        )
        for code in old.keys() | new.keys()
    }
    _check_enough(net, items, allow_back_orders=after is not None and after.allow_back_orders)
    for code in sorted(net):
        if net[code] != empty:
            item = msgspec.structs.replace(items[code])
            _apply(item, net[code])
            books.keep("items", item, is_stamped=books.switches.items_bump_on_stock_change)


def _check_enough(net: Mapping[str, Movement], items: Mapping[str, Item], *, allow_back_orders: bool) -> None:
    short = [code for code, movement in net.items() if items[code].quantity_on_hand + movement.quantity < 0]
    if short and not allow_back_orders:
        raise InvalidError(*(f"The quantity of item '{code}' exceeds its quantity on hand" for code in sorted(short)))


def _apply(item: Item, movement: Movement) -> None:
    if movement.quantity >= 0:
        _arrive(item, movement)
    else:
        _leave(item, -movement.quantity)


def _arrive(item: Item, movement: Movement) -> None:
    """Back orders are filled first; goods without a price of their own come in at the average.

    A bill made cheaper after its goods have left takes at most the value that is still there.
    """
    filled = min(item.quantity_on_back_order, movement.quantity)
    stocked = movement.quantity - filled
    value = movement.cost or movement.quantity * average_cost(item)
    share = stocked / movement.quantity if movement.quantity else Decimal(1)
    item.quantity_on_back_order -= filled
    item.quantity_on_hand += stocked
    pool = _rounded(item.total_cost_pool + value * share)
    item.total_cost_pool = max(pool, _NOTHING) if item.quantity_on_hand else _NOTHING


def _leave(item: Item, quantity: Decimal) -> None:
    """Goods leave at the average; what is not there goes on back order."""
    served = min(item.quantity_on_hand, quantity)
    value = served * average_cost(item)
    item.quantity_on_hand -= served
    item.quantity_on_back_order += quantity - served
    item.total_cost_pool = _rounded(item.total_cost_pool - value) if item.quantity_on_hand else _NOTHING


def average_cost(item: Item) -> Decimal:
    """Value of one unit on hand, the purchase price where none is."""
    if item.quantity_on_hand > 0:
        return item.total_cost_pool / item.quantity_on_hand
    return item.purchase_unit_price or _NOTHING


def _rounded(value: Decimal) -> Decimal:
    return value.quantize(_VALUE, ROUND_HALF_UP)
