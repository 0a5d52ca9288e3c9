"""What the API answers with, as types: made from the declarations of the tables, so that document and answer agree.

What belongs here: shapes and their descriptions. What does not: routes (`version_1.py`).
Money is a text with its decimals, as no program may round it; demand is a number.
"""

from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final

import polars as pl
from pydantic import BaseModel, Field, create_model

from pipelines.replenishment.plan import plan_progress
from pipelines.storage import tables
from pipelines.storage.tables import Table

_TYPES: Final[dict[Any, type]] = {
    pl.String: str, pl.Float64: float, pl.Int64: int, pl.Int32: int, pl.Boolean: bool, pl.Date: date,
    pl.Decimal: Decimal, pl.Datetime: datetime,
}  # fmt: skip


def answer_of(table: Table, name: str) -> type[BaseModel]:
    """The rows of a table as a type; any value may be missing."""
    fields: dict[str, Any] = {
        column: (_TYPES[type(dtype)] | None, None) for column, dtype in table.schema.items()
    }  # fmt: skip
    return create_model(name, __doc__=table.grain, **fields)


PlanLineAnswer: Final = answer_of(tables.ORDER_PLAN, "PlanLine")
PlanLineNowAnswer: Final = create_model(  # type: ignore[call-overload]  # fields made from the declaration
    "PlanLineNow", __base__=PlanLineAnswer,
    __doc__="A line of the newest plan, with what people decided on it since.",
    **{name: (_TYPES[dtype if isinstance(dtype, type) else type(dtype)] | None, None)
       for name, dtype in plan_progress.COLUMNS.items()},
)  # fmt: skip
ProductAnswer: Final = answer_of(tables.PRODUCTS, "Product")
SupplierAnswer: Final = answer_of(tables.SUPPLIERS, "Supplier")


class OrganisationAnswer(BaseModel):
    """A connected organisation."""

    key: str
    name: str
    base_currency: str
    time_zone: str
    is_demo_company: bool


class PlanAnswer(BaseModel):
    """Lines of the newest plan, and what is still to be ordered of all lines found.

    Of `products_decided` a person decided since the plan was made: ordered, on a draft of theirs, or taken off one.
    """

    plan_id: str | None
    as_of_date: date | None
    lines_found: int
    products_to_order: int
    products_decided: int
    order_value_by_currency: dict[str, Decimal]
    lines: list[PlanLineNowAnswer]  # type: ignore[valid-type]  # made from the table
    next_cursor: str | None = Field(description="Give it as cursor for the lines that follow; none after the last.")


class ProductsAnswer(BaseModel):
    """Products, tracked or not."""

    products: list[ProductAnswer]  # type: ignore[valid-type]  # made from the table
    next_cursor: str | None


class SuppliersAnswer(BaseModel):
    """Suppliers."""

    suppliers: list[SupplierAnswer]  # type: ignore[valid-type]  # made from the table
    next_cursor: str | None
