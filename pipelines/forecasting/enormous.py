"""Enormous sales: weeks in which a product that sells regularly sold what otherwise lasts it for half a year.

What belongs here: telling them from usual demand, and putting them back as what may happen again. What does not: the
one-off orders that are listed for a person (`one_offs.py`), and models: they learn from usual demand.
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

    `rows` has `product_code`, `age` (days before the forecast, from 1 on) and `quantity`. A week is enormous where it
    sold 26 times the mean of the product's other weeks since its first row, which are 13 or more, and the product sold
    in half of them. Of such a week the mean of the others is usual.

    >>> pieces = [2.0] * 99 + [5002.0] + [2.0] * 264
    >>> told = mark_enormous(pl.DataFrame({"product_code": "TEA", "age": range(1, 365), "quantity": pieces}))
    >>> told.filter(pl.col("usual_share") < 1).select(pl.len(), pl.col("usual_share").mean().round(4)).row(0)
    (7, 0.0028)
    """
    week = (pl.col("age") - 1) // WEEK_DAYS
    weeks = pl.col("week").max().over("product_code")
    others = (pl.col("sold").sum().over("product_code") - pl.col("sold")) / weeks
    selling = ((pl.col("sold") > 0).sum().over("product_code") - 1) / weeks
    is_enormous = (
        (weeks >= FEWEST_WEEKS) & (selling >= LEAST_SELLING) & (others > 0) & (pl.col("sold") >= WEEKS_WORTH * others)
    )
    by_week = (
        rows.group_by("product_code", week=week)
        .agg(sold=pl.col("quantity").sort().sum())
        .select("product_code", "week", usual_share=pl.when(is_enormous).then(others / pl.col("sold")).otherwise(1.0))
    )
    weekly = rows.with_columns(week=week)
    return weekly.join(by_week, on=["product_code", "week"], how="left", maintain_order="left")


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
