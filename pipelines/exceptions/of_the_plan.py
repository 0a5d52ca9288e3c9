"""Exceptions of the plan: what is out of stock or will be, overstock, dead stock, surplus on order, far-off lead times.

What belongs here: which lines of the plan are exceptions, their money in base currency, what to do. What does not: the
plan, the advice on open orders.
Each function returns rows of `FOUND`. Read more in docs/buyer/exceptions.md.
"""

from dataclasses import dataclass
from typing import Final

import polars as pl

from pipelines.exceptions import kinds
from pipelines.replenishment.open_orders.advice_words import units
from pipelines.replenishment.plan.plan_summary import unit_cost_in_base
from pipelines.replenishment.plan.statuses import NOT_PLANNED

FOUND: Final = pl.Schema({
    "kind": pl.String, "subject_kind": pl.String, "subject_id": pl.String, "product_code": pl.String,
    "product_name": pl.String, "supplier_id": pl.String, "supplier_name": pl.String, "document_number": pl.String,
    "quantity": pl.Float64, "money_at_stake": pl.Float64, "sentence": pl.String, "what_to_do": pl.String,
    "xero_link": pl.String, "is_dismissed": pl.Boolean, "decided_by": pl.String, "reason": pl.String,
})  # fmt: skip
"""A found exception, before it has an id and a day since when."""
_YEAR: Final = 365
_WEEK: Final = 7


@dataclass(frozen=True)
class PlanFound:
    """What the exceptions of a plan are found in, each frame in its table's shape."""

    order_plan: pl.DataFrame
    open_order_advice: pl.DataFrame
    lead_time_advice: pl.DataFrame
    products: pl.DataFrame


def of_the_plan(tables: PlanFound) -> pl.DataFrame:
    """Every exception of the plan, as rows of `FOUND`; none without a plan."""
    lines = _lines(tables)
    surplus = _surplus_on_order(tables)
    return pl.concat([_shortages(lines, tables.open_order_advice), _excess(lines), surplus, _lead_times(tables)])


def found(rows: pl.DataFrame) -> pl.DataFrame:
    """Rows in the shape of `FOUND`; columns that they lack are null."""
    missing = [pl.lit(None, dtype=dtype).alias(name) for name, dtype in FOUND.items() if name not in rows.columns]
    return rows.with_columns(missing).select(list(FOUND)).cast(FOUND)


def ids_of(products: pl.DataFrame) -> pl.DataFrame:
    """Xero's id of each product, which stays when its code changes."""
    return products.select("product_code", "product_id")


def by_product() -> list[pl.Expr]:
    """The columns that name a product as the subject."""
    return [
        pl.lit("product").alias("subject_kind"),
        pl.coalesce("product_id", "product_code").alias("subject_id"),
    ]


def _product() -> pl.Expr:
    return as_argument("product_code")


def as_argument(name: str) -> pl.Expr:
    r"""A text as one argument of a command in a shell.

    >>> pl.DataFrame({"code": ["P-1", "5\" mug", "it's"]}).select(as_argument("code")).to_series().to_list()
    ['P-1', '\'5" mug\'', "'it'\\''s'"]
    """
    text = pl.col(name)
    quoted = pl.concat_str(pl.lit("'"), text.str.replace_all("'", "'\\''", literal=True), pl.lit("'"))
    return pl.when(text.str.contains(r"^[A-Za-z0-9_.:/+-]+$")).then(text).otherwise(quoted)


def with_products(lines: pl.DataFrame, products: pl.DataFrame) -> pl.DataFrame:
    """Lines of a plan with Xero's id of the product and `cost`, in base currency; null if cost or rate is unknown."""
    named = products.select("product_code", "product_id", "sales_unit_price")
    return lines.join(named, on="product_code", how="left").with_columns(cost=unit_cost_in_base())


def margin_in_base() -> pl.Expr:
    """The margin of a unit, of lines `with_products`; null if a price is unknown."""
    price = pl.col("sales_unit_price").cast(pl.Float64)
    return pl.when(price > 0).then((price - pl.col("cost")).clip(lower_bound=0.0))


def _lines(tables: PlanFound) -> pl.DataFrame:
    """The lines of the plan with prices in base currency."""
    return with_products(tables.order_plan, tables.products).with_columns(
        margin=margin_in_base(), is_planned=pl.col("status") != NOT_PLANNED
    )


def _shortages(lines: pl.DataFrame, advice: pl.DataFrame) -> pl.DataFrame:
    """Products that are out of stock, or likelier than not to be before an order of today arrives."""
    is_out = (pl.col("stock_on_hand") <= 0) & (pl.col("horizon_demand") > 0)
    arrives = pl.col("expected_arrival_date")
    out_on = pl.col("as_of_date") + pl.duration(days="days_to_stock_out")
    runs_out = (out_on < arrives).fill_null(value=False)
    expedited = (
        advice.filter(pl.col("advice") == "expedite")
        .sort("from_date", "purchase_order_number")
        .group_by("product_code", maintain_order=True)
        .agg(expedited_order=pl.col("purchase_order_number").first())
    )
    short = lines.filter(pl.col("is_planned") & (is_out | runs_out)).join(expedited, on="product_code", how="left")
    lost = pl.col("demand_lost_before_arrival")
    sentence = pl.when(is_out).then(
        pl.format("Out of stock; expected demand: {}. An order of today arrives on {}.", _rate(), arrives)
    ).otherwise(pl.format("Runs out on {}, before an order of today arrives on {}.", out_on, arrives))  # fmt: skip
    return found(
        short.with_columns(
            *by_product(),
            kind=pl.when(is_out).then(pl.lit(kinds.OUT_OF_STOCK)).otherwise(pl.lit(kinds.WILL_RUN_OUT)),
            quantity=lost,
            money_at_stake=pl.when(lost <= 0).then(0.0).otherwise(lost * pl.col("margin")),
            sentence=sentence,
            what_to_do=_what_to_do_about_a_shortage(),
        )
    )


