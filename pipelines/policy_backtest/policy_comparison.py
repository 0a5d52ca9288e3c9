"""The policy backtest: every policy over the same past, review by review, with only what was known then.

What belongs here: the run of all policies, and its sentences. What does not: each part (the other modules here).
Read more in docs/maths.md.
"""

import zlib
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Final

import numpy as np
import polars as pl

from pipelines.errors import DataError
from pipelines.forecasting.distribution import DemandDistribution
from pipelines.forecasting.history.demand_matrix import Index, Matrix
from pipelines.forecasting.selection.model_backtest import MOST_PRODUCTS
from pipelines.planning_settings.order_rule import OrderPolicy
from pipelines.planning_settings.registry import global_settings
from pipelines.policy_backtest.level_prices import OURS
from pipelines.policy_backtest.our_rule import (
    as_rule,
    forecast_at,
    known_weeks,
    our_review,
    scores_at,
)
from pipelines.policy_backtest.past import DAYS, FEWEST_WEEKS, History, known_at_reviews, review_days
from pipelines.policy_backtest.planned_orders import BY_LEAST_LOSS, IN_PROPORTION, within_money
from pipelines.policy_backtest.replay.order_rules import order_days
from pipelines.policy_backtest.report import results
from pipelines.policy_backtest.rival_rules import stocktrim_levels, textbook_levels
from pipelines.policy_backtest.simulation import Counts, ReviewRule, simulate

OURS_IN_PROPORTION: Final = "ours, in proportion"
OURS_UNLIMITED: Final = "ours, no minimum or cap"
TEXTBOOK_YEAR: Final = "textbook, a year"
TEXTBOOK_90_DAYS: Final = "textbook, 90 days"
STOCKTRIM_LIKE: Final = "like StockTrim"
BACKTEST_WEEKS: Final = 52
# Comparing models at every review would double the time.
MOST_COMPARISONS: Final = 13
_MEASURES: Final = {"cycle": "order cycles", "fill": "demand (fill rate)", "money": "money"}
_WEEKS_OF: Final = {TEXTBOOK_YEAR: 52, TEXTBOOK_90_DAYS: 13}


@dataclass(frozen=True)
class BacktestSettings:
    """How a backtest is run: the order frequency, the service levels, our policy, the weeks, the seed.

    Each demand pattern is counted in so many `blocks` of products.
    """

    order_frequency_days: int
    service_levels: Sequence[float]
    order_policy: OrderPolicy
    weeks: int = BACKTEST_WEEKS
    seed: int = 0
    blocks: int = 1


def backtest_settings(planning_settings: pl.DataFrame, *, service_levels: Sequence[float]) -> BacktestSettings:
    """The backtest settings of an organisation: its own order policy and order frequency.

    `planning_settings` has the shape of `raw.planning_settings`, with the defaults of what nobody set.
    """
    of_all = planning_settings.filter(pl.col("level") == "global")
    frequency = of_all.filter(pl.col("name") == "order_frequency_days")["value"].item()
    return BacktestSettings(int(frequency), service_levels, global_settings(planning_settings).order_policy)


def settings_in_words(settings: BacktestSettings) -> str:
    """The order frequency and our policy, as a sentence.

    >>> settings_in_words(BacktestSettings(7, [0.95], OrderPolicy()))
    'An order every 7 days; service level by order cycles; unmet demand is lost; our policy: projected, two levels.'
    """
    policy = settings.order_policy
    days = "day" if settings.order_frequency_days == 1 else f"{settings.order_frequency_days} days"
    levels = "two levels" if policy.has_two_levels else "one level"
    return (
        f"An order every {days}; service level by {_MEASURES[policy.measure]}; unmet demand is {policy.unmet_demand}; "
        f"our policy: {policy.order_rule}, {levels}."
    )


