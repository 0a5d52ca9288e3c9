"""Units expected to be lost before open orders arrive, along the demand paths that the plan decides on.

What belongs here: the projection without the line, and which line could have saved which units. What does not: the
projection itself (`decision/stock_projection.py`), the advice (`advice.py`).
Read more in docs/maths.md.
"""

from typing import Final

import numpy as np
import polars as pl

from pipelines.forecasting.forecast_tables import Forecast
from pipelines.forecasting.history.demand_matrix import Index, Matrix
from pipelines.planning_settings.order_rule import OrderPolicy
from pipelines.replenishment.decision.available_stock import available_stock
from pipelines.replenishment.decision.decision_inputs import distribution_of, interval_demand
from pipelines.replenishment.decision.stock_projection import Stock, project
from pipelines.replenishment.plan.order_plan import SEED

# Products that are projected at a time.
_PRODUCTS: Final = 1000
_FORECAST_BY_PRODUCT: Final = ("demand_forecast", "demand_quantiles", "demand_horizons")


def units_lost(lines: pl.DataFrame, forecast: Forecast, policy: OrderPolicy) -> pl.DataFrame:
    """For each line (`place`) the units that it would save by coming at once: `lost_quantity`.

    `lines` has `place`, `product_code`, `supply`, `arrival_day`, `until_day`, `horizon_days`, `stock_ahead`,
    and the columns of available stock, in the order of arrival within a product. With backorders they are the units
    served late.
    """
    if lines.is_empty():
        return pl.DataFrame(schema={"place": pl.UInt32, "lost_quantity": pl.Float64})
    part = pl.col("product_code").rank("dense") // _PRODUCTS
    parts = lines.with_columns(part=part).partition_by("part", maintain_order=True)
    short = pl.concat([_short_before(part, forecast, policy) for part in parts])
    return shared_out(short).select("place", "lost_quantity")


def shared_out(lines: pl.DataFrame) -> pl.DataFrame:
    """The lines with `lost_quantity`: of the units `short` before each arrives, those that its own goods would serve.

    Earlier lines serve first: saved(1..i) = min(saved(1..i-1) + supply(i), short(i)).

    >>> lines = pl.DataFrame({"product_code": ["TEA", "TEA"], "supply": [5.0, 20.0], "short": [8.0, 10.0]})
    >>> shared_out(lines)["lost_quantity"].to_list()
    [5.0, 5.0]
    """
    of_product, supply = "product_code", pl.col("supply").cum_sum().over("product_code")
    lost = pl.col("short").cum_max().over(of_product)
    saved = supply + (lost - supply).cum_min().over(of_product).clip(upper_bound=0.0)
    return lines.with_columns(saved=saved).with_columns(
        lost_quantity=pl.col("saved") - pl.col("saved").shift(1).over(of_product).fill_null(0.0)
    )


def _short_before(lines: pl.DataFrame, forecast: Forecast, policy: OrderPolicy) -> pl.DataFrame:
    """The lines with `short`: units expected to be short before `until_day`, with earlier lines alone."""
    codes = lines["product_code"].unique()
    own = {
        name: frame.filter(pl.col("product_code").is_in(codes.implode())) if name in _FORECAST_BY_PRODUCT else frame
        for name, frame in vars(forecast).items()
    }
    interval = interval_demand(
        distribution_of(Forecast(**own)), lines["product_code"],
        lines["horizon_days"].to_numpy().astype(np.int64), seed=SEED,
    )  # fmt: skip
    days, quantities = _earlier(lines)
    available = lines.select(available_stock()).to_series().to_numpy().astype(float)
    is_lost = policy.unmet_demand == "lost"
    until = lines["until_day"].to_numpy().astype(np.int64)
    projection = project(interval, Stock(available, days, quantities), until, is_lost=is_lost)
    short = projection.lost if is_lost else np.maximum(0.0, -projection.on_hand)
    return lines.with_columns(short=pl.Series((short * interval.path_weights).sum(axis=1)))


def _earlier(lines: pl.DataFrame) -> tuple[Index, Matrix]:
    """For each line the days and quantities of the product's lines before it.

    Lines that arrive before the first of `lines`, and so before stock runs out, count as there today.
    """
    rows = lines.with_row_index("row").with_columns(rank=pl.int_range(pl.len()).over("product_code"))
    first = rows.filter(pl.col("rank") == 0).select(
        "product_code", "row", arrival_day=pl.lit(0, dtype=pl.Int64),
        supply=pl.col("stock_ahead") - available_stock(),
    )  # fmt: skip
    others = rows.select("product_code", "arrival_day", "supply", other=pl.col("rank"))
    before = rows.join(others, on="product_code", suffix="_of_other").filter(pl.col("other") < pl.col("rank"))
    before = before.select(
        "row", arrival_day=pl.col("arrival_day_of_other"), supply=pl.col("supply_of_other"), slot=pl.col("other") + 1
    )
    ahead = rows.select("product_code", "row").join(first.drop("row"), on="product_code")
    every = pl.concat([before, ahead.select("row", "arrival_day", "supply", slot=pl.lit(0, dtype=pl.Int64))])
    shape = (lines.height, rows["rank"].n_unique() + 1)
    days, quantities = np.zeros(shape, dtype=np.int64), np.zeros(shape)
    row, slot = every["row"].to_numpy(), every["slot"].to_numpy()
    days[row, slot], quantities[row, slot] = every["arrival_day"].to_numpy(), every["supply"].to_numpy()
    return days, quantities
