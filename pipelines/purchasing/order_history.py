"""What happened to an order, event by event: who, when, and a plain sentence of old and new.

What belongs here: the sentences, pure. What does not: what a person should know of an order now (`remarks.py`).
Read more in docs/buyer/orders.md.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Final, assert_never

from pipelines.purchasing.events import (
    Approved,
    Confirmed,
    Drafted,
    Event,
    FirstApproved,
    HeaderChanged,
    LineAdded,
    LineChanged,
    LineDifference,
    LineDropped,
    Merged,
    MergedInto,
    OrderLine,
    Pushed,
    PushFailed,
    PushNotReached,
    PushStarted,
    Rejected,
    Reopened,
    Split,
    Superseded,
)
from pipelines.purchasing.orders import NUMBER_PREFIX, Order, apply_event, fold

_NO_LINE: Final = OrderLine("", "", Decimal(0), Decimal(0))


@dataclass(frozen=True)
class HistoryEntry:
    """An event of an order in words: `sentence` names who, `after` is the order after it."""

    sequence: int
    at: datetime
    by: str
    event: str
    sentence: str
    reason: str
    after: Order


def history_of(events: Iterable[Event]) -> list[HistoryEntry]:
    """Every event of an order as a sentence, in sequence."""
    return list(_entries(list(events)))


def _entries(events: Sequence[Event]) -> Iterator[HistoryEntry]:
    before: Order | None = None
    for event in events:
        after = fold([event]) if before is None else apply_event(before, event)
        yield HistoryEntry(
            event.sequence, event.at, event.by, type(event).__name__, sentence_of(event, before), _reason(event), after
        )
        before = after


def differences(old: Iterable[OrderLine], new: Iterable[OrderLine]) -> tuple[LineDifference, ...]:
    """What differs between two versions of an order's lines, product by product."""
    was, now = ({line.product_code: line for line in lines} for lines in (old, new))
    pairs = ((was.get(code), now.get(code)) for code in sorted({*was, *now}))
    return tuple(_difference(old, new) for old, new in pairs if _content(old) != _content(new))


def _difference(old: OrderLine | None, new: OrderLine | None) -> LineDifference:
    return LineDifference(
        (old or new or _NO_LINE).product_code,
        old_quantity=old.quantity if old else None, new_quantity=new.quantity if new else None,
        old_cost=old.unit_cost if old else None, new_cost=new.unit_cost if new else None,
        old_supplier_code=old.supplier_product_code if old and new else "",
        new_supplier_code=new.supplier_product_code if old and new else "",
    )  # fmt: skip


def _content(line: OrderLine | None) -> tuple[object, ...]:
    return () if line is None else (line.quantity, line.unit_cost, line.supplier_product_code)


def difference_text(change: LineDifference) -> str:
    """A difference of a line in words.

    >>> difference_text(LineDifference("TEA-01", Decimal(12), Decimal(18), Decimal("2.50"), Decimal("2.50")))
    'TEA-01 12 → 18'
    >>> difference_text(LineDifference("TEA-02", None, Decimal(5), None, Decimal("1")))
    'TEA-02 none → 5'
    >>> difference_text(LineDifference("TEA-03", old_supplier_code="A1", new_supplier_code="B7"))
    "TEA-03 supplier's code “A1” → “B7”"
    """
    facts = []
    if change.old_quantity != change.new_quantity:
        facts.append(f"{_units(change.old_quantity)} → {_units(change.new_quantity)}")
    if None not in {change.old_cost, change.new_cost} and change.old_cost != change.new_cost:
        facts.append(f"cost {_units(change.old_cost)} → {_units(change.new_cost)}")
    if change.old_supplier_code != change.new_supplier_code:
        facts.append(f"supplier's code {_quoted(change.old_supplier_code)} → {_quoted(change.new_supplier_code)}")
    return f"{change.product_code} {', '.join(facts) or 'changed'}"


def sentence_of(event: Event, before: Order | None) -> str:
    """What an event did, in one sentence that names who; `before` is the order before it, None for the first.

    >>> rejected = Rejected(order_id="1", sequence=2, at=datetime(2026, 3, 2), by="anna", reason="enough on hand")
    >>> sentence_of(rejected, None)
    'anna rejected it: enough on hand.'
    """
    reason = _reason(event)
    return f"{_fact(event, before)}{f': {reason}' if reason else ''}".rstrip(".") + "."


def _fact(event: Event, before: Order | None) -> str:
    match event:
        case Drafted() | Confirmed() | Superseded():
            return _suggested(event, before)
        case LineAdded() | LineChanged() | LineDropped() | HeaderChanged():
            return f"{event.by} {_edit(event, before)}"
        case Merged() | MergedInto() | Split():
            return f"{event.by} {_moved(event)}"
        case FirstApproved() | Approved() | Rejected() | Reopened():
            return f"{event.by} {_decision(event, before)}"
        case PushStarted() | PushNotReached() | Pushed() | PushFailed():
            return _push(event)
        case _:
            assert_never(event)


def _suggested(event: Drafted | Confirmed | Superseded, before: Order | None) -> str:
    match event:
        case Drafted():
            return _drafted(event)
        case Confirmed():
            return f"Plan {event.plan_id} suggests the same{_redated(event, before)}"
        case Superseded():
            return _superseded(event)
        case _:
            assert_never(event)