@dataclass(frozen=True)
class Backtest:
    """The results as a table, the counts behind it by policy, and the demand pattern of each group of the counts.

    `products_left_out` were first sold on `first_review` or later. `models` counts for each model the products and
    reviews that used it; models were compared at `comparisons` of the `reviews`.
    """

    results: pl.DataFrame
    counts: dict[str, Counts]
    classes: list[str]
    products: int
    products_left_out: int
    first_review: date
    models: Mapping[str, int]
    comparisons: int
    reviews: int


def models_in_words(backtest: Backtest) -> str:
    """The models that our policy forecast with, and how often they were compared, as sentences.

    >>> backtest = Backtest(pl.DataFrame(), {}, [], 3, 0, date(2010, 12, 12), {"pool": 90, "nb": 30}, 13, 52)
    >>> models_in_words(backtest)
    'Models of our policy: pool (75%), nb (25%). Models were compared at 13 of 52 reviews; a plan compares them weekly.'
    """
    total = max(1, sum(backtest.models.values()))
    ordered = sorted(backtest.models.items(), key=lambda pair: (-pair[1], pair[0]))
    on_some = f", on {MOST_PRODUCTS:,} of {backtest.products:,} products" if backtest.products > MOST_PRODUCTS else ""
    used = ", ".join(f"{name} ({count / total:.0%})" for name, count in ordered)
    return (
        f"Models of our policy: {used}. Models were compared at {backtest.comparisons} of {backtest.reviews} reviews"
        f"{on_some}; a plan compares them weekly."
    )


def products_in_words(backtest: Backtest) -> str:
    """How many products are in the backtest, as a sentence.

    >>> products_in_words(Backtest(pl.DataFrame(), {}, [], 171, 29, date(2010, 12, 12), {}, 0, 0))
    '171 of 200 products are in the backtest; 29 were first sold on 2010-12-12, when it begins, or later.'
    """
    count, out = backtest.products, backtest.products_left_out
    verb, were = "is" if count == 1 else "are", "was" if out == 1 else "were"
    if not out:
        return "The only product is in the backtest." if count == 1 else f"All {count} products are in the backtest."
    return (
        f"{count} of {count + out} products {verb} in the backtest; {out} {were} first sold on "
        f"{backtest.first_review}, when it begins, or later."
    )


def run_backtest(
    history: History,
    settings: BacktestSettings,
    *,
    progress: Callable[[str], None],
    ours: dict[str, OrderPolicy] | None = None,
) -> Backtest:
    """A backtest of the last weeks: our policy, the textbook's on 90 days and on a year, and one like StockTrim's.

    Products that were first sold on the first review or later are left out, and counted.
    `ours` names several policies of ours to run on the same forecasts. With suppliers' minimums or a spend cap our
    policy also runs without them, and with orders raised and cut in proportion, as every rival's are.

    Raises:
        DataError: too little history, or no product that was sold before the first review.
    """
    frequency = settings.order_frequency_days
    reviews = review_days(history, order_frequency_days=frequency, weeks=settings.weeks)
    first_review, sold = history.day(reviews[0]), len(history.product_codes)
    history = history.known_at(reviews[0])
    if not history.product_codes:
        raise DataError(
            f"Nothing was sold before {first_review}, when the backtest of these sales begins: it needs products with "
            f"at least {FEWEST_WEEKS} weeks of sales."
        )
    known = known_at_reviews(history, reviews)
    compared = comparisons_of(reviews)
    forecasts = _forecasts(known, compared, frequency=frequency, seed=settings.seed, progress=progress)
    first = forecasts[reviews[0]]
    names, groups = _groups(history, first.product_codes, first.demand_class.tolist(), blocks=settings.blocks)
    levels = list(settings.service_levels)
    own = {name: (policy, BY_LEAST_LOSS) for name, policy in (ours or {OURS: settings.order_policy}).items()}
    if history.money is not None and history.money.is_binding:
        own |= {OURS_IN_PROPORTION: (settings.order_policy, IN_PROPORTION), OURS_UNLIMITED: (settings.order_policy, "")}
    rules: dict[str, ReviewRule] = {
        name: lambda day, policy=policy, rule=rule: our_review(
            known[day], day, forecasts[day], levels, policy, order_frequency_days=frequency, seed=settings.seed,
            money_rule=rule,
        )
        for name, (policy, rule) in own.items()
    } | _rivals(known, levels, frequency)  # fmt: skip
    counts = {}
    for name, rule in rules.items():
        counts[name] = simulate(
            history, rule, known, order_frequency_days=frequency, groups=groups,
            is_lost=settings.order_policy.unmet_demand == "lost", seed=settings.seed,
        )  # fmt: skip
        progress(f"simulated {name}")
    table, products = results(counts, levels, names, np.bincount(groups).tolist()), len(history.product_codes)
    models = Counter(name for forecast in forecasts.values() for name in forecast.model.tolist())
    return Backtest(
        table.with_columns(reviews=pl.lit(len(reviews)), model_comparisons=_of_ours(len(compared))),
        counts, names, products, sold - products, first_review, models, len(compared), len(reviews),
    )  # fmt: skip


