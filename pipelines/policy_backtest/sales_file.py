"""Sales of any file, prepared for a backtest: returns cancel sales, and impossible numbers are refused.

What belongs here: the rules of returns, and of impossible numbers. What does not: reading the file (`sales_files`),
making a history of them (`past.py`).
Read more in docs/maths.md.
"""

from dataclasses import dataclass
from typing import Final

import polars as pl

from pipelines.errors import DataError
from pipelines.forecasting.history.demand_matrix import Matrix
from pipelines.replenishment.decision.input_validation import number_frame

_NOT_NEGATIVE: Final = ("unit_cost", "unit_price", "minimum_order_quantity")
_POSITIVE: Final = ("batch_size",)


@dataclass(frozen=True)
class Netted:
    """Sales after returns: how many rows were returns, the units they took from sales, and those that found no sale."""

    sales: pl.DataFrame
    return_rows: int
    cancelled_units: float
    unmatched_units: float

    @property
    def sentence(self) -> str:
        """How many returns there were, and what they cancelled."""
        rows = "1 row is a return" if self.return_rows == 1 else f"{self.return_rows:,} rows are returns"
        rest = f"; {self.unmatched_units:,.10g} units match no earlier sale and are left out"
        return (
            f"{rows}: they cancel {self.cancelled_units:,.10g} units of the most recent sales before them"
            f"{rest if self.unmatched_units else ''}."
        )


def net_of_returns(sales: pl.DataFrame) -> Netted:
    """Sales less returns, which are the rows of negative quantity.

    A return cancels sales of the same product (and customer, if there is such a column) dated on or before it, the most
    recent first; the rest of it is left out. Its own row stays with quantity 0.

    >>> from datetime import date
    >>> days = [date(2026, 1, 1), date(2026, 1, 8), date(2026, 1, 9)]
    >>> netted = net_of_returns(pl.DataFrame({"product_code": "TEA", "date": days, "quantity": [5.0, 3.0, -4.0]}))
    >>> netted.sales["quantity"].to_list(), netted.cancelled_units, netted.unmatched_units
    ([4.0, 0.0, 0.0], 4.0, 0.0)
    """
    is_return = pl.col("quantity") < 0
    keys = ["product_code", *(["customer"] if "customer" in sales.columns else [])]
    rows = sales.with_row_index("position")
    returned = rows.filter(is_return).select(keys).unique()
    concerned = (
        rows.join(returned, on=keys, how="semi", nulls_equal=True)
        .with_columns(is_return.alias("is_return"))
        .sort(*keys, "date", "is_return", "position")
        .select(*keys, "position", "quantity")
    )
    quantity = sales["quantity"].to_numpy().copy()
    unmatched = 0.0
    stack: list[int] = []
    group = None
    for *key, position, units in concerned.iter_rows():
        if key != group:
            group, stack = key, []
        if units > 0:
            stack.append(position)
        elif units < 0:
            unmatched += _cancel(stack, quantity, -units)
            quantity[position] = 0.0
    returns = sales.filter(is_return)
    total = float(-returns["quantity"].sum())
    return Netted(sales.with_columns(quantity=quantity), returns.height, total - unmatched, unmatched)


def _cancel(stack: list[int], quantity: Matrix, units: float) -> float:
    """The units left after they are taken from the sales on the stack, the last sale first."""
    while units > 0 and stack:
        taken = min(units, float(quantity[stack[-1]]))
        quantity[stack[-1]] -= taken
        units -= taken
        if quantity[stack[-1]] <= 0:
            stack.pop()
    return units


def check_facts(sales: pl.DataFrame) -> None:
    """Refuse impossible costs, prices and limits; an empty value, and a cost or price of 0, count as not given.

    Raises:
        DataError: a column has such rows; the sentence names it, their number, and the product of the first.
        PolicyError: a column holds no numbers.
    """
    if "product_code" not in sales.columns:
        return
    for name in (*_NOT_NEGATIVE, *_POSITIVE):
        if name not in sales.columns:
            continue
        number, is_positive = pl.col(name), name in _POSITIVE
        wrong = number_frame(sales, "sales", [name]).filter(number <= 0 if is_positive else number < 0)
        if wrong.height:
            rows = "1 row" if wrong.height == 1 else f"{wrong.height} rows"
            raise DataError(
                f"{name} is {'zero or negative' if is_positive else 'negative'} in {rows} of these sales, first of "
                f"{wrong['product_code'][0]}: correct it, or leave it empty if it is not known."
            )
