"""The sentence of each advice on an open order line.

What belongs here: words, as expressions over the columns of `advice.py`. What does not: the advice.
Read more in docs/maths.md.
"""

from typing import Final

import polars as pl

_LARGE: Final = 1000


def sentence() -> pl.Expr:
    """What to do about the line, and why, in one sentence."""
    advice = pl.col("advice")
    return (
        pl.when(advice == "expedite")
        .then(_expedite())
        .when(advice == "postpone")
        .then(_postpone())
        .when(advice == "cancel")
        .then(_cancel())
        .when(advice == "receive_or_redate")
        .then(_receive())
        .otherwise(_none())
    )


def units(name: str) -> pl.Expr:
    """A quantity as text: without decimals if it is whole or large, else with one.

    >>> pl.DataFrame({"q": [12.0, 0.26, 1234.6]}).select(units("q")).to_series().to_list()
    ['12', '0.3', '1235']
    """
    quantity = pl.col(name).round(1)
    is_plain = (quantity == quantity.floor()) | (quantity.abs() >= _LARGE)
    return pl.when(is_plain).then(pl.col(name).round(0).cast(pl.Int64, strict=False).cast(pl.String)).otherwise(
        quantity.cast(pl.String)
    )  # fmt: skip


def _money() -> pl.Expr:
    amount = pl.col("money_at_stake").cast(pl.Decimal(18, 2), strict=False).cast(pl.String)
    return pl.coalesce(pl.concat_str(amount, pl.lit(" "), "currency"), pl.lit("an unknown amount"))


def _expedite() -> pl.Expr:
    is_out = pl.col("days_to_stock_out_soonest") == 0
    when = pl.when(is_out).then(pl.lit("stock is out")).otherwise(pl.format("stock may run out on {}", "to_date"))
    return pl.format(
        "Expedite: {}, and it arrives on {}. Until then sales of {} units are expected to be lost: {} of margin.",
        when, "from_date", units("advised_quantity"), _money(),
    )  # fmt: skip


def _postpone() -> pl.Expr:
    return pl.format(
        "Postpone to {}, by {} days: until then there is enough. That saves {} of holding cost.",
        "to_date", pl.col("needed_day") - pl.col("arrival_day"), _money(),
    )  # fmt: skip


def _cancel() -> pl.Expr:
    what = pl.when(pl.col("advised_quantity") >= pl.col("quantity")).then(pl.lit("Cancel it")).otherwise(
        pl.format("Cancel {} of {} units", units("advised_quantity"), units("quantity"))
    )  # fmt: skip
    is_dead = pl.col("reason").is_in(["no_demand", "discontinued"])
    why = pl.when(is_dead).then(
        pl.when(pl.col("reason") == "discontinued").then(pl.lit("the product is discontinued"))
        .otherwise(pl.lit("the product no longer sells"))
    ).otherwise(pl.format("demand of the next {} days is covered without", "never_days"))  # fmt: skip
    return pl.format("{}: {}. That binds {}.", what, why, _money())


def _receive() -> pl.Expr:
    days = (pl.col("as_of_date") - pl.coalesce("delivery_date", "expected_arrival_date")).dt.total_days()
    late = pl.format(
        "Late by {} days and not billed, so it does not count as supply. Bill what came; give the rest a new date, or "
        "delete it: {} may be ordered twice.", days, _money(),
    )  # fmt: skip
    billed = pl.format(
        "A bill seems to have delivered {} units that still count as on order: mark the order as billed. {} may be "
        "counted twice.", units("advised_quantity"), _money(),
    )  # fmt: skip
    far = pl.format(
        "Expected only on {}: give it the date that the supplier means, or delete it. {} counts as on order until "
        "then.",
        "from_date", _money(),
    )  # fmt: skip
    over = pl.format(
        "Expected on {}, {} days ago, and not received: it still counts as on order. Ask the supplier; bill what came, "
        "give the rest its date in Xero, or delete it. {} is not there.", "expected_arrival_date", days, _money(),
    )  # fmt: skip
    is_over = pl.col("expected_arrival_date") < pl.col("as_of_date")
    is_billed = (pl.col("exception") == "counted_although_billed").fill_null(value=False)
    return (
        pl.when(pl.col("rule") == "late")
        .then(late)
        .when(is_billed)
        .then(billed)
        .when(is_over)
        .then(over)
        .otherwise(far)
    )


def _none() -> pl.Expr:
    """Why a line gets no advice."""
    reason = pl.col("reason")
    return (
        pl.when(pl.col("rule") == "missing_in_xero")
        .then(pl.lit("Xero's list does not show this order, so it does not count: look for it in Xero."))
        .when(pl.col("rule") == "billed")
        .then(pl.lit("Bills have delivered all of it."))
        .when(reason.is_null())
        .then(pl.lit("No advice: the product is not in the plan."))
        .when(reason.is_in(["untracked", "data_fault"]))
        .then(pl.lit("No advice: the stock of the product is not known."))
        .when(reason == "planned_elsewhere")
        .then(pl.lit("No advice: the product is planned as another one."))
        .when(reason == "unstocked")
        .then(pl.lit("No advice: the product is not kept in stock."))
        .when(pl.col("demand_class") == "never_sold")
        .then(pl.lit("No advice: the product has no sales yet to judge by."))
        .otherwise(pl.lit("It arrives when it is needed."))
    )


def advice_in_words(advice: pl.DataFrame) -> str:
    """How many open order lines need a person, by advice with its money; empty if none does.

    `advice` has the shape of `plan.open_order_advice`; lines without advice are left out.
    """
    found = advice.filter(pl.col("advice") != "none")
    if found.is_empty():
        return ""
    by_advice = found.group_by("advice").agg(
        lines=pl.len(),
        money=pl.col("money_at_stake").sum(),
        unknown=pl.col("money_at_stake").is_null().sum(),
        currency=pl.col("currency").first(),
    ).sort("money", "advice", descending=[True, False])  # fmt: skip
    parts = ", ".join(_part(**row) for row in by_advice.to_dicts())
    lines = f"{found.height:,} open order line{'' if found.height == 1 else 's'}"
    return f"{lines} should change: {parts}."


def _part(*, advice: str, lines: int, money: object, unknown: int, currency: str) -> str:
    of_unknown = f", {unknown} of unknown value" if unknown else ""
    return f"{advice.replace('_', ' ')} {lines:,} ({money:,.2f} {currency}{of_unknown})"
