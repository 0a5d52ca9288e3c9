"""What a replay comes to: service in three figures, fill rate, stock, lost margin, and the frontier between them.

What belongs here: from counts to tables. What does not: counting (`simulation.py`).
Compare rules only at equal achieved service, or stock at equal stock. Read more in docs/maths.md.
"""

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
import polars as pl

from pipelines.forecasting.history.demand_matrix import Index, Matrix
from pipelines.policy_backtest.simulation import Counts
from pipelines.storage.tables import POLICY_BACKTEST

EVERYTHING: Final = "all"
BLOCK_WEEKS: Final = 4
DRAWS: Final = 400
AT_EQUAL_SERVICE: Final = pl.Schema(
    {"policy": pl.String}
    | dict.fromkeys(
        ("weeks_kept", "our_stock", "stock", "stock_ratio", "low", "high", "our_lost_margin", "lost_margin"), pl.Float64
    )
)
# From here on stock is told without what is after the point.
_LARGE: Final = 100


def results(
    counts: Mapping[str, Counts], service_levels: Sequence[float], classes: Sequence[str], products: Sequence[int]
) -> pl.DataFrame:
    """One row per policy, service level and class of demand, and one for all of them.

    Levels kept: the share of reviews after which the demand of the horizon stayed at or below the level. Orders kept:
    the share of orders whose cover ended without shortage, which is what a cycle service level promises. Weeks kept:
    the share of product weeks without shortage. `classes` is the class of each group of the counts, `products` how many
    there are in it. Orders: the reviews at which anything was ordered.
    """
    rows = [
        _row(policy, told, level, column, name, members, products)
        for policy, told in counts.items()
        for column, level in enumerate(service_levels)
        for name, members in members_of(classes).items()
    ]
    return pl.DataFrame(rows, schema=POLICY_BACKTEST.schema)


def members_of(classes: Sequence[str]) -> dict[str, list[int]]:
    """The groups of all products, and those of each class.

    >>> members_of(["lumpy", "lumpy", "smooth"])
    {'all': [0, 1, 2], 'lumpy': [0, 1], 'smooth': [2]}
    """
    own = {name: [place for place, one in enumerate(classes) if one == name] for name in sorted(set(classes))}
    return {EVERYTHING: list(range(len(classes)))} | own


def _row(
    policy: str, told: Counts, level: float, column: int, name: str, members: list[int], products: Sequence[int]
) -> dict[str, object]:
    def total(of: str) -> float:
        return float(getattr(told, of)[:, members, column].sum())

    def share(part: str, whole: str) -> float | None:
        return total(part) / total(whole) if total(whole) > 0 else None

    weeks = max(1, int((told.periods[:, members, column].sum(axis=1) > 0).sum()))
    return {
        "policy": policy, "service_level": level, "demand_class": name, "products": sum(products[i] for i in members),
        "levels_kept": share("kept_levels", "levels"), "orders_kept": share("kept_orders", "judged_orders"),
        "weeks_kept": share("kept_periods", "periods"), "fill_rate_units": share("served_units", "asked_units"),
        "fill_rate_money": share("served_value", "asked_value"), "average_stock_value": total("stock_value") / weeks,
        "lost_margin_a_week": total("lost_margin") / weeks, "order_lines": int(total("order_lines")),
        "orders": int((told.order_lines[:, members, column].sum(axis=1) > 0).sum()), "weeks": weeks,
    }  # fmt: skip


def rules_by_class(results: pl.DataFrame) -> pl.DataFrame:
    """Every rule in every class of demand: per service level the weeks kept and the average stock, as people read it.

    One row per class and policy: `demand_class`, `products`, `policy`, and a column per service level.
    """
    names = ("service_level", "weeks_kept", "average_stock_value")
    columns = [f"{100 * level:g}%" for level in results["service_level"].unique().sort()]
    told: dict[tuple[str, int, str], dict[str, str]] = {}
    of_classes = results.filter(pl.col("demand_class") != EVERYTHING).sort("demand_class", maintain_order=True)
    for row in of_classes.iter_rows(named=True):
        level, kept, stock = (row[name] for name in names)
        share = "-" if kept is None else f"{100 * kept:.1f}%"
        place = (row["demand_class"], row["products"], row["policy"])
        cell = f"{share} / {stock:,.{0 if stock >= _LARGE else 2}f}"
        told.setdefault(place, {})[f"{100 * level:g}%"] = cell
    rows = [(*place, *(cells[column] for column in columns)) for place, cells in told.items()]
    text = dict.fromkeys(columns, pl.String)
    schema = {"demand_class": pl.String, "products": pl.Int64, "policy": pl.String, **text}
    return pl.DataFrame(rows, schema=schema, orient="row")


