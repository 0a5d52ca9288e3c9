"""Writes docs/tour.md by walking one product of a generated wholesaler through the whole loop.

`python -m tests.docs.tour_page` writes the page; its history has a fixed end, so that its numbers stay true.
What belongs here: walking, choosing the product, setting its numbers into the page. What does not: the prose,
which is `tour.md` beside this file.
"""

import tempfile
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import duckdb
import polars as pl
import pytest

from pipelines.replenishment.explain.product_explanation import quantiles_of_horizon
from stocktrim_cli.runs import run_job
from tests.docs.markdown import table
from tests.end_to_end.conftest import KEY, Command, CommandResult
from xero_sandbox.app.testing import running_sandbox
from xero_sandbox.core.documents import Document, World
from xero_sandbox.worlds.generator import generate_wholesaler

PAGE: Final = Path(__file__).parents[2] / "docs" / "tour.md"
TEMPLATE: Final = Path(__file__).with_name("tour.md")
END: Final = date(2025, 9, 30)
PRODUCTS: Final = 120
MONTHS: Final = 14
LEAD_TIME_DAYS: Final = 28
QUANTILES: Final = (0.5, 0.8, 0.9, 0.95, 0.99)
CREDITED_DAYS: Final = 240


@dataclass(frozen=True)
class Walk:
    """One product's way: what was seen of it at each stop."""

    code: str
    world: World
    sales: pl.DataFrame
    line: dict[str, tuple[Any, Any]]
    lines: dict[str, int]
    demand: dict[date, float]
    quantiles: pl.DataFrame
    first: dict[str, Any]
    order: dict[str, Any]
    approved: dict[str, Any]
    history: list[dict[str, Any]]
    second: dict[str, Any]


def walk(home: Path, patch: pytest.MonkeyPatch) -> Walk:
    """Load, plan, approve, send, load and plan again."""
    world = generate_wholesaler(end=END, products=PRODUCTS, months=MONTHS)
    stocktrim = Command(home, patch)

    def run(*arguments: str) -> CommandResult:
        result = stocktrim(*arguments)
        assert result.code == 0, result.err
        return result

    with running_sandbox([world]) as sandbox:
        assert stocktrim.connect(sandbox).code == 0
        run("settings", "set", "lead_time_days", str(LEAD_TIME_DAYS), "--by", "a buyer")
        _load_and_plan()
        seen = _seen(stocktrim)
        code = _chosen(stocktrim, seen["sales"])
        first = run("explain", code, "--json").json()
        drafts = run("orders", "list", "--state", "draft", "--json").json()
        order = next(one for one in drafts if any(line["product_code"] == code for line in one["lines"]))
        of_product = _of_product(stocktrim, code, seen)
        approved = run("orders", "approve", order["order_id"], "--by", "a buyer", "--json").json()
        run("orders", "send")
        _load_and_plan()
        history = run("orders", "show", order["order_id"], "--json").json()["history"]
        second = run("explain", code, "--json").json()
    return Walk(
        code=code, world=world, first=first, order=order, approved=approved, history=history, second=second,
        **of_product,
    )  # fmt: skip


def _load_and_plan() -> None:
    """What the page does in two commands, in the one run that the schedule would start."""
    run_job("load_and_plan", organisation=KEY, ops={"decisions": {"config": {"as_of": as_of().isoformat()}}})


def as_of() -> date:
    return END + timedelta(days=1)


def _seen(stocktrim: Command) -> dict[str, pl.DataFrame]:
    """What the warehouse holds after the first plan and does not publish."""
    queries = {
        "sales": """
            select n.product_code, s.contact_id, n.demand_date, n.sold_quantity, n.quantity, s.invoice_number,
                   n.invoice_id, n.line_number
            from intermediate.int_demand__netted_of_credits as n
            join intermediate.int_sales__lines_that_count as s using (invoice_id, line_number)
        """,
        "raw": """
            select item_code as product_code, l.* from raw.xero_invoice_lines as l
            join raw.xero_invoices as i using (invoice_id) where i.type = 'ACCREC'
        """,
        "staging": """
            select l.* from staging.stg_invoice_lines as l
            join staging.stg_invoices as i using (invoice_id) where i.invoice_type = 'ACCREC'
        """,
    }
    with duckdb.connect(str(stocktrim.folder / "warehouse.duckdb"), read_only=True) as warehouse:
        return {name: warehouse.sql(query).pl() for name, query in queries.items()}


