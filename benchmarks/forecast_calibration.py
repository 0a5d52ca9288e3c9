"""How often demand stayed at or below each quantile that was forecast for it, on real sales.

    STOCKTRIM_SALES_FILE=sales.parquet python -m benchmarks.forecast_calibration

The file has invoice lines (InvoiceNo, StockCode, Quantity, InvoiceDate, CustomerID and more), as the sandbox takes it.
The planner stands at several days of the last year, forecasts 21 days (lead time 14, order frequency 7) from what was
sold before, and is compared with what was sold then. Credit notes cancel sales as in the mart, also where they came
after the forecast's day. Demand comes in whole pieces, so a right quantile p lies between the two shares: demand is at
or below it in p of all cases or more, and strictly below it in p or fewer.
"""

import os
import sys
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Final

import polars as pl

from pipelines.forecasting.forecast import forecast_demand
from pipelines.tables import DEMAND_DAILY
from xero_sandbox.history.sales_file import CREDIT, SALE, read_sales_file
from xero_sandbox.importer import is_service

LEAD_TIME_DAYS: Final = 14
ORDER_FREQUENCY_DAYS: Final = 7
HORIZON_DAYS: Final = LEAD_TIME_DAYS + ORDER_FREQUENCY_DAYS
AS_OF_DAYS: Final = 9
DAYS_BETWEEN: Final = 42
JUDGED: Final = (0.5, 0.8, 0.9, 0.95, 0.99)
_PLANNED: Final = "all but dead"


def main() -> None:
    """Print the table for the file that the environment names."""
    file = os.environ.get("STOCKTRIM_SALES_FILE")
    if not file:
        sys.exit("Set STOCKTRIM_SALES_FILE to a CSV or Parquet file of invoice lines.")
    demand = net_demand(Path(file))
    last_day: date = demand["demand_date"].max()  # type: ignore[assignment]
    days = held_out_days(last_day)
    judged = pl.concat(judge(demand, as_of=day) for day in days)
    print(f"{HORIZON_DAYS} days from each of {', '.join(map(str, days))}")
    print(as_text(shares(judged)))


def held_out_days(last_day: date) -> list[date]:
    """As-of days, oldest first; the latest leaves room for one horizon."""
    latest = last_day + timedelta(days=1 - HORIZON_DAYS)
    return [latest - timedelta(days=DAYS_BETWEEN * k) for k in reversed(range(AS_OF_DAYS))]


def net_demand(file: Path) -> pl.DataFrame:
    """Demand by product and day, in the shape of `marts.demand_daily`, services left out."""
    lines = read_sales_file(file).lines.filter((pl.col("code") != "") & pl.col("kind").is_in([SALE, CREDIT]))
    is_product = [code for code in lines["code"].unique() if not is_service(code)]
    lines = lines.filter(pl.col("code").is_in(is_product)).sort("day", "invoice", maintain_order=True)
    kept = pl.DataFrame(_uncancelled(lines), schema=["product_code", "demand_date", "quantity"], orient="row")
    return (
        kept.group_by("product_code", "demand_date")
        .agg(pl.col("quantity").sum())
        .with_columns(is_stocked_out=pl.lit(value=False))
        .select(list(DEMAND_DAILY.columns))
        .cast(DEMAND_DAILY.schema)
        .sort("product_code", "demand_date")
    )


def _uncancelled(lines: pl.DataFrame) -> Iterator[tuple[str, date, float]]:
    """Sales less credit notes of the same customer and product, which cancel the most recent sales first."""
    open_sales: dict[tuple[str, str], list[tuple[date, float]]] = {}
    for code, customer, kind, day, quantity in lines.select("code", "customer", "kind", "day", "quantity").iter_rows():
        sales = open_sales.setdefault((code, customer), [])
        if kind == SALE:
            sales.append((day, quantity))
            continue
        left = abs(quantity)
        while left > 0 and sales:
            sold_on, sold = sales.pop()
            if sold > left:
                sales.append((sold_on, sold - left))
            left -= sold
    return ((code, day, quantity) for (code, _), sales in open_sales.items() for day, quantity in sales)


def judge(demand: pl.DataFrame, *, as_of: date) -> pl.DataFrame:
    """For every product with a forecast, and every judged probability: whether demand was at or below, and below."""
    products = demand.filter(pl.col("demand_date") < as_of).select("product_code").unique()
    asked = products.with_columns(
        lead_time_days=pl.lit(LEAD_TIME_DAYS, dtype=pl.Int64),
        order_frequency_days=pl.lit(ORDER_FREQUENCY_DAYS, dtype=pl.Int64),
    )
    forecast = forecast_demand(demand, asked, as_of=as_of)
    came = (
        demand.filter(pl.col("demand_date").is_between(as_of, as_of + timedelta(days=HORIZON_DAYS), closed="left"))
        .group_by("product_code")
        .agg(demand=pl.col("quantity").sum())
    )
    return (
        forecast.demand_quantiles.filter(pl.col("probability").is_in(JUDGED))
        .join(forecast.model_choice.select("product_code", "demand_class"), on="product_code")
        .join(came, on="product_code", how="left")
        .with_columns(pl.col("demand").fill_null(0.0))
        .select(
            "demand_class",
            "probability",
            at_or_below=pl.col("demand") <= pl.col("quantity"),
            below=pl.col("demand") < pl.col("quantity"),
        )
    )


def shares(judged: pl.DataFrame) -> pl.DataFrame:
    """The shares by class and probability; the first class is all that are planned."""
    planned = judged.filter(pl.col("demand_class") != "dead").with_columns(demand_class=pl.lit(_PLANNED))
    return (
        pl.concat([planned, judged])
        .group_by("demand_class", "probability")
        .agg(pl.len().alias("forecasts"), pl.col("at_or_below", "below").mean())
        .sort(pl.col("demand_class") != _PLANNED, "demand_class", "probability")
    )


def as_text(table: pl.DataFrame) -> str:
    """A line a class: how many forecasts, and for each probability `at or below / below` in per cent."""
    lines = [f"{'class':14}{'forecasts':>10}" + "".join(f"{f'{100 * one:g}%':>14}" for one in JUDGED)]
    for (name,), rows in table.group_by("demand_class", maintain_order=True):
        told = "".join(f"{100 * row['at_or_below']:>7.1f} /{100 * row['below']:>5.1f}" for row in rows.to_dicts())
        lines.append(f"{name!s:14}{rows['forecasts'][0]:>10,}{told}")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