def at_equal_service(counts: Mapping[str, Counts], ours: str) -> pl.DataFrame:
    """Our stock beside each rival's where both keep the same share of product weeks, and lost margin at equal stock.

    One row per rival whose service overlaps with ours, in the middle of what both keep: `policy`, `weeks_kept`,
    `our_stock`, `stock`, `stock_ratio` with its 90% interval `low` to `high` from blocks of weeks drawn again, and at
    the rival's stock `our_lost_margin`, `lost_margin` a week (nothing outside of what was replayed).
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
    told = pl.DataFrame(rows, schema=AT_EQUAL_SERVICE, orient="row")
    return told.with_columns(pl.col(pl.Float64).fill_nan(None))


def stock_at(
    told: Counts, achieved: float, *, members: Sequence[int] | None = None, weeks: Index | None = None
) -> float:
    """Average stock value where this share of product weeks is kept, between two service levels by a straight line.

    Not a number where the rule never keeps as many. `weeks` are the weeks to count, some of them several times.
    """
    kept, stock = _frontier(told, "kept_periods", members, weeks)
    if not kept.size or achieved > kept[-1] or achieved < kept[0]:
        return float("nan")
    return float(np.interp(achieved, kept, stock))


def lost_margin_at(told: Counts, stock: float, *, members: Sequence[int] | None = None) -> float:
    """Lost margin a week where the average stock is worth so much; not a number outside of what was run."""
    places = list(range(told.periods.shape[1])) if members is None else list(members)
    weeks = max(1, int((told.periods[:, places, 0].sum(axis=1) > 0).sum()))
    value = told.stock_value[:, places].sum(axis=(0, 1)) / weeks
    lost = told.lost_margin[:, places].sum(axis=(0, 1)) / weeks
    order = np.argsort(value)
    if not value[order][0] <= stock <= value[order][-1]:
        return float("nan")
    return float(np.interp(stock, value[order], lost[order]))


def _frontier(told: Counts, kept: str, members: Sequence[int] | None, weeks: Index | None) -> tuple[Matrix, Matrix]:
    places = list(range(told.periods.shape[1])) if members is None else list(members)
    counted = np.flatnonzero(told.periods[:, places, 0].sum(axis=1) > 0)
    chosen = counted if weeks is None else counted[weeks]
    share = getattr(told, kept)[chosen][:, places].sum(axis=(0, 1)) / told.periods[chosen][:, places].sum(axis=(0, 1))
    stock = told.stock_value[chosen][:, places].sum(axis=(0, 1)) / chosen.size
    order = np.argsort(share, kind="stable")
    return share[order], stock[order]


def stock_ratio(
    ours: Counts, theirs: Counts, achieved: float, *, members: Sequence[int] | None = None, seed: int = 0
) -> tuple[float, float, float]:
    """Our stock over theirs at the same achieved service, and a 90% interval from blocks of weeks drawn again."""
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
    """The 90% interval of what was drawn again and again; not numbers where nothing that was drawn is one."""
    low, high = np.nanquantile(drawn, [0.05, 0.95]) if np.isfinite(drawn).any() else (np.nan, np.nan)
    return float(low), float(high)


def _ratio(ours: Counts, theirs: Counts, achieved: float, members: Sequence[int] | None, weeks: Index | None) -> float:
    own, other = (stock_at(one, achieved, members=members, weeks=weeks) for one in (ours, theirs))
    return own / other


def price_list(results: pl.DataFrame, policy: str) -> pl.DataFrame:
    """What each service level of a policy costs and saves, beside the one before it."""
    money = ("average_stock_value", "lost_margin_a_week")
    return (
        results.filter((pl.col("policy") == policy) & (pl.col("demand_class") == EVERYTHING))
        .sort("service_level")
        .select("service_level", "orders_kept", "weeks_kept", "fill_rate_units", *money)
        .with_columns(
            more_stock=pl.col("average_stock_value").diff(), less_lost_margin=-pl.col("lost_margin_a_week").diff()
        )
    )
