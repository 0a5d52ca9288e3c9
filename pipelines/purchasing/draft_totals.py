"""What all drafts come to beside the spend cap, and which orders of a supplier are split over several drafts.

What belongs here: sums and sentences about the drafts there are, those that people keep and those of the plan. What
does not: which drafts a plan makes (`drafts.py`), the cap itself (`replenishment/supplier_orders`).
A draft that a person changed stays as it is; a plan takes it from the cap and the minimums before its own lines.
Read more in docs/buyer/minimums-and-budget.md.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import polars as pl

from pipelines.storage.tables import MOST_MONEY


@dataclass(frozen=True)
class DraftTotals:
    """What drafts come to, in base currency: all of them, and those that people keep.

    `unknown` are the numbers of orders whose currency has no known rate, which are in no sum.
    """

    value: Decimal
    kept_value: Decimal
    kept: int
    unknown: Sequence[str]


def draft_totals(drafts: pl.DataFrame, order_plan: pl.DataFrame, *, base_currency: str) -> DraftTotals:
    """The sums of `purchase_order_drafts`, with the exchange rates that the plan was made with."""
    rates = order_plan.group_by("currency").agg(rate=pl.col("currency_rate").cast(pl.Float64).max())
    rated = drafts.join(rates, on="currency", how="left").with_columns(
        rate=pl.when(pl.col("currency") == base_currency).then(1.0).otherwise("rate")
    )
    value = pl.col("value").cast(pl.Float64) / pl.when(pl.col("rate") > 0).then("rate")
    known = rated.with_columns(base=value)
    everything, kept = (_in_cents(frame) for frame in (known, known.filter("is_edited")))
    unknown = known.filter(pl.col("base").is_null())["purchase_order_number"].unique().sort().to_list()
    return DraftTotals(everything, kept, drafts.filter("is_edited")["order_id"].n_unique(), unknown)


def _in_cents(drafts: pl.DataFrame) -> Decimal:
    return round(Decimal(str(min(float(drafts["base"].sum()), MOST_MONEY))), 2)


def drafts_beside_cap(drafts: pl.DataFrame, order_plan: pl.DataFrame, summary: dict[str, Any]) -> str:
    """What all drafts come to, beside the cap of the plan (a row of `plan_summary`); empty without a cap or a draft."""
    if summary.get("spend_cap") is None or drafts.is_empty():
        return ""
    cap, currency = summary["spend_cap"], summary["currency"]
    totals = draft_totals(drafts, order_plan, base_currency=currency)
    is_over = totals.value > cap
    sentence = (
        f"All drafts together come to {totals.value:,.2f} {currency}, "
        f"{f'{totals.value - cap:,.2f} above' if is_over else 'within'} the spend cap of {cap:,.2f}."
    )
    if totals.kept:
        sentence += (
            f" {totals.kept_value:,.2f} of it {'is' if totals.kept == 1 else 'are'} {totals.kept} "
            f"draft{'' if totals.kept == 1 else 's'} that people changed or made, which a plan counts before its own "
            f"lines."
        )
    if totals.unknown:
        sentence += f" Not counted, without an exchange rate: {', '.join(totals.unknown)}."
    return sentence


def split_orders(drafts: pl.DataFrame) -> list[str]:
    """A sentence for each supplier and currency that has more than one draft, with what each comes to.

    Each of them is an order of its own for the supplier's minimum.
    """
    orders = drafts.group_by("supplier_id", "currency", "purchase_order_number").agg(
        pl.col("supplier_name").first(), pl.col("value").sum(), minimum=pl.col("minimum_order_value").max()
    )
    split = orders.sort("supplier_name", "supplier_id", "currency", "purchase_order_number").group_by(
        "supplier_id", "currency", maintain_order=True
    )
    return [_split(rows) for _, rows in split if rows.height > 1]


def _split(orders: pl.DataFrame) -> str:
    numbers, first = orders["purchase_order_number"].to_list(), orders.row(0, named=True)
    worth = [f"{number} ({value:,.2f})" for number, value in orders.select("purchase_order_number", "value").rows()]
    minimum = first["minimum"]
    short = "" if not minimum else f", each with the minimum of {minimum:,.2f}"
    are_them = "them" if len(numbers) == len(numbers[:2]) else "the first two"
    return (
        f"What is ordered of {first['supplier_name'] or first['supplier_id']} is split over "
        f"{', '.join(worth[:-1])} and {worth[-1]} {first['currency']}{short}: "
        f"`stocktrim orders merge {' '.join(numbers[:2])} --reason TEXT` makes one order of {are_them}."
    )
