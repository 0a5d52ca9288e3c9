"""Service and money for programs: the price list, what was kept in stock, customers, totals beside Xero's.

What belongs here: the routes and their shapes. What does not: the figures (`shown/service`).
"""

from dataclasses import asdict
from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Final

import polars as pl
from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from pipelines.errors import UsageError
from pipelines.replenishment.explain.difference_words import REASONS
from pipelines.storage import tables
from planner.api.answer_types.responses import answer_of
from planner.api.snapshot_reading import OF, Cursor, Limit, ReadingOf
from planner.shown.service.achieved_service import service_by_week, target_level
from planner.shown.service.customers import customers
from planner.shown.service.forecast_accuracy import calibration, forecast_error
from planner.shown.service.price_list import price_list_of

router = APIRouter(prefix=OF)
NO_BACKTEST: Final = "The backtest has not run yet: start it with POST /runs, job backtest."
_MonthRow: Any = answer_of(tables.SALES_MONTHLY, "MonthBesideXero")
_DifferenceColumns: Any = answer_of(tables.SALES_DIFFERENCES, "SalesDifferenceColumns")


class LevelAnswer(BaseModel):
    """A service level: what it would have held and lost in the last year, a month, in base currency."""

    service_level: float
    weeks_kept: float
    stock_value: float
    holding_a_month: float
    lost_a_month: float
    is_here: bool = Field(description="Whether it is the level that is planned with.")
    more_holding: float = Field(description="A month, against the level that is planned with.")
    less_lost: float = Field(description="A month, against the level that is planned with.")


class PriceListAnswer(BaseModel):
    """What each service level costs and saves."""

    currency: str
    holding_rate: float = Field(description="What holding stock costs a year, as a share of its value.")
    products: int
    levels: list[LevelAnswer]


class WeekAnswer(BaseModel):
    """A week: the planned products, and those of them that had a day without stock."""

    week_start: date
    products: int
    out: int


class ErrorAnswer(BaseModel):
    """Forecasts of past plans whose time has passed, against what was sold."""

    forecasts: int
    left_out: int = Field(description="Not judged: the product was out of stock.")
    forecast_units: float
    sold_units: float
    wape: float
    bias: float


class CalibrationAnswer(BaseModel):
    """Of the tested forecasts, the share in which demand stayed within what was to hold a stated share."""

    forecasts: int
    stated: float
    measured: float
    is_band: bool = Field(description="Whether it is a band with two edges; else all below an upper edge.")


class ServiceAnswer(BaseModel):
    """What was kept in stock by week over the last year, and how far forecasts held."""

    target: float | None
    weeks: list[WeekAnswer]
    forecast_error: ErrorAnswer | None
    calibration: CalibrationAnswer | None


class CustomerAnswer(BaseModel):
    """A customer of the last 365 days, with its share of all units sold."""

    customer_id: str | None
    customer_name: str | None
    products: int
    invoices: int
    units: float
    share_of_units: float
    last_sale_date: date
    sales_value: Decimal | None = Field(description="None for a customer of several currencies.")
    currency: str | None


class CustomersAnswer(BaseModel):
    """Customers, the largest share first."""

    customers: list[CustomerAnswer]
    next_cursor: str | None


class DifferenceAnswer(_DifferenceColumns):  # type: ignore[misc]  # made from the table
    """A sales line for which our total differs from Xero's."""

    why: str


class ReconciliationAnswer(BaseModel):
    """A product's totals by month beside Xero's, and the lines behind each difference."""

    product_code: str
    months: list[_MonthRow]
    differences: list[DifferenceAnswer]


@router.get("/price-list", summary="What each service level costs and saves")
def price_list(reading: ReadingOf) -> PriceListAnswer:
    """From the policy backtest; 404 before the first one."""
    reading.tag()
    found = price_list_of(reading.view)
    if found is None:
        raise UsageError(NO_BACKTEST)
    return PriceListAnswer(
        currency=reading.context.organisation.base_currency,
        holding_rate=found.holding_rate,
        products=found.products,
        levels=[LevelAnswer(**asdict(level)) for level in found.levels],
    )


@router.get("/service", summary="What was kept in stock, and how far forecasts held")
def service(reading: ReadingOf) -> ServiceAnswer:
    """Of all planned products."""
    reading.tag()
    error, tested = forecast_error(reading.view), calibration(reading.view)
    return ServiceAnswer(
        target=target_level(reading.view),
        weeks=[WeekAnswer(**asdict(week)) for week in service_by_week(reading.view)],
        forecast_error=ErrorAnswer(**asdict(error)) if error else None,
        calibration=CalibrationAnswer(**asdict(tested)) if tested else None,
    )


@router.get("/customers", summary="Customers with their share of demand")
def all_customers(reading: ReadingOf, limit: Limit = 100, cursor: Cursor = "") -> CustomersAnswer:
    """Who bought in the last 365 days."""
    rows, following = reading.page_of(customers(reading.view), limit, cursor)
    return CustomersAnswer(customers=[CustomerAnswer(**row) for row in rows], next_cursor=following)


@router.get("/reconciliation", summary="A product's months beside Xero's")
def reconciliation(
    reading: ReadingOf,
    product_code: Annotated[str, Query(max_length=200)],
    month: Annotated[date | None, Query(description="Any day of the month; by default every month.")] = None,
) -> ReconciliationAnswer:
    """What `stocktrim reconcile PRODUCT_CODE` prints."""
    reading.tag()
    code = reading.view.codes.known(product_code)
    of_month = [pl.col("month") == month.replace(day=1)] if month else []
    months = reading.view.rows(tables.SALES_MONTHLY, *of_month, of=[code]).sort("month")
    lines = reading.view.rows(tables.SALES_DIFFERENCES, *of_month, of=[code]).sort("month", "demand_date")
    return ReconciliationAnswer(
        product_code=code,
        months=months.to_dicts(),
        differences=[
            DifferenceAnswer(**row, why=REASONS.get(row["reason"], row["reason"] or "")) for row in lines.to_dicts()
        ],
    )
