"""Which model speaks for a class of products: the one whose quantiles of the horizon's demand cost least.

What belongs here: scores and the choice. What does not: errors (`backtest.py`).
A class is judged over all its products together: one product has too few independent horizons to choose on.
Errors of every second origin make the quantiles that are judged on the other origins, and the other way round, so
that no quantile is judged on what it was made of.
Read more in docs/maths.md.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl

from pipelines.forecasting.candidates import FLOOR, MODELS
from pipelines.forecasting.quantiles import FEWEST_ERRORS, JUDGED, error_quantiles, pinball_loss

MARGIN: Final = 0.01
FEWEST_ORIGINS: Final = 2


@dataclass(frozen=True)
class Choice:
    """The model of a class: its score, the floor's, on how many origins, and why."""

    model: str
    score: float
    floor_score: float
    origins: int
    reason: str


def choose_model(errors: pl.DataFrame) -> Choice:
    """The choice for the products whose errors are given.

    `errors` has the columns of `backtest.ERRORS`. A model must beat the floor by one part in a hundred; where two are
    nearer to each other than that, the simpler one is used.
    """
    origins = errors["origin"].n_unique()
    if origins < FEWEST_ORIGINS or errors.height < FEWEST_ERRORS * len(MODELS):
        return Choice(FLOOR, 0.0, 0.0, origins, "too little history to compare models")
    scores = {model: _score(errors.filter(pl.col("model") == model)) for model in MODELS}
    best = min(scores.values())
    model = next(name for name in MODELS if scores[name] <= best * (1 + MARGIN))
    if scores[model] > scores[FLOOR] * (1 - MARGIN):
        model = FLOOR
    return Choice(model, scores[model], scores[FLOOR], origins, _reason(model, scores))


def _score(errors: pl.DataFrame) -> float:
    """Mean pinball loss of scaled demand over both halves of the origins and the judged probabilities."""
    is_odd = errors["origin"].to_numpy() % 2 == 1
    told = errors["error"].to_numpy()
    losses = []
    for made, judged in ((told[is_odd], told[~is_odd]), (told[~is_odd], told[is_odd])):
        if made.size and judged.size:
            quantiles = error_quantiles(made, JUDGED)
            losses += [pinball_loss(judged, np.full_like(judged, q), p) for q, p in zip(quantiles, JUDGED, strict=True)]
    return float(np.mean(np.concatenate(losses))) if losses else 0.0


def _reason(model: str, scores: dict[str, float]) -> str:
    if model == FLOOR:
        return "no model beat the average of a year by one part in a hundred"
    gain = 1 - scores[model] / scores[FLOOR]
    return f"{gain:.0%} less loss than the average of a year"
