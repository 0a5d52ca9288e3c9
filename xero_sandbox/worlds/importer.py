"""Real sales as a Xero organisation: a file of invoice lines becomes invoices, credit notes, and what lies behind them.

What belongs here: documents for the lines, and suppliers, purchases and stock made up so that every sale was possible.
What does not: reading the file (`simulated_history.invoice_lines`) and the reorder rule (`simulated_history.supply`).
Read more in docs/sandbox.md.
"""

import uuid
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Final

import numpy as np
import polars as pl

from sales_files.credit_notes import CREDIT, SALE, UNUSED
from sales_files.forms import Forms
from sales_files.raw_lines import LeftOut
from xero_sandbox.core.documents import Contact, Item, Line, Organisation, World
from xero_sandbox.worlds.simulated_history.invoice_lines import SalesLines, read_sales_file
from xero_sandbox.worlds.simulated_history.supply import NO_SUPPLIER, Amounts, Suppliers, Supply, simulate_supply
from xero_sandbox.worlds.simulated_history.world_writer import CENT, WorldWriter

SERVICES: Final = frozenset({
    "POST", "DOT", "M", "D", "S", "B", "C2", "C3", "PADS", "CRUK", "ADJUST", "ADJUST2", "AMAZONFEE", "DISCOUNT",
    "DELIVERY", "CARRIAGE", "SHIPPING", "POSTAGE", "FEE", "BANK CHARGES",
})  # fmt: skip
SERVICE_PREFIXES: Final = ("GIFT_", "TEST")
SUPPLIERS: Final = 40
COST_SHARE: Final = 0.45
UNNAMED: Final = "Customer without a number"


@dataclass(frozen=True)
class ImportedSales:
    """The organisation, what became of the file's rows, which of them became no document, and how the file was read."""

    world: World
    counts: dict[str, int]
    days_shifted: int
    left_out: list[LeftOut]
    notes: list[str]


def import_sales(
    path: Path, *, end: date, is_shifted: bool = True, seed: int = 7, forms: Forms | None = None
) -> ImportedSales:
    """The organisation behind a file of invoice lines; the same arguments give the same organisation.

    Shifted, the history is moved by whole weeks so that its last day lies within the seven days up to `end`.

    Raises:
        SalesFileError: the file cannot be used, or can be read in two ways and `forms` does not say which.
    """
    given = read_sales_file(path, forms)
    shift = (end - given.last_day).days // 7 * 7 if is_shifted else 0
    lines = given.lines.with_columns(pl.col("day") + timedelta(days=shift))
    last_day = given.last_day + timedelta(days=shift)
    writer = WorldWriter(_organisation(path), end=last_day, rng=np.random.default_rng(seed))
    first_day: date = lines.select(pl.col("day").min()).item()
    items = _items(writer, lines, first_day)
    _write_documents(writer, lines)
    _write_supply(writer, lines, items, first_day)
    writer.count_stock()
    return ImportedSales(writer.world, _counts(given, writer.world), shift, given.left_out, given.notes)


def is_service(code: str) -> bool:
    """Whether a code is a service and no product."""
    return code in SERVICES or code.startswith(SERVICE_PREFIXES)


def _organisation(path: Path) -> Organisation:
    """The file's own organisation: another file is another organisation."""
    identity = uuid.uuid5(uuid.NAMESPACE_URL, path.name)
    return Organisation(
        tenant_id=str(identity), organisation_id=str(uuid.uuid5(identity, "organisation")), name="Imported Sales",
        short_code="!fILe",
    )  # fmt: skip


def _items(writer: WorldWriter, lines: pl.DataFrame, first_day: date) -> dict[str, Item]:
    """An item a code that becomes a document: named as most often, priced at the median."""
    known = (
        lines.filter((pl.col("code") != "") & (pl.col("kind") != UNUSED))
        .group_by("code")
        .agg(
            name=pl.col("description").filter(pl.col("description") != "").mode().sort().first(),
            price=pl.col("price").filter(pl.col("price") > 0).median(),
        )
        .sort("code")
    )
    items = {}
    for code, name, price in known.iter_rows():
        cost = Decimal(str(round((price or 1.0) * COST_SHARE, 2))) or CENT
        items[code] = writer.item(
            Item(
                item_id=writer.new_id(), code=code, name=(name or code)[:50], description=name or "",
                is_tracked=not is_service(code), is_purchased=not is_service(code),
                purchase_unit_price=max(cost, CENT), sales_unit_price=Decimal(str(round(price or 1.0, 2))),
                updated_at=writer.instant(first_day),
            )
        )  # fmt: skip
    return items


