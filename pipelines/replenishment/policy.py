"""The order-up-to level and the reorder point: two quantiles of the horizon's demand.

What belongs here: reading the levels off the forecast. What does not: stock (`plan.py`).
Read more in docs/maths.md.
"""

import numpy as np
import polars as pl

# Below this no reorder point stands: a coin's toss. A service level of 75% and less shares it.
LEAST_PROBABILITY = 0.5


def reorder_probability(service_level: float) -> float:
    """The probability that the reorder point stands for: 1 - 2(1 - p), so that an order is worth its line.

    >>> round(reorder_probability(0.95), 4), reorder_probability(0.6)
    (0.9, 0.5)
    """
    return max(LEAST_PROBABILITY, 1 - 2 * (1 - service_level))


def order_levels(demand_quantiles: pl.DataFrame, settings: pl.DataFrame) -> pl.DataFrame:
    """One row per product with a forecast: `product_code`, `order_up_to_level`, `reorder_point`, in whole pieces.

    S = Q_p(D) and s = Q_{1-2(1-p)}(D), rounded up, with D the demand over the horizon, p the service level and Q the
    quantile between the grid's probabilities by a straight line; beyond 99.9%, where the grid ends, that of 99.9%.
    `demand_quantiles` has the shape of `forecast.demand_quantiles`, `settings` that of `wide_settings`.
    """
    grid = demand_quantiles.sort("product_code", "probability").group_by("product_code", maintain_order=True).agg(
        "probability", "quantity"
    )  # fmt: skip
    asked = grid.join(settings.select("product_code", "service_level"), on="product_code", how="inner")
    rows = [
        (
            code,
            _level(probabilities, quantities, service_level),
            _level(probabilities, quantities, reorder_probability(service_level)),
        )
        for code, probabilities, quantities, service_level in asked.sort("product_code").iter_rows()
    ]
    return pl.DataFrame(
        rows,
        schema={"product_code": pl.String, "order_up_to_level": pl.Float64, "reorder_point": pl.Float64},
        orient="row",
    )


def _level(probabilities: list[float], quantities: list[float], probability: float) -> float:
    return float(np.ceil(np.interp(probability, probabilities, quantities) - 1e-9))
