"""What may be asked of the plain functions, checked at their door: the frame as it is used, or one plain sentence.

What belongs here: columns, types, ranges. What does not: the maths.
    PlannerError
    └── UsageError
        └── PolicyError   a frame or a number that cannot be used
Read more in docs/maths.md.
"""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any, Final, get_args

import polars as pl

from pipelines.errors import UsageError
from pipelines.replenishment.decision import Measure, Rule, Unmet

LONGEST_DAYS: Final = 3650
NAMED: Final = 3


class PolicyError(UsageError):
    """A frame or a number that was given to the policy cannot be used."""


def day(as_of: date) -> date:
    """The day, also of an instant."""
    if isinstance(as_of, datetime):
        return as_of.date()
    if not isinstance(as_of, date):
        raise PolicyError(f"as_of must be a date such as date(2026, 3, 1), not {as_of!r}.")
    return as_of


def rule(measure: str, unmet_demand: str) -> Rule:
    """The rule of these words; two levels where a service level is one of cycles."""
    for name, word, words in (
        ("measure", measure, get_args(Measure)), ("unmet_demand", unmet_demand, get_args(Unmet)),
    ):  # fmt: skip
        if word not in words:
            raise PolicyError(f"{name} must be one of {', '.join(words)}, not {word!r}.")
    return Rule(measure=measure, unmet_demand=unmet_demand, has_two_levels=measure == "cycle")  # type: ignore[arg-type]


def fractions(levels: float | Sequence[float]) -> list[float]:
    """Service levels as a list.

    >>> fractions(0.95)
    [0.95]
    """
    told = list(levels) if isinstance(levels, Iterable) else [levels]
    for level in told:
        if not isinstance(level, int | float) or not 0 < level < 1:
            raise PolicyError(f"A service level is a fraction above 0 and below 1, such as 0.95, not {level!r}.")
    return [float(level) for level in told]


def demand_frame(demand: pl.DataFrame) -> pl.DataFrame:
    """Demand as the forecast takes it; rows without a product or a day are left out."""
    _require(demand, "demand", "product_code", "date", "quantity")
    more = {"is_stocked_out": pl.Boolean, "unit_price": pl.Float64}
    told = demand.select(
        pl.col("product_code").cast(pl.String),
        _cast(demand, "demand", "date", pl.Date).alias("demand_date"),
        _cast(demand, "demand", "quantity", pl.Float64),
        *(_cast(demand, "demand", name, dtype) for name, dtype in more.items() if name in demand.columns),
    )
    return told.drop_nulls(["product_code", "demand_date"])


def stock_frame(stock: pl.DataFrame) -> pl.DataFrame:
    """One row a product; what is no number is nothing, and `is_fault` says so."""
    _require(stock, "stock", "product_code", "stock_on_hand")
    numbers = [name for name in ("stock_on_hand", "stock_committed") if name in stock.columns]
    told = stock.select(
        pl.col("product_code").cast(pl.String), *(_cast(stock, "stock", name, pl.Float64) for name in numbers)
    )
    if "stock_committed" not in numbers:
        told = told.with_columns(stock_committed=pl.lit(0.0))
    both = ("stock_on_hand", "stock_committed")
    is_fault = pl.any_horizontal(~pl.col(name).is_finite().fill_null(value=False) for name in both)
    return (
        told.drop_nulls("product_code")
        .with_columns(is_fault=is_fault)
        .with_columns(pl.when(pl.col(name).is_finite()).then(name).otherwise(0.0).alias(name) for name in both)
        .group_by("product_code")
        .agg(pl.col(both).sort().sum(), pl.col("is_fault").any())
        .sort("product_code")
    )


def open_order_frame(open_orders: pl.DataFrame) -> pl.DataFrame:
    """What is under way: rows with a product and a quantity above nothing."""
    if open_orders.is_empty():
        return pl.DataFrame(schema={"product_code": pl.String, "arrival_date": pl.Date, "quantity": pl.Float64})
    _require(open_orders, "open_orders", "product_code", "arrival_date", "quantity")
    told = open_orders.select(
        pl.col("product_code").cast(pl.String),
        _cast(open_orders, "open_orders", "arrival_date", pl.Date),
        _cast(open_orders, "open_orders", "quantity", pl.Float64),
    )
    return told.drop_nulls("product_code").filter(pl.col("quantity").is_finite() & (pl.col("quantity") > 0))


def days_of(
    codes: pl.DataFrame, days: int | pl.DataFrame, *, name: str, least: int, is_sample: bool = False
) -> pl.DataFrame:
    """Whole days for every product; from a number, or from a frame that has the column `name`."""
    told = _each(codes, days, name=name, is_sample=is_sample)
    bad = told.filter(~pl.col(name).is_between(least, LONGEST_DAYS).fill_null(value=False))
    if bad.height:
        wrong, of = bad[name][0], bad["product_code"][0]
        raise PolicyError(f"{name} must be {least} to {LONGEST_DAYS} days; it is {_told(wrong)} for {of}.")
    return told.with_columns(pl.col(name).round(0).cast(pl.Int64))


def levels_of(codes: pl.DataFrame, level: float | pl.DataFrame) -> pl.DataFrame:
    """A service level for every product."""
    told = _each(codes, level, name="service_level")
    for value in told["service_level"].unique().to_list():
        fractions([value])
    return told


def _each(codes: pl.DataFrame, value: Any, *, name: str, is_sample: bool = False) -> pl.DataFrame:
    if not isinstance(value, pl.DataFrame):
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise PolicyError(f"{name} must be a number or a frame with product_code and {name}, not {value!r}.")
        return codes.with_columns(pl.lit(float(value)).alias(name))
    _require(value, name, "product_code", name)
    told = value.select(pl.col("product_code").cast(pl.String), _cast(value, name, name, pl.Float64))
    if not is_sample and told["product_code"].is_duplicated().any():
        raise PolicyError(f"{name} has several rows for one product; give one.")
    if is_sample:
        told = told.drop_nulls().drop_nans()
    missing = codes.join(told, on="product_code", how="anti")["product_code"].to_list()
    if missing:
        more = ", ..." if len(missing) > NAMED else ""
        raise PolicyError(f"{name} has no row for {len(missing)} products: {', '.join(missing[:NAMED])}{more}.")
    return codes.join(told, on="product_code", how="inner").sort("product_code", name)


def _require(frame: pl.DataFrame, name: str, *columns: str) -> None:
    if not isinstance(frame, pl.DataFrame):
        raise PolicyError(f"{name} must be a polars DataFrame, not {type(frame).__name__}.")
    missing = [column for column in columns if column not in frame.columns]
    if missing:
        raise PolicyError(f"{name} lacks the columns {', '.join(missing)}; it has {', '.join(frame.columns)}.")


def _cast(frame: pl.DataFrame, name: str, column: str, dtype: type[pl.DataType]) -> pl.Expr:
    try:
        frame.select(pl.col(column).cast(dtype))
    except pl.exceptions.PolarsError:
        kind = {pl.Date: "dates", pl.Float64: "numbers", pl.Boolean: "yes or no"}[dtype]
        raise PolicyError(f"The column {column} of {name} must hold {kind}, not {frame.schema[column]}.") from None
    return pl.col(column).cast(dtype)


def _told(number: float | None) -> str:
    return "nothing" if number is None else f"{number:g}"
