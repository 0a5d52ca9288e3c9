"""Enormous sales: weeks in which a product that sells regularly sold what otherwise lasts it for half a year.

What belongs here: telling them from usual demand, and putting them back as what may happen again. What does not: the
one-off orders that are listed for a person (`one_off_orders.py`), and models: they learn from usual demand.
A law of one mean and one variance cannot hold both: with one sale of 10,000 among two a day it would expect nothing on
most days. They are no part of the mean; at the probability at which they come back they are in the quantiles.
Read more in docs/maths.md.
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
# What was so large came back a fifth as often as it had come, with half its size or more.
RETURNING: Final = 0.2
TINY: Final = 1e-9


def mark_enormous(rows: pl.DataFrame) -> pl.DataFrame:
    """The rows with `week`, counted back, and `usual_share`, the usual part of the quantity: below 1 if it is enormous.

    `rows` has `product_code`, `age` (days before the forecast, from 1 on; of a row that stands for a week its first
    day) and `quantity`. The k largest weeks of a product are enormous where each sold 26 times the mean of the others
    since its first row, or more, the others are 13 or more, and the product sold in half of them; but where k is more
    than one in half a year none is, as lumps are usual then. Of such a week the mean of the others is usual.

    >>> pieces = [2.0] * 99 + [5002.0] + [2.0] * 264
    >>> told = mark_enormous(pl.DataFrame({"product_code": "TEA", "age": range(1, 365), "quantity": pieces}))
    >>> told.filter(pl.col("usual_share") < 1).select(pl.len(), pl.col("usual_share").mean().round(4)).row(0)
    (7, 0.0028)
    """
    weekly = rows.with_columns(week=(pl.col("age") - 1) // WEEK_DAYS)
    by_week = (
        weekly.group_by("product_code", "week")
        .agg(sold=pl.col("quantity").sort().sum())
        .sort("product_code", "sold", "week", descending=[False, True, False])
        .with_columns(
            weeks=(pl.col("week").max() + 1).over("product_code"),
            largest=pl.int_range(1, pl.len() + 1).over("product_code"),
            left=pl.col("sold").cum_sum(reverse=True).shift(-1, fill_value=0.0).over("product_code"),
            selling=(pl.col("sold") > 0).sum().over("product_code"),
        )
        .with_columns(others=pl.col("weeks") - pl.col("largest"))
        .with_columns(usual=pl.col("left") / pl.col("others").clip(lower_bound=1))
        .with_columns(together=_largest_together())
    )
    is_rare = pl.col("together") <= (pl.col("weeks") // WEEKS_WORTH).clip(lower_bound=1)
    usual = pl.when(pl.col("largest") == pl.col("together")).then("usual").max().over("product_code")
    share = pl.when(is_rare & (pl.col("largest") <= pl.col("together"))).then(usual / pl.col("sold")).otherwise(1.0)
    told = by_week.select("product_code", "week", usual_share=share)
    return weekly.join(told, on=["product_code", "week"], how="left", maintain_order="left")


def _largest_together() -> pl.Expr:
    """How many of a product's largest weeks are each 26 times the mean of what is left without them."""
    is_far = (
        (pl.col("others") >= FEWEST_WEEKS)
        & (pl.col("selling") - pl.col("largest") >= LEAST_SELLING * pl.col("others"))
        & (pl.col("usual") > 0)
        & (pl.col("sold") >= WEEKS_WORTH * pl.col("usual"))
    )
    return pl.when(is_far).then("largest").max().fill_null(0).over("product_code")


def with_enormous(quantiles: Matrix, probabilities: Matrix, days: Index, *, a_day: Matrix, pieces: Matrix) -> Matrix:
    """Quantiles of all demand of windows from those of usual demand, a row a window, a column a probability.

    `days` is how long each window is, `a_day` how many enormous sales a day its product had, `pieces` their mean size.
    Their number N in a window has a Poisson law; with n of them demand is n sizes and usual demand:

        Q(p) = n s + Q_usual((p - P(N < n)) / P(N = n)),   n the least with P(N <= n) >= p

    >>> usual = np.array([[40.0, 50.0, 60.0]])
    >>> told = with_enormous(usual, np.array([0.5, 0.9, 0.99]), np.array([28.0]), a_day=np.array([1 / 728]),
    ...                      pieces=np.array([5000.0]))
    >>> told.round().tolist()
    [[40.0, 54.0, 5046.0]]
    """
    from scipy.special import pdtr, pdtrik  # noqa: PLC0415, only a forecast pays for it

    rows = np.flatnonzero((a_day > 0) & (days > 0))
    usual, rate = quantiles[rows], (a_day * days)[rows, None]
    number = np.ceil(np.maximum(0.0, pdtrik(np.broadcast_to(probabilities, usual.shape), rate)) - TINY)
    below = np.where(number > 0, pdtr(np.maximum(0.0, number - 1), rate), 0.0)
    left = (probabilities - below) / (pdtr(number, rate) - below)
    told = quantiles.copy()
    for row, at, of_usual, times in zip(rows.tolist(), left, usual, number, strict=True):
        told[row] = np.maximum.accumulate(times * pieces[row] + np.interp(at, probabilities, of_usual))
    return told
