"""From frames of a forecast, stock and lead times to the inputs of the order decision, and back to a table.

What belongs here: joining by product, frames to arrays. What does not: the decision (`order_decision.py`).
Read more in docs/maths.md.
"""

from datetime import date
from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pipelines.forecasting.calendar_intervals import NO_CALENDARS, Calendars, calendar_id
from pipelines.forecasting.distribution import DemandDistribution
from pipelines.forecasting.forecast_tables import Forecast
from pipelines.forecasting.history.demand_matrix import Index, Matrix
from pipelines.forecasting.protection_intervals import LONGEST_HORIZON_DAYS, expected_intervals
from pipelines.replenishment.decision.available_stock import available_stock
from pipelines.replenishment.decision.demand_paths import IntervalDemand, seeds_of
from pipelines.replenishment.decision.order_decision import Decision, DecisionInputs, OrderCalendars
from pipelines.replenishment.decision.stock_projection import Stock

MEDIAN: Final = np.array([0.5])
_LENGTH: Final = "expected_lead_time_days"
ARRIVALS: Final = pl.Schema({"product_code": pl.String, "arrival_day": pl.Int64, "quantity": pl.Float64})


def prepare_inputs(
    distribution: DemandDistribution,
    products: pl.DataFrame,
    windows: pl.DataFrame,
    arrivals: pl.DataFrame,
    *,
    seed: int,
    calendars: Calendars = NO_CALENDARS,
) -> DecisionInputs:
    """The decision inputs of `products`, in their order.

    `products` has `product_code`, `service_level`, `horizon_days` and the columns of available stock, sorted by
    product; `windows` has the shape of `protection_intervals`, `arrivals` that of `ARRIVALS`. With `calendars`,
    products have `supplier_id` too.
    """
    codes = products.select("product_code").with_row_index("row")
    rows = windows.join(codes, on="product_code", how="inner").sort("row", "arrival_day")
    days, quantities = _arrivals(codes, arrivals)
    available = products.select(available_stock()).to_series().to_numpy().astype(float)
    return DecisionInputs(
        service_level=products["service_level"].to_numpy().astype(float),
        horizon_days=products["horizon_days"].to_numpy().astype(np.int64),
        stock=Stock(available, days, quantities),
        lead_product=rows["row"].to_numpy().astype(np.int64),
        arrival_day=rows["arrival_day"].to_numpy().astype(np.int64),
        lead_weight=rows["weight"].to_numpy().astype(float),
        demand=interval_demand(
            distribution, rows["product_code"], rows["horizon_days"].to_numpy().astype(np.int64), seed=seed
        ),
        calendars=order_calendars(products, windows, calendars) if calendars else None,
    )


def order_calendars(products: pl.DataFrame, windows: pl.DataFrame, calendars: Calendars) -> OrderCalendars:
    """What the calendars mean for the orders of `products`; the first calendar is that of suppliers without one."""
    expected = windows.group_by("product_code").agg(pl.col("order_day", "expected_arrival_day").first())
    known = products.select("product_code", key=calendar_id("supplier_id", calendars)).join(
        expected, on="product_code", how="left", maintain_order="left"
    )
    place = {key: row for row, key in enumerate(calendars, start=1)}
    days = np.arange(LONGEST_HORIZON_DAYS + 1, dtype=np.int64)
    return OrderCalendars(
        order_day=known["order_day"].fill_null(0).to_numpy().astype(np.int64),
        expected_arrival_day=known["expected_arrival_day"].fill_null(0).to_numpy().astype(np.int64),
        calendar=np.array([place.get(key, 0) for key in known["key"].to_list()], dtype=np.int64),
        next_open_day=np.stack([days, *(calendar.next_open_day(days) for calendar in calendars.values())]),
    )


