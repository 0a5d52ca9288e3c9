"""Events in the forecast: the demand of their days is expected to be the usual one times their factors.

What belongs here: which products an event changes by how much, and a forecast with the coming events. What does not:
past events (`past_events.py`), what people type (`planning_settings/demand_settings/demand_events.py`).
Read more in docs/maths.md#promotions-and-events.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from typing import Final

import numpy as np
import polars as pl

from pipelines.forecasting.forecast_tables import DIGITS, Forecast
from pipelines.forecasting.history.demand_matrix import WEEK_DAYS, Matrix
from pipelines.planning_settings.demand_settings.demand_events import MOST_TIMES
from pipelines.storage.tables import PRODUCT_EVENTS

SHARE_DAYS: Final = 364
TINY: Final = 1e-9


def product_events(
    events: pl.DataFrame, product_groups: pl.DataFrame, demand_daily: pl.DataFrame, counts: pl.DataFrame,
    *, product_codes: Sequence[str], as_of: date,
) -> pl.DataFrame:  # fmt: skip
    """`forecast.product_events`: each event and product whose demand it changes, with the factor for all its demand.

    `events` has the shape of `raw.demand_events`, `counts` that of `where_demand_counts`; `product_groups` has
    `group_id` and `product_code`. An event of a product whose sales count for another one changes only their share w of
    that one's demand (of the last year): its factor f becomes 1 + w (f - 1).
    """
    every = pl.DataFrame({"sold_as": sorted(product_codes)}, schema={"sold_as": pl.String})
    columns = ("name", "from_date", "until_date", "factor")
    by_scope = {scope: events.filter(pl.col("scope") == scope) for scope in ("all", "product", "group")}
    rows = pl.concat(
        [
            by_scope["all"].select(*columns).join(every, how="cross"),
            by_scope["product"].select(*columns, sold_as="subject").join(every, on="sold_as", how="semi"),
            by_scope["group"]
            .join(product_groups.select("group_id", sold_as="product_code"), left_on="subject", right_on="group_id")
            .select(*columns, "sold_as"),
        ]
    ).unique(["name", "sold_as"], keep="first", maintain_order=True)
    shares = _shares(demand_daily, counts, as_of=as_of)
    return (
        rows.join(shares, on="sold_as", how="left")
        .with_columns(product_code=pl.coalesce("to_product", "sold_as"), share=pl.col("share").fill_null(1.0))
        .group_by("product_code", "name", "from_date", "until_date", event_factor="factor")
        .agg(factor=(1 + (pl.col("share") * (pl.col("factor") - 1)).sort().sum()).clip(lower_bound=0.0).round(4))
        .select(list(PRODUCT_EVENTS.columns))
        .cast(PRODUCT_EVENTS.schema)
        .sort("product_code", "from_date", "name")
    )


def _shares(demand_daily: pl.DataFrame, counts: pl.DataFrame, *, as_of: date) -> pl.DataFrame:
    """The share of each product in the demand of those that its sales count for; its own too, if others count for it.

    Without sales in the last year each of them has the same share.
    """
    schema = {"sold_as": pl.String, "to_product": pl.String, "share": pl.Float64}
    if counts.is_empty():
        return pl.DataFrame(schema=schema)
    keeps = (
        counts.select(product_code="to_product")
        .unique()
        .join(counts, on="product_code", how="anti")
        .select("product_code", to_product="product_code", units=pl.lit(1.0))
    )
    age = (pl.lit(as_of) - pl.col("demand_date")).dt.total_days()
    sold = (
        demand_daily.filter(age.is_between(1, SHARE_DAYS))
        .group_by("product_code")
        .agg(sold=pl.col("quantity").sort().sum())
    )
    counted = pl.concat([counts, keeps]).join(sold, on="product_code", how="left")
    units = pl.col("units") * pl.col("sold").fill_null(0.0) + TINY
    return counted.select(
        sold_as="product_code", to_product="to_product", share=(units / units.sum().over("to_product"))
    ).cast(pl.Schema(schema))


@dataclass(frozen=True)
class DayFactors:
    """The factor of each coming day for some products: `factors[i, d]` of product `product_codes[i]`, d days ahead."""

    product_codes: Sequence[str]
    factors: Matrix

    def of(self, product_code: str) -> Matrix | None:
        """The factors of a product; None if no event changes it."""
        return self._by_code.get(product_code)

    @cached_property
    def _by_code(self) -> Mapping[str, Matrix]:
        return dict(zip(self.product_codes, self.factors, strict=True))


def day_factors(events: pl.DataFrame, *, as_of: date, days: int) -> DayFactors:
    """The factors of the next `days` days; those of events on the same day multiply, up to the most that one may have.

    `events` has the shape of `forecast.product_events`.

    >>> rows = [("TEA", "A", date(2026, 5, 2), date(2026, 5, 3), 2.0, 2.0),
    ...         ("TEA", "B", date(2026, 5, 3), date(2026, 5, 9), 1.5, 1.5)]
    >>> events = pl.DataFrame(rows, schema=PRODUCT_EVENTS.schema, orient="row")
    >>> day_factors(events, as_of=date(2026, 5, 1), days=4).factors.tolist()
    [[1.0, 2.0, 3.0, 1.5]]
    """
    coming = events.with_columns(
        begin=(pl.col("from_date") - as_of).dt.total_days().clip(lower_bound=0),
        end=(pl.col("until_date") - as_of).dt.total_days() + 1,
    ).filter((pl.col("end") > 0) & (pl.col("begin") < days) & (pl.col("factor") != 1))
    codes = coming["product_code"].unique().sort()
    factors = np.ones((codes.len(), days))
    rows = coming.join(pl.DataFrame({"product_code": codes, "row": np.arange(codes.len())}), on="product_code")
    for row, begin, end, factor in rows.select("row", "begin", "end", "factor").rows():
        factors[row, begin:end] = np.minimum(factors[row, begin:end] * factor, float(MOST_TIMES))
    return DayFactors(codes.to_list(), factors)


def with_coming_events(forecast: Forecast, factors: DayFactors, horizons: pl.DataFrame) -> Forecast:
    """The forecast with the factors of the coming days.

    Quantiles change in the proportion of the mean, as for overridden demand:

        Q'_p(h) = Q_p(h) (mean of h days with the events) / (mean without them)

    `horizons` has one row for each product with `lead_time_days` and `order_frequency_days`. Example: 2 a day are
    expected, and three of 21 days have the factor 3: Q'_p = Q_p 54 / 42.
    """
    before = daily_path(forecast.demand_forecast, factors.product_codes, days=factors.factors.shape[1])
    if not before.size:
        return forecast
    summed = [np.pad(np.cumsum(days, axis=1), ((0, 0), (1, 0))) for days in (before, before * factors.factors)]
    of_days = _Ratios({code: row for row, code in enumerate(factors.product_codes)}, *summed)
    lead = dict(horizons.select("product_code", "lead_time_days").rows())
    return replace(
        forecast,
        demand_quantiles=_scaled_quantiles(forecast.demand_quantiles, of_days, lead),
        demand_forecast=_scaled_path(forecast.demand_forecast, of_days),
        demand_horizons=_scaled_horizons(forecast.demand_horizons, of_days),
    )


def daily_path(demand_forecast: pl.DataFrame, product_codes: Sequence[str], *, days: int) -> Matrix:
    """Expected demand of each coming day, products x days: weeks spread evenly; the last week of the path repeats.

    A product without a forecast expects nothing.
    """
    path = demand_forecast.filter(pl.col("product_code").is_in(list(product_codes))).sort(
        "product_code", "period_start_date"
    )
    weeks = path.group_by("product_code", maintain_order=True).agg("quantity")
    by_code = dict(zip(weeks["product_code"].to_list(), weeks["quantity"].to_list(), strict=True))
    longest = max((len(quantities) for quantities in by_code.values()), default=1)
    weekly = np.zeros((len(product_codes), longest))
    for row, code in enumerate(product_codes):
        known = by_code.get(code, [0.0])
        weekly[row] = [*known, *[known[-1]] * (longest - len(known))]
    daily = np.repeat(weekly, WEEK_DAYS, axis=1) / WEEK_DAYS
    return np.pad(daily, ((0, 0), (0, max(0, days - daily.shape[1]))), mode="edge")[:, :days]


@dataclass(frozen=True)
class _Ratios:
    """Expected demand of the days before each day, without and with events: products x (days + 1)."""

    place: Mapping[str, int]
    without: Matrix
    with_events: Matrix

    def between(self, code: str, begin: int, end: int) -> float:
        """What a product's demand from a day until another is multiplied by; 1 if none is expected."""
        row = self.place.get(code)
        if row is None or end <= begin:
            return 1.0
        without = self.without[row, end] - self.without[row, begin]
        return float((self.with_events[row, end] - self.with_events[row, begin]) / without) if without > TINY else 1.0


