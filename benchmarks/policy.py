"""Our policy and its rivals in service and money, on real and on generated sales, all in one run.

    STOCKTRIM_SALES_FILE=sales.parquet python -m benchmarks.policy retail [--half chosen|held_out|all] [--lost]
    python -m benchmarks.policy retail --lead-times 7 14 21 35 63
    python -m benchmarks.policy stationary|seasonal|shifting|lumpy
    python -m benchmarks.policy random_lead_times [--lost]

Retail: lead time 21 days, weekly review, 48 weeks, cost half of the price. Products are split by a hash of their code
into the half on which choices are made and the half that is held out. With several lead times each product has one of
them, by another hash. By default demand is backordered and there is one
level, as in the literature; `--lost` backtests lost sales and the default policy. Printed are: the three figures of
service by demand pattern and service level, our stock over each rival's at the same share of weeks without a stock-out
with 90% intervals from resampled blocks of weeks and of products, our lost margin over theirs at equal stock, and the
goals of the policy beside what was measured. Random lead times: stationary demand and orders that take gamma days, mean
21, deviation 10.5; our policy beside the same policy that takes the mean as certain.
"""

import argparse
import json
import os
import sys
import time
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Final

import numpy as np
import polars as pl
from scipy import stats

from benchmarks import goals
from benchmarks.forecast_calibration import HALVES, net_demand, of_half
from pipelines.forecasting.history.demand_matrix import Index, Matrix
from pipelines.planning_settings.order_rule import OrderPolicy
from pipelines.policy_backtest.level_prices import OURS
from pipelines.policy_backtest.our_rule import forecast_at, our_review
from pipelines.policy_backtest.past import History, known_at_reviews, make_history, review_days
from pipelines.policy_backtest.policy_comparison import TEXTBOOK_YEAR, Backtest, BacktestSettings, run_backtest
from pipelines.policy_backtest.report import (
    DRAWS,
    interval_of,
    lost_margin_at,
    members_of,
    results,
    stock_at,
    stock_ratio,
)
from pipelines.policy_backtest.simulation import Counts, ReviewDecision, simulate
from pipelines.replenishment.lead_times import MOST_LENGTHS, weigh_samples
from sales_files.credit_notes import SALE
from xero_sandbox.worlds.simulated_history.invoice_lines import read_sales_file

LEAD_TIME_DAYS: Final = 21
WEEKS: Final = 48
FRONTIER: Final = (0.7, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.999, 0.9995)
PROMISED: Final = (0.9, 0.95, 0.98, 0.99)
AT: Final = 0.95
GENERATED_PRODUCTS: Final = 300
GENERATED_WEEKS: Final = 156
LUMPY_SHARE: Final = 0.15
RANDOM_LEAD_TIMES: Final = "random_lead_times"
LEAD_TIME_SHAPE: Final = 4.0
LASTING_REVIEWS: Final = 8
BLOCKS: Final = 50
KINDS: Final = ("stationary", "seasonal", "shifting", "lumpy")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("what", choices=["retail", *KINDS, RANDOM_LEAD_TIMES])
    parser.add_argument("--half", choices=(*HALVES, "all"), default=HALVES[0], help="which products of retail")
    parser.add_argument("--lost", action="store_true", help="demand that finds an empty shelf is lost")
    parser.add_argument(
        "--lead-times", type=int, nargs="+", default=[LEAD_TIME_DAYS], help="days, of the products in turn"
    )
    parser.add_argument("--products", type=int, default=0, help="only so many products")
    parser.add_argument("--seed", type=int, default=0, help="of the forecast, the paths and the generated sales")
    parser.add_argument("--json", type=Path, help="also write the results to this file")
    given = parser.parse_args()
    if given.what == RANDOM_LEAD_TIMES:
        for is_lasting in (False, True):
            print("delays that last" if is_lasting else "each order takes its own time")
            products = given.products or GENERATED_PRODUCTS
            _backtest_random_lead_times(products, is_lost=given.lost, is_lasting=is_lasting, seed=given.seed)
        return
    sales = (
        retail_sales(given.half, given.products)
        if given.what == "retail"
        else generated(given.what, seed=given.seed, products=given.products or GENERATED_PRODUCTS)
    )
    began = time.process_time()
    backtest = _backtest(with_lead_times(sales, given.lead_times), is_lost=given.lost, seed=given.seed)
    summary = summarise(backtest)
    print(f"{given.what} {given.half if given.what == 'retail' else ''} {'lost' if given.lost else 'backordered'}")
    print(as_text(backtest, summary))
    print(goals.as_text(goals.goals(given.what, backtest.results, summary, is_lost=given.lost)))
    print(f"{time.process_time() - began:.0f} CPU seconds")
    if given.json:
        given.json.write_text(json.dumps({"summary": summary, "results": backtest.results.to_dicts()}, indent=2))


