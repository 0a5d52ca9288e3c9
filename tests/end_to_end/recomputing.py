"""Stock, demand and what is on order, worked out in plain Python from a sandbox's documents alone."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import numpy as np

from xero_sandbox.core.documents import Document, Line, World
from xero_sandbox.core.json_records import line_amount, total

SALES = {"DRAFT", "SUBMITTED", "AUTHORISED", "PAID", "ARCHIVED"}
CREDITS = {"AUTHORISED", "PAID"}
OPEN_ORDERS = {"DRAFT", "SUBMITTED", "AUTHORISED"}


def lines_of(
    world: World, documents: dict[str, Document], kind: str, statuses: set[str]
) -> Iterator[tuple[Document, Line]]:
    """The lines that name a product, of documents of a kind that have one of the statuses."""
    codes = {item.code for item in world.items.values()}
    for document in documents.values():
        if document.kind == kind and document.status in statuses:
            yield from ((document, line) for line in document.lines if line.item_code in codes and line.quantity > 0)


def stock_on_hand(world: World) -> dict[str, Decimal]:
    return {item.code: item.quantity_on_hand if item.is_tracked else Decimal(0) for item in world.items.values()}


def stock_committed(world: World) -> dict[str, Decimal]:
    """Back orders, and draft sales less what the same draft takes back."""
    committed = {item.code: item.quantity_on_back_order for item in world.items.values()}
    for invoice in world.invoices.values():
        if invoice.kind == "ACCREC" and invoice.status in {"DRAFT", "SUBMITTED"}:
            for code in committed:
                net = sum(line.quantity for line in invoice.lines if line.item_code == code)
                committed[code] += max(Decimal(0), Decimal(net))
    return committed


def open_order_lines(world: World, today: date) -> Iterator[tuple[Document, Line, bool]]:
    """Each open order line, and whether it counts: a late one does not."""
    for order, line in lines_of(world, world.purchase_orders, "PURCHASEORDER", OPEN_ORDERS):
        yield order, line, order.delivery_date is None or order.delivery_date > today


@dataclass
class Sale:
    """What a customer bought on a day, and has not given back."""

    day: date
    kept: Decimal


def demand(world: World) -> dict[tuple[str, date], Decimal]:
    """Sales net of credit notes and returns on invoices, by product and day; days of nothing are left out."""
    stacks: dict[tuple[str, str], list[Sale]] = defaultdict(list)
    for invoice, line in lines_of(world, world.invoices, "ACCREC", SALES):
        stacks[invoice.contact_id, line.item_code].append(Sale(invoice.date, line.quantity))
    credited = [*lines_of(world, world.credit_notes, "ACCRECCREDIT", CREDITS), *returns(world)]
    for note, line in sorted(credited, key=lambda found: (found[0].date, found[0].number)):
        left = abs(line.quantity)
        earlier = [sale for sale in stacks[note.contact_id, line.item_code] if sale.day <= note.date]
        for sale in sorted(earlier, key=lambda sale: sale.day, reverse=True):
            taken = min(left, sale.kept)
            sale.kept -= taken
            left -= taken
    total: dict[tuple[str, date], Decimal] = defaultdict(Decimal)
    for (_, code), sales in stacks.items():
        for sale in sales:
            total[code, sale.day] += sale.kept
    return {key: quantity for key, quantity in total.items() if quantity}


def returns(world: World) -> Iterator[tuple[Document, Line]]:
    """Negative lines of sales invoices that count."""
    for invoice in world.invoices.values():
        if invoice.kind == "ACCREC" and invoice.status in SALES:
            yield from ((invoice, line) for line in invoice.lines if line.item_code and line.quantity < 0)


def suppliers(world: World) -> dict[str, str]:
    """Each product's supplier: that of its latest order line, else of its latest bill line.

    A bill that totals nothing corrects stock and is no purchase.
    """
    found: dict[str, str] = {}
    billed = lines_of(world, world.invoices, "ACCPAY", {"AUTHORISED", "PAID", "ARCHIVED"})
    ordered = lines_of(world, world.purchase_orders, "PURCHASEORDER", OPEN_ORDERS | {"BILLED"})
    for documents in (billed, ordered):
        for document, line in sorted(documents, key=lambda found: (found[0].date, found[0].number)):
            amount = sum(line.quantity * line.unit_amount for line in document.lines)
            if document.kind == "PURCHASEORDER" or amount:
                found[line.item_code] = document.contact_id
    return found


def unit_costs(world: World) -> dict[str, float]:
    """What was paid for a unit of each product on its latest bill or order, in base currency; nothing if not known.

    Over all lines of the product on the document, free ones too; one that only gives away is passed over.
    """
    purchases = [*world.purchase_orders.values(), *world.invoices.values()]
    statuses = {"PURCHASEORDER": OPEN_ORDERS | {"BILLED"}, "ACCPAY": {"AUTHORISED", "PAID", "ARCHIVED"}}
    found: dict[str, float] = {}
    for document in sorted(purchases, key=lambda one: (one.date, one.kind != "PURCHASEORDER", one.number)):
        if document.status not in statuses.get(document.kind, ()) or not (
            document.kind == "PURCHASEORDER" or total(document)
        ):
            continue
        for code in {line.item_code for line in document.lines}:
            lines = [line for line in document.lines if line.item_code == code]
            units = sum(float(line.quantity) for line in lines if line.unit_amount >= 0)
            paid = sum(_paid(document, line) for line in lines)
            rate = 1.0 if document.currency_code == "GBP" else float(document.currency_rate)
            if units > 0 and paid > 0.0000001 and rate:
                found[code] = paid / units / rate
    return found


def _paid(document: Document, line: Line) -> float:
    """What a line came to after discount, without the tax inside it."""
    if document.line_amount_types == "Inclusive" and line.tax_amount:
        return float(line_amount(line) - line.tax_amount)
    return float(line.quantity * line.unit_amount * (100 - line.discount_rate) / 100)


def stock_at_day_ends(world: World) -> dict[tuple[str, date], Decimal]:
    """Stock of tracked products at the end of each day on which it moved, from the first document forwards."""
    moved: dict[tuple[str, date], Decimal] = defaultdict(Decimal)
    signs = {"ACCPAY": 1, "ACCRECCREDIT": 1, "ACCREC": -1, "ACCPAYCREDIT": -1}
    for kind, sign in signs.items():
        shelf = world.credit_notes if kind.endswith("CREDIT") else world.invoices
        for document, line in lines_of(world, shelf, kind, {"AUTHORISED", "PAID", "ARCHIVED"}):
            moved[line.item_code, document.date] += sign * line.quantity
    tracked = {item.code for item in world.items.values() if item.is_tracked}
    levels: dict[str, Decimal] = defaultdict(Decimal)
    found = {}
    for code, day in sorted(moved):
        if code in tracked:
            levels[code] += moved[code, day]
            found[code, day] = levels[code]
    return found


def expected_lead_times(
    receipts: list[tuple[str, str, int]],
    waiting: list[tuple[str, str, int, int]],
    settings: dict[str, tuple[str | None, int]],
) -> dict[str, float]:
    """Mean days of an order of each product.

    Receipts are (product, supplier, days), orders still to come (product, supplier, age, promised days), and the
    settings of a product its supplier and its days.
    """
    came: dict[str | None, list[int]] = defaultdict(list)
    late: dict[str | None, list[int]] = defaultdict(list)
    for code, supplier, days in receipts:
        came[code].append(days)
        came[supplier].append(days)
    for code, supplier, age, promised in waiting:
        if 1 <= age <= min(728, 2 * max(promised, usual(came[code]), usual(came[supplier]))):
            late[code].append(age)
            late[supplier].append(age)
    found = {}
    for code, (its_supplier, setting) in settings.items():
        n, m = len(came[code]), len(came[its_supplier]) if its_supplier else 0
        theirs = (m * censored_mean(came[its_supplier], late[its_supplier]) + 8 * setting) / (m + 8) if m else setting
        found[code] = (n * censored_mean(came[code], late[code]) + 4 * theirs) / (n + 4) if n else theirs
    return found


def usual(days: list[int]) -> float:
    """What nine in ten stay at or below."""
    return float(np.quantile(days, 0.9)) if days else 0.0


def censored_mean(came: list[int], late: list[int]) -> float:
    """The mean days of orders, of which the late ones take at least so long: the area below the product-limit curve."""
    beyond, total, before = 1.0, 0.0, 0
    for day in sorted({*came, *late}):
        total += beyond * (day - before)
        beyond *= 1 - came.count(day) / sum(one >= day for one in (*came, *late))
        before = day
    return total


def invoiced(world: World) -> dict[tuple[str, date], Decimal]:
    """What the sales invoices of each month say that were approved, voided ones too, by product: Xero's own total."""
    total: dict[tuple[str, date], Decimal] = defaultdict(Decimal)
    for invoice, line in lines_of(world, world.invoices, "ACCREC", {"AUTHORISED", "PAID", "ARCHIVED", "VOIDED"}):
        total[line.item_code, invoice.date.replace(day=1)] += line.quantity
    return total
