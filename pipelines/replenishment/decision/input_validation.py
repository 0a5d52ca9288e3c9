"""What may be asked of the plain functions, checked at their door: the frame as it is used, or one plain sentence.

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
    """A frame or a number that was given to the policy cannot be used."""


def day(as_of: date) -> date:
    """The day, also of an instant."""
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


def rule(measure: str, unmet_demand: str) -> OrderPolicy:
    """The rule of these words; two levels where a service level is one of cycles."""
    for name, word, words in (
        ("measure", measure, get_args(ServiceMeasure)), ("unmet_demand", unmet_demand, get_args(UnmetDemand)),
    ):  # fmt: skip
        if word not in words:
            raise PolicyError(f"{name} must be one of {', '.join(words)}, not {word!r}.")
    return OrderPolicy(measure=measure, unmet_demand=unmet_demand, has_two_levels=measure == "cycle")  # type: ignore[arg-type]


def fractions(levels: object) -> list[float]:
    """Service levels as a list.

    >>> fractions(0.95)
    [0.95]
    """
    told: list[Any] = list(levels) if isinstance(levels, Iterable) and not isinstance(levels, str) else [levels]
    for level in told:
        if not isinstance(level, _NUMBERS) or not 0 < float(level) < 1:
            raise PolicyError(f"A service level is a fraction above 0 and below 1, such as 0.95, not {level!r}.")
    return [float(level) for level in told]


def demand_frame(demand: pl.DataFrame) -> pl.DataFrame:
    """Demand as the forecast takes it; rows without a product or a day are left out."""
    _require(demand, "demand", "product_code", "date", "quantity")
    more = {"is_stocked_out": pl.Boolean, "unit_price": pl.Float64}
    told = demand.select(
        _codes(demand, "demand"),
        _cast(demand, "demand", "date", pl.Date).alias("demand_date"),
        _cast(demand, "demand", "quantity", pl.Float64),
        *(_cast(demand, "demand", name, dtype) for name, dtype in more.items() if name in demand.columns),
    )
    return told.drop_nulls(["product_code", "demand_date"])


def stock_frame(stock: pl.DataFrame) -> pl.DataFrame:
    """One row a product; what is no number, or beyond all sense, is nothing, and `is_fault` says so.

    Where it is not said how much is committed nothing is.
    """
    _require(stock, "stock", "product_code", "stock_on_hand")
    numbers = [name for name in ("stock_on_hand", "stock_committed") if name in stock.columns]
    told = stock.select(_codes(stock, "stock"), *(_cast(stock, "stock", name, pl.Float64) for name in numbers))
    if "stock_committed" not in numbers:
        told = told.with_columns(stock_committed=pl.lit(0.0))
    told = told.drop_nulls("product_code").with_columns(pl.col("stock_committed").fill_null(0.0))
    twice = told.filter(pl.col("product_code").is_duplicated())
    if twice.height:
        raise PolicyError(f"stock has several rows for {twice['product_code'].min()!r}; give one, with all its stock.")
    both = ("stock_on_hand", "stock_committed")
    return (
        told.with_columns(is_fault=pl.any_horizontal(~is_quantity(name).fill_null(value=False) for name in both))
        .with_columns(pl.when(is_quantity(name)).then(name).otherwise(0.0).alias(name) for name in both)
        .select("product_code", *both, "is_fault")
        .sort("product_code")
    )


def number_frame(frame: pl.DataFrame, name: str, columns: Sequence[str]) -> pl.DataFrame:
    """`product_code` and columns of numbers; what is no number, or beyond all sense, is nothing."""
    return frame.select(
        _codes(frame, name), *(_cast(frame, name, column, pl.Float64) for column in columns)
    ).with_columns(pl.when(is_quantity(column)).then(column).alias(column) for column in columns)


def open_order_frame(open_orders: pl.DataFrame) -> pl.DataFrame:
    """What is under way: rows with a product and not less than nothing; `is_fault` where the quantity is no number."""
    if isinstance(open_orders, pl.DataFrame) and open_orders.is_empty():
        return pl.DataFrame(schema=_OPEN_ORDERS)
    _require(open_orders, "open_orders", "product_code", "arrival_date", "quantity")
    told = open_orders.select(
        _codes(open_orders, "open_orders"),
        _cast(open_orders, "open_orders", "arrival_date", pl.Date),
        _cast(open_orders, "open_orders", "quantity", pl.Float64),
        is_fault=pl.lit(value=False),
    )
    return (
        told.drop_nulls("product_code")
        .with_columns(is_fault=~is_quantity("quantity").fill_null(value=False))
        .with_columns(quantity=pl.when("is_fault").then(0.0).otherwise("quantity"))
        .filter("is_fault" | (pl.col("quantity") > 0))
    )


def days_of(
    codes: pl.DataFrame, days: int | pl.DataFrame, *, name: str, least: int, is_sample: bool = False
) -> pl.DataFrame:
    """Whole days for every product; from a number, or from a frame that has the column `name`."""
    told = _each(codes, days, name=name, is_sample=is_sample)
    bad = told.filter(~pl.col(name).is_between(least, LONGEST_HORIZON_DAYS).fill_null(value=False))
    if bad.height:
        wrong, of = bad[name][0], bad["product_code"][0]
        raise PolicyError(f"{name} must be {least} to {LONGEST_HORIZON_DAYS} days; it is {_told(wrong)} for {of}.")
    return told.with_columns(pl.col(name).round(0).cast(pl.Int64))


def horizons_within(windows: pl.DataFrame) -> pl.DataFrame:
    """The windows, of which none ends later than anything is planned for."""
    late = windows.filter(pl.col("horizon_days") > LONGEST_HORIZON_DAYS)
    if late.height:
        days, of = late["horizon_days"][0], late["product_code"][0]
        raise PolicyError(
            f"lead_time_days and order_frequency_days must be {LONGEST_HORIZON_DAYS} days or less together; "
            f"they are {days} for {of}."
        )
    return windows


def levels_of(codes: pl.DataFrame, level: float | pl.DataFrame) -> pl.DataFrame:
    """A service level for every product."""
    told = _each(codes, level, name="service_level")
    for value in told["service_level"].unique().to_list():
        fractions([value])
    return told


def _each(codes: pl.DataFrame, value: Any, *, name: str, is_sample: bool = False) -> pl.DataFrame:
    if not isinstance(value, pl.DataFrame):
        if isinstance(value, bool) or not isinstance(value, _NUMBERS):
            raise PolicyError(f"{name} must be a number or a frame with product_code and {name}, not {value!r}.")
        return codes.with_columns(pl.lit(float(value)).alias(name))
    _require(value, name, "product_code", name)
    told = value.select(_codes(value, name), _cast(value, name, name, pl.Float64))
    if not is_sample and told["product_code"].is_duplicated().any():
        raise PolicyError(f"{name} has several rows for one product; give one.")
    if is_sample:
        told = told.drop_nulls().drop_nans()
    missing = codes.join(told, on="product_code", how="anti")["product_code"].to_list()
    if missing:
        more = ", ..." if len(missing) > NAMED else ""
        raise PolicyError(f"{name} has no row for {len(missing)} products: {', '.join(missing[:NAMED])}{more}.")
    return codes.join(told, on="product_code", how="inner").sort("product_code", name)


def _require(frame: object, name: str, *columns: str) -> None:
    if not isinstance(frame, pl.DataFrame):
        kind = f"{type(frame).__module__.partition('.')[0]}.{type(frame).__name__}".removeprefix("builtins.")
        raise PolicyError(f"{name} must be a polars DataFrame, not {kind}.")
    missing = [column for column in columns if column not in frame.columns]
    if missing:
        there = ", ".join(column[:40] for column in frame.columns[:_COLUMNS_NAMED]) or "none"
        more = ", ..." if len(frame.columns) > _COLUMNS_NAMED else ""
        raise PolicyError(f"{name} lacks the columns {', '.join(missing)}; it has {there}{more}.")


def _codes(frame: pl.DataFrame, name: str) -> pl.Expr:
    """Product codes as text. Numbers with a point are none: 7 and 7.0 would be two products."""
    kind = frame.schema["product_code"]
    if not (kind.is_integer() or kind in (pl.String, pl.Categorical, pl.Enum, pl.Null)):
        raise PolicyError(f"The column product_code of {name} must hold text or whole numbers, not {kind}.")
    return pl.col("product_code").cast(pl.String)


def _cast(frame: pl.DataFrame, name: str, column: str, dtype: type[pl.DataType]) -> pl.Expr:
    kind = frame.schema[column]
    told = _as_day(column, kind) if dtype == pl.Date else pl.col(column).cast(dtype)
    try:
        frame.select(told)
    except pl.exceptions.PolarsError:
        raise PolicyError(f"The column {column} of {name} must hold {_WORDS[dtype]}, not {kind}.") from None
    return told


def _as_day(column: str, kind: pl.DataType) -> pl.Expr:
    """The day that a text or an instant names, an instant's where its clock is: midnight in Sydney is no day before."""
    if kind == pl.String:
        return pl.col(column).str.to_date("%Y-%m-%d")
    return pl.col(column).dt.date() if kind == pl.Datetime else pl.col(column).cast(pl.Date)


def _told(number: float | None) -> str:
    return "nothing" if number is None else f"{number:g}"
