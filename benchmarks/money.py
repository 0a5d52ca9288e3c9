"""Suppliers' minimums and a spend cap over a year of sales: our rules beside raising and cutting in proportion.

    STOCKTRIM_SALES_FILE=sales.parquet python -m benchmarks.money [--products 200] [--suppliers 20]
    python -m benchmarks.money stationary|seasonal|shifting|lumpy

Products are spread over suppliers by a hash of their code. The minimum of each supplier is twice what our policy orders
of it at a review without minimums; the cap is 80% of what it orders of all of them. Lead time 21 days, weekly review,
service level 95%, lost sales, cost half of the price.
"""

import argparse
import sys
import time
import zlib
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Final

import numpy as np

from benchmarks.policy import KINDS, LEAD_TIME_DAYS, generated, retail_sales
from pipelines.forecasting.distribution import DemandDistribution
from pipelines.planning_settings.order_rule import OrderPolicy
from pipelines.policy_backtest.money_terms import MoneyTerms
from pipelines.policy_backtest.our_rule import forecast_at, our_review
from pipelines.policy_backtest.past import History, make_history, review_days
from pipelines.policy_backtest.planned_orders import BY_LEAST_LOSS, IN_PROPORTION
from pipelines.policy_backtest.report import results
from pipelines.policy_backtest.simulation import ReviewDecision, simulate

HOLDING_RATE: Final = 0.25
WEEK: Final = 7
SHOWN: Final = ("average_stock_value", "weeks_kept", "fill_rate_money", "lost_margin_a_week", "supplier_orders")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("what", choices=["retail", *KINDS], nargs="?", default="retail")
    parser.add_argument("--products", type=int, default=200)
    parser.add_argument("--suppliers", type=int, default=20)
    parser.add_argument("--weeks", type=int, default=48)
    given = parser.parse_args()
    began = time.process_time()
    is_real = given.what == "retail"
    sales = retail_sales("all", given.products) if is_real else generated(given.what, seed=0, products=given.products)
    history = make_history(sales, lead_time_days=LEAD_TIME_DAYS)
    reviews = review_days(history, order_frequency_days=WEEK, weeks=given.weeks)
    history = history.known_at(reviews[0])
    forecasts = {day: forecast_at(history, day, order_frequency_days=WEEK, seed=0) for day in reviews}
    print(f"forecasts: {time.process_time() - began:.0f} CPU seconds", file=sys.stderr, flush=True)
    order = np.array([zlib.crc32(f"of {code}".encode()) % given.suppliers for code in history.product_codes])
    value = _weekly_value(history, order, given.suppliers, weeks=given.weeks)
    free, below = np.zeros(given.suppliers), ("best",) * given.suppliers
    terms = MoneyTerms(order, np.full(order.size, HOLDING_RATE), free, below, None)
    _measure("no minimum, no cap", replace(history, money=terms), forecasts, {"ours": ""})
    rules = {"by least loss": BY_LEAST_LOSS, "in proportion": IN_PROPORTION}
    for name, limited in {
        "a minimum of twice the usual order": replace(terms, minimums=2 * value),
        "the same, units always added": replace(terms, minimums=2 * value, below=("add",) * given.suppliers),
        "a cap of 80% of the usual spend": replace(terms, spend_cap=0.8 * float(value.sum())),
        "both": replace(terms, minimums=2 * value, spend_cap=0.8 * float(value.sum())),
    }.items():
        _measure(name, replace(history, money=limited), forecasts, rules)
        print(f"{time.process_time() - began:.0f} CPU seconds", file=sys.stderr, flush=True)


def _measure(
    name: str, history: History, forecasts: Mapping[int, DemandDistribution], rules: Mapping[str, str]
) -> None:
    """Simulate our policy with each rule of money, and print the results."""
    print(f"\n{name}\n" + " | ".join(["rule", *SHOWN]))
    for title, money_rule in rules.items():
        decide = partial(_review, history, forecasts, money_rule)
        counts = simulate(
            history, decide, dict.fromkeys(forecasts, history), order_frequency_days=WEEK,
            groups=np.zeros(len(history.product_codes), dtype=np.int64), is_lost=True,
        )  # fmt: skip
        row = results({title: counts}, [0.95], ["any"], [len(history.product_codes)]).row(0, named=True)
        print(" | ".join([title, *(f"{row[column]:.4g}" for column in SHOWN)]), flush=True)


def _review(history: History, forecasts: Mapping[int, DemandDistribution], money_rule: str, day: int) -> ReviewDecision:
    return our_review(
        history, day, forecasts[day], [0.95], OrderPolicy(), order_frequency_days=WEEK, seed=0, money_rule=money_rule
    )


def _weekly_value(history: History, order: np.ndarray, suppliers: int, *, weeks: int) -> np.ndarray:
    """What the demand of a week of the backtest costs, by supplier: what a policy orders of it on average."""
    days = min(weeks * WEEK, history.daily.shape[1])
    return np.asarray(
        np.bincount(order, history.daily[:, -days:].sum(axis=1) * history.unit_cost, suppliers) / (days / WEEK)
    )


if __name__ == "__main__":
    main()
