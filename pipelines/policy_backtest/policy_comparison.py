"""The backtest in money: every rule over the same past, review by review, with only what was known then.

What belongs here: the run of all rules, and its tables. What does not: each part (the other modules here).
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
from pipelines.policy_backtest.our_rule import as_rule, forecast_at, known_weeks, our_review, scores_at
from pipelines.policy_backtest.past import DAYS, FEWEST_WEEKS, History, known_at_reviews, review_days
from pipelines.policy_backtest.report import results
from pipelines.policy_backtest.rival_rules import stocktrim_levels, textbook_levels
from pipelines.policy_backtest.simulation import Counts, ReviewRule, simulate

OURS: Final = "ours"
TEXTBOOK_YEAR: Final = "textbook, a year"
TEXTBOOK_90_DAYS: Final = "textbook, 90 days"
STOCKTRIM_LIKE: Final = "like StockTrim"
REPLAYED_WEEKS: Final = 52
# Comparing models at every review would take as long again as all else.
MOST_COMPARISONS: Final = 13
_MEASURES: Final = {"cycle": "cycles", "fill": "demand (fill rate)", "money": "money"}
_WEEKS_OF: Final = {TEXTBOOK_YEAR: 52, TEXTBOOK_90_DAYS: 13}


@dataclass(frozen=True)
class BacktestSettings:
    """What is replayed: how often orders are placed, the service levels, our rule, how many weeks, the seed.

    Each class of demand is counted in so many `blocks` of products.
    """

    order_frequency_days: int
    service_levels: Sequence[float]
    order_policy: OrderPolicy
    weeks: int = REPLAYED_WEEKS
    seed: int = 0
    blocks: int = 1


def backtest_settings(planning_settings: pl.DataFrame, *, service_levels: Sequence[float]) -> BacktestSettings:
    """What an organisation's own settings ask for: its rule of ordering, and its order frequency.

    `planning_settings` has the shape of `raw.planning_settings`, with the defaults of what nobody set.
    """
    everybodys = planning_settings.filter(pl.col("level") == "global")
    frequency = everybodys.filter(pl.col("name") == "order_frequency_days")["value"].item()
    return BacktestSettings(int(frequency), service_levels, global_settings(planning_settings).order_policy)


def settings_in_words(asked: BacktestSettings) -> str:
    """What is replayed, as a sentence.

    >>> settings_in_words(BacktestSettings(7, [0.95], OrderPolicy()))
    'An order every 7 days; a service level is one of cycles; unmet demand is lost; our rule: projected, two levels.'
    """
    rule = asked.order_policy
    days = "day" if asked.order_frequency_days == 1 else f"{asked.order_frequency_days} days"
    levels = "two levels" if rule.has_two_levels else "one level"
    return (
        f"An order every {days}; a service level is one of {_MEASURES[rule.measure]}; unmet demand is "
        f"{rule.unmet_demand}; our rule: {rule.order_rule}, {levels}."
    )


@dataclass(frozen=True)
class Backtest:
    """The results as a table, the counts behind it by policy, the class of each group of the counts, and for whom.

    `products_left_out` were first sold on `first_review` or later. `models` says for each model of how many products
    and reviews it was used; models were compared at `comparisons` of the `reviews`.
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


def models_in_words(replayed: Backtest) -> str:
    """By which models our rule forecast, and how often these were chosen, as sentences.

    >>> replayed = Backtest(pl.DataFrame(), {}, [], 3, 0, date(2010, 12, 12), {"pool": 90, "nb": 30}, 13, 52)
    >>> models_in_words(replayed)
    'Our rule forecast by pool (75%), nb (25%). Models were compared at 13 of 52 reviews; a plan compares them weekly.'
    """
    total = max(1, sum(replayed.models.values()))
    ordered = sorted(replayed.models.items(), key=lambda pair: (-pair[1], pair[0]))
    on_some = f", on {MOST_PRODUCTS:,} of {replayed.products:,} products" if replayed.products > MOST_PRODUCTS else ""
    used = ", ".join(f"{name} ({count / total:.0%})" for name, count in ordered)
    return (
        f"Our rule forecast by {used}. Models were compared at {replayed.comparisons} of {replayed.reviews} reviews"
        f"{on_some}; a plan compares them weekly."
    )


def products_in_words(told: Backtest) -> str:
    """How many products were replayed, as a sentence.

    >>> products_in_words(Backtest(pl.DataFrame(), {}, [], 171, 29, date(2010, 12, 12), {}, 0, 0))
    '171 of 200 products are replayed; 29 were first sold on 2010-12-12, when the replay begins, or later.'
    """
    count, out = told.products, told.products_left_out
    verb, were = "is" if count == 1 else "are", "was" if out == 1 else "were"
    if not out:
        return "The only product is replayed." if count == 1 else f"All {count} products are replayed."
    return (
        f"{count} of {count + out} products {verb} replayed; {out} {were} first sold on {told.first_review}, when the "
        f"replay begins, or later."
    )


