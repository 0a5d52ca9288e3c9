"""Weekly rows split into days: each week's quantity on its days, with the day-to-day variation that its weeks imply.

What belongs here: how much a product's weeks vary, and the split. What does not: the calendar (`demand_matrix.py`).
The split is Dirichlet-multinomial, the distribution of negative binomial days given their sum (multinomial for Poisson
days), as that of demand paths is. Its random numbers depend only on the product, the week and the unit. So a past
week keeps its days whatever comes after it, and whatever other products exist.
Read more in docs/maths.md#weekly-rows.
"""

import zlib
from dataclasses import dataclass
from datetime import date
from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

Matrix = NDArray[np.float64]
Index = NDArray[np.int64]
Bits = NDArray[np.uint64]

DAYS: Final = 7
# A week of more units is split in so many equal lots; a lot for each unit would cost a large company seconds.
MOST_LOTS: Final = 28
# Above this shape a day varies as a Poisson one does.
POISSON_SHAPE: Final = 1e6
SIGNIFICANCE: Final = 0.001
TINY: Final = 1e-9
_KEYS: Final = (0x9E3779B97F4A7C15, 0xD1B54A32D192ED03, 0x8CB92BA72F3D8DD7)
_MIXERS: Final = ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB), (31, 1))


def split_weeks(weeks: pl.DataFrame, *, as_of: date) -> pl.DataFrame:
    """The rows by day: one for each day with sales, one for each week's first day; every day of a censored week.

    `weeks` has `product_code`, `age` (of the week's first day, in days), `quantity` and `is_censored`. It is sorted by
    code and day; its other columns are repeated for each day. The current week has the days before `as_of` only.
    """
    age = weeks["age"].to_numpy()
    sold = np.zeros((weeks.height, DAYS))
    selling = np.flatnonzero(weeks["quantity"].to_numpy() > 0)
    sold[selling] = _split(_selling_weeks(weeks, selling, as_of=as_of))
    is_row = (sold > 0) | weeks["is_censored"].to_numpy()[:, None]
    is_row[:, 0] = True
    row, day = np.nonzero(is_row & (np.arange(DAYS)[None, :] < age[:, None]))
    return weeks[row].with_columns(quantity=sold[row, day], age=pl.col("age") - day)


@dataclass(frozen=True)
class _Weeks:
    """Weeks with sales, an entry each: random bits, units, number of days, Dirichlet shape of a day, and unevenness.

    `unevenness` is 1; below 1 for products that vary less than Poisson demand, and 0 if all weeks are equal.
    """

    bits: Bits
    quantity: Matrix
    days: Index
    shape: Matrix
    unevenness: Matrix

    def only(self, which: Index) -> "_Weeks":
        """Some of the weeks."""
        return _Weeks(*(values[which] for values in vars(self).values()))

    def evenly(self, units: Matrix) -> Matrix:
        """So many units of each week spread evenly over its days: weeks x days."""
        return np.where(np.arange(DAYS)[None, :] < self.days[:, None], (units / self.days)[:, None], 0.0)


def _selling_weeks(weeks: pl.DataFrame, selling: Index, *, as_of: date) -> _Weeks:
    past = weeks.with_columns(product=pl.col("product_code").rle_id()).select(*_known_until_then())
    mean, variance, known = (past[name].to_numpy()[selling] for name in ("mean", "variance", "known"))
    dispersion = np.divide(variance, mean, out=np.zeros(selling.size), where=mean > 0) - 1
    codes = weeks["product_code"].rle()
    seeds = np.array([zlib.crc32(code.encode()) for code in codes.struct.field("value")], dtype=np.uint64)
    seed = np.repeat(seeds, codes.struct.field("len").to_numpy())[selling]
    age = weeks["age"].to_numpy()[selling]
    week = (as_of.toordinal() - age).astype(np.uint64)
    shape = np.divide(mean / DAYS, dispersion, out=np.full(selling.size, POISSON_SHAPE), where=dispersion > 0)
    return _Weeks(
        bits=seed * np.uint64(_KEYS[0]) + week * np.uint64(_KEYS[1]),
        quantity=weeks["quantity"].to_numpy()[selling],
        days=np.minimum(DAYS, age),
        shape=np.clip(shape, TINY, POISSON_SHAPE),
        unevenness=np.where(_is_underdispersed(dispersion, known), np.sqrt(1 + dispersion), 1.0),
    )


def _known_until_then() -> tuple[pl.Expr, ...]:
    """For each row, from the product's first row to this one: the number of known weeks, their mean, their variance.

    The variance is half the mean square of the differences between neighbouring weeks (von Neumann 1941). So a season
    or a level shift, which moves weeks, does not count as variation within one. A missing week sold nothing; censored
    weeks and the current one are left out.
    """
    is_known = ~pl.col("is_censored") & (pl.col("age") >= DAYS)
    weeks = (pl.col("age").first() - pl.col("age")) // DAYS + 1 - (~is_known).cum_sum().cast(pl.Int64)
    quantity, place = (pl.when(is_known).then(value) for value in (pl.col("quantity"), weeks))
    before, step = quantity.forward_fill().shift(1), place - place.forward_fill().shift(1)
    squared = pl.when(step == 1).then((quantity - before) ** 2).otherwise(quantity**2 + before**2)
    known = weeks.clip(lower_bound=1)
    return (
        known.over("product").alias("known"),
        (quantity.fill_null(0.0).cum_sum() / known).over("product").alias("mean"),
        (squared.fill_null(0.0).cum_sum() / 2 / (known - 1).clip(lower_bound=1)).over("product").alias("variance"),
    )


