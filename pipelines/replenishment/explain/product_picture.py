"""A product's explanation as a picture: sales and forecast above, projected stock below, one line of days for both.

What belongs here: one inline SVG. What does not: what it shows (`product_explanation.py`).
Read more in docs/operations.md.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from typing import Final

from pipelines.replenishment.explain.projected_stock import WEEK
from pipelines.replenishment.explain.records import ForecastWeek, ProductExplanation

WIDTH, HEIGHT, MARGIN = 720, 380, 40
SALES: Final = (40, 200)
STOCK: Final = (260, 350)
SOLD, EXPECTED, BAND, OUT, FRAME = "#3b3b3b", "#1f5fa8", "#cfe0f5", "#f3b8ae", "#9ca3af"
Points = list[tuple[float, float]]


@dataclass(frozen=True)
class _Panel:
    """Where a day and a number of units lie, between the panel's top and bottom."""

    first: date
    last: date
    most: float
    top: int
    bottom: int

    def across(self, day: date) -> float:
        return MARGIN + (day - self.first).days / max(1, (self.last - self.first).days) * (WIDTH - 2 * MARGIN)

    def at(self, day: date, units: float) -> tuple[float, float]:
        return self.across(day), self.bottom - units / self.most * (self.bottom - self.top)


def explained_svg(explanation: ProductExplanation) -> str:
    """An SVG of an explanation: sales with their days out of stock, the forecast with its band, and projected stock."""
    as_of = explanation.plan.as_of_date
    history, forecast = explanation.sales_weekly, explanation.forecast
    first = history[0].week_start_date if history else as_of
    last = as_of + WEEK * max(1, len(forecast))
    stock = _stock(explanation)
    sold = [*(week.quantity for week in history), *(week.quantity_high or 0.0 for week in forecast)]
    sales = _Panel(first, last, max([1.0, *sold]), *SALES)
    shelf = _Panel(first, last, max([1.0, *(units for _, units in stock)]), *STOCK)
    past = [sales.at(week.week_start_date + WEEK // 2, week.quantity) for week in history]
    coming = [sales.at(week.period_start_date + WEEK // 2, week.quantity) for week in forecast]
    parts = [
        *_days_out(sales, explanation.stock_out_days),
        _shape("polygon", _band(sales, forecast), f'fill="{BAND}"'),
        _shape("polyline", past, f'fill="none" stroke="{SOLD}"'),
        _shape("polyline", coming, f'fill="none" stroke="{EXPECTED}"'),
        _shape("polyline", [shelf.at(*point) for point in stock], f'fill="none" stroke="{EXPECTED}"'),
        _frame(sales, as_of, "units sold in a week; shaded: days out of stock; blue: forecast, with its band"),
        _frame(shelf, as_of, "projected stock with expected demand and this order"),
    ]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" font-size="12" '
        f'font-family="sans-serif" role="img" aria-label="Sales, forecast and projected stock">'
        f'<rect width="100%" height="100%" fill="#ffffff"/>{"".join(parts)}</svg>'
    )


def _band(panel: _Panel, forecast: Sequence[ForecastWeek]) -> Points:
    high = [(week.period_start_date, week.quantity_high) for week in forecast]
    low = [(week.period_start_date, week.quantity_low) for week in reversed(forecast)]
    return [panel.at(day + WEEK // 2, units) for day, units in (*high, *low) if units is not None]


def _stock(explanation: ProductExplanation) -> list[tuple[date, float]]:
    """Stock available today, then at the end of each coming week."""
    today = (explanation.plan.as_of_date, max(0.0, explanation.plan.available_stock))
    return [today, *((week.week_start + WEEK, week.stock_at_end) for week in explanation.projected_stock)]


def _days_out(panel: _Panel, days: Sequence[date]) -> list[str]:
    """A rectangle for each run of days out of stock."""
    breaks = [0, *(k + 1 for k, (day, next_day) in enumerate(pairwise(days)) if (next_day - day).days > 1), len(days)]
    rectangles = []
    for begin, end in pairwise(breaks):
        if begin < end:
            left, right = panel.across(days[begin]), panel.across(days[end - 1] + timedelta(days=1))
            rectangles.append(
                f'<rect class="out" x="{left:.1f}" y="{panel.top}" width="{right - left:.1f}" '
                f'height="{panel.bottom - panel.top}" fill="{OUT}"/>'
            )
    return rectangles


def _shape(element: str, points: Points, style: str) -> str:
    return f'<{element} points="{" ".join(f"{x:.1f},{y:.1f}" for x, y in points)}" {style} stroke-width="1.5"/>'


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
