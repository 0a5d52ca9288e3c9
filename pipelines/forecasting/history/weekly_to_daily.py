"""Rows of weeks as rows of days: each week's quantity on its days as demand comes, in as many pieces and lumps.

What belongs here: how lumpy a product's weeks are, and the split. What does not: the calendar (`demand_matrix.py`).
The split is Dirichlet-multinomial, the law of negative binomial days given their sum (Poisson days give the
multinomial), as that of demand paths is. Its random numbers depend on the product, the week and the piece alone: a
week that is over keeps its days whatever comes after it, and whoever the neighbours are.
Read more in docs/maths.md.
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
# A week of more pieces is split in so many equal lots; a piece each would cost a large company seconds.
MOST_LOTS: Final = 28
# Above this shape a day is as regular as a Poisson one.
REGULAR: Final = 1e6
RARELY: Final = 0.001
TINY: Final = 1e-9
_KEYS: Final = (0x9E3779B97F4A7C15, 0xD1B54A32D192ED03, 0x8CB92BA72F3D8DD7)
_MIXERS: Final = ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB), (31, 1))


def by_days(weeks: pl.DataFrame, *, as_of: date) -> pl.DataFrame:
    """A row a day that sold, and one on each week's first day; all days where nobody could buy.

    `weeks` has `product_code`, `age` (of the week's first day, in days), `quantity` and `is_hidden`, in the order of
    codes and days; its other columns stay with each day. The week that runs has the days until `as_of`.
    """
    age = weeks["age"].to_numpy()
    sold = np.zeros((weeks.height, DAYS))
    sells = np.flatnonzero(weeks["quantity"].to_numpy() > 0)
    sold[sells] = _split(_to_split(weeks, sells, as_of=as_of))
    is_told = (sold > 0) | weeks["is_hidden"].to_numpy()[:, None]
    is_told[:, 0] = True
    row, day = np.nonzero(is_told & (np.arange(DAYS)[None, :] < age[:, None]))
    return weeks[row].with_columns(quantity=sold[row, day], age=pl.col("age") - day)


@dataclass(frozen=True)
class _Weeks:
    """Weeks that sold: random bits of each, its pieces, its days, the shape of a day, and how far it is from even.

    `from_even` is 1 but for products that sell more evenly than chance has it, and 0 where all weeks are the same.
    """

    bits: Bits
    quantity: Matrix
    days: Index
    shape: Matrix
    from_even: Matrix

    def only(self, which: Index) -> "_Weeks":
        """Some of the weeks."""
        return _Weeks(*(one[which] for one in vars(self).values()))

    def evenly(self, pieces: Matrix) -> Matrix:
        """So many pieces of each week on its days, as many on each."""
        return np.where(np.arange(DAYS)[None, :] < self.days[:, None], (pieces / self.days)[:, None], 0.0)


def _to_split(weeks: pl.DataFrame, sells: Index, *, as_of: date) -> _Weeks:
    told = weeks.with_columns(product=pl.col("product_code").rle_id()).select(*_known_by_then())
    mean, variance, known = (told[name].to_numpy()[sells] for name in ("mean", "variance", "known"))
    dispersion = np.divide(variance, mean, out=np.zeros(sells.size), where=mean > 0) - 1
    codes = weeks["product_code"].rle()
    seeds = np.array([zlib.crc32(code.encode()) for code in codes.struct.field("value")], dtype=np.uint64)
    seed = np.repeat(seeds, codes.struct.field("len").to_numpy())[sells]
    age = weeks["age"].to_numpy()[sells]
    week = (as_of.toordinal() - age).astype(np.uint64)
    shape = np.divide(mean / DAYS, dispersion, out=np.full(sells.size, REGULAR), where=dispersion > 0)
    return _Weeks(
        bits=seed * np.uint64(_KEYS[0]) + week * np.uint64(_KEYS[1]),
        quantity=weeks["quantity"].to_numpy()[sells],
        days=np.minimum(DAYS, age),
        shape=np.clip(shape, TINY, REGULAR),
        from_even=np.where(_is_even(dispersion, known), np.sqrt(1 + dispersion), 1.0),
    )


def _known_by_then() -> tuple[pl.Expr, ...]:
    """Of each row's product, from its first row to this one: known weeks, their mean, their variance.

    The variance is half the mean square of the differences between neighbouring weeks (von Neumann 1941): a season or
    a shift of the level moves weeks, and is no lump within one. A missing week sold nothing; a hidden one, and the one
    that runs, is left out.
    """
    is_known = ~pl.col("is_hidden") & (pl.col("age") >= DAYS)
    weeks = (pl.col("age").first() - pl.col("age")) // DAYS + 1 - (~is_known).cum_sum().cast(pl.Int64)
    quantity, place = (pl.when(is_known).then(one) for one in (pl.col("quantity"), weeks))
    before, step = quantity.forward_fill().shift(1), place - place.forward_fill().shift(1)
    moved = pl.when(step == 1).then((quantity - before) ** 2).otherwise(quantity**2 + before**2)
    known = weeks.clip(lower_bound=1)
    return (
        known.over("product").alias("known"),
        (quantity.fill_null(0.0).cum_sum() / known).over("product").alias("mean"),
        (moved.fill_null(0.0).cum_sum() / 2 / (known - 1).clip(lower_bound=1)).over("product").alias("variance"),
    )


def _is_even(dispersion: Matrix, known: Index) -> NDArray[np.bool_]:
    """Whether weeks vary less than chance would have it in one case of a thousand; differences tell two thirds."""
    from scipy.special import chdtri  # noqa: PLC0415

    freedom = np.maximum(1, np.arange(int(known.max(initial=1)) + 1) - 1) * 2 / 3
    return np.asarray(freedom[known] * (1 + dispersion) < chdtri(freedom, 1 - RARELY)[known])


def _split(weeks: _Weeks) -> Matrix:
    """What each day sold, a row a week: whole pieces by the law, the rest of a piece on a day by its share."""
    whole = np.floor(weeks.quantity + TINY)
    rest = np.where(weeks.quantity - whole > TINY, weeks.quantity - whole, 0.0)
    lots = np.minimum(whole, MOST_LOTS).astype(np.int64)
    count, of_rest = _days_of_lots(weeks, lots, rest > 0)
    sold, many = count, np.flatnonzero(whole > lots)
    sold[many] = _whole_pieces(count[many], whole[many], weeks.only(many))
    sold[np.arange(rest.size), of_rest] += rest
    regular = np.flatnonzero(weeks.from_even < 1)
    sold[regular] = _drawn_to_even(sold[regular], weeks.only(regular))
    return sold


def _days_of_lots(weeks: _Weeks, lots: Index, has_rest: NDArray[np.bool_]) -> tuple[Matrix, Index]:
    """How many lots each day has, and the day of the rest, one lot more.

    The k-th lot goes with one of the k before it, or, as if there were a lot as large as the shapes of all days, to any
    day: Pólya's urn, whose law is the Dirichlet-multinomial one.
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


def _whole_pieces(count: Matrix, pieces: Matrix, weeks: _Weeks) -> Matrix:
    """Lots of several pieces each: drawn towards the even split, to the variance that the pieces have, and whole."""
    all_days = weeks.shape * weeks.days
    scale = np.sqrt((pieces + all_days) * MOST_LOTS / ((MOST_LOTS + all_days) * pieces))
    even = weeks.evenly(pieces)
    drawn = even + scale[:, None] * (count * (pieces / MOST_LOTS)[:, None] - even)
    edges = np.floor(np.cumsum(drawn, axis=1) + _uniform(weeks.bits, MOST_LOTS + 1)[:, None])
    is_last = np.arange(DAYS)[None, :] >= weeks.days[:, None] - 1
    edges = np.where(is_last, pieces[:, None], np.minimum(edges, pieces[:, None]))
    return np.diff(edges, axis=1, prepend=0.0)


def _drawn_to_even(sold: Matrix, weeks: _Weeks) -> Matrix:
    """Weeks that vary less than chance, nearer to the even split; the days of a week sum to it to the last bit."""
    even = weeks.evenly(weeks.quantity)
    told = even + weeks.from_even[:, None] * (sold - even)
    told[:, -1] = np.maximum(0.0, weeks.quantity - np.cumsum(told, axis=1)[:, -2])
    return told


def _uniform(bits: Bits, lot: int) -> Matrix:
    """Even numbers of 0 ... 1, one for each week and lot (SplitMix64: Steele, Lea and Flood 2014)."""
    mixed = bits + np.uint64(_KEYS[2] * (lot + 1) % 2**64)
    for shift, factor in _MIXERS:
        mixed = (mixed ^ (mixed >> np.uint64(shift))) * np.uint64(factor)
    return np.asarray((mixed >> np.uint64(11)) * 2.0**-53)
