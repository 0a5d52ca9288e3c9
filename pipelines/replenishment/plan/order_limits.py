"""From net requirement to a line's quantity: minimums, then batches, then the maximum, which wins.

What belongs here: the limits and which of them applied. What does not: the net requirement (`order_decision.py`),
an order as a whole (`supplier_orders`).
Read more in docs/maths.md.
"""

import polars as pl

_REQUIREMENT = pl.col("needed_quantity")
_MINIMUM = pl.col("minimum_order_quantity")
_SHELF_GAP = (pl.col("minimum_shelf_level") - pl.col("stock_position")).round(4)
_ROOM = (pl.col("maximum_shelf_level") - pl.col("stock_position")).round(4).clip(lower_bound=0.0)
# Quantities have four decimals: counted in ten-thousandths, 0.3 / 0.1 is three batches, not two or four.
_PARTS = 10_000


def with_limits(plan: pl.DataFrame) -> pl.DataFrame:
    """The plan with the quantity after each limit, and the rule that decided it.

    Needs `is_ordered`, `needed_quantity`, `stock_position` and the four limits; a null maximum is none.
    After the minimum: the largest of the net requirement, the minimum order quantity and the gap to the minimum shelf
    level. After the batch: rounded up to whole batches. After the cap: at most the room below the maximum shelf level,
    in whole batches. Shelf levels limit all stock and open orders, also those that arrive after the coverage period.
    """
    return (
        plan.with_columns(
            quantity_after_minimum=pl.when("is_ordered")
            .then(pl.max_horizontal(_REQUIREMENT, _MINIMUM, _SHELF_GAP, pl.lit(0.0)))
            .otherwise(0.0)
        )
        .with_columns(quantity_after_batch=_of_batches(_batches(pl.col("quantity_after_minimum")).ceil()))
        .with_columns(quantity_after_cap=_capped())
        .with_columns(binding_rule=_binding_rule())
    )


def _capped() -> pl.Expr:
    is_over = _ROOM.is_not_null() & (pl.col("quantity_after_batch") > _ROOM)
    return pl.when(is_over).then(_of_batches(_batches(_ROOM).floor())).otherwise("quantity_after_batch")


def _batches(quantity: pl.Expr) -> pl.Expr:
    return (quantity * _PARTS).round() / (pl.col("batch_size") * _PARTS).round()


def _of_batches(count: pl.Expr) -> pl.Expr:
    return count * (pl.col("batch_size") * _PARTS).round() / _PARTS


def _binding_rule() -> pl.Expr:
    after_minimum, after_batch = pl.col("quantity_after_minimum"), pl.col("quantity_after_batch")
    return (
        pl.when(after_minimum <= 0)
        .then(pl.lit("none"))
        .when(pl.col("quantity_after_cap") < after_batch)
        .then(pl.lit("maximum_shelf_level"))
        .when(after_batch > after_minimum)
        .then(pl.lit("batch_size"))
        .when((after_minimum > _REQUIREMENT) & (after_minimum > _MINIMUM))
        .then(pl.lit("minimum_shelf_level"))
        .when(after_minimum > _REQUIREMENT)
        .then(pl.lit("minimum_order_quantity"))
        .otherwise(pl.lit("need"))
    )