def _rate() -> pl.Expr:
    """Expected demand in words: by day, by week if it is less than one a day, else how many weeks one unit takes.

    >>> slow = pl.DataFrame({"average_daily_demand": [12.0, 0.5, 0.02]})
    >>> slow.select(_rate()).to_series().to_list()
    ['12 a day', '3.5 a week', 'one unit in 7 weeks']
    """
    daily = pl.col("average_daily_demand")
    weekly = daily * _WEEK
    return (
        pl.when(daily >= 1)
        .then(pl.format("{} a day", units("average_daily_demand")))
        .when(weekly >= 1)
        .then(pl.format("{} a week", weekly.round(1).cast(pl.String).str.replace(r"\.0$", "")))
        .otherwise(pl.format("one unit in {} weeks", (1 / weekly).round(0).clip(2, 999).cast(pl.Int64, strict=False)))
    )


def _what_to_do_about_a_shortage() -> pl.Expr:
    return (
        pl.when(pl.col("expedited_order").is_not_null())
        .then(pl.format("Expedite {}: `stocktrim orders advice --product {}`.", "expedited_order", _product()))
        .when(pl.col("supplier_id").is_null())
        .then(pl.format("Set its supplier, so that it can be ordered: `stocktrim settings set preferred_supplier NAME "
                        "--product {}`.", _product()))
        .when(pl.col("order_quantity") > 0)
        .then(pl.format("Approve its order of {} units: `stocktrim orders list`.", units("order_quantity")))
        .otherwise(pl.format("See what is on its way: `stocktrim explain {}`.", _product()))
    )  # fmt: skip


def _excess(lines: pl.DataFrame) -> pl.DataFrame:
    """Dead stock, and overstock on hand: what is still on order can be cancelled, so it is another kind."""
    never_sold = (pl.col("demand_class") == "never_sold") & (
        pl.col("last_purchase_date") < pl.col("as_of_date") - pl.duration(days=_YEAR)
    ).fill_null(value=False)  # fmt: skip
    is_dead = (pl.col("reason") == "no_demand") & ((pl.col("demand_class") == "dead") | never_sold)
    is_dead &= pl.col("stock_on_hand") > 0
    over = (pl.col("overstock_quantity") - pl.col("stock_on_order")).clip(lower_bound=0.0)
    over = pl.min_horizontal(over, "stock_on_hand")
    quantity = pl.when("is_dead").then("stock_on_hand").otherwise(over)
    sold = pl.coalesce(pl.format("last sold on {}", "last_sale_date"), pl.lit("never sold"))
    return found(
        lines.with_columns(is_dead=is_dead)
        .with_columns(quantity=quantity)
        .filter((pl.col("quantity") > 0) & (pl.col("is_dead") | pl.col("is_planned")))
        .with_columns(
            *by_product(),
            kind=pl.when("is_dead").then(pl.lit(kinds.DEAD_STOCK)).otherwise(pl.lit(kinds.OVERSTOCK)),
            money_at_stake=pl.col("quantity") * pl.col("cost"),
            sentence=pl.when("is_dead")
            .then(pl.format("{} units in stock, {}.", units("quantity"), sold))
            .otherwise(pl.format("{} of {} units on hand are more than lasts until the end of the overstock period.",
                                 units("quantity"), units("stock_on_hand"))),
            what_to_do=pl.when("is_dead")
            .then(pl.format("Sell it off, or discontinue it: `stocktrim settings set discontinued true --product "
                            "{}`.", _product()))
            .otherwise(pl.format("Sell it off or let it last; see why: `stocktrim explain {}`.", _product())),
        )
    )  # fmt: skip


def _surplus_on_order(tables: PlanFound) -> pl.DataFrame:
    """Open order lines of which some units should be cancelled."""
    document = pl.coalesce("purchase_order_id", "purchase_order_number")
    product = pl.coalesce("product_id", "product_code")
    lines = tables.open_order_advice.filter(pl.col("advice") == "cancel").join(
        ids_of(tables.products), on="product_code", how="left"
    )
    return found(
        lines.with_columns(
            kind=pl.lit(kinds.SURPLUS_ON_ORDER),
            subject_kind=pl.lit("order"),
            subject_id=pl.format("{} line {} {}", document, "line_number", product),
            document_number="purchase_order_number",
            quantity="advised_quantity",
            what_to_do=pl.format(
                "Cancel or reduce the line in Xero: `stocktrim orders advice --product {}`.", _product()
            ),
        )
    )


def _lead_times(tables: PlanFound) -> pl.DataFrame:
    """Products whose set lead time receipts contradict."""
    rates = tables.order_plan.select("product_code", rate=pl.col("currency_rate").cast(pl.Float64))
    lines = (
        tables.lead_time_advice.join(rates, on="product_code", how="left")
        .join(ids_of(tables.products), on="product_code", how="left")
    )  # fmt: skip
    value = pl.col("level_change_value").cast(pl.Float64).abs()
    return found(
        lines.with_columns(
            *by_product(),
            kind=pl.lit(kinds.LEAD_TIME_FAR_OFF),
            quantity="level_change_quantity",
            money_at_stake=value / pl.when(pl.col("rate") > 0).then("rate"),
            sentence=pl.format(
                "{} days of lead time are set, {} receipts of the {} show {}.",
                "set_lead_time_days", "receipts", "receipts_of", "observed_lead_time_days",
            ),
            what_to_do=pl.format(
                "Accept what receipts show: `stocktrim settings accept-lead-times --product {}`.", _product()
            ),
        )
    )  # fmt: skip
