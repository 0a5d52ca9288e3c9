"""Small orders with any value, and the best that any choice could do, by trying them all."""

from collections.abc import Iterator
from itertools import product
from typing import Any

import numpy as np
from hypothesis import strategies as st

from pipelines.replenishment.supplier_orders.order_values import OrderTerms, OrderValues

PATHS = 5


def values_of(needs: list[list[float]], **more: Any) -> OrderValues:
    """Products with these net requirements on equally likely paths, and nothing on hand."""
    count = len(needs)
    need = np.array(needs, dtype=float).reshape(count, -1)
    given = {
        "needed": np.median(need, axis=1), "margin": np.full(count, 4.0), "holding_a_day": np.full(count, 0.01),
        "coverage_days": np.full(count, 7.0), "daily_demand": np.full(count, 1.0),
    } | {name: np.array(numbers, dtype=float) for name, numbers in more.items()}  # fmt: skip
    return OrderValues(need, np.zeros_like(need), np.full(need.shape, 1 / need.shape[1]), **given)


def terms_of(cost: list[float], batch: list[float] | None = None, least: list[float] | None = None) -> OrderTerms:
    batches = batch or [1.0] * len(cost)
    return OrderTerms(*(np.array(column, dtype=float) for column in (cost, batches, least or batches)))


def some(values: st.SearchStrategy[Any], count: int) -> st.SearchStrategy[list[Any]]:
    """So many of such values."""
    return st.lists(values, min_size=count, max_size=count)


@st.composite
def some_values(draw: st.DrawFn, *, least: int = 2, most: int = 4) -> OrderValues:
    """Two to four products with whole requirements, any margin and any holding cost."""
    count = draw(st.integers(least, most))
    return values_of(
        draw(some(some(st.integers(-3, 9), PATHS), count)),
        needed=draw(some(st.integers(-2, 6), count)),
        margin=draw(some(st.integers(0, 9), count)),
        holding_a_day=draw(some(st.sampled_from([0.0, 0.01, 0.1]), count)),
        daily_demand=draw(some(st.sampled_from([0.1, 0.5, 2.0]), count)),
    )


def every_quantity(terms: OrderTerms, low: np.ndarray, high: np.ndarray) -> Iterator[np.ndarray]:
    """Every choice of quantities between two, in whole batches, each line 0 or at least its least quantity."""
    ways = [
        [q for q in np.arange(start, end + 1e-9, batch).tolist() if q == start or q >= least - 1e-9]
        for start, end, batch, least in zip(low, high, terms.batch, terms.least, strict=True)
    ]
    return (np.array(chosen) for chosen in product(*ways))


def total(values: OrderValues, quantity: np.ndarray) -> float:
    return float(values.value(quantity[:, None]).sum())


def money(terms: OrderTerms, quantity: np.ndarray) -> float:
    return float((terms.unit_cost * quantity).sum())