def _chosen(stocktrim: Command, sales: pl.DataFrame) -> str:
    """A product to order that shows most of what can happen: a credit note, a late order, an order that counts."""
    plan = stocktrim.published("order_plan").filter(
        (pl.col("order_quantity") > 0) & pl.col("supplier_id").is_not_null()
    )
    on_order = stocktrim.published("stock_on_order")
    late = set(on_order.filter(pl.col("rule") == "late")["product_code"])
    counted = set(on_order.filter("is_counted")["product_code"])
    credited = set(_cancelled(sales)["product_code"])
    return max(
        sorted(plan["product_code"]),
        key=lambda code: 4 * (code in credited) + 2 * (code in late) + (code in counted),
    )


def _cancelled(sales: pl.DataFrame) -> pl.DataFrame:
    """Sales of the last months that a credit note took back, those of which some is left first."""
    since = as_of() - timedelta(days=CREDITED_DAYS)
    taken_back = (pl.col("quantity") < pl.col("sold_quantity")) & (pl.col("demand_date") >= since)
    return sales.filter(taken_back).sort(
        pl.col("quantity") > 0, "sold_quantity", "demand_date", "invoice_number", descending=True
    )


def _of_product(stocktrim: Command, code: str, seen: dict[str, pl.DataFrame]) -> dict[str, Any]:
    of = {name: frame.filter(pl.col("product_code") == code) for name, frame in seen.items()}
    demand = stocktrim.published("demand_daily").filter(pl.col("product_code") == code)
    sale = _cancelled(of["sales"]).row(0, named=True)
    one = (pl.col("invoice_id") == sale["invoice_id"]) & (pl.col("line_number") == sale["line_number"])
    raw, staged = (of[name].filter(one).row(0, named=True) for name in ("raw", "staging"))
    pairs = {"item_code": "product_code", "quantity": "quantity", "unit_amount": "unit_price"}
    return {
        "sales": of["sales"],
        "line": {f"{there} → {here}": (raw[there], staged[here]) for there, here in pairs.items()},
        "lines": {name: frame.height for name, frame in of.items()},
        "demand": dict(demand.select("demand_date", "quantity").iter_rows()),
        "quantiles": stocktrim.published("demand_quantiles").filter(pl.col("product_code") == code),
    }


def page(seen: Walk) -> str:
    """The page: the prose beside this file with the numbers of the walk in it."""
    plan, again = seen.first["plan"], seen.second["plan"]
    sale = _cancelled(seen.sales).row(0, named=True)
    monday = sale["demand_date"] - timedelta(days=sale["demand_date"].weekday())
    result = _xero(seen, sale, monday) | _demand(seen, monday) | _supply(seen) | _order(seen)
    return TEMPLATE.read_text().format(
        end=END, as_of=as_of(), products=PRODUCTS, months=MONTHS, code=seen.code, plan=plan, again=again,
        lead_time_days=LEAD_TIME_DAYS, number_of_lines=seen.lines, sale=sale, monday=_day(monday),
        sold=_units(sale["sold_quantity"]), kept=_units(sale["quantity"]), model=seen.first["model"],
        approved=seen.approved,
        quantiles=_quantiles(seen), bridge=_bridge(seen.first), sentences=_sentences(seen.first),
        bridge_again=_bridge(seen.second), sentences_again=_sentences(seen.second),
        service_level=f"{plan['service_level']:.0%}", **result,
    )  # fmt: skip


def _xero(seen: Walk, sale: dict[str, Any], monday: date) -> dict[str, str]:
    """The documents in Xero of the week of a sale that was cancelled later."""
    invoices = [
        (document, units) for document, units in _naming(seen, seen.world.invoices)
        if document.kind == "ACCREC" and monday <= document.date < monday + timedelta(days=7)
    ]  # fmt: skip
    notes = [
        (document, units) for document, units in _naming(seen, seen.world.credit_notes)
        if document.contact_id == sale["contact_id"] and document.kind == "ACCRECCREDIT"
        and document.status in {"AUTHORISED", "PAID"} and document.date >= sale["demand_date"]
    ]  # fmt: skip
    kinds = {"ACCREC": "sales invoice", "ACCRECCREDIT": "sales credit note"}
    rows = [
        [document.number, kinds[document.kind], document.status, _day(document.date),
         seen.world.contacts[document.contact_id].name, _units(units)]
        for document, units in [*sorted(invoices, key=lambda one: (one[0].date, one[0].number)), *notes[:1]]
    ]  # fmt: skip
    head = ["document", "document type", "status", "date", "customer", "units"]
    lines = [[name, str(there), str(here)] for name, (there, here) in seen.line.items()]
    return {
        "documents": table(head, rows),
        "credit_note": notes[0][0].number,
        "customer": seen.world.contacts[sale["contact_id"]].name,
        "line": table(["column, raw → staging", "in raw", "in staging"], lines),
    }


