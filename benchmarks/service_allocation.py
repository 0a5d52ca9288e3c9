"""What a mean service level costs if each product keeps it, and if the products keep it together at least stock value.

    STOCKTRIM_SALES_FILE=sales.parquet python -m benchmarks.service_allocation [--half chosen|held_out] [--products 400]

Retail sales as in `benchmarks.policy`: lead time 21 days, weekly review, 48 weeks, backordered demand, models by rule.
Every level is the least whole quantity, so that only the allocation differs. Printed are, at 95%, the three figures of
service, the share of units served, stock and lost margin; and stock over the textbook's rule on a year at the same
share of product weeks without a stock-out, of all products and by demand pattern.
"""

import argparse
from typing import Final

import numpy as np
import polars as pl

from benchmarks.forecast_calibration import HALVES
from benchmarks.policy import AT, FRONTIER, LEAD_TIME_DAYS, WEEKS, retail_sales, with_lead_times
from pipelines.forecasting.distribution import DemandDistribution
from pipelines.forecasting.history.demand_matrix import Matrix
from pipelines.forecasting.models.negative_binomial import whole_units
from pipelines.policy_backtest.our_rule import as_rule, forecast_at, known_weeks
from pipelines.policy_backtest.past import DAYS, History, known_at_reviews, make_history, review_days
from pipelines.policy_backtest.policy_comparison import TEXTBOOK_YEAR
from pipelines.policy_backtest.report import members_of, results, stock_at
from pipelines.policy_backtest.rival_rules import textbook_levels
from pipelines.policy_backtest.simulation import simulate
from pipelines.replenishment.decision.decision_inputs import interval_demand
from pipelines.replenishment.service_allocation.level_choices import choices_of
from pipelines.replenishment.service_allocation.marginal_analysis import least_value

FREQUENCY_DAYS: Final = 7
YEAR_WEEKS: Final = 52
FLOORS: Final = {"even": None, "by value, floor 80%": 0.8, "by value, floor 50%": 0.5}
SHOWN: Final = ("levels_kept", "orders_kept", "weeks_kept", "fill_rate_units")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--half", choices=HALVES, default=HALVES[0], help="which products")
    parser.add_argument("--products", type=int, default=400, help="only so many products")
    given = parser.parse_args()
    sales = with_lead_times(retail_sales(given.half, given.products), [LEAD_TIME_DAYS])
    history = make_history(sales, lead_time_days=LEAD_TIME_DAYS)
    reviews = review_days(history, order_frequency_days=FREQUENCY_DAYS, weeks=WEEKS)
    history = history.known_at(reviews[0])
    known = known_at_reviews(history, reviews)
    forecasts = {
        day: forecast_at(past, day, order_frequency_days=FREQUENCY_DAYS, seed=0) for day, past in known.items()
    }
    of_product = dict(
        zip(forecasts[reviews[0]].product_codes, forecasts[reviews[0]].demand_class.tolist(), strict=True)
    )
    patterns = [of_product.get(code, "new") for code in history.product_codes]
    names = sorted(set(patterns))
    groups = np.array([names.index(pattern) for pattern in patterns], dtype=np.int64)

    def textbook(day: int) -> Matrix:
        weeks, horizon = known_weeks(known[day], day)[0], (known[day].lead_time_days + FREQUENCY_DAYS) / DAYS
        return textbook_levels(weeks, horizon, list(FRONTIER), weeks=YEAR_WEEKS)

    rules = {TEXTBOOK_YEAR: textbook} | {
        name: lambda day, floor=floor: allocated(history, forecasts[day], floor) for name, floor in FLOORS.items()
    }
    counts = {
        name: simulate(
            history, as_rule(levels), known, order_frequency_days=FREQUENCY_DAYS, groups=groups, is_lost=False, seed=0
        )
        for name, levels in rules.items()
    }
    table = results(counts, FRONTIER, names, np.bincount(groups).tolist())
    at = table.filter((pl.col("demand_class") == "all") & (pl.col("service_level") == AT))
    with pl.Config(tbl_cols=-1, tbl_width_chars=160):
        print(at.select("policy", *SHOWN, "average_stock_value", "lost_margin_a_week"))
    for name in FLOORS:
        ratios = {
            pattern: stock_at(counts[name], AT, members=members) / stock_at(counts[TEXTBOOK_YEAR], AT, members=members)
            for pattern, members in members_of(names).items()
        }
        print(f"{name:22}" + "".join(f"{pattern}: {ratio:.2f}  " for pattern, ratio in ratios.items()))


def allocated(history: History, forecast: DemandDistribution, floor: float | None) -> Matrix:
    """The levels of each product at every mean level: those of its own quantiles, or those of least stock value."""
    codes = pl.Series(history.product_codes, dtype=pl.String)
    days = history.lead_time_days + FREQUENCY_DAYS
    demand = interval_demand(forecast, codes, days, seed=0)
    is_sold_whole = np.asarray(demand.is_sold_whole)
    units = np.where(is_sold_whole[:, None], whole_units(demand.quantiles), np.ceil(demand.quantiles))
    rows = np.flatnonzero(demand.quantiles.max(axis=1) > 0)
    levels = np.zeros((len(codes), len(FRONTIER)))
    for column, overall in enumerate(FRONTIER):
        own = np.full(rows.size, overall)
        if floor is not None:
            choices = choices_of(
                demand.probabilities, demand.quantiles[rows], is_sold_whole=is_sold_whole[rows],
                unit_cost=history.unit_cost[rows], floor=np.full(rows.size, min(floor, overall)),
            )  # fmt: skip
            own = choices.at(least_value(choices, overall))[0]
        place = np.minimum(np.searchsorted(demand.probabilities, own - 1e-9), demand.probabilities.size - 1)
        levels[rows, column] = units[rows, place]
    return levels


if __name__ == "__main__":
    main()
