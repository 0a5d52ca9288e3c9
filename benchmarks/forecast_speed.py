"""What a forecast and the plan made from it cost as the products grow, and what dominates them.

    python -m benchmarks.forecast_speed [--sizes 400 1000 4000 10000 40000]

Generated products with 104 weeks of daily sales, 25 of each supplier. Each tenth supplier delivers to the day; the
others' lead times are random and learned from three receipts a product. Half of the products are on order. Each size
runs in a process of its own, from the first import to the plan; then comes the weekly comparison of models. Seconds
depend on the machine; growth and shares hardly do. It ends with an error if a promise does not hold: 4,000 products
within 25 CPU seconds, 40,000 within 150 CPU seconds and 3 GiB, no growth of a product's cost, imports less than half of
a plan of 400 products.
"""

import argparse
import importlib
import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import polars as pl
from rich.console import Console
from rich.table import Table

from pipelines.storage import tables

if TYPE_CHECKING:
    from pipelines.replenishment.plan.order_plan import PlanInputs
    from pipelines.replenishment.planning_parameters import PlanningParameters

SIZES: Final = (400, 1_000, 4_000, 10_000, 40_000)
WEEKS: Final = 104
AS_OF: Final = date(2026, 3, 2)
START: Final = "start"
FORECAST: Final = "forecast"
PLAN: Final = "plan"
WHOLE: Final = (START, FORECAST, PLAN)
# CPU seconds and megabytes by products.
BOUNDS: Final = {4_000: (25.0, 3 * 1024.0), 40_000: (150.0, 3 * 1024.0)}
# Of so many products imports may not be this share of the whole.
LARGEST_START: Final = (400, 0.5)
# What a product costs may differ by this much from size to size before growth is called more than linear.
TOLERANCE: Final = 1.25
PARTS: Final = {
    "calendar": "pipelines.forecasting.distribution.make_demand_matrix",
    "learning": "pipelines.forecasting.distribution.fit_global_model",
    "quantiles": "pipelines.forecasting.distribution.model_quantiles",
    "paths": "pipelines.replenishment.decision.stock_projection.demand_between",
    "decision": "pipelines.replenishment.plan.order_plan.decide",
}
Costs = dict[str, float]


def main() -> None:
    """Measure every size in a process of its own, and print the curve."""
    arguments = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    arguments.add_argument("--sizes", type=int, nargs="+", default=list(SIZES))
    arguments.add_argument("--size", type=int, help=argparse.SUPPRESS)
    given = arguments.parse_args()
    if given.size:
        print(json.dumps(measure(given.size)))
        return
    costs = costs_by_size(given.sizes)
    Console(width=160).print(table(costs))
    if broken := _broken(costs):
        sys.exit("\n".join(broken))


def costs_by_size(sizes: Sequence[int]) -> dict[int, Costs]:
    """What `measure` gives for each number of products, in a process of its own."""
    costs = {}
    for size in sorted(sizes):
        print(f"forecast and plan of {size:,} products ...", file=sys.stderr)
        command = [sys.executable, "-m", "benchmarks.forecast_speed", "--size", str(size)]
        done = subprocess.run(command, stdout=subprocess.PIPE, check=True)  # noqa: S603, our own
        costs[size] = json.loads(done.stdout)
    return costs


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