def _scaled_quantiles(quantiles: pl.DataFrame, of_days: _Ratios, lead: Mapping[str, int]) -> pl.DataFrame:
    changed = pl.col("product_code").is_in(list(of_days.place))
    windows = quantiles.filter(changed).select("product_code", "horizon_days").unique().sort(pl.all())
    ratios = windows.with_columns(
        ratio=pl.Series([of_days.between(code, 0, days) for code, days in windows.rows()], dtype=pl.Float64),
        ratio_in_cover=pl.Series(
            [of_days.between(code, min(lead.get(code, 0), days), days) for code, days in windows.rows()],
            dtype=pl.Float64,
        ),
    )
    scaled = quantiles.join(ratios, on=["product_code", "horizon_days"], how="left").sort(
        "product_code", "horizon_days", "probability"
    )
    whole = (pl.col("quantity") * pl.col("ratio").fill_null(1.0)).round(DIGITS)
    in_cover = (pl.col("quantity_in_cover") * pl.col("ratio_in_cover").fill_null(1.0)).round(DIGITS)
    # a longer window sells no less than a shorter one, and the days of an order no more than all of them
    return (
        scaled.with_columns(quantity=whole.cum_max().over("product_code", "probability"))
        .with_columns(
            quantity_in_cover=pl.when(in_cover.is_not_null()).then(pl.min_horizontal(in_cover, pl.col("quantity")))
        )
        .select(quantiles.columns)
    )


