"""What a call of `order_quantities` costs, as products grow, with fixed and with random lead times.

    python -m benchmarks.order_speed [--sizes 250 1000 4000]

Generated products with 104 weeks of daily sales, half of them with an open order. The first call of a process, which
pays for the libraries, is shown apart. Seconds depend on the machine; growth hardly does.
"""

import argparse
import time

import numpy as np
import polars as pl

from benchmarks.forecast_speed import AS_OF, generate

SIZES = (250, 1_000, 4_000)
LENGTHS = (14, 17, 20, 23, 28, 35)


def main() -> None:
    """Measure and print."""
    arguments = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    arguments.add_argument("--sizes", type=int, nargs="+", default=list(SIZES))
    sizes = arguments.parse_args().sizes
    print(f"first call, 100 products: {seconds(100, is_random=False):.1f} CPU s")
    for is_random in (False, True):
        before = 0.0
        for products in sizes:
            took = seconds(products, is_random=is_random)
            growth = f", x {took / before:.1f}" if before else ""
            lead_times = "random" if is_random else "fixed"
            print(f"{products:,} products, {lead_times} lead times: {took:.1f} CPU s{growth}", flush=True)
            before = took


def seconds(products: int, *, is_random: bool) -> float:
    """CPU seconds of one call."""
    from pipelines.replenishment.public_api import order_quantities  # noqa: PLC0415, its import is measured

    demand = generate(products).rename({"demand_date": "date"})
    codes = demand.select(pl.col("product_code").unique().sort())
    stock = codes.with_columns(stock_on_hand=pl.Series(np.random.default_rng(0).integers(0, 30, codes.height)))
    coming = codes.head(products // 2).with_columns(
        arrival_date=pl.lit(AS_OF) + pl.duration(days=5), quantity=pl.lit(9)
    )
    days = codes.join(pl.DataFrame({"lead_time_days": LENGTHS}), how="cross") if is_random else 21
    began = time.process_time()
    order_quantities(
        demand, stock, coming, as_of=AS_OF, lead_time_days=days, order_frequency_days=7, service_level=0.95
    )  # fmt: skip
    return time.process_time() - began


if __name__ == "__main__":
    main()
