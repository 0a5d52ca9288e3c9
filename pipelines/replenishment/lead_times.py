"""Estimated lead times: the possible lengths of each product's lead time with their probabilities.

What belongs here: samples, and estimates from receipts and open orders. What does not: how receipts are found (the
warehouse).
Read more in docs/maths.md.
"""

from datetime import date, timedelta
from typing import Final

import polars as pl

from pipelines.forecasting.protection_intervals import ROUNDING, in_whole_days

MOST_LENGTHS: Final = 8
# The weights, in receipts, of the supplier's receipts against the product's own, and of the setting against both.
SUPPLIER_WEIGHT: Final = 4
SETTING_WEIGHT: Final = 8
SETTING_VARIATION: Final = 0.2
REMEMBERED: Final = timedelta(days=728)
# An order is taken as forgotten at this many times the promised days and the days of nine in ten receipts.
FORGOTTEN: Final = 2
USUALLY: Final = 0.9
LENGTHS: Final = pl.Schema({"product_code": pl.String, "lead_time_days": pl.Int64, "weight": pl.Float64})


def weigh_samples(samples: pl.DataFrame, *, most_lengths: int = MOST_LENGTHS) -> pl.DataFrame:
    """The distinct lengths of each product with their weights, which sum to one, in the shape of `LENGTHS`.

    `samples` has `product_code`, `lead_time_days` and may have `weight`. More than `most_lengths` are joined to so many
    groups of equal weight, each with its mean.

    >>> weigh_samples(pl.DataFrame({"product_code": ["A"] * 4, "lead_time_days": [7, 14, 7, 7]})).rows()
    [('A', 7, 0.75), ('A', 14, 0.25)]
    """
    weight = pl.col("weight") if "weight" in samples.columns else pl.lit(1.0)
    whole = samples.select("product_code", pl.col("lead_time_days").round(0).cast(pl.Int64), weight=weight)
    joined = _joined(_summed(whole), most=most_lengths)
    return _summed(joined.with_columns(pl.col("lead_time_days").round(0))).cast(LENGTHS)


def _summed(lengths: pl.DataFrame) -> pl.DataFrame:
    """Each length of a product once, with weights that sum to one."""
    return (
        lengths.group_by("product_code", "lead_time_days")
        .agg(pl.col("weight").sum())
        .sort("product_code", "lead_time_days")
        .with_columns(pl.col("weight") / pl.col("weight").sum().over("product_code"))
        .select(list(LENGTHS))
    )


def _joined(lengths: pl.DataFrame, *, most: int) -> pl.DataFrame:
    """The lengths of each product, at most `most`: more are joined to groups of equal weight, each with its mean."""
    middle = (pl.col("weight").cum_sum() - pl.col("weight") / 2).over("product_code") * most
    group = (middle + ROUNDING).floor().clip(upper_bound=most - 1)
    is_many = pl.len().over("product_code") > most
    days, weight = pl.col("lead_time_days").cast(pl.Float64), pl.col("weight")
    return (
        lengths.with_columns(bin=pl.when(is_many).then(group).otherwise(days))
        .group_by("product_code", "bin")
        .agg(lead_time_days=(days * weight).sum() / weight.sum(), weight=weight.sum())
        .select(list(LENGTHS))
    )


def known_receipts(purchase_receipts: pl.DataFrame, *, as_of: date) -> pl.DataFrame:
    """The receipts of the two years before a day that are evidence of lead times, as the mart decides (`is_evidence`).

    The shape is that of `marts.purchase_receipts`.
    """
    is_recent = pl.col("received_date").is_between(as_of - REMEMBERED, as_of, closed="left")
    is_evidence = pl.coalesce("is_evidence", pl.col("lead_time_days").is_between(1, REMEMBERED.days))
    return purchase_receipts.filter(is_recent & is_evidence)