def _scaled_path(path: pl.DataFrame, of_days: _Ratios) -> pl.DataFrame:
    week = pl.int_range(pl.len()).over("product_code")
    numbered = path.sort("product_code", "period_start_date").with_columns(week=week)
    ratios = [
        of_days.between(code, WEEK_DAYS * number, WEEK_DAYS * (number + 1))
        for code, number in numbered.select("product_code", "week").rows()
    ]  # fmt: skip
    ratio = pl.Series("ratio", ratios, dtype=pl.Float64)
    quantities = ("quantity", "quantity_low", "quantity_high")
    scaled = numbered.with_columns(ratio).with_columns(
        (pl.col(name) * pl.col("ratio")).round(DIGITS) for name in quantities
    )
    return scaled.select(path.columns)


def _scaled_horizons(horizons: pl.DataFrame, of_days: _Ratios) -> pl.DataFrame:
    """The parts of the mean, and the weekly variance, which changes as the mean squared does."""
    rows = horizons.select("product_code", "lead_time_days", "horizon_days").rows()
    series = {
        "before": [of_days.between(code, 0, min(lead, days)) for code, lead, days in rows],
        "cover": [of_days.between(code, min(lead, days), days) for code, lead, days in rows],
        "whole": [of_days.between(code, 0, days) for code, _, days in rows],
    }
    return (
        horizons.with_columns(pl.Series(name, ratios, dtype=pl.Float64) for name, ratios in series.items())
        .with_columns(
            demand_before_arrival=(pl.col("demand_before_arrival") * pl.col("before")).round(DIGITS),
            demand_in_cover=(pl.col("demand_in_cover") * pl.col("cover")).round(DIGITS),
            weekly_variance=(pl.col("weekly_variance") * pl.col("whole") ** 2).round(DIGITS),
        )
        .select(horizons.columns)
    )
