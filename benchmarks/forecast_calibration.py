"""How well the forecast is calibrated on real sales: its loss over the baseline's, and the shares below each quantile.

    STOCKTRIM_SALES_FILE=sales.parquet python -m benchmarks.forecast_calibration [--half chosen|held_out|all]

The file has invoice lines (InvoiceNo, StockCode, Quantity, InvoiceDate, CustomerID and more), as the sandbox takes it.
At nine days of the last year the planner forecasts 28 days (lead time 21, order frequency 7) from what was sold before.
It does so by each model alone, then by the fallback rules, and is compared with what was sold then. Credit notes cancel
sales as in the mart, also if they came after the forecast's day. Products fall into two halves by a hash of the code:
what was chosen on `chosen` is reported on `held_out`. A global model learns from its half only.
Demand comes in whole units, so for a right quantile p lies between the two shares. Demand is at or below it in at least
p of all cases, and strictly below it in at most p. The interval is a bootstrap over the nine days, since all products
share what happens on them.
"""

import argparse
import os
import sys
import zlib
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Final

import numpy as np
import polars as pl

from pipelines.forecasting.distribution import PROBABILITIES, forecast_distribution
from pipelines.forecasting.history.demand_patterns import PATTERNS
from pipelines.forecasting.models.model_registry import BASELINE, GLOBAL_MODEL, NB, NB_PREDICTIVE
from pipelines.forecasting.models.negative_binomial import whole_units
from pipelines.forecasting.selection.model_backtest import SCORED, pinball_loss
from pipelines.storage.tables import DEMAND_DAILY
from sales_files.credit_notes import CREDIT, SALE
from xero_sandbox.worlds.importer import is_service
from xero_sandbox.worlds.simulated_history.invoice_lines import read_sales_file

HORIZON_DAYS: Final = 28
AS_OF_DAYS: Final = 9
DAYS_BETWEEN: Final = 35
HALVES: Final = ("chosen", "held_out")
JUDGED: Final = (0.5, 0.8, 0.9, 0.95, 0.98, 0.99)
BY_RULE: Final = "by rule"
EVERY_CLASS: Final = "all but dead"
MODELS: Final = (BASELINE, NB_PREDICTIVE, NB, GLOBAL_MODEL, BY_RULE)
RESAMPLES: Final = 1_000


def main() -> None:
    """Print the tables for the file that the environment names."""
    arguments = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    arguments.add_argument("--half", choices=(*HALVES, "all"), default="all", help="which products")
    half = arguments.parse_args().half
    file = os.environ.get("STOCKTRIM_SALES_FILE")
    if not file:
        sys.exit("Set STOCKTRIM_SALES_FILE to a CSV or Parquet file of invoice lines.")
    demand = of_half(net_demand(Path(file)), half)
    days = held_out_days(max(demand["demand_date"]))
    judged = pl.concat(judge(demand, as_of=day) for day in days)
    print(f"{HORIZON_DAYS} days from each of {', '.join(map(str, days))}; products: {half}")
    print(as_text(judged))


def held_out_days(last_day: date) -> list[date]:
    """As-of days, oldest first; the latest leaves room for one horizon."""
    latest = last_day + timedelta(days=1 - HORIZON_DAYS)
    return [latest - timedelta(days=DAYS_BETWEEN * k) for k in reversed(range(AS_OF_DAYS))]


