"""Which model forecasts a demand pattern: the simplest of those whose quantiles cost least in the backtest.

What belongs here: scores, the choice, and its calibration. What does not: the loss of each model (`model_backtest.py`).
A pattern is judged over all its products: one product has too few independent windows to choose on.
Read more in docs/maths.md#model-selection.
"""

from dataclasses import dataclass
from datetime import date
from typing import Final

import numpy as np
import polars as pl

from pipelines.forecasting.history.demand_matrix import Matrix
from pipelines.forecasting.history.demand_patterns import PATTERNS
from pipelines.forecasting.models.model_registry import BASELINE, MODELS, SEASONLESS
from pipelines.forecasting.selection.model_backtest import JUDGED
from pipelines.storage.tables import FORECAST_CALIBRATION, MODEL_SCORES

MARGIN: Final = 0.01
STANDARD_ERRORS: Final = 2.0
FEWEST_ORIGINS: Final = 3
# With fewer, a single product may decide by which model the others are forecast.
FEWEST_PRODUCTS: Final = 60
# A product's loss of more than five times the median counts as five times.
LARGEST_LOSS: Final = 5.0
TINY: Final = 1e-9
EVERYTHING: Final = "all"
BY_RULE: Final = "by_rule"
BASELINE_IN_WORDS: Final = "the textbook rule"
TOO_LITTLE_HISTORY: Final = "too little history to compare models: chosen by rule"
TOO_FEW_PRODUCTS: Final = f"fewer than {FEWEST_PRODUCTS} products to compare models on: chosen by rule"


@dataclass(frozen=True)
class ModelSelection:
    """The tables `model_scores` and `forecast_calibration`."""

    model_scores: pl.DataFrame
    forecast_calibration: pl.DataFrame


def select_models(judgements: pl.DataFrame, *, chosen_on: date) -> ModelSelection:
    """The model of every demand pattern, the score of every model, and the calibration of the chosen ones.

    `judgements` has the columns of `model_backtest.JUDGEMENTS`. A pattern with fewer than 60 products is judged with
    all products. With fewer than 60 in all, models are chosen by rule: a single product would decide for the others.
    """
    scores, calibrations = [], []
    for pattern in PATTERNS[:-1]:
        own = judgements.filter(pl.col("demand_class") == pattern)
        judged_as = pattern if own["product"].n_unique() >= FEWEST_PRODUCTS else EVERYTHING
        of_pattern = _scores(own if judged_as == pattern else judgements, pattern, judged_as, chosen_on=chosen_on)
        scores.append(of_pattern)
        calibrations.append(_calibration(own, pattern, of_pattern.filter(pl.col("is_chosen"))["model"][0]))
    return ModelSelection(pl.concat(scores), pl.concat(calibrations))


def best_seasonless_models(model_scores: pl.DataFrame) -> dict[str, str]:
    """For each judged demand pattern the best model without a season, or the baseline if none beats it.

    `model_scores` is the table. From the simplest on, a model replaces the best so far if its loss is 1% lower, and
    lower than the baseline's by two standard errors.
    """
    best: dict[str, tuple[str, float]] = {}
    rows = model_scores.filter((pl.col("origins") > 0) & pl.col("model").is_in(SEASONLESS)).to_dicts()
    for row in sorted(rows, key=lambda score: MODELS.index(score["model"])):
        _, least = best.get(row["demand_class"], ("", np.inf))
        is_proven = row["margin"] >= STANDARD_ERRORS * row["margin_error"]
        if row["model"] == BASELINE or (is_proven and row["score"] <= (1 - MARGIN) * least):
            best[row["demand_class"]] = (row["model"], row["score"])
    return {pattern: model for pattern, (model, _) in best.items()}