def waiting_orders(stock_on_order: pl.DataFrame, receipts: pl.DataFrame, *, as_of: date) -> pl.DataFrame:
    """Open orders, counted or late: `product_code`, `supplier_id`, and as `lead_time_days` the age of the order.

    `stock_on_order` has the shape of its mart, `receipts` is a result of `known_receipts`. Left out are orders that are
    fully billed or not sent yet, and those that seem forgotten or delivered without a bill: older than two years, or
    than twice the promised days and twice the days of nine in ten receipts of the product and its supplier.
    """
    is_delivered = (pl.col("billed_quantity") >= pl.col("ordered_quantity")).fill_null(value=False)
    is_placed = pl.col("rule").ne_missing("approved_not_sent")
    return _not_forgotten(stock_on_order.filter(is_placed & ~is_delivered), receipts, as_of=as_of)


def waited_for(purchase_receipts: pl.DataFrame, receipts: pl.DataFrame, *, as_of: date) -> pl.DataFrame:
    """The orders that were open on a past day, from what was received later, in the shape of `waiting_orders`.

    `purchase_receipts` has the shape of its mart, `receipts` is the result of `known_receipts` for that day.
    """
    is_owed = (pl.col("order_date") < as_of) & (pl.col("received_date") >= as_of)
    owed = purchase_receipts.filter(is_owed).unique(["purchase_order_number", "line_number"], maintain_order=True)
    return _not_forgotten(owed.rename({"promised_date": "expected_arrival_date"}), receipts, as_of=as_of)


def _not_forgotten(owed: pl.DataFrame, receipts: pl.DataFrame, *, as_of: date) -> pl.DataFrame:
    age, expected = (
        (day - pl.col("order_date")).dt.total_days() for day in (pl.lit(as_of), pl.col("expected_arrival_date"))
    )
    usual = pl.max_horizontal("promised", "usual_product_code", "usual_supplier_id")
    return (
        owed.select("product_code", "supplier_id", lead_time_days=age, promised=expected)
        .join(_usual(receipts, "product_code"), on="product_code", how="left")
        .join(_usual(receipts, "supplier_id"), on="supplier_id", how="left")
        .filter(
            pl.col("lead_time_days").is_between(1, REMEMBERED.days) & (pl.col("lead_time_days") <= FORGOTTEN * usual)
        )
        .select("product_code", "supplier_id", "lead_time_days")
    )


def learn_lead_times(
    products: pl.DataFrame, receipts: pl.DataFrame, waiting: pl.DataFrame | None = None, *,
    most_lengths: int = MOST_LENGTHS,
) -> pl.DataFrame:  # fmt: skip
    """The lengths of each product's lead time, in the shape of `LENGTHS`.

    `products` has `product_code`, `supplier_id`, `lead_time_days` (the setting), `manufacturing_time_days` and may have
    `is_lead_time_set`: a person set it, and it is used. `receipts` has `product_code`, `supplier_id` and
    `lead_time_days`; `waiting` the same of open orders, which take at least as long.
    With n own receipts their weight is n / (n + 4), with n of the supplier theirs is n / (n + 8) of the rest. The
    setting has what is left, with a deviation of a fifth. A lead time that a person set is the mean, and receipts give
    the deviations from it. Without any receipt the setting is certain. The manufacturing time is added to each length.
    A product has at most `most_lengths` lengths.
    """
    known = count_receipts(_with_is_set(products), receipts).select(
        "product_code", "supplier_id", "lead_time_days", "manufacturing_time_days", "is_lead_time_set",
        own_share=_share("product_receipts", SUPPLIER_WEIGHT),
        their_share=(1 - _share("product_receipts", SUPPLIER_WEIGHT)) * _share("supplier_receipts", SETTING_WEIGHT),
        is_known=pl.col("product_receipts") + pl.col("supplier_receipts") > 0,
    )  # fmt: skip
    samples = _samples(receipts, is_received=True)
    if waiting is not None:
        samples = pl.concat([samples, _samples(waiting, is_received=False)])
    parts = pl.concat(
        [
            _observed(known, samples, key="product_code", share="own_share", most=most_lengths),
            _observed(known, samples, key="supplier_id", share="their_share", most=most_lengths),
            *_set(known),
        ]
    ).filter(pl.col("weight") > 0)
    lengths = _around_what_is_set(parts, known)
    is_set = pl.col("is_lead_time_set")
    learned, held = (lengths.filter(chosen).select(list(LENGTHS)) for chosen in (~is_set, is_set))
    of_set = _whole_days(_joined(_summed(held), most=most_lengths - 1))
    return pl.concat([weigh_samples(learned, most_lengths=most_lengths), of_set]).sort("product_code", "lead_time_days")


