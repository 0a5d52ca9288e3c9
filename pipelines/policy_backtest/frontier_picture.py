"""The frontier as a picture: stock against service, a line per policy.

What belongs here: one inline SVG. What does not: numbers (`report.py`).
Read more in docs/maths.md.
"""

from html import escape
from typing import Final

import polars as pl

WIDTH, HEIGHT, MARGIN = 640, 360, 48
COLOURS: Final = ("#0b6e4f", "#c1440e", "#6b7280", "#8a5cf6", "#0369a1")


def frontier_svg(results: pl.DataFrame) -> str:
    """An SVG of average stock value (across) and the share of weeks without a stock-out (up), of all products."""
    of_all = results.filter(pl.col("demand_class") == "all").drop_nulls("weeks_kept").sort("average_stock_value")
    if of_all.is_empty():
        return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}"></svg>'
    most = float(of_all["average_stock_value"].to_numpy().max())
    least = min(0.99, float(of_all["weeks_kept"].to_numpy().min()))

    def at(stock: float, kept: float) -> tuple[float, float]:
        across = MARGIN + stock / (most or 1.0) * (WIDTH - 2 * MARGIN)
        return across, HEIGHT - MARGIN - (kept - least) / (1 - least) * (HEIGHT - 2 * MARGIN)

    parts = [_axes(least, most)]
    for place, ((policy,), rows) in enumerate(of_all.group_by("policy", maintain_order=True)):
        colour = COLOURS[place % len(COLOURS)]
        points = [at(stock, kept) for stock, kept in rows.select("average_stock_value", "weeks_kept").rows()]
        line = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        parts.append(f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>' for x, y in points]
        parts.append(f'<text x="{MARGIN + 8}" y="{MARGIN + 14 * place}" fill="{colour}">{escape(str(policy))}</text>')
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" font-size="12" '
        f'font-family="sans-serif" role="img" aria-label="Stock against service">{"".join(parts)}</svg>'
    )


def _axes(least: float, most: float) -> str:
    bottom, right = HEIGHT - MARGIN, WIDTH - MARGIN
    return (
        f'<path d="M{MARGIN} {MARGIN} V{bottom} H{right}" fill="none" stroke="#9ca3af"/>'
        f'<text x="4" y="{MARGIN}">100%</text><text x="4" y="{bottom}">{100 * least:.0f}%</text>'
        f'<text x="{right}" y="{HEIGHT - 16}" text-anchor="end">average stock value, to {most:,.0f}</text>'
        f'<text x="{MARGIN}" y="{MARGIN - 16}">weeks without a stock-out</text>'
    )
