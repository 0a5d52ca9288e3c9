"""A product's last half year and next quarter as a small picture: bars of weekly sales, then the forecast's line.

What belongs here: the numbers of a row's picture and its shapes, as paths of SVG. What does not: colours (`desk.css`).
Paths are attributes, not styles, so that the page's security policy lets them be.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Final

import polars as pl

from pipelines.forecasting.history.transferred_demand import transfer_demand
from pipelines.storage import tables
from planner.shown.published_view import PublishedView

PAST_WEEKS: Final = 26
COMING_WEEKS: Final = 13
HEIGHT: Final = 24
_STEP: Final = 3
_BAR: Final = 2


@dataclass
class WeeklyDemand:
    """Units sold in each past week, in which weeks stock ran out, and the coming weeks as (low, expected, high)."""

    sold: list[float] = field(default_factory=lambda: [0.0] * PAST_WEEKS)
    is_out: list[bool] = field(default_factory=lambda: [False] * PAST_WEEKS)
    coming: list[tuple[float, float, float]] = field(default_factory=list)


@dataclass(frozen=True)
class Sparkline:
    """The shapes of one row's picture, each the `d` of a path."""

    sold: str
    out: str
    band: str
    expected: str


def sparklines(view: PublishedView, codes: Sequence[str]) -> dict[str, Sparkline]:
    """The picture of each of these products, by its code."""
    return {code: drawn(demand) for code, demand in weekly_demand(view, codes).items()}


def weekly_demand(view: PublishedView, codes: Sequence[str]) -> dict[str, WeeklyDemand]:
    """Half a year of demand and the coming quarter of each of these products; demand as it is forecast from."""
    found = {code: WeeklyDemand() for code in codes}
    if view.as_of is None:
        return found
    for code, week, units, is_out in _by_week(_demand_of(view, codes, view.as_of), view.as_of).rows():
        found[code].sold[PAST_WEEKS - 1 - week], found[code].is_out[PAST_WEEKS - 1 - week] = units, is_out
    for code, low, expected, high in _coming(view, codes, view.as_of).rows():
        found[code].coming.append((low, expected, high))
    return found


def drawn(demand: WeeklyDemand) -> Sparkline:
    """The shapes of a product's weeks, all on one scale, in whole pixels.

    >>> picture = drawn(WeeklyDemand([0.0] * 25 + [4.0], [False] * 26, [(1.0, 2.0, 4.0)] * 3))
    >>> picture.sold, picture.expected, picture.band
    ('M75 24v-24h2v24z', 'M79 12H85', 'M79 1H85L85 18H79z')
    """
    most = max([1.0, *demand.sold, *(high for _, _, high in demand.coming)])
    sold = "".join(_bar(week, units / most, _BAR) for week, units in enumerate(demand.sold) if units > 0)
    out = "".join(_bar(week, 1.0, _STEP) for week, is_out in enumerate(demand.is_out) if is_out)
    if not demand.coming:
        return Sparkline(sold, out, "", "")
    low, expected, high = ([_down(units, most) for units in part] for part in zip(*demand.coming, strict=True))
    places = [(PAST_WEEKS + week) * _STEP + 1 for week in range(len(demand.coming))]
    back = _line(places[::-1], low[::-1])
    return Sparkline(sold, out, f"M{_line(places, high)}L{back}z", f"M{_line(places, expected)}")


def _bar(week: int, share: float, width: int) -> str:
    height = max(1, round(share * HEIGHT))
    return f"M{week * _STEP} {HEIGHT}v-{height}h{width}v{height}z"


def _down(units: float, most: float) -> int:
    return round(HEIGHT - 1 - units / most * (HEIGHT - 2))


def _line(across: Sequence[int], down: Sequence[int]) -> str:
    """A line through points; where it is level, only its end is named."""
    text, last = f"{across[0]} {down[0]}", len(down) - 1
    for at in range(1, last + 1):
        if down[at] != down[at - 1]:
            text += f"L{across[at]} {down[at]}"
        elif at == last or down[at + 1] != down[at]:
            text += f"H{across[at]}"
    return text


def _demand_of(view: PublishedView, codes: Sequence[str], as_of: date) -> pl.DataFrame:
    """Daily demand of these products in the past weeks, with what predecessors and bundles add to it."""
    wanted = set(codes)
    sources = _sources(view.ways_of_demand, wanted)
    recent = pl.col("demand_date").is_between(as_of - timedelta(weeks=PAST_WEEKS), as_of, closed="left")
    own = view.rows(tables.DEMAND_DAILY, recent, of=sources)
    if sources == wanted and not wanted & set(view.ways_of_demand["product_code"]):
        return own
    moved = transfer_demand(own, view.ways_of_demand)
    kept = own.filter(pl.col("product_code").is_in(view.ways_of_demand["product_code"].implode()))
    return pl.concat([moved, kept]).filter(pl.col("product_code").is_in(list(wanted)))


def _sources(transfers: pl.DataFrame, wanted: set[str]) -> set[str]:
    """These products and all whose demand counts for them, in however many steps."""
    found, steps = set(wanted), transfers.select("product_code", "to_product").rows()
    while more := {source for source, target in steps if target in found and source not in found}:
        found |= more
    return found


def _by_week(demand_daily: pl.DataFrame, as_of: date) -> pl.DataFrame:
    """Units and whether stock ran out, a product and week; week 0 is the last one before the plan's day."""
    week = ((pl.lit(as_of) - pl.col("demand_date")).dt.total_days() - 1) // 7
    return (
        demand_daily.group_by("product_code", week=week)
        .agg(pl.col("quantity").sum(), pl.col("is_stocked_out").fill_null(value=False).any())
        .filter(pl.col("week").is_between(0, PAST_WEEKS - 1))
        .select("product_code", "week", "quantity", "is_stocked_out")
    )


def _coming(view: PublishedView, codes: Sequence[str], as_of: date) -> pl.DataFrame:
    """Low, expected and high demand of the coming weeks, in order; a band that is not known is the expected demand."""
    end = as_of + timedelta(weeks=COMING_WEEKS)
    weeks = view.rows(tables.DEMAND_FORECAST, pl.col("period_start_date") < end, of=codes)
    weeks = weeks.sort("product_code", "period_start_date")
    return weeks.select(
        "product_code",
        pl.coalesce("quantity_low", "quantity"),
        pl.col("quantity").fill_null(0.0),
        pl.coalesce("quantity_high", "quantity"),
    )