def _naming(seen: Walk, documents: dict[str, Document]) -> list[tuple[Document, float]]:
    """The documents that name the product, with the units of it."""
    named = ((one, sum(float(line.quantity) for line in one.lines if line.item_code == seen.code))
             for one in documents.values())  # fmt: skip
    return [(one, units) for one, units in named if units]


def _demand(seen: Walk, monday: date) -> dict[str, str]:
    """Each day of the week: sold, cancelled, and what is left as demand."""
    rows = []
    for day in (monday + timedelta(days=number) for number in range(7)):
        of_day = seen.sales.filter(pl.col("demand_date") == day)
        sold, left = float(of_day["sold_quantity"].sum()), float(of_day["quantity"].sum())
        assert left == seen.demand.get(day, 0.0), f"{seen.code} on {day}: {left} is not {seen.demand.get(day)}"
        rows.append([_day(day), _units(sold), _units(sold - left), _units(left)])
    return {"week": table(["day", "sold", "cancelled", "demand"], rows)}


def _supply(seen: Walk) -> dict[str, str]:
    columns = {
        "purchase_order_number": "order", "status": "status", "order_date": "ordered", "delivery_date": "delivery",
        "expected_arrival_date": "expected", "quantity": "units", "is_counted": "counts", "rule": "rule",
    }  # fmt: skip
    rules = {one["rule"] for one in seen.first["open_orders"]}
    late = (
        "A late order does not count: its delivery date has come, and no bill says that the goods did.\n"
        "It stands beside the plan, in `stock_on_order_late`, so that a person settles it."
        if "late" in rules
        else "None of its orders is late; a late order would stand here and not count."
    )
    return {
        "open_orders": _orders(seen.first["open_orders"], columns),
        "late": late,
        "open_orders_again": _orders(seen.second["open_orders"], columns),
    }


def _orders(orders: list[dict[str, Any]], columns: dict[str, str]) -> str:
    shown = sorted(orders, key=lambda one: (one["order_date"], one["purchase_order_number"]))
    return table(columns.values(), [[_told(name, one[name]) for name in columns] for one in shown])


def _order(seen: Walk) -> dict[str, str]:
    """The order that was drafted, as the ledger and as Xero hold it."""
    number = seen.order["purchase_order_number"]
    held = next(one for one in seen.world.purchase_orders.values() if one.number == number)
    (line,) = [one for one in held.lines if one.item_code == seen.code]
    head = ["order", "status", "date", "expected arrival", "delivery date", "units of " + seen.code, "unit price"]
    row = [
        _number(number), held.status, _day(held.date), _day(held.expected_arrival_date), _day(held.delivery_date),
        _units(line.quantity), f"{line.unit_amount:.2f}",
    ]  # fmt: skip
    (drafted,) = [one for one in seen.order["lines"] if one["product_code"] == seen.code]
    events = [[one["event"], one["by"]] for one in seen.history]
    return {
        "number": _number(number),
        "order_lines": str(len(seen.order["lines"])),
        "order_value": f"{seen.order['value']} {seen.order['currency']}",
        "drafted": _units(drafted["quantity"]),
        "unit_cost": f"{float(drafted['unit_cost']):.2f}",
        "arrival": _day(seen.order["expected_arrival_date"]),
        "held": table(head, [row]),
        "events": table(["event", "by"], events),
    }


def _quantiles(seen: Walk) -> str:
    horizon_days = seen.first["plan"]["horizon_days"]
    rows = [
        [f"{quantile.probability:.0%}", _units(quantile.quantity)]
        for quantile in quantiles_of_horizon(seen.quantiles, horizon_days)
        if any(abs(quantile.probability - wanted) < 1e-9 for wanted in QUANTILES)
    ]
    return table(["probability", "demand is at most"], rows)


def _bridge(result: dict[str, Any]) -> str:
    return table(
        ["", "step", "units"],
        [[step["sign"] or "=", step["label"], _units(step["quantity"])] for step in result["bridge"]],
    )


def _sentences(result: dict[str, Any]) -> str:
    return "\n".join(result["sentences"])


def _told(name: str, value: Any) -> str:
    if name == "purchase_order_number":
        return _number(value)
    if name.endswith("_date"):
        return _day(value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    return _units(value) if name == "quantity" else str(value)


def _number(text: str) -> str:
    """An order's number; the last six characters of ours are drawn by lot, so that no two are the same."""
    return f"{text[:12]}XXXXXX" if text.startswith("RP-") else text


def _units(value: Any) -> str:
    return f"{float(value) + 0.0:,.2f}".rstrip("0").rstrip(".")


def _day(value: date | datetime | str | None) -> str:
    return "" if value is None else str(value)


def write() -> None:
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        PAGE.write_text(page(walk(Path(folder) / "home", patch)))


if __name__ == "__main__":
    write()
