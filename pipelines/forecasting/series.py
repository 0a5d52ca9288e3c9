"""Daily demand as one matrix: a row a product, a column a day, the last column the day before `as_of`.

What belongs here: the calendar. Weeks end the day before `as_of`, so no recent sale is left out; before a product's
first sale there is nothing, which is not the same as zero. What does not: models.
Read more in docs/maths.md.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

LONGEST_WEEKS: Final = 156
Matrix = NDArray[np.float64]
Index = NDArray[np.int64]


@dataclass(frozen=True)
class Series:
    """Demand by product and day; `first_week[i]` is the week in which product i was first sold."""

    product_codes: Sequence[str]
    daily: Matrix
    first_week: Index

    @property
    def weeks(self) -> int:
        """How many weeks the calendar has."""
        return int(self.daily.shape[1]) // 7

    @property
    def weekly(self) -> Matrix:
        """Demand by product and week, zero before the first sale too."""
        return np.asarray(self.daily.reshape(self.daily.shape[0], self.weeks, 7).sum(axis=2))

    @property
    def history_weeks(self) -> Index:
        """For each product the weeks since it was first sold."""
        return self.weeks - self.first_week


def make_series(demand_daily: pl.DataFrame, *, as_of: date) -> Series:
    """The series of every product that was sold before `as_of`, by product code.

    `demand_daily` has the shape of `marts.demand_daily`. Days without a row are zero; at most three years are kept.
    """
    known = (
        demand_daily.filter(
            (pl.col("demand_date") < as_of)
            & (pl.col("demand_date") >= as_of - timedelta(weeks=LONGEST_WEEKS))
            & (pl.col("quantity") > 0)
            & pl.col("quantity").is_finite()
        )
        .group_by("product_code", "demand_date")
        .agg(pl.col("quantity").sum())
        .with_columns(age=(pl.lit(as_of) - pl.col("demand_date")).dt.total_days())
        .sort("product_code", "demand_date")
    )
    codes = known["product_code"].unique(maintain_order=True)
    oldest = int(known["age"].max() or 0)  # type: ignore[arg-type]
    weeks = -(-oldest // 7)
    daily = np.zeros((len(codes), weeks * 7))
    rows = known.join(codes.to_frame().with_row_index("row"), on="product_code", how="left", maintain_order="left")
    columns = weeks * 7 - rows["age"].to_numpy()
    daily[rows["row"].to_numpy(), columns] = rows["quantity"].to_numpy()
    first = np.argmax(daily > 0, axis=1) // 7 if len(codes) else np.zeros(0)
    return Series(codes.to_list(), daily, first.astype(np.int64))