def _write_documents(writer: WorldWriter, lines: pl.DataFrame) -> None:
    """One document an invoice number, customer and day: a number with several of them gets suffixes."""
    contacts = _contacts(writer, lines)
    kept = lines.filter(pl.col("kind") != UNUSED).with_row_index("row")
    ids = _ids(writer, kept.height)
    numbers: dict[float, Decimal] = {}
    amounts: dict[float, Decimal] = {}
    parts: dict[str, int] = {}
    groups = kept.group_by("kind", "invoice", "customer", "day", maintain_order=True).agg(
        "row", "code", "description", pl.col("quantity").abs(), "price"
    )  # fmt: skip
    for sale_or_credit, invoice, customer, day, rows, codes, descriptions, quantities, prices in groups.iter_rows():
        parts[invoice] = parts.get(invoice, 0) + 1
        number = invoice if parts[invoice] == 1 else f"{invoice}-{parts[invoice]}"
        written = [
            Line(ids[row], code, text, _kept(numbers, quantity, 4), _kept(amounts, price, 4))
            for row, code, text, quantity, price in zip(rows, codes, descriptions, quantities, prices, strict=True)
        ]
        is_old = day < writer.end - timedelta(days=30)
        writer.document(
            "ACCREC" if sale_or_credit == SALE else "ACCRECCREDIT", number, contacts[customer], day, written,
            status="PAID" if is_old else "AUTHORISED",
            due_date=day + timedelta(days=30) if sale_or_credit == SALE else None,
        )  # fmt: skip


def _contacts(writer: WorldWriter, lines: pl.DataFrame) -> dict[str, Contact]:
    customers = lines["customer"].unique().sort().to_list()
    return {
        customer: writer.contact(f"Customer {customer}" if customer else UNNAMED, is_customer=True)
        for customer in customers
    }


def _ids(writer: WorldWriter, count: int) -> list[str]:
    """So many GUIDs at once."""
    digits = writer.rng.bytes(16 * count).hex()
    return [
        f"{guid[:8]}-{guid[8:12]}-4{guid[13:16]}-a{guid[17:20]}-{guid[20:]}"
        for guid in (digits[at : at + 32] for at in range(0, len(digits), 32))
    ]


def _kept(known: dict[float, Decimal], value: float, places: int) -> Decimal:
    """One Decimal a value: a million lines share a few hundred of them."""
    if value not in known:
        known[value] = Decimal(str(round(value, places)))
    return known[value]


def _write_supply(writer: WorldWriter, lines: pl.DataFrame, items: dict[str, Item], first_day: date) -> None:
    """Suppliers, orders, bills and opening stock that make every sale possible."""
    tracked = [item for item in items.values() if item.is_tracked]
    if not tracked:
        return
    days = (writer.end - first_day).days + 1
    sold, returned = (
        _by_day(lines.filter(pl.col("kind") == sign), tracked, first_day, days) for sign in (SALE, CREDIT)
    )
    rng = writer.rng
    supplier_of = rng.integers(0, SUPPLIERS, len(tracked))
    supplier_of[rng.random(len(tracked)) < 0.01] = NO_SUPPLIER
    terms = Suppliers(
        lead_days=rng.integers(7, 40, SUPPLIERS), noise=rng.uniform(0.1, 0.4, SUPPLIERS),
        partial=rng.uniform(0.0, 0.25, SUPPLIERS),
    )  # fmt: skip
    supply = simulate_supply(
        np.maximum(0.0, sold - returned), supplier_of=supplier_of, suppliers=terms, rng=rng, is_limited_by_stock=False
    )
    opening = np.maximum(supply.opening, _least_opening(supply, sold, returned))
    day_before = first_day - timedelta(days=1)
    writer.open_with(zip(tracked, np.ceil(opening).astype(int).tolist(), strict=True), day=day_before)
    suppliers = [writer.contact(f"Supplier {number:02}", is_supplier=True) for number in range(1, SUPPLIERS + 1)]
    for position, order in enumerate(supply.orders):
        document = writer.purchase(
            order, start=first_day, supplier=suppliers[order.supplier], items=tracked, rate=Decimal(1)
        )
        if document.status == "AUTHORISED" and position % 4 == 1:
            document.delivery_date = max(document.date, writer.end - timedelta(days=position % 7))
        elif document.status == "AUTHORISED" and position % 2:
            document.expected_arrival_date = writer.end + timedelta(days=2 + position % 20)


def _by_day(lines: pl.DataFrame, tracked: list[Item], first_day: date, days: int) -> Amounts:
    """Units by day and product."""
    column = pl.DataFrame({"code": [item.code for item in tracked], "column": range(len(tracked))})
    rows = lines.join(column, on="code", how="inner")
    amounts = np.zeros((days, len(tracked)))
    at = (rows["day"] - first_day).dt.total_days().to_numpy()
    np.add.at(amounts, (at, rows["column"].to_numpy()), rows["quantity"].abs().to_numpy())
    return amounts


def _least_opening(supply: Supply, sold: Amounts, returned: Amounts) -> Amounts:
    """The opening stock with which no sale finds too little, returns of the same day not counted on."""
    stock = np.zeros_like(sold)
    for order in supply.orders:
        for day, quantities in order.arrivals:
            if day < stock.shape[0]:
                for product, quantity in quantities.items():
                    stock[day, product] += quantity
    running = np.cumsum(stock - sold + returned, axis=0) - returned
    return np.asarray(np.maximum(0.0, -running.min(axis=0)))


def _counts(given: SalesLines, world: World) -> dict[str, int]:
    kinds = given.lines["kind"]
    return {
        "lines in the file": given.row_count,
        "sales lines": int((kinds == SALE).sum()),
        "credit note lines": int((kinds == CREDIT).sum()),
        **{f"lines that {left.reason}: no document": left.rows for left in given.left_out},
        "products": sum(item.is_tracked for item in world.items.values()),
        "service items, untracked": sum(not item.is_tracked for item in world.items.values()),
    }
