"""New products forecast like another one, until their own sales count.

What belongs here: the blended distribution, and its reason in words. What does not: the setting
(`planning_settings/demand_settings/like_product.py`).
Read more in docs/maths.md#new-products.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

import numpy as np
import polars as pl

from pipelines.forecasting.distribution import DemandDistribution
from pipelines.forecasting.history.demand_matrix import WEEK_DAYS, Matrix
from pipelines.planning_settings.demand_settings.like_product import own_share
from pipelines.storage.tables import MODEL_CHOICE

LIKE: Final = "like_product"
LIKE_REASON: Final = "forecast like "


@dataclass(frozen=True)
class Like:
    """A product, the one that it is like, the factor, and the share that its own sales have by now."""

    product_code: str
    like_code: str
    factor: float
    own_share: float

    @property
    def reason(self) -> str:
        """The reason of the forecast.

        >>> Like("NEW", "P-0012", 0.8, 0.3).reason
        'forecast like P-0012 * 0.8; own sales count 30% so far'
        """
        return f"{LIKE_REASON}{self.like_code} * {self.factor:g}; own sales count {self.own_share:.0%} so far"


def likes_in_force(likes: pl.DataFrame, demand: pl.DataFrame, *, as_of: date) -> list[Like]:
    """The products that are still forecast like another one that has sales; `likes` has the shape of `LIKES`."""
    if likes.is_empty():
        return []
    sold = demand.filter((pl.col("quantity") > 0) & (pl.col("demand_date") < as_of))
    first = dict(sold.group_by("product_code").agg(pl.col("demand_date").min()).rows())
    found = []
    for code, other, factor in likes.rows():
        weeks = (as_of - first[code]).days / WEEK_DAYS if code in first else 0.0
        if other in first and own_share(weeks) < 1:
            found.append(Like(code, other, factor, own_share(weeks)))
    return found


def windows_of_likes(windows: pl.DataFrame, likes: list[Like]) -> pl.DataFrame:
    """The windows, and for each product that another one is like the windows of that one."""
    if not likes:
        return windows
    other = pl.DataFrame(
        [(like.product_code, like.like_code) for like in likes], schema=["product_code", "other"], orient="row"
    )
    more = windows.join(other, on="product_code").with_columns(product_code="other").select(windows.columns)
    return pl.concat([windows, more]).unique()


def with_likes(distribution: DemandDistribution, likes: list[Like], windows: pl.DataFrame) -> DemandDistribution:
    """The distribution with the products that are like another one, which is itself like none.

    With Z the share of its own sales and f the factor, each quantile and each mean of the product is

        Z Q_own(p) + (1 - Z) f Q_like(p)

    `windows` are the product's own ones. A product without sales has the other one's alone.
    """
    known = set(distribution.product_codes)
    found = [like for like in likes if like.like_code in known]
    if not found:
        return distribution
    distribution = _with_new_products(distribution, [like for like in found if like.product_code not in known])
    place, rows, keys = _places(distribution), _rows(distribution), _keys(found, windows)
    quantiles, mean = distribution.quantiles.copy(), distribution.mean.copy()
    path, variance = distribution.weekly_mean.copy(), distribution.weekly_variance.copy()
    added: list[tuple[int, int, int, Matrix, float]] = []
    for like in found:
        own, other = place[like.product_code], place[like.like_code]
        share, scale = (like.own_share if like.product_code in known else 0.0), like.factor
        path[own] = share * path[own] + (1 - share) * scale * path[other]
        variance[own] = share * variance[own] + (1 - share) * scale**2 * variance[other]
        for start, days in keys[like.product_code]:
            row, source = (rows.get((product, start, days), -1) for product in (own, other))
            if source < 0:
                continue
            theirs, their_mean = scale * distribution.quantiles[source], scale * float(distribution.mean[source])
            if row < 0:
                added.append((own, start, days, theirs, their_mean))
            else:
                quantiles[row] = share * quantiles[row] + (1 - share) * theirs
                mean[row] = share * mean[row] + (1 - share) * their_mean
    blended = replace(distribution, quantiles=quantiles, mean=mean, weekly_mean=path, weekly_variance=variance)
    return _with_rows(blended, added)


def _places(distribution: DemandDistribution) -> Mapping[str, int]:
    """The row of each product."""
    return {code: row for row, code in enumerate(distribution.product_codes)}


def _keys(likes: list[Like], windows: pl.DataFrame) -> Mapping[str, list[tuple[int, int]]]:
    """The first day and the length of each window of these products."""
    keys: dict[str, list[tuple[int, int]]] = {like.product_code: [] for like in likes}
    own = windows.filter(pl.col("product_code").is_in(list(keys)))
    for code, start, days in own.select("product_code", "start_days", "horizon_days").unique().sort(pl.all()).rows():
        keys[code].append((start, days))
    return keys


def _rows(distribution: DemandDistribution) -> Mapping[tuple[int, int, int], int]:
    """The row of each product and window."""
    keys = zip(
        distribution.window_product.tolist(), distribution.start_days.tolist(), distribution.days.tolist(), strict=True
    )
    return {key: row for row, key in enumerate(keys)}


def _with_new_products(distribution: DemandDistribution, likes: list[Like]) -> DemandDistribution:
    """The distribution with products that were never sold, as the last ones."""
    if not likes:
        return distribution
    place, count = _places(distribution), len(likes)
    others = [place[like.like_code] for like in likes]
    return replace(
        distribution,
        product_codes=[*distribution.product_codes, *(like.product_code for like in likes)],
        is_sold_whole=np.append(distribution.is_sold_whole, distribution.is_sold_whole[others]),
        demand_class=np.append(distribution.demand_class, distribution.demand_class[others]),
        model=np.append(distribution.model, [LIKE] * count),
        history_weeks=np.append(distribution.history_weeks, [0] * count),
        weekly_mean=np.vstack([distribution.weekly_mean, np.zeros((count, distribution.weekly_mean.shape[1]))]),
        weekly_variance=np.append(distribution.weekly_variance, [0.0] * count),
    )


def _with_rows(
    distribution: DemandDistribution, added: list[tuple[int, int, int, Matrix, float]]
) -> DemandDistribution:
    if not added:
        return distribution
    product, start, days, quantiles, mean = (list(values) for values in zip(*added, strict=True))
    return replace(
        distribution,
        window_product=np.append(distribution.window_product, product),
        start_days=np.append(distribution.start_days, start),
        days=np.append(distribution.days, days),
        quantiles=np.vstack([distribution.quantiles, np.array(quantiles)]),
        mean=np.append(distribution.mean, mean),
    )


def with_like_choice(model_choice: pl.DataFrame, likes: list[Like]) -> pl.DataFrame:
    """`forecast.model_choice` with the reason of each product that is like another one, also of those never sold.

    >>> choice = pl.DataFrame([("OLD", "smooth", "nb", 0.1, 0.2, 6, "best")], schema=MODEL_CHOICE.schema, orient="row")
    >>> with_like_choice(choice, [Like("NEW", "OLD", 1.0, 0.0)]).select("product_code", "model", "reason").rows()[0]
    ('NEW', 'like_product', 'forecast like OLD * 1; own sales count 0% so far')
    """
    rows = {row["product_code"]: row for row in model_choice.to_dicts()} if likes else {}
    if not rows:
        return model_choice
    for like in likes:
        other = rows.get(like.like_code)
        if other is None:
            continue
        own = rows.get(like.product_code) or {**other, "product_code": like.product_code, "model": LIKE}
        rows[like.product_code] = own | {"reason": like.reason}
    return pl.DataFrame(list(rows.values()), schema=MODEL_CHOICE.schema).sort("product_code")