def _drafted(event: Drafted) -> str:
    value = sum((line.value for line in event.lines), Decimal("0.00"))
    content = f"{_counted(len(event.lines))} worth {value:,.2f} {event.currency} to {event.supplier_name}"
    if event.is_by_person:
        source = f" from {_numbers(event.made_from)}" if event.made_from else ""
        return f"{event.by} created it{source}, {content}"
    replaced = f", in place of {_numbers([event.replaces])}" if event.replaces else ""
    return f"Plan {event.plan_id} suggests {content}{replaced}"


def _edit(event: LineAdded | LineChanged | LineDropped | HeaderChanged, before: Order | None) -> str:
    match event:
        case LineAdded():
            line = event.line
            return f"added {line.product_code}: {_units(line.quantity)} at {_units(line.unit_cost)} a unit"
        case LineDropped():
            return f"removed {event.product_code} ({_units(_quantity(before, event.product_code))} → none)"
        case LineChanged():
            return f"changed {event.product_code}: {', '.join(_line_facts(event, before))}"
        case HeaderChanged():
            return f"changed {', '.join(_header_facts(event, before))}"
        case _:
            assert_never(event)


def _line_facts(event: LineChanged, before: Order | None) -> Iterator[str]:
    lines = before.lines if before is not None else ()
    line = next((line for line in lines if line.product_code == event.product_code), None)
    if event.quantity is not None:
        new = event.quantity or None
        yield f"quantity {_units(line.quantity if line else None)} → {_units(new)}"
    if event.unit_cost is not None:
        yield f"cost {_units(line.unit_cost if line else None)} → {_units(event.unit_cost)}"
    if event.expected_arrival_date is not None:
        old = before.arrival_of(line) if before is not None and line is not None else None
        yield f"expected {_day(old)} → {event.expected_arrival_date}"
    if event.note is not None:
        yield f"note {_quoted(line.note if line else '')} → {_quoted(event.note)}"


def _header_facts(event: HeaderChanged, before: Order | None) -> Iterator[str]:
    if event.order_date is not None:
        yield f"the order date {_day(before.order_date if before else None)} → {event.order_date}"
    if event.expected_arrival_date is not None:
        old = before.expected_arrival_date if before else None
        yield f"the expected date {_day(old)} → {event.expected_arrival_date}"
    if event.note is not None:
        yield f"the note {_quoted(before.note if before else '')} → {_quoted(event.note)}"


def _moved(event: Merged | MergedInto | Split) -> str:
    match event:
        case Merged():
            if not event.from_orders:
                return f"chose its {_counted(len(event.lines))} in the plan"
            return f"merged {_numbers(event.from_orders)} into it, which has {_counted(len(event.lines))} now"
        case MergedInto():
            return f"merged it into {_numbers([event.into_order])}, which has its lines"
        case Split():
            moved = ", ".join(f"{_units(line.quantity)} of {line.product_code}" for line in event.moved)
            return f"moved {moved} to {_numbers([event.into_order])}"
        case _:
            assert_never(event)


def _redated(event: Confirmed, before: Order | None) -> str:
    if before is None or before.order_date == event.order_date:
        return ""
    return f" (order date {before.order_date} → {event.order_date})"


def _superseded(event: Superseded) -> str:
    changes = ", ".join(difference_text(change) for change in event.changes)
    successor = f" by {_numbers([event.replaced_by])}" if event.replaced_by else ""
    return f"Plan {event.plan_id} replaced it{successor}{f' ({changes})' if changes else ''}"


def _decision(event: FirstApproved | Approved | Rejected | Reopened, before: Order | None) -> str:
    match event:
        case FirstApproved():
            amount = "an unknown value" if event.value is None else f"{event.value:,.2f} {event.base_currency}"
            return f"approved it first; above {event.limit:,.2f} a second person approves too, and it has {amount}"
        case Approved():
            return f"approved it{''.join(_approved_although(event))}"
        case Rejected():
            return "rejected it"
        case Reopened():
            return f"reopened it ({before.state.value if before else 'decided'} → draft)"
        case _:
            assert_never(event)


def _approved_although(event: Approved) -> Iterator[str]:
    if event.is_stale_accepted:
        yield ", although its data are old"
    if event.is_below_minimum_accepted:
        yield ", although it is below the supplier's minimum"
    if event.supplier_name:
        yield f", for {event.supplier_name}"
    for old, new in event.renamed_products.items():
        yield f", {old} as {new}"


def _push(event: PushStarted | PushNotReached | Pushed | PushFailed) -> str:
    match event:
        case PushStarted():
            return f"Sending to Xero began (attempt {event.attempt})"
        case PushNotReached():
            return "Xero was not reached; nothing was sent"
        case Pushed():
            found = "Xero had it already" if event.is_adopted else "Xero accepted it"
            return (
                f"{found}{f' as {event.number}' if event.number else ''}{', changed there' if event.is_changed else ''}"
            )
        case PushFailed():
            return "Xero refused it"
        case _:
            assert_never(event)


def _reason(event: Event) -> str:
    return str(getattr(event, "reason", ""))


def _quantity(order: Order | None, product_code: str) -> Decimal | None:
    lines = order.lines if order is not None else ()
    return next((line.quantity for line in lines if line.product_code == product_code), None)


def _units(value: Decimal | None) -> str:
    """A number without trailing zeros; none if there is none."""
    return "none" if value is None else f"{value.normalize() + 0:,f}"


def _day(value: date | None) -> str:
    return "none" if value is None else value.isoformat()


def _quoted(text: str) -> str:
    return f"“{text}”" if text else "none"


def _counted(lines: int) -> str:
    return f"{lines} line{'' if lines == 1 else 's'}"


def _numbers(order_ids: Iterable[str]) -> str:
    return ", ".join(f"{NUMBER_PREFIX}{order_id}" for order_id in order_ids)