def distribution_of(forecast: Forecast) -> DemandDistribution:
    """The demand distribution in the tables of a forecast."""
    products = (
        forecast.demand_horizons.select("product_code", "weekly_variance", "history_weeks", "is_sold_whole")
        .unique("product_code")
        .sort("product_code")
    )
    codes = products.select("product_code").with_row_index("row")
    levels = forecast.demand_quantiles["probability"].unique().sort()
    probabilities = levels.to_numpy() if levels.len() else MEDIAN
    grid = _by_window(forecast.demand_quantiles, probabilities)
    windows = grid.select("product_code", "horizon_days").gather_every(probabilities.size)
    windows = windows.join(codes, on="product_code", how="left", maintain_order="left")
    is_known = windows["row"].is_not_null()
    quantiles = grid["quantity"].to_numpy().reshape(-1, probabilities.size)[is_known.to_numpy()]
    windows = windows.filter(is_known)
    path = forecast.demand_forecast.join(codes, on="product_code", how="inner").sort("row", "period_start_date")
    weeks = path.group_by("row", maintain_order=True).agg("quantity")
    return DemandDistribution(
        product_codes=products["product_code"].to_list(),
        is_sold_whole=products["is_sold_whole"].fill_null(value=False).to_numpy(),
        demand_class=np.full(products.height, ""),
        model=np.full(products.height, ""),
        history_weeks=products["history_weeks"].to_numpy(),
        weekly_mean=_matrix(weeks["quantity"]),
        weekly_variance=products["weekly_variance"].to_numpy(),
        window_product=windows["row"].to_numpy().astype(np.int64),
        start_days=np.zeros(windows.height, dtype=np.int64),
        days=windows["horizon_days"].to_numpy(),
        probabilities=probabilities,
        quantiles=quantiles,
        mean=np.zeros(windows.height),
    )


def _by_window(demand_quantiles: pl.DataFrame, probabilities: Matrix) -> pl.DataFrame:
    """The quantiles of each product and horizon together, by probability; those of a forecast are so without sorting.

    Sorting the millions of rows of a large company takes seconds and twice their memory.
    """
    count = probabilities.size
    keys = demand_quantiles.select("product_code", "horizon_days")
    is_by_window = (
        demand_quantiles.height % count == 0
        and bool((demand_quantiles["probability"].to_numpy().reshape(-1, count) == probabilities).all())
        and keys.gather_every(count).equals(keys.gather_every(count, count - 1))
    )
    return demand_quantiles if is_by_window else demand_quantiles.sort("product_code", "horizon_days", "probability")


def _matrix(lists: pl.Series) -> Matrix:
    return np.array(lists.to_list(), dtype=float).reshape(len(lists), -1) if len(lists) else np.zeros((0, 1))


def interval_demand(
    distribution: DemandDistribution, codes: pl.Series, horizon_days: Index, *, seed: int
) -> IntervalDemand:
    """The demand distribution of each product over its horizon; zero if the product is not in the forecast.

    Between two forecast horizons each quantile is interpolated linearly.
    """
    place = {code: row for row, code in enumerate(distribution.product_codes)}
    product = np.array([place.get(code, -1) for code in codes.to_list()], dtype=np.int64)
    is_known = product >= 0
    variance = _or_zero(distribution.weekly_variance[:, None], product, is_known)[:, 0]
    weekly = _or_zero(distribution.weekly_mean, product, is_known)
    return IntervalDemand(
        seeds=seeds_of(codes.to_list(), seed=seed),
        horizon_days=horizon_days,
        probabilities=distribution.probabilities,
        quantiles=_quantiles(distribution, product, horizon_days),
        weekly_mean=weekly,
        dispersion=_dispersion(weekly.mean(axis=1), variance),
        is_sold_whole=_or_zero(distribution.is_sold_whole[:, None].astype(float), product, is_known)[:, 0] > 0,
    )


