"""The net requirement of some products on every path, as the order decision sees it, for questions beside the quantity.

What belongs here: the paths of a decision, joined over lead times. What does not: what they are worth
(`supplier_orders/order_values.py`).
Read more in docs/maths.md.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from pipelines.forecasting.history.demand_matrix import Index, Matrix
from pipelines.planning_settings.order_rule import OrderPolicy
from pipelines.replenishment.decision.order_decision import (
    DecisionInputs,
    parts_of_inputs,
    paths_of_products,
    projected_by_lead_time,
)

MOST_PATHS: Final = 512


@dataclass(frozen=True)
class RequirementPaths:
    """A row per product, a column per path: the net requirement, stock on the day of arrival, the path's weight."""

    need: Matrix
    on_hand: Matrix
    weights: Matrix


def requirement_paths(inputs: DecisionInputs, products: Index, policy: OrderPolicy) -> RequirementPaths:
    """The paths of some products, given in ascending order; many paths are joined into 512 of like requirements."""
    if not products.size:
        return RequirementPaths(*(np.zeros((0, 1)) for _ in range(3)))
    parts = [_of_part(part, policy) for part in parts_of_inputs(inputs.of_products(products))]
    width = max(part.need.shape[1] for part in parts)
    columns = zip(*(vars(part).values() for part in parts), strict=True)
    return RequirementPaths(*(np.concatenate([_padded(values, width) for values in column]) for column in columns))


def _of_part(inputs: DecisionInputs, policy: OrderPolicy) -> RequirementPaths:
    rows, weights = paths_of_products(
        inputs.lead_product, inputs.lead_weight, inputs.service_level.size, path_weights=inputs.demand.path_weights
    )
    projection = projected_by_lead_time(inputs, policy)
    need, on_hand = (values[rows].reshape(weights.shape) for values in (projection.need, projection.on_hand))
    paths = RequirementPaths(need, on_hand, weights)
    return paths if weights.shape[1] <= MOST_PATHS else _joined(paths)


def _joined(paths: RequirementPaths) -> RequirementPaths:
    """Paths of neighbouring requirements as one, with their mean: expected units stay as they are."""
    order = np.argsort(paths.need, axis=1, kind="stable")
    need, on_hand, weights = (np.take_along_axis(values, order, axis=1) for values in vars(paths).values())
    place = np.minimum(MOST_PATHS - 1, (np.cumsum(weights, axis=1) * MOST_PATHS - 1e-6).astype(np.int64))
    count = need.shape[0]
    cell = (np.arange(count)[:, None] * MOST_PATHS + np.maximum(place, 0)).ravel()

    def summed(values: Matrix) -> Matrix:
        return np.asarray(np.bincount(cell, values.ravel(), count * MOST_PATHS).reshape(count, MOST_PATHS))

    total = summed(weights)
    mean_need, mean_on_hand = (summed(weights * values) / np.maximum(total, 1e-300) for values in (need, on_hand))
    return RequirementPaths(mean_need, mean_on_hand, total)


def _padded(values: Matrix, width: int) -> Matrix:
    """The values with more columns of zero, so that added paths weigh nothing."""
    return np.pad(values, ((0, 0), (0, width - values.shape[1])))