def _with_is_set(products: pl.DataFrame) -> pl.DataFrame:
    given = pl.col("is_lead_time_set") if "is_lead_time_set" in products.columns else pl.lit(value=False)
    return products.with_columns(is_lead_time_set=given.fill_null(value=False))


def _around_what_is_set(parts: pl.DataFrame, known: pl.DataFrame) -> pl.DataFrame:
    """The days of each part, with the manufacturing time; those of a set lead time are moved to its mean.

    Each part (own receipts, the supplier's, the setting) keeps the deviations from its own mean; they are scaled down
    if a length would be negative.
    """
    days, weight, part = pl.col("days"), pl.col("weight"), ("product_code", "part")
    mean = (days * weight).sum().over(part) / weight.sum().over(part)
    least = (-pl.col("deviation").min()).over("product_code")
    kept = pl.when(least > pl.col("lead_time_days")).then(pl.col("lead_time_days") / least).otherwise(1.0)
    moved = pl.col("lead_time_days") + kept * pl.col("deviation")
    return (
        parts.join(known, on="product_code")
        .with_columns(deviation=days - mean)
        .with_columns(days=pl.when("is_lead_time_set").then(moved).otherwise("days"))
        .select(
            "product_code", "is_lead_time_set", weight,
            lead_time_days=days + pl.col("manufacturing_time_days"),
        )
    )  # fmt: skip


def _whole_days(lengths: pl.DataFrame) -> pl.DataFrame:
    """Lengths rounded to whole days with the same mean: some up, the others down, one of them in part.

    >>> lengths = pl.DataFrame([("TEA", 9.5, 0.5), ("TEA", 14.5, 0.5)], schema=LENGTHS | {"lead_time_days": pl.Float64},
    ...                        orient="row")
    >>> _whole_days(lengths).rows()
    [('TEA', 9, 0.5), ('TEA', 15, 0.5)]
    """
    low = (pl.col("lead_time_days") + ROUNDING).floor()
    above = (pl.col("lead_time_days") - low).clip(lower_bound=0.0)
    before = (pl.col("weight").cum_sum() - pl.col("weight")).over("product_code")
    missing = (pl.col("weight") * pl.col("above")).sum().over("product_code")
    raised = ((missing - before) / pl.col("weight")).clip(0.0, 1.0)
    ordered = (
        lengths.with_columns(low=low, above=above)
        .sort("product_code", "above", "lead_time_days", descending=[False, True, True])
        .with_columns(raised=raised)
    )
    split = [
        ordered.select("product_code", lead_time_days=pl.col("low") + step, weight=pl.col("weight") * share)
        for step, share in ((0, 1 - pl.col("raised")), (1, pl.col("raised")))
    ]
    return _summed(pl.concat(split).filter(pl.col("weight") > ROUNDING)).cast(LENGTHS)


def weigh_censored(samples: pl.DataFrame) -> pl.DataFrame:
    """The lengths of each product's samples with their weights: `product_code`, `lead_time_days`, `weight`.

    `samples` has `product_code`, `lead_time_days` and `is_received`; an order not received takes at least as long. The
    weights are those of the product-limit estimator (Kaplan and Meier 1958): of the orders that take longer than l, a
    share d / n is received at the next length, d of the n samples that reach it. The weight beyond the last length
    stays there.

    >>> orders = [("TEA", 10, True), ("TEA", 15, False), ("TEA", 20, True), ("TEA", 30, False)]
    >>> samples = pl.DataFrame(orders, schema=["product_code", "lead_time_days", "is_received"], orient="row")
    >>> weigh_censored(samples).rows()
    [('TEA', 10, 0.25), ('TEA', 20, 0.375), ('TEA', 30, 0.375)]
    """
    estimated = (
        samples.group_by("product_code", "lead_time_days")
        .agg(received=pl.col("is_received").sum(), reaching=pl.len())
        .sort("product_code", "lead_time_days")
        .with_columns(pl.col("reaching").cum_sum(reverse=True).over("product_code"))
        .with_columns(share=pl.col("received") / pl.col("reaching"))
        .with_columns(beyond=(1 - pl.col("share")).cum_prod().over("product_code"))
    )
    before = pl.col("beyond").shift(1, fill_value=1.0).over("product_code")
    is_last = pl.col("lead_time_days") == pl.col("lead_time_days").max().over("product_code")
    weight = before * pl.col("share") + pl.when(is_last).then("beyond").otherwise(0.0)
    return estimated.select("product_code", "lead_time_days", weight=weight).filter(pl.col("weight") > 0)


