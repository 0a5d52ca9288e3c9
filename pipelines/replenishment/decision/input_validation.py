"""The arguments of the plain functions, checked: the frame as it is used, or one plain sentence.

What belongs here: columns, types, ranges. What does not: the maths.
    PlannerError
    └── UsageError
        └── PolicyError   a frame or a number that cannot be used
Read more in docs/maths.md.
"""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final, get_args

import numpy as np
import polars as pl

from pipelines.errors import UsageError
from pipelines.forecasting.history.demand_matrix import is_quantity
from pipelines.forecasting.protection_intervals import LONGEST_HORIZON_DAYS
from pipelines.planning_settings.order_rule import OrderPolicy, ServiceMeasure, UnmetDemand

NAMED: Final = 3
_OPEN_ORDERS: Final = {
    "product_code": pl.String, "arrival_date": pl.Date, "quantity": pl.Float64, "is_fault": pl.Boolean,
}  # fmt: skip
_NUMBERS: Final = (int, float, Decimal, np.integer, np.floating)
_COLUMNS_NAMED: Final = 10
_WORDS: Final = {pl.Date: "dates such as 2026-03-31", pl.Float64: "numbers", pl.Boolean: "yes or no"}


class PolicyError(UsageError):
    """A frame or a number given to the plain functions cannot be used."""


def day(as_of: date) -> date:
    """The day; of an instant the day it falls on."""
    if isinstance(as_of, datetime):
        return as_of.date()
    if not isinstance(as_of, date):
        raise PolicyError(f"as_of must be a date such as date(2026, 3, 1), not {as_of!r}.")
    return as_of


def seed_of(seed: int) -> int:
    """The seed, a whole number."""
    if not isinstance(seed, int | np.integer):
        raise PolicyError(f"seed must be a whole number, not {seed!r}.")
    return int(seed)


def order_policy(measure: str, unmet_demand: str) -> OrderPolicy:
    """The order policy of these words, with two levels for cycle service levels; each product keeps its level."""
    return OrderPolicy(
        measure=_choice("measure", measure, get_args(ServiceMeasure)),
        unmet_demand=_choice("unmet_demand", unmet_demand, get_args(UnmetDemand)),
        has_two_levels=measure == "cycle",
        rounding="each",
    )


def _choice(name: str, word: object, choices: tuple[Any, ...]) -> Any:
    if word not in choices:
        raise PolicyError(f"{name} must be one of {', '.join(choices)}, not {word!r}.")
    return word


def fractions(levels: object) -> list[float]:
    """Service levels as a list.

    >>> fractions(0.95)
    [0.95]
    """
    listed: list[Any] = list(levels) if isinstance(levels, Iterable) and not isinstance(levels, str) else [levels]
    for level in listed:
        if not isinstance(level, _NUMBERS) or not 0 < float(level) < 1:
            raise PolicyError(f"A service level is a fraction above 0 and below 1, such as 0.95, not {level!r}.")
    return [float(level) for level in listed]


def demand_frame(demand: pl.DataFrame) -> pl.DataFrame:
    """Demand in the shape that the forecast takes, without rows that lack a product or a day."""
    _require(demand, "demand", "product_code", "date", "quantity")
    optional = {"is_stocked_out": pl.Boolean, "unit_price": pl.Float64}
    known = demand.select(
        _codes(demand, "demand"),
        _cast(demand, "demand", "date", pl.Date).alias("demand_date"),
        _cast(demand, "demand", "quantity", pl.Float64),
        *(_cast(demand, "demand", name, dtype) for name, dtype in optional.items() if name in demand.columns),
    )
    return known.drop_nulls(["product_code", "demand_date"])


def stock_frame(stock: pl.DataFrame) -> pl.DataFrame:
    """One row per product; an impossible quantity counts as zero, and `is_fault` marks it.

    Without a column `stock_committed` nothing is allocated.
    """
    _require(stock, "stock", "product_code", "stock_on_hand")
    numbers = [name for name in ("stock_on_hand", "stock_committed") if name in stock.columns]
    known = stock.select(_codes(stock, "stock"), *(_cast(stock, "stock", name, pl.Float64) for name in numbers))
    if "stock_committed" not in numbers:
        known = known.with_columns(stock_committed=pl.lit(0.0))
    known = known.drop_nulls("product_code").with_columns(pl.col("stock_committed").fill_null(0.0))
    twice = known.filter(pl.col("product_code").is_duplicated())
    if twice.height:
        raise PolicyError(f"stock has several rows for {twice['product_code'].min()!r}; give one, with all its stock.")
    both = ("stock_on_hand", "stock_committed")
    return (
        known.with_columns(is_fault=pl.any_horizontal(~is_quantity(name).fill_null(value=False) for name in both))
        .with_columns(pl.when(is_quantity(name)).then(name).otherwise(0.0).alias(name) for name in both)
        .select("product_code", *both, "is_fault")
        .sort("product_code")
    )


def number_frame(frame: pl.DataFrame, name: str, columns: Sequence[str]) -> pl.DataFrame:
    """`product_code` and columns of numbers; an impossible number is null."""
    return frame.select(
        _codes(frame, name), *(_cast(frame, name, column, pl.Float64) for column in columns)
    ).with_columns(pl.when(is_quantity(column)).then(column).alias(column) for column in columns)


