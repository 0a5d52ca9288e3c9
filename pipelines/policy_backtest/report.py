"""The results of a policy backtest: achieved service, fill rate, stock, lost margin, and the frontier between them.

What belongs here: from counts to tables. What does not: counting (`simulation.py`).
Compare stock only at equal achieved service, and lost margin only at equal stock. Read more in docs/maths.md.
"""

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
import polars as pl

from pipelines.forecasting.history.demand_matrix import Index, Matrix
from pipelines.policy_backtest.level_prices import EVERYTHING
from pipelines.policy_backtest.simulation import Counts
from pipelines.storage.tables import POLICY_BACKTEST

BLOCK_WEEKS: Final = 4
DRAWS: Final = 400
AT_EQUAL_SERVICE: Final = pl.Schema(
    {"policy": pl.String}
    | dict.fromkeys(
        ("weeks_kept", "our_stock", "stock", "stock_ratio", "low", "high", "our_lost_margin", "lost_margin"), pl.Float64
    )
)
# From here on stock is shown without decimals.
_LARGE: Final = 100


def results(
    counts: Mapping[str, Counts], service_levels: Sequence[float], classes: Sequence[str], products: Sequence[int]
) -> pl.DataFrame:
    """One row per policy, service level and demand pattern, and one for all patterns: `backtest.policy_backtest`.

    `levels_kept`: the share of reviews after which demand over the horizon stayed at or below the order-up-to level.
    `orders_kept`: the achieved cycle service level, the share of orders whose coverage period ended without shortage.
    `weeks_kept`: the share of product weeks without a stock-out. `orders`: the reviews at which anything was ordered.
    `supplier_orders`: the orders of all suppliers; one of several demand patterns counts in parts.
    `classes` is the demand pattern of each group of the counts, `products` the number of products in it.
    """
    rows = [
        _row(policy, sums, level, column, name, members, products)
        for policy, sums in counts.items()
        for column, level in enumerate(service_levels)
        for name, members in members_of(classes).items()
    ]
    return pl.DataFrame(rows, schema=POLICY_BACKTEST.schema)


def members_of(classes: Sequence[str]) -> dict[str, list[int]]:
    """The groups of all products, and those of each demand pattern.

    >>> members_of(["lumpy", "lumpy", "smooth"])
    {'all': [0, 1, 2], 'lumpy': [0, 1], 'smooth': [2]}
    """
    own = {name: [place for place, found in enumerate(classes) if found == name] for name in sorted(set(classes))}
    return {EVERYTHING: list(range(len(classes)))} | own


def _row(
    policy: str, sums: Counts, level: float, column: int, name: str, members: list[int], products: Sequence[int]
) -> dict[str, object]:
    def total(count: str) -> float:
        return float(getattr(sums, count)[:, members, column].sum())

    def share(part: str, whole: str) -> float | None:
        return total(part) / total(whole) if total(whole) > 0 else None

    weeks = max(1, int((sums.periods[:, members, column].sum(axis=1) > 0).sum()))
    return {
        "policy": policy, "service_level": level, "demand_class": name, "products": sum(products[i] for i in members),
        "levels_kept": share("kept_levels", "levels"), "orders_kept": share("kept_orders", "judged_orders"),
        "weeks_kept": share("kept_periods", "periods"), "fill_rate_units": share("served_units", "demand_units"),
        "fill_rate_money": share("served_value", "demand_value"), "average_stock_value": total("stock_value") / weeks,
        "lost_margin_a_week": total("lost_margin") / weeks, "order_lines": int(total("order_lines")),
        "orders": int((sums.order_lines[:, members, column].sum(axis=1) > 0).sum()), "weeks": weeks,
        "supplier_orders": round(total("supplier_orders"), 2),
    }  # fmt: skip


def policies_by_class(results: pl.DataFrame) -> pl.DataFrame:
    """Weeks without a stock-out and average stock of every policy by demand pattern, as text.

    One row per pattern and policy: `demand_class`, `products`, `policy`, and a column per service level.
    """
    names = ("service_level", "weeks_kept", "average_stock_value")
    columns = [f"{100 * level:g}%" for level in results["service_level"].unique().sort()]
    cells: dict[tuple[str, int, str], dict[str, str]] = {}
    of_classes = results.filter(pl.col("demand_class") != EVERYTHING).sort("demand_class", maintain_order=True)
    for row in of_classes.iter_rows(named=True):
        level, kept, stock = (row[name] for name in names)
        share = "-" if kept is None else f"{100 * kept:.1f}%"
        place = (row["demand_class"], row["products"], row["policy"])
        cell = f"{share} / {stock:,.{0 if stock >= _LARGE else 2}f}"
        cells.setdefault(place, {})[f"{100 * level:g}%"] = cell
    rows = [(*place, *(by_level[column] for column in columns)) for place, by_level in cells.items()]
    text = dict.fromkeys(columns, pl.String)
    schema = {"demand_class": pl.String, "products": pl.Int64, "policy": pl.String, **text}
    return pl.DataFrame(rows, schema=schema, orient="row")