def _scores(judged: pl.DataFrame, pattern: str, judged_as: str, *, chosen_on: date) -> pl.DataFrame:
    """The rows of `model_scores` for one demand pattern."""
    lack = _lack_of_data(judged)
    losses = {} if lack else _losses(judged)
    chosen, reason = (BY_RULE, lack) if lack else _choose(losses)
    rows: list[dict[str, object]] = [
        {
            "demand_class": pattern, "model": model, "is_chosen": model == chosen, "score": float(loss.mean()),
            "floor_score": float(losses[BASELINE].mean()), "margin": _gain(loss, losses[BASELINE]),
            "margin_error": _gain_error(loss, losses[BASELINE]), "origins": judged["origin"].n_unique(),
            "forecasts": judged.height // len(losses), "judged_as": judged_as,
            "reason": reason if model == chosen else "", "chosen_on": chosen_on,
        }
        for model, loss in losses.items()
    ]  # fmt: skip
    if BASELINE not in losses:
        rows = [{"demand_class": pattern, "model": chosen, "is_chosen": True, "origins": 0, "forecasts": 0,
                 "judged_as": judged_as, "reason": reason, "chosen_on": chosen_on}]  # fmt: skip
    return pl.DataFrame(rows, schema=MODEL_SCORES.schema)


def _lack_of_data(judged: pl.DataFrame) -> str:
    """Why models cannot be compared on these judgements; empty if they can."""
    if judged["origin"].n_unique() < FEWEST_ORIGINS:
        return TOO_LITTLE_HISTORY
    return TOO_FEW_PRODUCTS if judged["product"].n_unique() < FEWEST_PRODUCTS else ""


def _losses(judged: pl.DataFrame) -> dict[str, Matrix]:
    """For each model the mean loss of every product, in one order of products.

    No loss counts for more than five times the baseline's median one. If the baseline's own is more, the losses of all
    models for the product are scaled down with it.
    """
    by_product = judged.group_by("product", "model").agg(pl.col("loss").mean()).sort("product")
    by_model = dict(by_product.group_by("model", maintain_order=True).agg("loss").iter_rows())
    losses = {model: np.array(by_model[model]) for model in MODELS if model in by_model}
    of_baseline = losses[BASELINE]
    most = LARGEST_LOSS * float(np.median(of_baseline))
    if most <= 0:
        return losses
    scale = np.minimum(1.0, most / np.maximum(of_baseline, TINY))
    return {model: np.minimum(scale * loss, most) for model, loss in losses.items()}


def _choose(losses: dict[str, Matrix]) -> tuple[str, str]:
    """The chosen model and the reason.

    From the simplest on, a model replaces the best so far if its loss is 1% lower, and lower than the baseline's by two
    standard errors.
    """
    best, baseline = BASELINE, losses[BASELINE]
    for model, loss in losses.items():
        is_proven = _gain(loss, baseline) >= STANDARD_ERRORS * _gain_error(loss, baseline)
        if is_proven and _gain(loss, losses[best]) >= MARGIN:
            best = model
    if best == BASELINE:
        return BASELINE, f"no model beat {BASELINE_IN_WORDS} beyond doubt"
    return best, f"{_gain(losses[best], baseline):.0%} less loss than {BASELINE_IN_WORDS}"


def _gain(loss: Matrix, reference: Matrix) -> float:
    """How much lower a loss is than a reference, as a share of the reference."""
    mean = float(reference.mean())
    return 1 - float(loss.mean()) / mean if mean > 0 else 0.0


def _gain_error(loss: Matrix, reference: Matrix) -> float:
    """The standard error of the gain over products: a product's windows overlap, so together they count as one."""
    mean = float(reference.mean())
    return float(np.std(loss - reference, ddof=1) / np.sqrt(loss.size)) / mean if mean > 0 and loss.size > 1 else 0.0


def _calibration(judged: pl.DataFrame, pattern: str, model: str) -> pl.DataFrame:
    """The rows of `forecast_calibration` for one demand pattern; none if nothing was judged."""
    of_model = judged.filter(pl.col("model") == model)
    if of_model.is_empty():
        return FORECAST_CALIBRATION.schema.to_frame()
    return pl.DataFrame(
        [
            {
                "demand_class": pattern, "model": model, "probability": float(p), "forecasts": of_model.height,
                "share_below": of_model[f"below_{100 * p:g}"].mean(),
                "share_at_or_below": of_model[f"at_or_below_{100 * p:g}"].mean(),
            }
            for p in JUDGED
        ],
        schema=FORECAST_CALIBRATION.schema,
    )  # fmt: skip