def comparisons_of(reviews: Sequence[int]) -> list[int]:
    """The reviews at which models are compared: at most 13, evenly spaced from the first.

    >>> comparisons_of(range(0, 364, 7))[:3], len(comparisons_of(range(0, 364, 7)))
    ([0, 28, 56], 13)
    """
    return list(reviews[:: -(-len(reviews) // MOST_COMPARISONS)])


def _forecasts(
    known: Mapping[int, History], compared: Sequence[int], *, frequency: int, seed: int, progress: Callable[[str], None]
) -> dict[int, DemandDistribution]:
    """The forecast at each review, from what was known then, with the models of the latest comparison."""
    forecasts: dict[int, DemandDistribution] = {}
    scores = None
    for place, (day, history) in enumerate(known.items()):
        if day in compared:
            scores = scores_at(history, day, order_frequency_days=frequency, seed=seed)
        forecasts[day] = forecast_at(history, day, order_frequency_days=frequency, seed=seed, model_scores=scores)
        progress(f"forecast as known on {history.day(day)}, review {place + 1} of {len(known)}")
    return forecasts


def _of_ours(comparisons: int) -> pl.Expr:
    """The number of comparisons for our policies; rivals have no models to choose."""
    rivals = [*_WEEKS_OF, STOCKTRIM_LIKE]
    return pl.when(~pl.col("policy").is_in(rivals)).then(pl.lit(comparisons, dtype=pl.Int64))


def _rivals(known: dict[int, History], levels: list[float], frequency: int) -> dict[str, ReviewRule]:
    def weeks_of(day: int) -> tuple[Matrix, Matrix]:
        past = known[day]
        days = order_days(past.rules, past.lead_time_days, on=past.day(day), order_frequency_days=frequency)
        return days.next_arrives / DAYS, days.arrives / DAYS

    def textbook(day: int, weeks: int) -> Matrix:
        horizon, _ = weeks_of(day)
        return textbook_levels(known_weeks(known[day], day)[0], horizon, levels, weeks=weeks)

    def stocktrim(day: int) -> Matrix:
        weekly, as_of = known_weeks(known[day], day)
        return stocktrim_levels(weekly, *weeks_of(day), levels, as_of=as_of)

    limited = within_money(next(iter(known.values())), None, IN_PROPORTION)
    return {name: as_rule(partial(textbook, weeks=weeks), limited) for name, weeks in _WEEKS_OF.items()} | {
        STOCKTRIM_LIKE: as_rule(stocktrim, limited)
    }


def _groups(history: History, codes: Sequence[str], classes: list[str], *, blocks: int) -> tuple[list[str], Index]:
    """The demand pattern of each group, and the group of each product: its pattern at the first review and its block.

    A product not sold by then is new; the block is a hash of its code.
    """
    known = dict(zip(codes, classes, strict=True))
    of_product = [(known.get(code, "new"), zlib.crc32(code.encode()) % blocks) for code in history.product_codes]
    groups = sorted(set(of_product))
    place = {group: number for number, group in enumerate(groups)}
    return [name for name, _ in groups], np.array([place[group] for group in of_product], dtype=np.int64)
