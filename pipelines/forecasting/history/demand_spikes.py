"""Demand spikes: weeks in which a product that sells regularly sold what otherwise lasts it for half a year.

What belongs here: separating spikes from usual demand, and adding them back as a risk. What does not: the one-off
orders listed for a person (`one_off_orders.py`), and models, which learn from usual demand.
A distribution of one mean and one variance cannot hold both. With one sale of 10,000 among two a day it would expect
zero on most days. So spikes are in no mean; they are in the quantiles, at the rate at which they may return.
Read more in docs/maths.md#demand-spikes.
"""

from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

Matrix = NDArray[np.float64]
Index = NDArray[np.int64]
WEEK_DAYS: Final = 7
WEEKS_WORTH: Final = 26
FEWEST_WEEKS: Final = 13
LEAST_SELLING: Final = 0.5
# A sale of half a spike's size or more returned a fifth as often as spikes had come.
SPIKE_RETURN_SHARE: Final = 0.2
TINY: Final = 1e-9


def mark_spikes(rows: pl.DataFrame) -> pl.DataFrame:
    """The rows with `week`, counted back, and `usual_share`, the usual part of the quantity: below 1 in a spike.

    `rows` has `product_code`, `age` (days before the forecast, from 1 on; of a weekly row its first day) and
    `quantity`. The k largest weeks of a product are spikes if each sold at least 26 times the mean of the other weeks.
    The others must be 13 or more, and the product must have sold in half of them. If k is more than one in half a year
    there is no spike, since lumps are usual then. The usual part of a spike is the mean of the other weeks.
    A week with a row that `is_usual`, if there is such a column, is one of the others: a person said so.

    >>> units = [2.0] * 99 + [5002.0] + [2.0] * 264
    >>> marked = mark_spikes(pl.DataFrame({"product_code": "TEA", "age": range(1, 365), "quantity": units}))
    >>> marked.filter(pl.col("usual_share") < 1).select(pl.len(), pl.col("usual_share").mean().round(4)).row(0)
    (7, 0.0028)
    """
    weekly = rows.with_columns(week=(pl.col("age") - 1) // WEEK_DAYS)
    is_usual = pl.col("is_usual").any() if "is_usual" in rows.columns else pl.lit(value=False)
    by_week = (
        weekly.group_by("product_code", "week")
        .agg(sold=pl.col("quantity").sort().sum(), is_usual=is_usual)
        .sort("product_code", "is_usual", "sold", "week", descending=[False, False, True, False])
        .with_columns(
            weeks=(pl.col("week").max() + 1).over("product_code"),
            largest=pl.int_range(1, pl.len() + 1).over("product_code"),
            left=pl.col("sold").cum_sum(reverse=True).shift(-1, fill_value=0.0).over("product_code"),
            selling=(pl.col("sold") > 0).sum().over("product_code"),
        )
        .with_columns(others=pl.col("weeks") - pl.col("largest"))
        .with_columns(usual=pl.col("left") / pl.col("others").clip(lower_bound=1))
        .with_columns(spikes=_spike_count())
    )
    is_rare = pl.col("spikes") <= (pl.col("weeks") // WEEKS_WORTH).clip(lower_bound=1)
    usual = pl.when(pl.col("largest") == pl.col("spikes")).then("usual").max().over("product_code")
    share = pl.when(is_rare & (pl.col("largest") <= pl.col("spikes"))).then(usual / pl.col("sold")).otherwise(1.0)
    usual_shares = by_week.select("product_code", "week", usual_share=share)
    return weekly.join(usual_shares, on=["product_code", "week"], how="left", maintain_order="left")


def _spike_count() -> pl.Expr:
    """How many of a product's largest weeks are each 26 times the mean of the weeks that are left."""
    is_far = (
        ~pl.col("is_usual")
        & (pl.col("others") >= FEWEST_WEEKS)
        & (pl.col("selling") - pl.col("largest") >= LEAST_SELLING * pl.col("others"))
        & (pl.col("usual") > 0)
        & (pl.col("sold") >= WEEKS_WORTH * pl.col("usual"))
    )
    return pl.when(is_far).then("largest").max().fill_null(0).over("product_code")


def with_spikes(quantiles: Matrix, probabilities: Matrix, days: Index, *, rate_per_day: Matrix, size: Matrix) -> Matrix:
    """Quantiles of all demand from those of usual demand: windows x probabilities, in units.

    `days` is the length of each window, `rate_per_day` the expected spikes a day of its product and `size` their mean
    size s in units. The number N of spikes in a window is Poisson with mean rate x days. Given n of them, demand is n s
    plus usual demand:

        Q(p) = n s + Q_usual((p - P(N < n)) / P(N = n)),   n the least with P(N <= n) >= p

    >>> usual = np.array([[40.0, 50.0, 60.0]])
    >>> levels = np.array([0.5, 0.9, 0.99])
    >>> with_spikes(usual, levels, np.array([28.0]), rate_per_day=np.array([1 / 728]), size=np.array([5e3])).round()
    array([[  40.,   54., 5046.]])
    """
    from scipy.special import pdtr, pdtrik  # noqa: PLC0415, only a forecast pays for the import

    rows = np.flatnonzero((rate_per_day > 0) & (days > 0))
    usual, expected = quantiles[rows], (rate_per_day * days)[rows, None]
    number = np.ceil(np.maximum(0.0, pdtrik(np.broadcast_to(probabilities, usual.shape), expected)) - TINY)
    below = np.where(number > 0, pdtr(np.maximum(0.0, number - 1), expected), 0.0)
    usual_probability = (probabilities - below) / (pdtr(number, expected) - below)
    of_all = quantiles.copy()
    for row, at, of_usual, times in zip(rows.tolist(), usual_probability, usual, number, strict=True):
        of_all[row] = np.maximum.accumulate(times * size[row] + np.interp(at, probabilities, of_usual))
    return of_all