def _quantiles(distribution: DemandDistribution, product: Index, horizon_days: Index) -> Matrix:
    """The quantiles of each product over its horizon, from the forecast horizons at or around it."""
    rows = np.flatnonzero(distribution.start_days == 0)
    key = distribution.window_product[rows] * (LONGEST_HORIZON_DAYS + 1) + distribution.days[rows]
    rows, key = rows[np.argsort(key)], np.sort(key)
    sought = product * (LONGEST_HORIZON_DAYS + 1) + horizon_days
    after = np.searchsorted(key, sought)
    before = np.searchsorted(key, sought, side="right") - 1
    is_known = (before >= 0) & (after < key.size) & (product >= 0)
    after, before = after[is_known], before[is_known]
    is_own = distribution.window_product[rows[after]] == distribution.window_product[rows[before]]
    is_own &= distribution.window_product[rows[after]] == product[is_known]
    share = (sought[is_known] - key[before]) / np.maximum(1, key[after] - key[before])
    quantiles = np.zeros((product.size, distribution.quantiles.shape[1]))
    low, high = distribution.quantiles[rows[before]], distribution.quantiles[rows[after]]
    quantiles[is_known] = np.where(is_own[:, None], low + share[:, None] * (high - low), 0.0)
    return quantiles


def decision_table(products: pl.DataFrame, decision: Decision) -> pl.DataFrame:
    """The products with the decision as columns, rounded as it is stored; the bridge adds up.

    Safety stock is the order-up-to level less the expected demand of the protection interval. `timing_adjustment` is
    what the paths need beyond that level less stock and less the demand lost before arrival.
    """
    decided = products.with_columns(pl.Series(name, values) for name, values in vars(decision).items())
    numbers = pl.col([name for name in vars(decision) if name != "is_due"])
    decided = decided.with_columns(pl.when(numbers.is_finite()).then(numbers.round(4)))
    demand = pl.col("demand_before_arrival") + pl.col("demand_in_cover")
    position = available_stock() + pl.col("stock_on_order_in_time")
    lost, level, need = pl.col("demand_lost_before_arrival"), pl.col("order_up_to_level"), pl.col("needed_quantity")
    return decided.rename({"needed": "needed_quantity"}).with_columns(
        safety_stock=(level - demand).round(4),
        timing_adjustment=(need - (level - position - lost)).round(4),
    )  # fmt: skip


def without_minus_nothing() -> pl.Expr:
    """All floats of a frame with 0.0 for -0.0, so that equal numbers have equal text; polars drops `x + 0.0`.

    >>> pl.DataFrame({"quantity": [-0.0]}).with_columns(without_minus_nothing()).rows()
    [(0.0,)]
    """
    return pl.when(pl.col(pl.Float64) == 0).then(0.0).otherwise(pl.col(pl.Float64)).name.keep()


def arrivals_of(lines: pl.DataFrame, *, as_of: date) -> pl.DataFrame:
    """Open order lines by product and day from `as_of` on; an order with a past day or none arrives today."""
    day = (pl.col("arrival_date") - pl.lit(as_of)).dt.total_days().fill_null(0).clip(lower_bound=0)
    return (
        lines.select("product_code", arrival_day=day, quantity=pl.col("quantity"))
        .group_by("product_code", "arrival_day")
        .agg(pl.col("quantity").sort().sum())
        .sort("product_code", "arrival_day")
        .cast(ARRIVALS)
    )


def arrivals_on_order(
    stock_on_order: pl.DataFrame, windows: pl.DataFrame, *, as_of: date, calendars: Calendars = NO_CALENDARS
) -> pl.DataFrame:
    """Each open order line of a planned product, with the day on which it is expected and whether that is in time.

    In time is before the end of the coverage period. A counted order whose expected day has passed arrives today. An
    order in time is expected no sooner than orders of the product usually take, even if promised sooner: an order
    sent a moment ago arrives when an order of today would. An order for which nobody named a day is expected when
    orders of the product usually arrive, so that no younger order overtakes it. None arrives in a shutdown of its
    supplier: `promised_day` is the day on which it would. `usual_day` is the day on which the next order arrives.
    """
    promised = (pl.col("expected_arrival_date") - pl.lit(as_of)).dt.total_days().fill_null(0).clip(lower_bound=0)
    is_moved = pl.col("is_in_time") & (pl.col("arrival_day") > 0)
    lines = (
        stock_on_order.join(
            expected_intervals(windows).rename({"arrival_day": "usual_day"}), on="product_code", how="inner"
        )
        .with_columns(
            promised_day=promised,
            own_usual_day=pl.col("usual_day")
            - (pl.lit(as_of) - pl.col("order_date")).dt.total_days().clip(lower_bound=0),
        )
        .with_columns(arrival_day="promised_day")
    )  # fmt: skip
    if calendars:
        lines = _by_calendar(lines, windows, calendars, as_of=as_of)
    is_assumed = pl.col("is_arrival_assumed").fill_null(value=False) & pl.col("own_usual_day").is_not_null()
    lines = lines.with_columns(
        pl.when(is_assumed).then(pl.col("own_usual_day").clip(lower_bound=0)).otherwise(name).alias(name)
        for name in ("arrival_day", "promised_day")
    )
    return lines.with_columns(is_in_time=pl.col("arrival_day") < pl.col("horizon_days")).with_columns(
        arrival_day=pl.when(is_moved).then(pl.max_horizontal("arrival_day", "own_usual_day")).otherwise("arrival_day")
    )


