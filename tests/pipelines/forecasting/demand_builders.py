"""Made-up companies for tests of the forecast: many products, the same at every run."""

from datetime import timedelta

import numpy as np
import polars as pl

from tests.pipelines.planning_builders import AS_OF, TEA, sold


def a_company(
    products: int, *, weeks: int = 104, mean: float = 6.0, size: float = 1.0, seed: int = 11, by_week: bool = False
) -> pl.DataFrame:
    """Stationary demand, one row a product and week: on its first day, or on any of its days.

    Means lie around `mean`, and each week's demand is a negative binomial of that size (small: in lumps).
    """
    random = np.random.default_rng(seed)
    means = mean * random.lognormal(0, 1, products)
    quantity = random.negative_binomial(size, size / (size + means[:, None]), (products, weeks)).astype(float)
    ago = 7 * np.arange(weeks, 0, -1)[None, :] - (0 if by_week else random.integers(0, 7, (products, weeks)))
    code = np.repeat([f"P-{k:05}" for k in range(products)], weeks)
    days = np.broadcast_to(ago, quantity.shape).ravel()
    return pl.DataFrame(
        {
            "product_code": code,
            "demand_date": [AS_OF - timedelta(days=int(ago)) for ago in days],
            "quantity": quantity.ravel(),
        }
    )


def shifting(demand: pl.DataFrame, *, times: float = 3.0, days_ago: int = 200) -> pl.DataFrame:
    """The same company, whose products sell `times` as much since `days_ago` days ago."""
    is_later = pl.col("demand_date") > AS_OF - timedelta(days=days_ago)
    return demand.with_columns(quantity=pl.when(is_later).then(times * pl.col("quantity")).otherwise("quantity"))


def seasonal(demand: pl.DataFrame) -> pl.DataFrame:
    """The same company, whose products all sell three times as much at the height of the year as in its depth."""
    weeks = (pl.lit(AS_OF) - pl.col("demand_date")).dt.total_days() / 7
    return demand.with_columns(quantity=(pl.col("quantity") * (1 + 0.5 * (weeks * 2 * np.pi / 52).sin())).round())


def over(*products: str, days: int = 28, start_days: int = 0) -> pl.DataFrame:
    """Windows of `days` days for these products."""
    return pl.DataFrame({"product_code": products, "horizon_days": days, "start_days": start_days})


def over_all(demand: pl.DataFrame, *, days: int = 28, start_days: int = 0) -> pl.DataFrame:
    return over(*demand["product_code"].unique().sort(), days=days, start_days=start_days)


def out_of_stock(*days_ago: int, product: str = TEA) -> pl.DataFrame:
    """Days out of stock, without a sale."""
    return sold(dict.fromkeys(days_ago, 0), product).with_columns(is_stocked_out=pl.lit(value=True))
