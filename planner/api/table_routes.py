"""Published tables for programs: each whole, of a product, or of some days, in pages.

What belongs here: which tables, under which names. What does not: lists with rules of their own (the other routes).
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, Final

import polars as pl
from fastapi import APIRouter, Query
from pydantic import BaseModel, create_model

from pipelines.errors import UsageError
from pipelines.storage import tables
from pipelines.storage.tables import Table
from planner.api.answer_types.responses import answer_of
from planner.api.snapshot_reading import OF, Cursor, Limit, ReadingOf, SnapshotReading

router = APIRouter()
MOST_DAYS: Final = 92
Product = Annotated[str, Query(description="Only of this product; case and blanks do not matter.", max_length=200)]
Day = Annotated[date | None, Query(description="YYYY-MM-DD.")]


@dataclass(frozen=True)
class TableRoute:
    """A table that is read at a path: the name of its list, and of the column whose days are asked for, if it has one.

    With days it is a large table: a program names a product, or a quarter of a year at most.
    """

    path: str
    table: Table
    row: str
    summary: str
    day: str = ""

    @property
    def field(self) -> str:
        """The name of the list in the answer."""
        return self.path.replace("-", "_")


ROUTES: Final = (
    TableRoute("transactions", tables.DEMAND_TRANSACTIONS, "SalesTransaction", "Sales lines that count as demand",
               "demand_date"),
    TableRoute("demand", tables.DEMAND_DAILY, "DemandDay", "Demand by product and day", "demand_date"),
    TableRoute("receipts", tables.PURCHASE_RECEIPTS, "Receipt", "What was received, with its lead time",
               "received_date"),
    TableRoute("forecast", tables.DEMAND_FORECAST, "ForecastWeek", "The forecast by product and week"),
    TableRoute("forecast-quantiles", tables.DEMAND_QUANTILES, "ForecastQuantile",
               "The forecast as a distribution: units that demand stays at or below with a probability"),
    TableRoute("lead-times", tables.LEAD_TIMES, "LeadTime", "The lead times that a plan expects"),
    TableRoute("supplier-lead-times", tables.SUPPLIER_LEAD_TIMES, "SupplierLeadTime", "Lead times by supplier"),
    TableRoute("open-orders", tables.STOCK_ON_ORDER, "OpenOrderLine", "Open order lines, counted as supply or not"),
    TableRoute("open-order-advice", tables.OPEN_ORDER_ADVICE, "OpenOrderAdvice", "What to do about open orders"),
    TableRoute("supplier-alternatives", tables.SUPPLIER_ALTERNATIVES, "SupplierAlternative",
               "The same order from another supplier"),
    TableRoute("stock", tables.STOCK_POSITION, "StockPosition", "Stock on hand, allocated and on order"),
)  # fmt: skip


def rows_of_product(reading: SnapshotReading, table: Table, product_code: str, *conditions: pl.Expr) -> pl.DataFrame:
    """The rows of a table, of one product if one is named.

    Raises:
        UsageError: there is no such product.
    """
    if not product_code:
        return reading.view.rows(table, *conditions)
    if "product_code" not in table.columns:
        raise UsageError("This list is not by product.")
    return reading.view.rows(table, *conditions, of=[reading.view.codes.known(product_code)])


def _read_whole(route: TableRoute, answer: type[BaseModel]) -> Callable[..., Any]:
    def read(reading: ReadingOf, product_code: Product = "", limit: Limit = 100, cursor: Cursor = "") -> Any:
        rows, following = reading.page_of(rows_of_product(reading, route.table, product_code), limit, cursor)
        return answer(**{route.field: rows, "next_cursor": following})

    return read


def _read_by_day(route: TableRoute, answer: type[BaseModel]) -> Callable[..., Any]:
    def read(
        reading: ReadingOf,
        product_code: Product = "",
        from_date: Day = None,
        until_date: Day = None,
        limit: Limit = 100,
        cursor: Cursor = "",
    ) -> Any:
        column, conditions = pl.col(route.day), []
        if from_date:
            conditions.append(column >= from_date)
        if until_date:
            conditions.append(column <= until_date)
        is_short = from_date and until_date and (until_date - from_date).days <= MOST_DAYS
        if not product_code and not is_short:
            raise UsageError(f"Name a product_code, or from_date and until_date with at most {MOST_DAYS} days between.")
        found = rows_of_product(reading, route.table, product_code, *conditions)
        rows, following = reading.page_of(found, limit, cursor)
        return answer(**{route.field: rows, "next_cursor": following})

    return read


def _add(route: TableRoute) -> None:
    rows: Any = answer_of(route.table, route.row)
    fields: dict[str, Any] = {route.field: (list[rows], ...), "next_cursor": (str | None, None)}
    answer = create_model(f"{route.row}sAnswer", __doc__=f"{route.summary}.", **fields)
    read = (_read_by_day if route.day else _read_whole)(route, answer)
    read.__name__ = route.field
    router.add_api_route(
        f"{OF}/{route.path}", read, response_model=answer, summary=route.summary, description=route.table.grain
    )


for _route in ROUTES:
    _add(_route)