def open_order_frame(open_orders: pl.DataFrame) -> pl.DataFrame:
    """Open orders with a product and a positive quantity; an impossible quantity is zero, and `is_fault` marks it."""
    if isinstance(open_orders, pl.DataFrame) and open_orders.is_empty():
        return pl.DataFrame(schema=_OPEN_ORDERS)
    _require(open_orders, "open_orders", "product_code", "arrival_date", "quantity")
    known = open_orders.select(
        _codes(open_orders, "open_orders"),
        _cast(open_orders, "open_orders", "arrival_date", pl.Date),
        _cast(open_orders, "open_orders", "quantity", pl.Float64),
        is_fault=pl.lit(value=False),
    )
    return (
        known.drop_nulls("product_code")
        .with_columns(is_fault=~is_quantity("quantity").fill_null(value=False))
        .with_columns(quantity=pl.when("is_fault").then(0.0).otherwise("quantity"))
        .filter("is_fault" | (pl.col("quantity") > 0))
    )


def days_of(
    codes: pl.DataFrame, days: int | pl.DataFrame, *, name: str, least: int, is_sample: bool = False
) -> pl.DataFrame:
    """Whole days for every product, from a number or from a frame with the column `name`."""
    known = _each(codes, days, name=name, is_sample=is_sample)
    bad = known.filter(~pl.col(name).is_between(least, LONGEST_HORIZON_DAYS).fill_null(value=False))
    if bad.height:
        wrong, code = bad[name][0], bad["product_code"][0]
        found = "missing" if wrong is None else f"{wrong:g}"
        raise PolicyError(f"{name} must be {least} to {LONGEST_HORIZON_DAYS} days; it is {found} for {code}.")
    return known.with_columns(pl.col(name).round(0).cast(pl.Int64))


def horizons_within(windows: pl.DataFrame) -> pl.DataFrame:
    """The windows, none of them longer than the longest protection interval."""
    late = windows.filter(pl.col("horizon_days") > LONGEST_HORIZON_DAYS)
    if late.height:
        days, code = late["horizon_days"][0], late["product_code"][0]
        raise PolicyError(
            f"lead_time_days and order_frequency_days must be {LONGEST_HORIZON_DAYS} days or less together; "
            f"they are {days} for {code}."
        )
    return windows


def levels_of(codes: pl.DataFrame, level: float | pl.DataFrame) -> pl.DataFrame:
    """A service level for every product."""
    levels = _each(codes, level, name="service_level")
    for value in levels["service_level"].unique().to_list():
        fractions([value])
    return levels


def _each(codes: pl.DataFrame, value: Any, *, name: str, is_sample: bool = False) -> pl.DataFrame:
    if not isinstance(value, pl.DataFrame):
        if isinstance(value, bool) or not isinstance(value, _NUMBERS):
            raise PolicyError(f"{name} must be a number or a frame with product_code and {name}, not {value!r}.")
        return codes.with_columns(pl.lit(float(value)).alias(name))
    _require(value, name, "product_code", name)
    given = value.select(_codes(value, name), _cast(value, name, name, pl.Float64))
    if not is_sample and given["product_code"].is_duplicated().any():
        raise PolicyError(f"{name} has several rows for a product; give one.")
    if is_sample:
        given = given.drop_nulls().drop_nans()
    missing = codes.join(given, on="product_code", how="anti")["product_code"].to_list()
    if missing:
        more = ", ..." if len(missing) > NAMED else ""
        raise PolicyError(f"{name} has no row for {len(missing)} products: {', '.join(missing[:NAMED])}{more}.")
    return codes.join(given, on="product_code", how="inner").sort("product_code", name)


def _require(frame: object, name: str, *columns: str) -> None:
    if not isinstance(frame, pl.DataFrame):
        found = f"{type(frame).__module__.partition('.')[0]}.{type(frame).__name__}".removeprefix("builtins.")
        raise PolicyError(f"{name} must be a polars DataFrame, not {found}.")
    missing = [column for column in columns if column not in frame.columns]
    if missing:
        found = ", ".join(column[:40] for column in frame.columns[:_COLUMNS_NAMED]) or "none"
        more = ", ..." if len(frame.columns) > _COLUMNS_NAMED else ""
        raise PolicyError(f"{name} lacks the columns {', '.join(missing)}; it has {found}{more}.")


def _codes(frame: pl.DataFrame, name: str) -> pl.Expr:
    """Product codes as text. Decimals are refused: 7 and 7.0 would be two products."""
    dtype = frame.schema["product_code"]
    if not (dtype.is_integer() or dtype in (pl.String, pl.Categorical, pl.Enum, pl.Null)):
        raise PolicyError(f"The column product_code of {name} must hold text or whole numbers, not {dtype}.")
    return pl.col("product_code").cast(pl.String)


def _cast(frame: pl.DataFrame, name: str, column: str, dtype: type[pl.DataType]) -> pl.Expr:
    found = frame.schema[column]
    converted = _as_day(column, found) if dtype == pl.Date else pl.col(column).cast(dtype)
    try:
        frame.select(converted)
    except pl.exceptions.PolarsError:
        raise PolicyError(f"The column {column} of {name} must hold {_WORDS[dtype]}, not {found}.") from None
    return converted


def _as_day(column: str, dtype: pl.DataType) -> pl.Expr:
    """The day of a text or an instant; of an instant in its own time zone."""
    if dtype == pl.String:
        return pl.col(column).str.to_date("%Y-%m-%d")
    return pl.col(column).dt.date() if dtype == pl.Datetime else pl.col(column).cast(pl.Date)