def at_equal_service(counts: Mapping[str, Counts], ours: str) -> pl.DataFrame:
    """Our stock beside each rival's at the same share of weeks without a stock-out, and lost margin at equal stock.

    One row per rival whose service overlaps with ours, in the middle of the overlap: `policy`, `weeks_kept`,
    `our_stock`, `stock`, `stock_ratio` with its 90% interval `low` to `high` from resampled blocks of weeks, and at the
    rival's stock `our_lost_margin`, `lost_margin` a week (null outside of the simulated service levels).
    """
    rows = []
    for policy in (name for name in counts if name != ours):
        (own, _), (kept, _) = (_frontier(counts[name], "kept_periods", None, None) for name in (ours, policy))
        least, most = max(own[0], kept[0]), min(own[-1], kept[-1])
        if not least <= most:
            continue
        share = float(least + most) / 2
        own_stock, stock = (stock_at(counts[name], share) for name in (ours, policy))
        lost = (lost_margin_at(counts[name], stock) for name in (ours, policy))
        rows.append((policy, share, own_stock, stock, *stock_ratio(counts[ours], counts[policy], share), *lost))
    compared = pl.DataFrame(rows, schema=AT_EQUAL_SERVICE, orient="row")
    return compared.with_columns(pl.col(pl.Float64).fill_nan(None))


def stock_at(
    counts: Counts, achieved: float, *, members: Sequence[int] | None = None, weeks: Index | None = None
) -> float:
    """Average stock value at this share of weeks without a stock-out, interpolated linearly between service levels.

    NaN if the policy never achieves it. `weeks` are the weeks to count, some of them several times.
    """
    kept, stock = _frontier(counts, "kept_periods", members, weeks)
    if not kept.size or achieved > kept[-1] or achieved < kept[0]:
        return float("nan")
    return float(np.interp(achieved, kept, stock))


def lost_margin_at(counts: Counts, stock: float, *, members: Sequence[int] | None = None) -> float:
    """Lost margin a week at this average stock value; NaN outside of the simulated service levels."""
    places = list(range(counts.periods.shape[1])) if members is None else list(members)
    weeks = max(1, int((counts.periods[:, places, 0].sum(axis=1) > 0).sum()))
    value = counts.stock_value[:, places].sum(axis=(0, 1)) / weeks
    lost = counts.lost_margin[:, places].sum(axis=(0, 1)) / weeks
    order = np.argsort(value)
    if not value[order][0] <= stock <= value[order][-1]:
        return float("nan")
    return float(np.interp(stock, value[order], lost[order]))


def _frontier(counts: Counts, kept: str, members: Sequence[int] | None, weeks: Index | None) -> tuple[Matrix, Matrix]:
    places = list(range(counts.periods.shape[1])) if members is None else list(members)
    counted = np.flatnonzero(counts.periods[:, places, 0].sum(axis=1) > 0)
    chosen = counted if weeks is None else counted[weeks]
    share = getattr(counts, kept)[chosen][:, places].sum(axis=(0, 1))
    share = share / counts.periods[chosen][:, places].sum(axis=(0, 1))
    stock = counts.stock_value[chosen][:, places].sum(axis=(0, 1)) / chosen.size
    order = np.argsort(share, kind="stable")
    return share[order], stock[order]


def stock_ratio(
    ours: Counts, theirs: Counts, achieved: float, *, members: Sequence[int] | None = None, seed: int = 0
) -> tuple[float, float, float]:
    """Our stock over theirs at the same achieved service, and a 90% interval from resampled blocks of weeks."""
    weeks = int((ours.periods.sum(axis=(1, 2)) > 0).sum())
    blocks = -(-weeks // BLOCK_WEEKS)
    rng = np.random.default_rng(seed)
    drawn = []
    for _ in range(DRAWS):
        starts = rng.integers(0, max(1, weeks - BLOCK_WEEKS + 1), blocks)
        again = (starts[:, None] + np.arange(min(BLOCK_WEEKS, weeks))).ravel()[:weeks]
        drawn.append(_ratio(ours, theirs, achieved, members, again))
    return _ratio(ours, theirs, achieved, members, None), *interval_of(drawn)


def interval_of(drawn: Sequence[float]) -> tuple[float, float]:
    """The 90% interval of resampled values; NaN if none is a number."""
    low, high = np.nanquantile(drawn, [0.05, 0.95]) if np.isfinite(drawn).any() else (np.nan, np.nan)
    return float(low), float(high)


def _ratio(ours: Counts, theirs: Counts, achieved: float, members: Sequence[int] | None, weeks: Index | None) -> float:
    own, rival = (stock_at(counts, achieved, members=members, weeks=weeks) for counts in (ours, theirs))
    return own / rival
