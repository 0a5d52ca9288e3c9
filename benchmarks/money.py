"""Suppliers' minimums and a spend cap over a year of real sales: our rules beside raising and cutting in proportion.

    STOCKTRIM_SALES_FILE=sales.parquet python -m benchmarks.money [--products 200] [--suppliers 20]

Products are spread over suppliers by a hash of their code. The minimum of each supplier is twice what our policy orders
of it at a review without minimums; the cap is 80% of what it orders of all of them. Lead time 21 days, weekly review,
service level 95%, lost sales, cost half of the price.
"""

import argparse
import sys
import time
import zlib
from dataclasses import replace
from typing import Final

import numpy as np
import polars as pl

from benchmarks.policy import LEAD_TIME_DAYS, retail_sales
from pipelines.planning_settings.order_rule import OrderPolicy
from pipelines.policy_backtest.money_terms import MoneyTerms
from pipelines.policy_backtest.past import History, make_history
from pipelines.policy_backtest.policy_comparison import (
    OURS,
    OURS_IN_PROPORTION,
    OURS_UNLIMITED,
    BacktestSettings,
    run_backtest,
)

HOLDING_RATE: Final = 0.25
SHOWN: Final = ("average_stock_value", "weeks_kept", "fill_rate_money", "lost_margin_a_week", "supplier_orders")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--products", type=int, default=200)
    parser.add_argument("--suppliers", type=int, default=20)
    parser.add_argument("--weeks", type=int, default=48)
    given = parser.parse_args()
    began = time.process_time()
    history = make_history(retail_sales("all", given.products), lead_time_days=LEAD_TIME_DAYS)
    order = np.array([zlib.crc32(f"of {code}".encode()) % given.suppliers for code in history.product_codes])
    rate = np.full(order.size, HOLDING_RATE)
    value = _weekly_value(history, order, given.suppliers)
    free, below = np.zeros(given.suppliers), ("best",) * given.suppliers
    terms = MoneyTerms(order, rate, free, below, None)
    for name, limited in {
        "a minimum of twice the usual order": replace(terms, minimums=2 * value),
        "the same, units always added": replace(terms, minimums=2 * value, below=("add",) * given.suppliers),
        "a cap of 80% of the usual spend": replace(terms, spend_cap=0.8 * float(value.sum())),
        "both": replace(terms, minimums=2 * value, spend_cap=0.8 * float(value.sum())),
    }.items():
        settings = BacktestSettings(7, [0.95], OrderPolicy(), weeks=given.weeks)
        tested = run_backtest(replace(history, money=limited), settings, progress=lambda _: None)
        _print(name, tested.results)
        print(f"{time.process_time() - began:.0f} CPU seconds", file=sys.stderr, flush=True)


def _weekly_value(history: History, order: np.ndarray, suppliers: int) -> np.ndarray:
    """What the demand of a week of the last year costs, by supplier: what a policy orders of it on average."""
    days = min(364, history.daily.shape[1])
    return np.asarray(
        np.bincount(order, history.daily[:, -days:].sum(axis=1) * history.unit_cost, suppliers) / (days / 7)
    )


def _print(name: str, results: pl.DataFrame) -> None:
    print(f"\n{name}\n" + " | ".join(["policy", *SHOWN]))
    own = {OURS, OURS_IN_PROPORTION, OURS_UNLIMITED}
    for row in results.filter(pl.col("policy").is_in(own), demand_class="all").iter_rows(named=True):
        print(" | ".join([row["policy"], *(f"{row[column]:.4g}" for column in SHOWN)]), flush=True)


if __name__ == "__main__":
    main()