def count_receipts(products: pl.DataFrame, receipts: pl.DataFrame) -> pl.DataFrame:
    """The products with `product_receipts` and `supplier_receipts`: how often each and its supplier were received."""
    counted = receipts.drop_nulls("lead_time_days")
    own = counted.group_by("product_code").agg(product_receipts=pl.len().cast(pl.Int64))
    theirs = counted.drop_nulls("supplier_id").group_by("supplier_id").agg(supplier_receipts=pl.len().cast(pl.Int64))
    return (
        products.join(own, on="product_code", how="left")
        .join(theirs, on="supplier_id", how="left")
        .with_columns(pl.col("product_receipts", "supplier_receipts").fill_null(0))
    )


def summarise_lengths(lengths: pl.DataFrame) -> pl.DataFrame:
    """`product_code`, `expected_lead_time_days` (the mean, in whole days) and `lead_time_deviation_days`, in order.

    >>> lengths = pl.DataFrame([("TEA", 10, 0.5), ("TEA", 20, 0.5)], schema=LENGTHS, orient="row")
    >>> summarise_lengths(lengths).rows()
    [('TEA', 15, 5.0)]
    """
    days, weight = pl.col("lead_time_days"), pl.col("weight")
    mean = (days * weight).sum()
    variance = ((days - mean) ** 2 * weight).sum()
    return lengths.group_by("product_code", maintain_order=True).agg(
        expected_lead_time_days=in_whole_days(mean), lead_time_deviation_days=variance.sqrt().round(2)
    )


def _share(receipts: str, against: int) -> pl.Expr:
    return pl.col(receipts) / (pl.col(receipts) + against)


def _usual(receipts: pl.DataFrame, key: str) -> pl.DataFrame:
    """The days within which nine of ten receipts arrived, of each product or supplier."""
    usual = pl.col("lead_time_days").quantile(USUALLY, interpolation="linear").alias(f"usual_{key}")
    return receipts.drop_nulls([key, "lead_time_days"]).group_by(key).agg(usual)


def _samples(rows: pl.DataFrame, *, is_received: bool) -> pl.DataFrame:
    return rows.select(
        "product_code", "supplier_id", pl.col("lead_time_days").cast(pl.Int64), is_received=pl.lit(is_received)
    )


def _observed(known: pl.DataFrame, samples: pl.DataFrame, *, key: str, share: str, most: int) -> pl.DataFrame:
    """The samples of the product itself or of its supplier, as lengths whose weights sum to their share."""
    observed = samples.drop_nulls([key, "lead_time_days"]).select(
        pl.col(key).alias("product_code"), "lead_time_days", "is_received"
    )
    lengths = weigh_samples(weigh_censored(observed), most_lengths=most).rename(
        {"product_code": key, "lead_time_days": "days"}
    )
    return known.join(lengths, on=key, how="inner").select(
        "product_code", part=pl.lit(key), days=pl.col("days").cast(pl.Float64), weight=pl.col(share) * pl.col("weight")
    )


def _set(known: pl.DataFrame) -> list[pl.DataFrame]:
    """The setting as three lengths around it, with a deviation of a fifth if there are receipts, else none."""
    days = pl.col("lead_time_days")
    spread = pl.when("is_known").then(days * SETTING_VARIATION * 3**0.5).otherwise(0.0)
    return [
        known.select(
            "product_code", part=pl.lit("setting"), days=days + sign * spread,
            weight=(1 - pl.col("own_share") - pl.col("their_share")) * share,
        )
        for sign, share in ((-1, 1 / 6), (0, 2 / 3), (1, 1 / 6))
    ]  # fmt: skip