def _is_underdispersed(dispersion: Matrix, known: Index) -> NDArray[np.bool_]:
    """Whether weeks vary less than Poisson demand would in one case of a thousand.

    A variance of successive differences has two thirds of the degrees of freedom.
    """
    from scipy.special import chdtri  # noqa: PLC0415, only a forecast pays for the import

    freedom = np.maximum(1, np.arange(int(known.max(initial=1)) + 1) - 1) * 2 / 3
    return np.asarray(freedom[known] * (1 + dispersion) < chdtri(freedom, 1 - SIGNIFICANCE)[known])


def _split(weeks: _Weeks) -> Matrix:
    """What each day sold, weeks x days: whole units drawn at random, the rest of a unit on one day."""
    whole = np.floor(weeks.quantity + TINY)
    rest = np.where(weeks.quantity - whole > TINY, weeks.quantity - whole, 0.0)
    lots = np.minimum(whole, MOST_LOTS).astype(np.int64)
    count, day_of_rest = _days_of_lots(weeks, lots, rest > 0)
    sold, many = count, np.flatnonzero(whole > lots)
    sold[many] = _whole_units(count[many], whole[many], weeks.only(many))
    sold[np.arange(rest.size), day_of_rest] += rest
    regular = np.flatnonzero(weeks.unevenness < 1)
    sold[regular] = _drawn_to_even(sold[regular], weeks.only(regular))
    return sold


def _days_of_lots(weeks: _Weeks, lots: Index, has_rest: NDArray[np.bool_]) -> tuple[Matrix, Index]:
    """How many lots each day has, weeks x days; and the day of the rest, which is one lot more.

    The k-th lot joins the day of one of the k lots before it, or any day. The latter has the weight of the shapes of
    all days. That is Pólya's urn, whose counts are Dirichlet-multinomial.
    """
    draws = lots + has_rest
    order = np.argsort(-draws, kind="stable")
    ends = np.searchsorted(-draws[order], -np.arange(draws.max(initial=0)), side="left")
    day_of = np.zeros((ends.size, lots.size), dtype=np.int8)
    count, last = np.zeros((lots.size, DAYS)), np.zeros(lots.size, dtype=np.int64)
    for lot, end in enumerate(ends.tolist()):
        rows = order[:end]
        fresh = weeks.shape[rows] * weeks.days[rows]
        place = _uniform(weeks.bits[rows], lot) * (fresh + lot)
        any_day = np.minimum(place / weeks.shape[rows], weeks.days[rows] - 1).astype(np.int64)
        before = np.clip((place - fresh).astype(np.int64), 0, max(0, lot - 1))
        day = np.where(place < fresh, any_day, day_of[before, np.arange(end)])
        day_of[lot, :end] = day
        count[rows, day] += lot < lots[rows]
        last[rows] = day
    return count, last


def _whole_units(count: Matrix, units: Matrix, weeks: _Weeks) -> Matrix:
    """Whole units by day from lots of several units each, shrunk towards the even split.

    With n units and A the sum of the shapes, lots vary more than units do; the factor is
    sqrt((n + A) 28 / ((28 + A) n)).
    """
    all_days = weeks.shape * weeks.days
    scale = np.sqrt((units + all_days) * MOST_LOTS / ((MOST_LOTS + all_days) * units))
    even = weeks.evenly(units)
    drawn = even + scale[:, None] * (count * (units / MOST_LOTS)[:, None] - even)
    edges = np.floor(np.cumsum(drawn, axis=1) + _uniform(weeks.bits, MOST_LOTS + 1)[:, None])
    is_last = np.arange(DAYS)[None, :] >= weeks.days[:, None] - 1
    edges = np.where(is_last, units[:, None], np.minimum(edges, units[:, None]))
    return np.diff(edges, axis=1, prepend=0.0)


def _drawn_to_even(sold: Matrix, weeks: _Weeks) -> Matrix:
    """Underdispersed weeks shrunk towards the even split; the days of a week sum to it to the last bit."""
    even = weeks.evenly(weeks.quantity)
    drawn = even + weeks.unevenness[:, None] * (sold - even)
    drawn[:, -1] = np.maximum(0.0, weeks.quantity - np.cumsum(drawn, axis=1)[:, -2])
    return drawn


def _uniform(bits: Bits, lot: int) -> Matrix:
    """Uniform numbers in [0, 1), one for each week and lot (SplitMix64: Steele, Lea and Flood 2014)."""
    mixed = bits + np.uint64(_KEYS[2] * (lot + 1) % 2**64)
    for shift, factor in _MIXERS:
        mixed = (mixed ^ (mixed >> np.uint64(shift))) * np.uint64(factor)
    return np.asarray((mixed >> np.uint64(11)) * 2.0**-53)
