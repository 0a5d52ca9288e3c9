"""Which model speaks for a class of demand: the simplest of those whose quantiles cost least.

What belongs here: scores, the choice, calibration. What does not: what each model cost (`model_backtest.py`).
A class is judged over all its products: one product has too few independent horizons to choose on.
Read more in docs/maths.md.
"""

from dataclasses import dataclass
from datetime import date
from typing import Final

import numpy as np
import polars as pl

from pipelines.forecasting.history.demand_matrix import Matrix
from pipelines.forecasting.history.demand_patterns import CLASSES
from pipelines.forecasting.models.model_registry import FLOOR, MODELS, SEASONLESS
from pipelines.forecasting.selection.model_backtest import JUDGED
from pipelines.storage.tables import FORECAST_CALIBRATION, MODEL_SCORES

MARGIN: Final = 0.01
STANDARD_ERRORS: Final = 2.0
FEWEST_ORIGINS: Final = 3
# With fewer, a single product may decide by which model the others are forecast.
FEWEST_PRODUCTS: Final = 60
# A product whose loss is more than five times the median counts as if it were that.
LARGEST_LOSS: Final = 5.0
TINY: Final = 1e-9
EVERYTHING: Final = "all"
BY_RULE: Final = "by_rule"
FLOOR_IN_WORDS: Final = "the textbook rule"
TOO_LITTLE_HISTORY: Final = "too little history to compare models: chosen by rule"
TOO_FEW_PRODUCTS: Final = f"fewer than {FEWEST_PRODUCTS} products to compare models on: chosen by rule"


@dataclass(frozen=True)
class Selection:
    """The tables `model_scores` and `forecast_calibration`."""

    model_scores: pl.DataFrame
    forecast_calibration: pl.DataFrame


def select_models(judgements: pl.DataFrame, *, chosen_on: date) -> Selection:
    """The model of every class of demand, with the score of every model and how far the chosen one's quantiles held.

    `judgements` has the columns of `backtest.JUDGEMENTS`. A class with fewer than 60 products is judged with all. With
    fewer in all the models are chosen by rule, as a single product would decide for the others.
    """
    scores, shares = [], []
    for name in CLASSES[:-1]:
        own = judgements.filter(pl.col("demand_class") == name)
        judged_as = name if own["product"].n_unique() >= FEWEST_PRODUCTS else EVERYTHING
        told = own if judged_as == name else judgements
        of_class = _scores(told, name, judged_as, chosen_on=chosen_on)
        scores.append(of_class)
        shares.append(_shares(own, name, of_class.filter(pl.col("is_chosen"))["model"][0]))
    return Selection(pl.concat(scores), pl.concat(shares))


def best_without_season(model_scores: pl.DataFrame) -> dict[str, str]:
    """For each class that was judged the model that knows no season and cost least, or the floor where none beats it.

    `model_scores` is the table. From the simplest on, a model takes the place of another where it costs one part in a
    hundred less, and less than the floor by two standard errors.
    """
    best: dict[str, tuple[str, float]] = {}
    rows = model_scores.filter((pl.col("origins") > 0) & pl.col("model").is_in(SEASONLESS)).to_dicts()
    for row in sorted(rows, key=lambda one: MODELS.index(one["model"])):
        _, least = best.get(row["demand_class"], ("", np.inf))
        is_proven = row["margin"] >= STANDARD_ERRORS * row["margin_error"]
        if row["model"] == FLOOR or (is_proven and row["score"] <= (1 - MARGIN) * least):
            best[row["demand_class"]] = (row["model"], row["score"])
    return {name: model for name, (model, _) in best.items()}