def with_lead_times(sales: pl.DataFrame, lead_times: Sequence[int]) -> pl.DataFrame:
    """The sales with the lead time of each product, one of those given by a hash of its code."""
    codes = sales["product_code"].unique().sort()
    days = [lead_times[zlib.crc32(f"lead {code}".encode()) % len(lead_times)] for code in codes.to_list()]
    return sales.join(pl.DataFrame({"product_code": codes, "lead_time_days": days}), on="product_code")


def _backtest(sales: pl.DataFrame, *, is_lost: bool, seed: int) -> Backtest:
    waits = OrderPolicy(unmet_demand="backordered", has_two_levels=False)
    rule, levels = (OrderPolicy(), FRONTIER[: FRONTIER.index(PROMISED[-1]) + 1]) if is_lost else (waits, FRONTIER)
    settings = BacktestSettings(
        order_frequency_days=7, service_levels=levels, order_policy=rule, weeks=WEEKS, seed=seed, blocks=BLOCKS
    )
    history = make_history(sales, lead_time_days=LEAD_TIME_DAYS)
    return run_backtest(history, settings, progress=lambda line: print(line, file=sys.stderr))


@dataclass(frozen=True)
class LastingDelays(History):
    """Lead times that last for eight reviews, so that orders hardly ever overtake each other."""

    def drawn_lead_times(self, reviews: int, *, seed: int) -> Index:
        """One draw for eight reviews."""
        return super().drawn_lead_times(reviews, seed=seed)[:, np.arange(reviews) // LASTING_REVIEWS * LASTING_REVIEWS]


def _backtest_random_lead_times(products: int, *, is_lost: bool, is_lasting: bool, seed: int) -> None:
    """Print the service of our policy with random lead times, and if it takes their mean as certain."""
    rule = OrderPolicy() if is_lost else OrderPolicy(unmet_demand="backordered", has_two_levels=False)
    chances = (np.arange(MOST_LENGTHS) + 0.5) / MOST_LENGTHS
    days = np.round(stats.gamma(LEAD_TIME_SHAPE, scale=LEAD_TIME_DAYS / LEAD_TIME_SHAPE).ppf(chances))
    sales = generated("stationary", seed=seed, products=products)
    lengths = sales.select(pl.col("product_code").unique().sort()).join(
        weigh_samples(pl.DataFrame({"product_code": "", "lead_time_days": days})).drop("product_code"), how="cross"
    )
    true = make_history(sales, lead_time_days=LEAD_TIME_DAYS, lead_times=lengths)
    if is_lasting:
        true = LastingDelays(**vars(true))
    fixed = replace(true, lead_times=make_history(sales, lead_time_days=int(true.lead_time_days[0])).lead_times)
    known_then = known_at_reviews(true, review_days(true, order_frequency_days=7, weeks=WEEKS))
    counts = {}
    for name, known in {"lead time as it is": true, "its mean for certain": fixed}.items():

        def review(day: int, known: History = known) -> ReviewDecision:
            forecast = forecast_at(known, day, order_frequency_days=7, seed=seed)
            return our_review(known, day, forecast, list(PROMISED), rule, order_frequency_days=7, seed=seed)

        groups = np.zeros(len(true.product_codes), dtype=np.int64)
        counts[name] = simulate(
            true, review, known_then, order_frequency_days=7, groups=groups, is_lost=is_lost, seed=seed
        )
        print(f"simulated {name}", file=sys.stderr)
    frontier = results(counts, PROMISED, ["all products"], [products]).filter(pl.col("demand_class") == "all")
    with pl.Config(tbl_cols=-1, tbl_width_chars=160):
        columns = ("policy", "service_level", "levels_kept", "orders_kept", "weeks_kept", "average_stock_value")
        print(frontier.select(columns))


def retail_sales(half: str, products: int) -> pl.DataFrame:
    """Real sales by product and day, of all products or so many."""
    file = os.environ.get("STOCKTRIM_SALES_FILE")
    if not file:
        sys.exit("Set STOCKTRIM_SALES_FILE to a CSV or Parquet file of invoice lines.")
    demand = of_half(net_demand(Path(file)), half)
    codes = demand["product_code"].unique().sort().to_list()
    kept = codes[:: max(1, len(codes) // products)][:products] if products else codes
    lines = read_sales_file(Path(file)).lines.filter((pl.col("kind") == SALE) & (pl.col("price") > 0))
    prices = lines.group_by(product_code=pl.col("code"), date=pl.col("day")).agg(unit_price=pl.col("price").mean())
    sold = demand.filter(pl.col("product_code").is_in(kept)).rename({"demand_date": "date"})
    return sold.select("product_code", "date", "quantity").join(prices, on=["product_code", "date"], how="left")


def generated(kind: str, *, seed: int, products: int = GENERATED_PRODUCTS) -> pl.DataFrame:
    """Weekly sales of an organisation whose products all have one demand pattern."""
    rng = np.random.default_rng(seed + zlib.crc32(kind.encode()))
    shape = (products, GENERATED_WEEKS)
    mean = np.exp(rng.normal(1.8, 1.0, products))[:, None] * np.ones(shape)
    if kind == "seasonal":
        phase = rng.normal(0, 0.6, products)[:, None]
        season = 1 + 0.7 * np.sin(2 * np.pi * np.arange(GENERATED_WEEKS)[None, :] / 52 + phase)
        mean = mean * season * np.exp(np.cumsum(rng.normal(0, 0.04, shape), axis=1))
    if kind == "shifting":
        jumps = (rng.random(shape) < 1 / 40) * rng.normal(0, 0.9, shape)
        mean = mean * np.exp(np.clip(np.cumsum(jumps, axis=1), -2.5, 2.5))
    quantity = _drawn(rng, mean, is_lumpy=kind == "lumpy")
    first = date(2022, 1, 3)
    weeks = [first + timedelta(weeks=k) for k in range(GENERATED_WEEKS)]
    return pl.DataFrame(
        {
            "product_code": [f"P{i:04d}" for i in range(products) for _ in weeks],
            "date": weeks * products,
            "quantity": quantity.ravel(),
        }
    )


def _drawn(rng: np.random.Generator, mean: Matrix, *, is_lumpy: bool) -> Matrix:
    if is_lumpy:
        is_sold = rng.random(mean.shape) < LUMPY_SHARE
        return np.where(is_sold, np.ceil(rng.lognormal(np.log(mean / LUMPY_SHARE), 1.0)), 0.0)
    return rng.negative_binomial(mean / 2.0, 1 / 3.0).astype(float)


def summarise(backtest: Backtest) -> dict[str, Any]:
    """Our stock over each rival's at the same achieved service, and our lost margin at equal stock."""
    ours = backtest.counts[OURS]
    ratios = {
        rival: {
            name: (*stock_ratio(ours, counts, AT, members=members), *_over_products(ours, counts, members))
            for name, members in members_of(backtest.classes).items()
            if name not in ("dead", "new")
        }
        for rival, counts in backtest.counts.items()
        if rival != OURS
    }
    theirs = (stock_at(backtest.counts[TEXTBOOK_YEAR], level) for level in (AT, 0.9, 0.8))
    stock = next((at for at in theirs if np.isfinite(at)), float("nan"))
    margins = {name: lost_margin_at(counts, stock) for name, counts in backtest.counts.items()}
    stocks = {name: stock_at(counts, AT) for name, counts in backtest.counts.items()}
    return {
        "stock_over_rivals": ratios,
        "stock": stocks,
        "equal_stock": stock,
        "lost_margin_at_equal_stock": margins,
    }


def _over_products(ours: Counts, theirs: Counts, members: list[int]) -> tuple[float, float]:
    """A 90% interval of the same from resampled products: what a similar company might see."""
    rng = np.random.default_rng(0)
    drawn = [
        stock_at(ours, AT, members=again) / stock_at(theirs, AT, members=again)
        for again in (rng.choice(members, len(members)).tolist() for _ in range(DRAWS))
    ]
    return interval_of(drawn)


def as_text(backtest: Backtest, summary: dict[str, Any]) -> str:
    """The tables."""
    heads = "".join(f"{head:>7}" for head in ("a", "b", "c", "fill"))
    lines = [f"{'policy':18}{'level':>7}  {'class':13}{heads}{'stock':>12}{'lost':>10}{'lines':>8}"]
    shown = backtest.results.filter(pl.col("service_level").is_in(PROMISED))
    for row in shown.sort("policy", "service_level", "demand_class").iter_rows(named=True):
        shares = "".join(
            f"{'' if row[share] is None else f'{100 * row[share]:.1f}':>7}"
            for share in ("levels_kept", "orders_kept", "weeks_kept", "fill_rate_units")
        )
        lines.append(
            f"{row['policy']:18}{row['service_level']:>7}  {row['demand_class']:13}{shares}"
            f"{row['average_stock_value']:>12,.0f}{row['lost_margin_a_week']:>10,.0f}{row['order_lines']:>8,}"
        )
    lines.append(f"our stock over the rival's at {AT:.0%} of weeks without a stock-out (90% intervals)")
    for rival, ratios in summary["stock_over_rivals"].items():
        for name, (ratio, low, high, fewer, more) in ratios.items():
            over = f"({low:.2f} to {high:.2f} over weeks, {fewer:.2f} to {more:.2f} over products)"
            lines.append(f"  {rival:18}{name:13}{ratio:>7.3f}  {over}")
    lines.append(f"lost margin a week at a stock of {summary['equal_stock']:,.0f}: " + ", ".join(
        f"{name} {margin:,.0f}" for name, margin in summary["lost_margin_at_equal_stock"].items()))  # fmt: skip
    return "\n".join(lines)


if __name__ == "__main__":
    main()