def of_half(demand: pl.DataFrame, half: str) -> pl.DataFrame:
    """The products of a half, by a hash of the code: things may be chosen on `chosen`, `held_out` is for the report."""
    if half == "all":
        return demand
    kept = [code for code in demand["product_code"].unique() if HALVES[zlib.crc32(code.encode()) % 2] == half]
    return demand.filter(pl.col("product_code").is_in(kept))


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
    columns = ("code", "customer", "kind", "day", "quantity")
    for code, customer, line_type, day, quantity in lines.select(columns).iter_rows():
        sales = open_sales.setdefault((code, customer), [])
        if line_type == SALE:
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
    """For every product that is not dead and every model: the loss, and whether demand stayed below each quantile."""
    known = demand.filter(pl.col("demand_date") < as_of)
    windows = known.select(pl.col("product_code").unique()).with_columns(horizon_days=HORIZON_DAYS)
    came = dict(
        demand.filter(pl.col("demand_date").is_between(as_of, as_of + timedelta(days=HORIZON_DAYS), closed="left"))
        .group_by("product_code")
        .agg(pl.col("quantity").sum())
        .iter_rows()
    )
    frames = []
    for model in MODELS:
        print(f"{as_of} {model} ...", file=sys.stderr)
        choice = None if model == BY_RULE else dict.fromkeys(windows["product_code"], model)
        forecast = forecast_distribution(known, windows, as_of=as_of, choice=choice)
        is_planned = forecast.demand_class != "dead"
        demanded = np.array([came.get(code, 0.0) for code in forecast.product_codes])[is_planned]
        is_whole = forecast.is_sold_whole[forecast.window_product, None]
        whole = np.where(is_whole, whole_units(forecast.quantiles), forecast.quantiles)[is_planned]
        at = {p: whole[:, np.argmin(np.abs(PROBABILITIES - p))] for p in JUDGED}
        shares = {f"{p:g}": np.stack([demanded < q, demanded <= q], axis=1).tolist() for p, q in at.items()}
        frames.append(
            pl.DataFrame(
                {"as_of": [as_of] * demanded.size, "model": [model] * demanded.size,
                 "demand_class": forecast.demand_class[is_planned].tolist(), "demand": demanded,
                 "loss": np.mean([pinball_loss(demanded, at[p], p) for p in SCORED], axis=0)}
            ).with_columns(
                pl.Series(f"{name}_{p}", [pair[k] for pair in pairs])
                for p, pairs in shares.items() for k, name in enumerate(("below", "at_or_below"))
            )
        )  # fmt: skip
    return pl.concat(frames)


def as_text(judged: pl.DataFrame) -> str:
    """Two tables: the loss by demand pattern and model, over the baseline's; the shares by rule, with intervals."""
    every = pl.concat([judged.with_columns(demand_class=pl.lit(EVERY_CLASS)), judged])
    names = [EVERY_CLASS, *PATTERNS[:-1]]
    lines = [f"{'loss / baseline':22}" + "".join(f"{model:>15}" for model in MODELS)]
    for name in names:
        cost = dict(every.filter(demand_class=name).group_by("model").agg(pl.col("loss").sum()).iter_rows())
        if cost:
            lines.append(f"{name:22}" + "".join(f"{cost[model] / cost[BASELINE]:15.3f}" for model in MODELS))
    lines += [
        "",
        f"{'by rule: below / at':22}{'forecasts':>10}"
        + "".join(f"{f'{100 * probability:g}%':>16}" for probability in JUDGED),
    ]
    for name in names:
        of_pattern = every.filter(demand_class=name, model=BY_RULE)
        if of_pattern.height:
            shares = "".join(
                f"{_share(of_pattern, f'below_{p:g}')} /{_share(of_pattern, f'at_or_below_{p:g}')}" for p in JUDGED
            )
            lines.append(f"{name:22}{of_pattern.height:>10,}{shares}")
    lines += [f"{'interval, 90 %':32}" + "".join(_interval(every, p) for p in JUDGED)]
    return "\n".join(lines)


def _share(judged: pl.DataFrame, column: str) -> str:
    share = judged.select(100 * pl.col(column).cast(pl.Float64).mean()).item()
    return f"{share:>7.1f}"


def _interval(every: pl.DataFrame, p: float) -> str:
    """From the 5 % to the 95 % quantile of the share at or below, days drawn again and again."""
    by_day = (
        every.filter(demand_class=EVERY_CLASS, model=BY_RULE)
        .group_by("as_of")
        .agg(pl.col(f"at_or_below_{p:g}").sum().alias("kept"), pl.len())
        .sort("as_of")
    )
    kept, count = by_day["kept"].to_numpy(), by_day["len"].to_numpy()
    drawn = np.random.default_rng(0).integers(0, kept.size, (RESAMPLES, kept.size))
    low, high = np.quantile(kept[drawn].sum(axis=1) / count[drawn].sum(axis=1), [0.05, 0.95])
    return f"{100 * low:>7.1f} -{100 * high:>6.1f} "


if __name__ == "__main__":
    main()