def counted_arrivals(on_order: pl.DataFrame) -> pl.DataFrame:
    """What counts as supply of the lines of `arrivals_on_order`, by product and day: the shape of `ARRIVALS`."""
    counted = on_order.filter("is_counted").group_by("product_code", "arrival_day").agg(pl.col("quantity").sum())
    return counted.select(list(ARRIVALS)).cast(ARRIVALS)


def _by_calendar(lines: pl.DataFrame, windows: pl.DataFrame, calendars: Calendars, *, as_of: date) -> pl.DataFrame:
    """Open orders with the days on which they arrive and usually would, by the calendars of their suppliers."""
    leads = windows.group_by("product_code").agg(pl.col("expected_lead_time_days").first())
    lines = lines.join(leads, on="product_code", how="left", maintain_order="left").with_columns(
        key=calendar_id("supplier_id", calendars),
        placed=(pl.col("order_date") - pl.lit(as_of)).dt.total_days(),
    )
    parts = [lines.filter(pl.col("key").is_null())]
    for (key,), part in lines.drop_nulls("key").group_by("key", maintain_order=True):
        calendar = calendars[str(key)]
        placed, length = (part[name].fill_null(0).to_numpy().astype(np.int64) for name in ("placed", _LENGTH))
        due = part["arrival_day"].to_numpy().astype(np.int64)
        usual = pl.Series("own_usual_day", calendar.arrival(placed, length), dtype=pl.Int64)
        parts.append(
            part.with_columns(usual, pl.Series("arrival_day", calendar.next_open_day(due), dtype=pl.Int64))
            .with_columns(own_usual_day=pl.when(pl.col("placed").is_not_null()).then("own_usual_day"))
        )  # fmt: skip
    return pl.concat(parts).drop("key", "placed", _LENGTH)


def _arrivals(codes: pl.DataFrame, arrivals: pl.DataFrame) -> tuple[Index, Matrix]:
    """The days and quantities of each product's arrivals, a row per product; padded with zero on day 0."""
    rows = (
        arrivals.join(codes, on="product_code", how="inner")
        .sort("row", "arrival_day")
        .with_columns(slot=pl.int_range(pl.len()).over("row"))
    )
    shape = (codes.height, rows["slot"].n_unique())
    days, quantities = np.zeros(shape, dtype=np.int64), np.zeros(shape)
    row, slot = rows["row"].to_numpy(), rows["slot"].to_numpy()
    days[row, slot], quantities[row, slot] = rows["arrival_day"].to_numpy(), rows["quantity"].to_numpy()
    return days, quantities


def _or_zero(values: Matrix, rows: Index, is_known: NDArray[np.bool_]) -> Matrix:
    chosen = np.zeros((rows.size, values.shape[1]))
    chosen[is_known] = values[rows[is_known]]
    return chosen


def _dispersion(mean: Matrix, variance: Matrix) -> Matrix:
    return np.where(mean > 0, variance / np.maximum(mean, 1e-12) - 1, 0.0)
