"""How a product's forecast was made, in words that a buyer understands.

What belongs here: sentences about pattern, method, test and result. What does not: the forecast.
"""

from collections.abc import Sequence
from typing import Final

from pipelines.forecasting.model_names import OVERRIDDEN
from pipelines.replenishment.explain.records import ForecastWeek, ModelChoice, ProductExplanation
from planner.frame.formats import demand

_PATTERNS: Final = {
    "smooth": "It sells in most weeks, in similar quantities.",
    "erratic": "It sells in most weeks, in very different quantities.",
    "intermittent": "It sells in some weeks only, in similar quantities.",
    "lumpy": "It sells in some weeks only, in very different quantities.",
    "new": "It is new: it has little history of its own.",
    "dead": "It sold nothing in the last year, so it is not forecast.",
    "never_sold": "It was never sold, so it is not forecast.",
}
_METHODS: Final = {
    "textbook": "Its forecast is the mean of its own past sales, with the spread that they had.",
    "seasonal_naive": "Its forecast is what it sold in the same weeks a year ago.",
    "ses": "Its forecast is a mean of its own past sales in which the latest weeks count most.",
    "tsb": "Its forecast follows how often it sells and how much at a time, the latest sales counting most.",
    "imapa": "Its forecast is a mean of its own past sales, looked at by week, by fortnight and by longer spans.",
    "nb_predictive": "Its forecast is the mean of its own past sales, made wider the less history there is.",
    "nb": "Its forecast follows the level of its own sales; the latest weeks count most.",
    "nb_seasonal": "Its forecast follows the level of its own sales and the season of the whole company.",
    "pool": "Its forecast is learnt from the sales of all products together: level, trend and season of this one, and "
    "how such products went on.",
}
_BY_HAND: Final = "A person set its demand, so no method is used."


def forecast_sentences(explanation: ProductExplanation) -> list[str]:
    """The sentences, in order: how it sells, by which method, how that did in the test, what it comes to."""
    choice, line = explanation.model, explanation.plan
    if choice is None:
        return ["It is not forecast."]
    pattern = _PATTERNS.get(choice.demand_class, "")
    if line.model == OVERRIDDEN:
        return [pattern, _BY_HAND, *_result(explanation.forecast)]
    if not explanation.forecast:
        return [pattern or "It is not forecast."]
    return [
        *filter(None, (pattern, _METHODS.get(choice.model, ""), tested(choice))),
        *_stock_outs(explanation),
        *_result(explanation.forecast),
    ]


def tested(choice: ModelChoice) -> str:
    """How the method did in the test, beside the simplest one.

    >>> choice = ModelChoice("TEA", "smooth", "pool", 0.8, 1.0, 20, "")
    >>> tested(choice)
    'The methods were tried on 20 past dates, with only what was known then; this one cost 20% less than the simplest.'
    >>> tested(ModelChoice("TEA", "smooth", "textbook", 1.0, 1.0, 20, ""))
    'The methods were tried on 20 past dates, with only what was known then; none was surely better than the simplest.'
    >>> tested(ModelChoice("TEA", "new", "nb", 0.0, 0.0, 0, ""))
    ''
    """
    if not choice.origins:
        return ""
    how = f"The methods were tried on {choice.origins} past dates, with only what was known then; "
    saved = 1 - choice.score / choice.floor_score if choice.floor_score else 0.0
    if choice.model == "textbook" or saved < 0.005:  # noqa: PLR2004, rounds to nothing
        return f"{how}none was surely better than the simplest."
    return f"{how}this one cost {saved:.0%} less than the simplest."


def _stock_outs(explanation: ProductExplanation) -> list[str]:
    days = len(explanation.stock_out_days)
    if not days:
        return []
    on = f"On {days:,} day{'' if days == 1 else 's'} of the last year it was out of stock"
    return [f"{on}; what would have been sold then is estimated, so that empty shelves do not look like low demand."]


def _result(weeks: Sequence[ForecastWeek]) -> list[str]:
    if not weeks:
        return []
    first = weeks[0]
    text = f"Expected in the coming week: {demand(first.quantity)} units"
    if first.quantity_low is None or first.quantity_high is None:
        return [f"{text}."]
    return [f"{text}; in 8 of 10 such weeks between {demand(first.quantity_low)} and {demand(first.quantity_high)}."]
