"""A product's explanation as a picture: sales and forecast above, projected stock below, one line of days for both.

What belongs here: one inline SVG. What does not: numbers (`product_explanation.py`).
Read more in docs/maths.md.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from typing import Any, Final

from pipelines.replenishment.explain.bridge import WEEK_DAYS

WIDTH, HEIGHT, MARGIN = 720, 380, 40
SALES: Final = (40, 200)
STOCK: Final = (260, 350)
SOLD, EXPECTED, BAND, OUT, FRAME = "#3b3b3b", "#1f5fa8", "#cfe0f5", "#f3b8ae", "#9ca3af"
Points = list[tuple[float, float]]


@dataclass(frozen=True)
class _Panel:
    """Where a day and a number of pieces lie, between the panel's top and bottom."""

    first: date
    last: date
    most: float
    top: int
    bottom: int

    def across(self, day: date) -> float:
        return MARGIN + (day - self.first).days / max(1, (self.last - self.first).days) * (WIDTH - 2 * MARGIN)

    def at(self, day: date, pieces: float) -> tuple[float, float]:
        return self.across(day), self.bottom - pieces / self.most * (self.bottom - self.top)


def explained_svg(told: Mapping[str, Any]) -> str:
    """An SVG of what `explain_product` tells: history with its days out of stock, forecast with its band, stock."""
    as_of = told["plan"]["as_of_date"]
    history, forecast, stock = told["sales_weekly"], told["forecast"], told["projected_stock"]
    first = history[0]["week_start_date"] if history else as_of
    last = as_of + timedelta(days=WEEK_DAYS * max(1, len(forecast)))
    sold = [*(one["quantity"] for one in history), *(one["quantity_high"] or 0.0 for one in forecast)]
    left = [_available(told), *(one["stock_at_end"] for one in stock)]
    sales = _Panel(first, last, max([1.0, *sold]), *SALES)
    shelf = _Panel(first, last, max([1.0, *left]), *STOCK)
    parts = [
        *_days_out(sales, told["stock_out_days"]),
        _shape("polygon", _band(sales, forecast), f'fill="{BAND}"'),
        _shape("polyline", _weeks(sales, history, "week_start_date"), f'fill="none" stroke="{SOLD}"'),
        _shape("polyline", _weeks(sales, forecast, "period_start_date"), f'fill="none" stroke="{EXPECTED}"'),
        _shape("polyline", _shelf(shelf, told, as_of), f'fill="none" stroke="{EXPECTED}"'),
        _frame(sales, as_of, "sold in a week; shaded: days out of stock; blue: expected, with its band"),
        _frame(shelf, as_of, "stock, at the expected pace and with this order"),
    ]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" font-size="12" '
        f'font-family="sans-serif" role="img" aria-label="Sales, forecast and projected stock">'
        f'<rect width="100%" height="100%" fill="#ffffff"/>{"".join(parts)}</svg>'
    )


def _weeks(panel: _Panel, weeks: Iterable[Mapping[str, Any]], start: str) -> Points:
    """The pieces of each week at its middle."""
    return [panel.at(one[start] + timedelta(days=WEEK_DAYS // 2), one["quantity"]) for one in weeks]


def _band(panel: _Panel, forecast: Sequence[Mapping[str, Any]]) -> Points:
    high = [(one["period_start_date"], one["quantity_high"]) for one in forecast]
    low = [(one["period_start_date"], one["quantity_low"]) for one in reversed(forecast)]
    return [
        panel.at(day + timedelta(days=WEEK_DAYS // 2), pieces) for day, pieces in (*high, *low) if pieces is not None
    ]


def _shelf(panel: _Panel, told: Mapping[str, Any], as_of: date) -> Points:
    """What of today's stock is nobody's yet, then what is left at the end of each week."""
    weeks = [(one["week_start"] + timedelta(days=WEEK_DAYS), one["stock_at_end"]) for one in told["projected_stock"]]
    return [panel.at(day, pieces) for day, pieces in [(as_of, _available(told)), *weeks]]


def _available(told: Mapping[str, Any]) -> float:
    return max(0.0, float(told["plan"]["stock_on_hand"] - told["plan"]["stock_committed"]))


def _days_out(panel: _Panel, days: Sequence[date]) -> list[str]:
    """A rectangle for each run of days on which nothing was there."""
    breaks = [0, *(k + 1 for k, (one, next_) in enumerate(pairwise(days)) if (next_ - one).days > 1), len(days)]
    told = []
    for begin, end in pairwise(breaks):
        if begin < end:
            left, right = panel.across(days[begin]), panel.across(days[end - 1] + timedelta(days=1))
            told.append(
                f'<rect class="out" x="{left:.1f}" y="{panel.top}" width="{right - left:.1f}" '
                f'height="{panel.bottom - panel.top}" fill="{OUT}"/>'
            )
    return told


def _shape(kind: str, points: Points, style: str) -> str:
    return f'<{kind} points="{" ".join(f"{x:.1f},{y:.1f}" for x, y in points)}" {style} stroke-width="1.5"/>'


def _frame(panel: _Panel, as_of: date, title: str) -> str:
    """The panel's axes, its most, its days, and a line at the plan's day."""
    today, right = panel.across(as_of), WIDTH - MARGIN
    return (
        f'<path d="M{MARGIN} {panel.top} V{panel.bottom} H{right} M{today:.1f} {panel.top} V{panel.bottom}" '
        f'fill="none" stroke="{FRAME}"/>'
        f'<text x="{MARGIN}" y="{panel.top - 10}">{title}</text>'
        f'<text x="{MARGIN - 4}" y="{panel.top + 6}" text-anchor="end">{panel.most:,.0f}</text>'
        f'<text x="{MARGIN}" y="{panel.bottom + 16}">{panel.first}</text>'
        f'<text x="{today:.1f}" y="{panel.bottom + 16}" text-anchor="middle">{as_of}</text>'
        f'<text x="{right}" y="{panel.bottom + 16}" text-anchor="end">{panel.last}</text>'
    )
