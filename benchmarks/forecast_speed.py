"""What a forecast costs as the products grow, and what dominates it.

    python -m benchmarks.forecast_speed [--sizes 1000 4000 10000 40000]

Generated products with 104 weeks of daily sales, lead time 21 days, order frequency 7. Each size runs in a process of
its own: the forecast of horizon and cover that every plan makes, and the weekly comparison of models. The first call
of a process, which pays for the libraries, is told apart. Seconds depend on the machine; growth hardly does.
"""

import argparse
import cProfile
import json
import pstats
import resource
import subprocess
import sys
import time
from datetime import date
from typing import Final

import numpy as np
import polars as pl
from rich.console import Console
from rich.table import Table

SIZES: Final = (1_000, 4_000, 10_000, 40_000)
WEEKS: Final = 104
AS_OF: Final = date(2026, 3, 2)
PARTS: Final = {
    "the calendar": ("make_series",),
    "levels and facts": ("gather_facts",),
    "learning": ("learn",),
    "quantiles": ("model_quantiles",),
    "tables": ("_demand_quantiles", "_demand_forecast", "_demand_horizons"),
}
Costs = dict[str, float]


def main() -> None:
    """Measure every size in a process of its own, and print the curve."""
    arguments = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    arguments.add_argument("--sizes", type=int, nargs="+", default=list(SIZES))
    arguments.add_argument("--one", type=int, help=argparse.SUPPRESS)
    asked = arguments.parse_args()
    if asked.one:
        print(json.dumps(measure(asked.one)))
        return
    costs = {}
    for size in asked.sizes:
        print(f"{size:,} products ...", file=sys.stderr)
        command = [sys.executable, "-m", "benchmarks.forecast_speed", "--one", str(size)]
        done = subprocess.run(command, stdout=subprocess.PIPE, check=True)  # noqa: S603, our own
        costs[size] = json.loads(done.stdout)
    Console(width=140).print(_table(costs))


def generate(products: int, *, seed: int = 1) -> pl.DataFrame:
    """Daily sales of many products: means over four orders of magnitude, in lumps, rising before each new year."""
    random = np.random.default_rng(seed)
    mean = random.lognormal(0.5, 1.3, products)
    week = np.arange(WEEKS)
    season = 1 + 0.5 * np.sin(2 * np.pi * (week - 36) / 52)
    weekly = random.negative_binomial(0.6, 0.6 / (0.6 + mean[:, None] * season[None, :]))
    product, column = np.nonzero(weekly)
    ago = 7 * (WEEKS - column) - random.integers(0, 7, product.size)
    return pl.DataFrame(
        {
            "product_code": pl.Series(product, dtype=pl.Int64).cast(pl.String).str.zfill(6),
            "demand_date": pl.Series([AS_OF], dtype=pl.Date).repeat_by(product.size).explode(empty_as_null=False)
            - pl.Series(ago * 86_400_000_000, dtype=pl.Duration("us")),
            "quantity": weekly[product, column].astype(float),
        }
    )


def measure(products: int) -> Costs:
    """CPU seconds of the first call, of a later one by its parts and of the comparison, and the peak in megabytes."""
    from pipelines.forecasting.forecast import forecast_demand, score_models  # noqa: PLC0415, its import is measured

    demand = generate(products)
    asked = demand.select(pl.col("product_code").unique().sort()).with_columns(
        lead_time_days=pl.lit(21, dtype=pl.Int64), order_frequency_days=pl.lit(7, dtype=pl.Int64)
    )
    few = demand.filter(pl.col("product_code") < "000200")
    first = _cpu_seconds(lambda: forecast_demand(few, asked, as_of=AS_OF))
    later = _cpu_seconds(lambda: forecast_demand(demand, asked, as_of=AS_OF))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    parts = _shares(lambda: forecast_demand(demand, asked, as_of=AS_OF))
    compared = _cpu_seconds(lambda: score_models(demand, asked, as_of=AS_OF))
    return {"first call": first, "forecast": later, "comparison": compared, "peak MB": peak} | parts


def _cpu_seconds(call: object) -> float:
    began = time.process_time()
    call()  # type: ignore[operator]
    return time.process_time() - began


def _shares(call: object) -> Costs:
    """Which share of a call each part takes; what is in none of them is the rest."""
    profile = cProfile.Profile()
    profile.runcall(call)  # type: ignore[arg-type]
    stats = pstats.Stats(profile)
    taken: Costs = {}
    for (_, _, function), (_, _, _, cumulative, _) in stats.stats.items():  # type: ignore[attr-defined]
        for part, names in PARTS.items():
            if function in names:
                taken[part] = taken.get(part, 0.0) + cumulative
    return {part: taken.get(part, 0.0) / stats.total_tt for part in PARTS}  # type: ignore[attr-defined]


def _table(costs: dict[int, Costs]) -> Table:
    table = Table(title="What a forecast costs", title_justify="left")
    for name in ("products", "CPU s", "growth", "peak MB", "first call", "comparison", *PARTS):
        table.add_column(name, justify="right")
    before: tuple[int, float] | None = None
    for size, cost in costs.items():
        growth = f"x {cost['forecast'] / before[1]:.1f} for x {size / before[0]:g}" if before else ""
        table.add_row(
            f"{size:,}", f"{cost['forecast']:.1f}", growth, f"{cost['peak MB']:,.0f}", f"{cost['first call']:.1f}",
            f"{cost['comparison']:.1f}", *(f"{cost[part]:.0%}" for part in PARTS),
        )  # fmt: skip
        before = (size, cost["forecast"])
    return table


if __name__ == "__main__":
    main()
