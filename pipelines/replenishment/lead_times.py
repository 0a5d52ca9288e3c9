"""How long an order may take: the lengths of each product's lead time and how likely each is.

What belongs here: samples, and what receipts teach. What does not: how receipts are found (the warehouse).
Read more in docs/maths.md.
"""

from typing import Final

import polars as pl

MOST_LENGTHS: Final = 8
# What a product's own receipts have to outweigh, and then its supplier's, in receipts.
SUPPLIER_WEIGHT: Final = 4
SETTING_WEIGHT: Final = 8
SETTING_VARIATION: Final = 0.2
LENGTHS: Final = pl.Schema({"product_code": pl.String, "lead_time_days": pl.Int64, "weight": pl.Float64})


def weigh_samples(samples: pl.DataFrame) -> pl.DataFrame:
    """The distinct lengths of each product with their weights, which sum to one, in the shape of `LENGTHS`.

    `samples` has `product_code`, `lead_time_days` and may have `weight`. More than eight lengths are joined to eight
    groups of equal weight, each by its mean.

    >>> weigh_samples(pl.DataFrame({"product_code": ["A"] * 4, "lead_time_days": [7, 14, 7, 7]})).rows()
    [('A', 7, 0.75), ('A', 14, 0.25)]
    """
    weight = pl.col("weight") if "weight" in samples.columns else pl.lit(1.0)
    told = (
        samples.select("product_code", pl.col("lead_time_days").round(0).cast(pl.Int64), weight=weight)
        .group_by("product_code", "lead_time_days")
        .agg(pl.col("weight").sum())
        .sort("product_code", "lead_time_days")
        .with_columns(pl.col("weight") / pl.col("weight").sum().over("product_code"))
    )
    middle = (pl.col("weight").cum_sum() - pl.col("weight") / 2).over("product_code") * MOST_LENGTHS
    is_many = pl.len().over("product_code") > MOST_LENGTHS
    days = pl.col("lead_time_days")
    mean = (days * pl.col("weight")).sum() / pl.col("weight").sum()
    return (
        told.with_columns(bin=pl.when(is_many).then(middle.floor().cast(pl.Int64)).otherwise(days))
        .group_by("product_code", "bin", is_many)
        .agg(mean.round(0).cast(pl.Int64).alias("lead_time_days"), pl.col("weight").sum())
        .group_by("product_code", "lead_time_days")
        .agg(pl.col("weight").sum())
        .sort("product_code", "lead_time_days")
        .select(list(LENGTHS))
        .cast(LENGTHS)
    )


def learn_lead_times(products: pl.DataFrame, receipts: pl.DataFrame) -> pl.DataFrame:
    """The lengths of each product's lead time, in the shape of `LENGTHS`.

    `products` has `product_code`, `supplier_id`, `lead_time_days` (the setting) and `manufacturing_time_days`;
    `receipts` has `product_code`, `supplier_id` and `lead_time_days` of what was received.
    Of n own receipts the share n / (n + 4) counts, of n of the supplier n / (n + 8) of what is left, and the rest is
    the setting, which is then thought to vary by a fifth. Where nothing was ever received the setting is taken at its
    word. The manufacturing time is added to each length.
    """
    own = receipts.group_by("product_code").agg(own=pl.col("lead_time_days"))
    theirs = receipts.drop_nulls("supplier_id").group_by("supplier_id").agg(theirs=pl.col("lead_time_days"))
    known = (
        products.select("product_code", "supplier_id", "lead_time_days", "manufacturing_time_days")
        .join(own, on="product_code", how="left")
        .join(theirs, on="supplier_id", how="left")
        .with_columns(own_share=_share("own", SUPPLIER_WEIGHT), their_share=_share("theirs", SETTING_WEIGHT))
        .with_columns(left=1 - pl.col("own_share"))
    )
    added = pl.col("manufacturing_time_days")
    received = [
        known.select("product_code", added, lead_time_days=samples, weight=share / pl.col(samples).list.len())
        .explode("lead_time_days")
        .drop_nulls("lead_time_days")
        for samples, share in (("own", pl.col("own_share")), ("theirs", pl.col("left") * pl.col("their_share")))
    ]
    rest = known.with_columns(weight=pl.col("left") * (1 - pl.col("their_share")))
    is_known = pl.col("own").is_not_null() | pl.col("theirs").is_not_null()
    told = pl.concat([*received, _setting(rest, is_known)], how="vertical_relaxed")
    return weigh_samples(told.with_columns(pl.col("lead_time_days") + added).filter(pl.col("weight") > 0))


def _share(samples: str, against: int) -> pl.Expr:
    count = pl.col(samples).list.len().fill_null(0).cast(pl.Float64)
    return count / (count + against)


def _setting(rest: pl.DataFrame, is_known: pl.Expr) -> pl.DataFrame:
    """The setting as three lengths with its mean and, where receipts show that it varies, a fifth as deviation."""
    spread = pl.when(is_known).then(pl.col("lead_time_days") * SETTING_VARIATION * 3**0.5).otherwise(0.0)
    return pl.concat(
        rest.select(
            "product_code", "manufacturing_time_days", lead_time_days=pl.col("lead_time_days") + sign * spread,
            weight=pl.col("weight") * share,
        )
        for sign, share in ((-1, 1 / 6), (0, 2 / 3), (1, 1 / 6))
    )  # fmt: skip
