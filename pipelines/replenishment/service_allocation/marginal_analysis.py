"""Marginal analysis: one level for each product, so that a mean service is kept at the least stock value.

What belongs here: the choice among each product's levels, as arrays. What does not: which products keep a level
together (`allocated_levels.py`).
A unit goes where it buys most service for its money (Sherbrooke 2004; Thonemann, Brown and Hausman 2002). With the
price of a point of service given, each product chooses by itself; the price is found by bisection. What the last
products are to have is then looked for among all combinations that can still be better, if they are not too many.
Read more in docs/maths.md#service-allocation.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from pipelines.forecasting.history.demand_matrix import Index, Matrix

_STEPS: Final = 60
_TINY: Final = 1e-9
# So many combinations of products are kept at most; beyond them the choice is within one step of the best.
MOST_COMBINATIONS: Final = 20_000
# More products have so fine a choice that nothing is left to look for.
MOST_SEARCHED: Final = 200


@dataclass(frozen=True)
class Choices:
    """What each product may choose: products x levels, both ascending; a level that is not allowed has infinite value.

    `service` is the share of cycles that a level keeps, `value` the stock value that it binds.
    """

    service: Matrix
    value: Matrix

    def at(self, chosen: Index) -> tuple[Matrix, Matrix]:
        """The service and the value of each product's chosen level."""
        rows = np.arange(chosen.size)
        return self.service[rows, chosen], self.value[rows, chosen]


def least_value(choices: Choices, overall: float) -> Index:
    """The level of each product, by place, with a mean service of `overall` or more at the least stock value.

    Every product has the highest level if no choice has that mean.

    >>> service = np.array([[0.8, 0.9, 0.99], [0.8, 0.9, 0.99]])
    >>> least_value(Choices(service, np.array([[1.0, 2.0, 4.0], [10.0, 20.0, 40.0]])), 0.89).tolist()
    [2, 0]
    """
    needed = overall * choices.service.shape[0]
    enough, short = _bracket(choices, needed)
    if short is None:
        return enough
    chosen, price = short
    found = _completed(choices, chosen, enough, needed)
    better = _best_combination(choices, found, price, needed)
    return found if better is None else better


def _bracket(choices: Choices, needed: float) -> tuple[Index, tuple[Index, float] | None]:
    """The choices at two prices of service that are nearly one: at the higher enough is kept, at the lower too little.

    Without the second if the cheapest allowed levels are enough, or the highest ones are not.
    """

    def at(price: float) -> tuple[Index, bool]:
        worth = np.where(np.isfinite(choices.value), price * choices.service - choices.value, -np.inf)
        chosen = np.asarray(worth.argmax(axis=1), dtype=np.int64)
        return chosen, choices.at(chosen)[0].sum() >= needed - _TINY

    finite = choices.value[np.isfinite(choices.value)]
    high = 1e6 * max(1.0, float(finite.max(initial=0.0)))
    low = 0.0
    chosen, is_enough = at(low)
    if is_enough:
        return chosen, None
    enough, is_enough = at(high)
    if not is_enough:
        return enough, None
    for _ in range(_STEPS):
        middle = np.sqrt(max(low, 1e-9) * high)
        tried, is_enough = at(middle)
        if is_enough:
            high, enough = middle, tried
        else:
            low, chosen = middle, tried
    return enough, (chosen, high)


def _completed(choices: Choices, chosen: Index, enough: Index, needed: float) -> Index:
    """The choice that is too little, with as many products changed as make it enough, the best by value first.

    The last one is the cheapest single change that is enough.
    """
    result = chosen.copy()
    (service, value), (more, dearer) = choices.at(chosen), choices.at(enough)
    changed = np.flatnonzero(enough != chosen)
    ratio = (more - service)[changed] / np.maximum(dearer - value, _TINY)[changed]
    for product in changed[np.argsort(-ratio, kind="stable")].tolist():
        gap = needed - choices.at(result)[0].sum()
        if more[product] - service[product] >= gap - _TINY:
            break
        result[product] = enough[product]
    service, value = choices.at(result)
    gap = needed - service.sum()
    price = np.where(choices.service - service[:, None] >= gap - _TINY, choices.value - value[:, None], np.inf)
    product, place = np.unravel_index(int(price.argmin()), price.shape)
    if np.isfinite(price[product, place]):
        result[product] = place
    else:
        result = enough.copy()
    return result


def _best_combination(choices: Choices, found: Index, price: float, needed: float) -> Index | None:
    """The combination of least value, if one is better than what was found; None if not, or if there are too many.

    Products are added one by one. A combination is left out if another has as much service for no more value, or if
    even the cheapest rest, each unit of service that it lacks paid at the price, costs more than what was found.
    """
    count = found.size
    if count > MOST_SEARCHED:
        return None
    most = float(choices.at(found)[1].sum())
    rest = np.append(np.cumsum((choices.value - price * choices.service).min(axis=1)[::-1])[::-1], 0.0)
    service, value = np.zeros(1), np.zeros(1)
    steps: list[tuple[Index, Index]] = []
    for product in range(count):
        allowed = np.flatnonzero(np.isfinite(choices.value[product]))
        total = (service[:, None] + choices.service[product, allowed]).ravel()
        cost = (value[:, None] + choices.value[product, allowed]).ravel()
        is_possible = cost + rest[product + 1] + price * (needed - total) < most - _TINY
        kept = np.flatnonzero(is_possible)
        kept = kept[np.lexsort((-total[kept], cost[kept]))]
        if kept.size:
            before = np.concatenate([[-np.inf], np.maximum.accumulate(total[kept])[:-1]])
            kept = kept[total[kept] > before]
        if not 0 < kept.size <= MOST_COMBINATIONS:
            return None
        service, value = total[kept], cost[kept]
        steps.append((kept // allowed.size, allowed[kept % allowed.size]))
    is_enough = np.flatnonzero(service >= needed - _TINY)
    if not is_enough.size:
        return None
    place = int(is_enough[value[is_enough].argmin()])
    best = found.copy()
    for product, (came_from, chosen) in reversed(list(enumerate(steps))):
        best[product], place = chosen[place], int(came_from[place])
    return best