def run_backtest(
    history: History,
    asked: BacktestSettings,
    *,
    progress: Callable[[str], None],
    ours: dict[str, OrderPolicy] | None = None,
) -> Backtest:
    """Replay the last weeks for our rule, the textbook's on 90 days and on a year, and one like StockTrim's.

    Products that were first sold on the first review or later are left out, and counted.
    `ours` names several rules of ours to run on the same forecasts.

    Raises:
        DataError: too little history, or no product that was sold before the first review.
    """
    frequency = asked.order_frequency_days
    reviews = review_days(history, order_frequency_days=frequency, weeks=asked.weeks)
    first_review, sold = history.day(reviews[0]), len(history.product_codes)
    history = history.known_at(reviews[0])
    if not history.product_codes:
        raise DataError(
            f"Nothing was sold before {first_review}, when the replay of these sales begins: it needs products that "
            f"were sold for at least {FEWEST_WEEKS} weeks."
        )
    known = known_at_reviews(history, reviews)
    compared = comparisons_of(reviews)
    forecasts = _forecasts(known, compared, frequency=frequency, seed=asked.seed, progress=progress)
    first = forecasts[reviews[0]]
    names, groups = _groups(history, first.product_codes, first.demand_class.tolist(), blocks=asked.blocks)
    levels = list(asked.service_levels)
    rules: dict[str, ReviewRule] = {
        name: lambda day, rule=rule: our_review(
            known[day], forecasts[day], levels, rule, order_frequency_days=frequency, seed=asked.seed
        )
        for name, rule in (ours or {OURS: asked.order_policy}).items()
    } | _rivals(known, levels, frequency)
    counts = {}
    for name, one in rules.items():
        counts[name] = simulate(
            history, one, known, order_frequency_days=frequency, groups=groups,
            is_lost=asked.order_policy.unmet_demand == "lost", seed=asked.seed,
        )  # fmt: skip
        progress(f"replayed {name}")
    told, products = results(counts, levels, names, np.bincount(groups).tolist()), len(history.product_codes)
    models = Counter(name for forecast in forecasts.values() for name in forecast.model.tolist())
    return Backtest(
        told.with_columns(reviews=pl.lit(len(reviews)), model_comparisons=_of_ours(len(compared))),
        counts, names, products, sold - products, first_review, models, len(compared), len(reviews),
    )  # fmt: skip


def comparisons_of(reviews: Sequence[int]) -> list[int]:
    """The reviews at which models are compared: the first one, and at most 13 at even distances.

    >>> comparisons_of(range(0, 364, 7))[:3], len(comparisons_of(range(0, 364, 7)))
    ([0, 28, 56], 13)
    """
    return list(reviews[:: -(-len(reviews) // MOST_COMPARISONS)])


def _forecasts(
    known: Mapping[int, History], compared: Sequence[int], *, frequency: int, seed: int, progress: Callable[[str], None]
) -> dict[int, DemandDistribution]:
    """The forecast of each review by the models of the last comparison, each from what was known then."""
    forecasts: dict[int, DemandDistribution] = {}
    scores = None
    for place, (day, history) in enumerate(known.items()):
        if day in compared:
            scores = scores_at(history, day, order_frequency_days=frequency, seed=seed)
        forecasts[day] = forecast_at(history, day, order_frequency_days=frequency, seed=seed, model_scores=scores)
        progress(f"forecast as known on {history.day(day)}, review {place + 1} of {len(known)}")
    return forecasts


def _of_ours(comparisons: int) -> pl.Expr:
    """The number of comparisons for our rules; rivals have no models to choose."""
    rivals = [*_WEEKS_OF, STOCKTRIM_LIKE]
    return pl.when(~pl.col("policy").is_in(rivals)).then(pl.lit(comparisons, dtype=pl.Int64))


def _rivals(known: dict[int, History], levels: list[float], frequency: int) -> dict[str, ReviewRule]:
    def textbook(day: int, weeks: int) -> Matrix:
        horizon = (known[day].lead_time_days + frequency) / DAYS
        return textbook_levels(known_weeks(known[day], day)[0], horizon, levels, weeks=weeks)

    def stocktrim(day: int) -> Matrix:
        weekly, as_of = known_weeks(known[day], day)
        lead = known[day].lead_time_days / DAYS
        return stocktrim_levels(weekly, lead + frequency / DAYS, lead, levels, as_of=as_of)

    return {name: as_rule(partial(textbook, weeks=weeks)) for name, weeks in _WEEKS_OF.items()} | {
        STOCKTRIM_LIKE: as_rule(stocktrim)
    }


def _groups(history: History, codes: Sequence[str], classes: list[str], *, blocks: int) -> tuple[list[str], Index]:
    """The class of each group, and the group of each product: its class at the first review, by blocks of products.

    A product not sold by then is new; its block is a hash of its code.
    """
    known = dict(zip(codes, classes, strict=True))
    told = [(known.get(code, "new"), zlib.crc32(code.encode()) % blocks) for code in history.product_codes]
    groups = sorted(set(told))
    place = {one: at for at, one in enumerate(groups)}
    return [name for name, _ in groups], np.array([place[one] for one in told], dtype=np.int64)