def company(demand: pl.DataFrame) -> "tuple[PlanInputs, PlanningParameters]":
    """What else a plan is made from: stock, open orders, and the parameters that receipts and default settings give."""
    from pipelines.planning_settings.registry import with_defaults  # noqa: PLC0415, its import is measured
    from pipelines.replenishment.plan.order_plan import PlanInputs  # noqa: PLC0415, its import is measured
    from pipelines.replenishment.planning_parameters import planning_parameters  # noqa: PLC0415, its import is measured

    random = np.random.default_rng(2)
    codes = demand["product_code"].unique().sort()
    supplier = [f"S-{place // 25:04d}" for place in range(codes.len())]
    is_random = np.array([place // 25 % 10 > 0 for place in range(codes.len())])
    received = np.flatnonzero(is_random).repeat(3)
    open_days = random.integers(-5, 60, codes.len())[::2]
    inputs = PlanInputs(
        products=_rows(
            tables.PRODUCTS, product_code=codes, product_name=codes, supplier_id=supplier, is_tracked=True,
            is_discontinued=False, is_unstocked=False, unit_cost=random.integers(1, 50, codes.len()), currency="GBP",
            currency_rate=1,
        ),
        stock_position=_rows(
            tables.STOCK_POSITION, product_code=codes, stock_on_hand=random.integers(0, 60, codes.len()),
            stock_committed=random.integers(0, 3, codes.len()),
        ),
        stock_on_order=_rows(
            tables.STOCK_ON_ORDER, product_code=codes.gather_every(2), expected_arrival_date=_days(open_days),
            quantity=random.integers(1, 40, open_days.size), is_counted=open_days > 0,
            order_date=AS_OF - timedelta(days=5),
        ),
        planning_settings=with_defaults(tables.empty(tables.PLANNING_SETTINGS)),
    )  # fmt: skip
    receipts = _rows(
        tables.PURCHASE_RECEIPTS, product_code=codes.gather(received),
        supplier_id=[supplier[place] for place in received], lead_time_days=random.integers(10, 40, received.size),
        received_date=_days(-random.integers(1, 700, received.size)),
    )  # fmt: skip
    return inputs, planning_parameters(
        inputs.products, inputs.planning_settings, receipts, inputs.stock_on_order, as_of=AS_OF
    )


def _rows(table: tables.Table, **values: Any) -> pl.DataFrame:
    given = [pl.Series(name, value) if np.ndim(value) else pl.lit(value).alias(name) for name, value in values.items()]
    missing = [pl.lit(None).alias(name) for name in table.columns if name not in values]
    return pl.select(*given).with_columns(missing).select(list(table.columns)).cast(table.schema)


def _days(ahead: Any) -> pl.Series:
    return pl.select(pl.lit(AS_OF) + pl.duration(days=pl.lit(pl.Series(ahead)))).to_series()


def measure(products: int) -> Costs:
    """CPU seconds of a run's parts and of the comparison, the peak in megabytes, and the shares that functions take."""
    import scipy.stats  # noqa: F401, PLC0415, what the forecast imports where it is reached
    import sklearn.ensemble  # noqa: F401, PLC0415, as above

    from pipelines.forecasting.forecast_request import (  # noqa: PLC0415, its import is measured
        forecast_as_requested,
        forecast_request,
    )
    from pipelines.forecasting.forecast_tables import score_models  # noqa: PLC0415, its import is measured
    from pipelines.replenishment.plan.order_plan import make_plan  # noqa: PLC0415, its import is measured

    costs: Costs = {START: time.process_time()}
    demand = generate(products)
    inputs, parameters = _timed(costs, PLAN, lambda: company(demand))

    for part, place in PARTS.items():
        _let_tell(costs, part, place)
    request = forecast_request(parameters.plan_settings, parameters.protection_intervals)
    forecast = _timed(costs, FORECAST, lambda: forecast_as_requested(demand, request, as_of=AS_OF))
    _timed(costs, PLAN, lambda: make_plan(inputs, parameters, forecast, as_of=AS_OF, plan_id=""))
    costs["decision"] -= costs["paths"]
    costs["peak MB"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    parts = {part: costs[part] / _of_products(costs) for part in PARTS}
    _timed(costs, "comparison", lambda: score_models(demand, request.own, as_of=AS_OF))
    return costs | parts


def _let_tell(costs: Costs, part: str, place: str) -> None:
    """Replace the function of a place by one that adds to a part's costs what a call takes."""
    name, function = place.rsplit(".", 1)
    module = importlib.import_module(name)
    call = getattr(module, function)
    setattr(module, function, lambda *args, **named: _timed(costs, part, lambda: call(*args, **named)))


def _timed(costs: Costs, name: str, call: Callable[[], Any]) -> Any:
    began = time.process_time()
    result = call()
    costs[name] = costs.get(name, 0.0) + time.process_time() - began
    return result


def _whole(cost: Mapping[str, float]) -> float:
    return sum(cost[part] for part in WHOLE)


def _of_products(cost: Mapping[str, float]) -> float:
    return cost[FORECAST] + cost[PLAN]


def _broken(costs: Mapping[int, Costs]) -> list[str]:
    """The promises that do not hold, a sentence each."""
    broken = []
    for size, (seconds, megabytes) in BOUNDS.items():
        if size in costs and _whole(costs[size]) > seconds:
            broken.append(f"{size:,} products take {_whole(costs[size]):.1f} CPU seconds, more than {seconds:g}.")
        if size in costs and costs[size]["peak MB"] > megabytes:
            broken.append(f"{size:,} products take {costs[size]['peak MB']:,.0f} MB, more than {megabytes:,.0f}.")
    size, share = LARGEST_START
    if size in costs and costs[size][START] >= share * _whole(costs[size]):
        broken.append(f"Of {size:,} products imports take {costs[size][START] / _whole(costs[size]):.0%}.")
    for fewer, more in zip(list(costs), list(costs)[1:], strict=False):
        growth = _of_products(costs[more]) / _of_products(costs[fewer]) / (more / fewer)
        if growth > TOLERANCE:
            broken.append(f"A product of {more:,} costs {growth:.2f} times what one of {fewer:,} does.")
    return broken


def table(costs: Mapping[int, Costs]) -> Table:
    """A row for each size, with the growth from the size before it."""
    rows = Table(title="What a forecast and a plan cost", title_justify="left")
    for name in ("products", "CPU s", *WHOLE, "growth", "peak MB", "comparison", *PARTS):
        rows.add_column(name, justify="right")
    before: tuple[int, float] | None = None
    for size, cost in costs.items():
        growth = f"x {_of_products(cost) / before[1]:.1f} for x {size / before[0]:g}" if before else ""
        rows.add_row(
            f"{size:,}", f"{_whole(cost):.1f}", *(f"{cost[part]:.1f}" for part in WHOLE), growth,
            f"{cost['peak MB']:,.0f}", f"{cost['comparison']:.1f}", *(f"{cost[part]:.0%}" for part in PARTS),
        )  # fmt: skip
        before = (size, _of_products(cost))
    return rows


if __name__ == "__main__":
    main()