def _scores(judged: pl.DataFrame, name: str, judged_as: str, *, chosen_on: date) -> pl.DataFrame:
    """The rows of `model_scores` for one class."""
    lacks = _lacks(judged)
    losses = {} if lacks else _losses(judged)
    chosen, reason = (BY_RULE, lacks) if lacks else _choose(losses)
    floor = losses.get(FLOOR)
    rows: list[dict[str, object]] = [
        {
            "demand_class": name, "model": model, "is_chosen": model == chosen, "score": float(loss.mean()),
            "floor_score": float(losses[FLOOR].mean()), "margin": _gain(loss, losses[FLOOR]),
            "margin_error": _gain_error(loss, losses[FLOOR]), "origins": judged["origin"].n_unique(),
            "forecasts": judged.height // len(losses), "judged_as": judged_as,
            "reason": reason if model == chosen else "", "chosen_on": chosen_on,
        }
        for model, loss in losses.items()
    ]  # fmt: skip
    if floor is None:
        rows = [{"demand_class": name, "model": chosen, "is_chosen": True, "origins": 0, "forecasts": 0,
                 "judged_as": judged_as, "reason": reason, "chosen_on": chosen_on}]  # fmt: skip
    return pl.DataFrame(rows, schema=MODEL_SCORES.schema)


def _lacks(judged: pl.DataFrame) -> str:
    """Why models cannot be compared on these judgements; nothing if they can."""
    if judged["origin"].n_unique() < FEWEST_ORIGINS:
        return TOO_LITTLE_HISTORY
    return TOO_FEW_PRODUCTS if judged["product"].n_unique() < FEWEST_PRODUCTS else ""


def _losses(judged: pl.DataFrame) -> dict[str, Matrix]:
    """For each model the mean loss of every product, in one order.

    No loss counts for more than five times the floor's median one; if the floor's own is more, the losses of all models
    for the product are scaled down with it.
    """
    by_product = judged.group_by("product", "model").agg(pl.col("loss").mean()).sort("product")
    by_model = dict(by_product.group_by("model", maintain_order=True).agg("loss").iter_rows())
    losses = {model: np.array(by_model[model]) for model in MODELS if model in by_model}
    of_floor = losses[FLOOR]
    most = LARGEST_LOSS * float(np.median(of_floor))
    if most <= 0:
        return losses
    scale = np.minimum(1.0, most / np.maximum(of_floor, TINY))
    return {model: np.minimum(scale * loss, most) for model, loss in losses.items()}


def _choose(losses: dict[str, Matrix]) -> tuple[str, str]:
    """From the simplest model on, one that costs a part in a hundred less than the best so far takes its place.

    It must cost less than the floor by two standard errors, too.
    """
    best, floor = FLOOR, losses[FLOOR]
    for model, loss in losses.items():
        is_proven = _gain(loss, floor) >= STANDARD_ERRORS * _gain_error(loss, floor)
        if is_proven and _gain(loss, losses[best]) >= MARGIN:
            best = model
    if best == FLOOR:
        return FLOOR, f"no model beat {FLOOR_IN_WORDS} beyond doubt"
    return best, f"{_gain(losses[best], losses[FLOOR]):.0%} less loss than {FLOOR_IN_WORDS}"


def _gain(loss: Matrix, other: Matrix) -> float:
    """How much less one costs than another, as a share."""
    mean = float(other.mean())
    return 1 - float(loss.mean()) / mean if mean > 0 else 0.0


def _gain_error(loss: Matrix, other: Matrix) -> float:
    """The standard error of that share: a product's overlapping windows count as one, so products are counted."""
    mean = float(other.mean())
    return float(np.std(loss - other, ddof=1) / np.sqrt(loss.size)) / mean if mean > 0 and loss.size > 1 else 0.0


def _shares(judged: pl.DataFrame, name: str, model: str) -> pl.DataFrame:
    """The rows of `forecast_calibration` for one class: nothing was judged, no row."""
    of_model = judged.filter(pl.col("model") == model)
    if of_model.is_empty():
        return FORECAST_CALIBRATION.schema.to_frame()
    return pl.DataFrame(
        [
            {
                "demand_class": name, "model": model, "probability": float(p), "forecasts": of_model.height,
                "share_below": of_model[f"below_{100 * p:g}"].mean(),
                "share_at_or_below": of_model[f"at_or_below_{100 * p:g}"].mean(),
            }
            for p in JUDGED
        ],
        schema=FORECAST_CALIBRATION.schema,
    )  # fmt: skip
