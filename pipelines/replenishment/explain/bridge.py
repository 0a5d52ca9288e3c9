"""One product's plan as steps that a person can follow.

What belongs here: the bridge, the projected stock and the levels, in words and numbers. What does not: printing them.
Read more in docs/maths.md.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

import numpy as np
import polars as pl

from pipelines.forecasting.overrides import OVERRIDDEN
from pipelines.replenishment.decision.decision_inputs import arrivals_on_order, windows_of
from pipelines.replenishment.lead_times import LENGTHS
from pipelines.replenishment.plan.reasons import BINDING_RULES, REASONS, UNCERTAIN_CAUSES

WEEK_DAYS: Final = 7
LEAST_CHANCE_TOLD: Final = 0.005
LEAST_UNITS: Final = 0.05
SAVED_TITLE: Final = "Backtest of its class: share of the textbook rule's loss that was saved (above zero is better)"
_SET_AT: Final = {"product": "for this product", "supplier": "for its supplier", "global": "for all products"}
_ASKED: Final = pl.Schema(
    {"product_code": pl.String, "order_frequency_days": pl.Int64, "forecast_period_days": pl.Int64}
)


@dataclass(frozen=True)
class Step:
    """One step of the bridge: its sign (empty for a result), what it is, and the pieces."""

    sign: str
    label: str
    quantity: float


def bridge(row: Mapping[str, Any]) -> list[Step]:
    """The steps from demand to the order quantity of a row of `plan.order_plan`; they add up."""
    before_days, cover_days = days_of(row)
    before = f"expected demand in the {before_days} days until an order arrives"
    if ends_before_arrival(row):
        before = f"expected demand in the {row['horizon_days']} days of the forecast period"
    cover = f"expected demand in the {cover_days} days it must cover"
    shelf = (
        f"after the minimums (order {_told(row['minimum_order_quantity'])}, shelf {_told(row['minimum_shelf_level'])})"
    )
    return [
        Step("+", before, row["demand_before_arrival"]),
        Step("+", cover, row["demand_in_cover"]),
        Step("+", f"safety stock for a service level of {_told(row['service_level'] * 100)}%", row["safety_stock"]),
        Step("-", "stock on hand", row["stock_on_hand"]),
        Step("+", "committed: sold, not yet taken out of stock", row["stock_committed"]),
        Step("-", "on order, arriving in time", row["stock_on_order_in_time"]),
        Step("-", "demand lost before arrival", row["demand_lost_before_arrival"]),
        Step(
            "-" if row["timing_adjustment"] < 0 else "+",
            "timing adjustment: what the demand paths need beyond these averages", abs(row["timing_adjustment"]),
        ),
        Step("", "need", row["needed_quantity"]),
        Step("", shelf, row["quantity_after_minimum"]),
        Step("", f"after rounding to batches of {_told(row['batch_size'])}", row["quantity_after_batch"]),
        Step("", _cap(row), row["quantity_after_cap"]),
        Step("", "order", row["order_quantity"]),
    ]  # fmt: skip


def sentences(row: Mapping[str, Any]) -> list[str]:
    """Why this quantity, what bound it, and what to be careful about."""
    position = _position_in_time(row)
    levels = f"reorder point {_told(row['reorder_point'])}, order-up-to level {_told(row['order_up_to_level'])}"
    told = [
        REASONS[row["reason"]],
        f"Stock that is there in time: {_told(position)}; {levels}.",
        BINDING_RULES[row["binding_rule"]],
    ]
    if (beyond := _beyond_the_levels(row)) is not None:
        told.append(beyond)
    if ends_before_arrival(row):
        told.append(
            f"The forecast period of {row['horizon_days']} days ends before an order of today can arrive, in "
            f"{days_of(row)[0]} days: what is there and on order is filled up for the demand of the period."
        )
    if row["is_too_late_to_help"]:
        told.append(_too_late(row))
    if row["safety_stock"] < 0:
        told.append(
            "Safety stock is negative: at this service level the order-up-to level is below the expected demand, which "
            "rare large sales raise."
        )
    told += _what_it_costs(row)
    if row["stock_on_order_late"]:
        told.append(f"{_told(row['stock_on_order_late'])} units are on late orders, which do not count.")
    if row["stock_on_order_after_cover"]:
        told.append(f"{_told(row['stock_on_order_after_cover'])} units on order arrive too late to help now.")
    if row["uncertain_cause"]:
        told.append(UNCERTAIN_CAUSES[row["uncertain_cause"]])
    if row["model"] == OVERRIDDEN:
        told.append("A person set its demand, in the place of the forecast; the settings say how much and until when.")
    return [*told, _lead_time(row)]


def model_sentence(row: Mapping[str, Any], choice: Mapping[str, Any]) -> str:
    """How a product sells and which model speaks for it, and why; or that a person's demand speaks in its place."""
    if row["model"] == OVERRIDDEN:
        return (
            f"Sells {choice['demand_class']}; demand that a person set speaks, in the place of the forecast by "
            f"{choice['model']}."
        )
    return f"Sells {choice['demand_class']}; forecast by {choice['model']}: {choice['reason']}."


def saved_in_words(score: Mapping[str, Any]) -> tuple[str, str]:
    """The share of the textbook rule's loss that a model saved, above zero where it is the better one, and its error.

    Both are empty where too little history was there to judge. `score` is a row of `forecast.model_scores`.

    >>> saved_in_words({"margin": 0.123, "margin_error": 0.02}), saved_in_words({"margin": -0.04, "margin_error": 0.1})
    (('+12%', '2%'), ('-4%', '10%'))
    """
    if score["margin"] is None:
        return "", ""
    return f"{score['margin'] + 0.0:+.0%}", f"{score['margin_error']:.0%}"


def quantiles_of_horizon(demand_quantiles: pl.DataFrame, horizon_days: int) -> list[tuple[float, float]]:
    """The probabilities of a product's forecast, each with what demand of a horizon stays at or below.

    Between two horizons that were forecast it lies on the straight line between theirs.
    """
    told = demand_quantiles.sort("probability", "horizon_days").group_by("probability", maintain_order=True)
    return [
        (share, round(float(np.interp(horizon_days, days, pieces)), 4))
        for share, days, pieces in told.agg("horizon_days", "quantity").rows()
    ]


@dataclass(frozen=True)
class ProjectedWeek:
    """A coming week: what arrives in it, its expected demand, and what is left at its end with today's order."""

    week_start: date
    arrivals: float
    demand: float
    stock_at_end: float


def days_of(row: Mapping[str, Any]) -> tuple[int, int]:
    """The days before an order arrives, and those that it covers, as the plan reckons them."""
    asked = pl.DataFrame([row], schema=_ASKED)
    lengths = pl.DataFrame([(row["product_code"], row["expected_lead_time_days"], 1.0)], schema=LENGTHS, orient="row")
    (window,) = windows_of(asked, lengths).rows(named=True)
    return window["arrival_day"], max(0, window["horizon_days"] - window["arrival_day"])


def ends_before_arrival(row: Mapping[str, Any]) -> bool:
    """Whether a forecast period ends before an order of today arrives, so that the order covers no day of it."""
    return bool(days_of(row)[0] > row["horizon_days"])


def open_orders(plan: pl.DataFrame, stock_on_order: pl.DataFrame, lead_times: pl.DataFrame) -> pl.DataFrame:
    """Open order lines of planned products with `reckoned_arrival_date`: when the plan takes one that counts to arrive.

    The frames have the shapes of `plan.order_plan`, `marts.stock_on_order` and `plan.lead_times`.
    """
    as_of = plan["as_of_date"][0]
    windows = windows_of(plan.select("product_code", "order_frequency_days", "forecast_period_days"), lead_times)
    reckoned = pl.lit(as_of) + pl.duration(days="arrival_day")
    told = arrivals_on_order(stock_on_order, windows, as_of=as_of)
    return told.select(*stock_on_order.columns, reckoned_arrival_date=pl.when("is_counted").then(reckoned))


def projected_stock(
    row: Mapping[str, Any], weeks: Iterable[tuple[date, float]], arrivals: Iterable[tuple[date, float]]
) -> list[ProjectedWeek]:
    """Stock at the expected pace, week by week, with what is on order and today's order.

    `weeks` are the starts of the coming weeks with their expected demand, `arrivals` the days and quantities of the
    open orders, as the plan reckons with them. What is not there when it is asked for is not served later here.
    """
    due = [*arrivals, (row["as_of_date"] + timedelta(days=days_of(row)[0]), row["order_quantity"])]
    stock, told = row["stock_on_hand"] - row["stock_committed"], []
    for start, demand in weeks:
        arrived = sum(quantity for day, quantity in due if start <= day < start + timedelta(days=WEEK_DAYS))
        stock = max(0.0, stock + arrived - demand)
        told.append(ProjectedWeek(start, arrived, demand, stock))
    return told


def _lead_time(row: Mapping[str, Any]) -> str:
    """The lead time that the plan uses and where it comes from: what was set, and beside it what receipts show."""
    typed = f"{row['lead_time_days']} days"
    more = f", plus {row['manufacturing_time_days']} for manufacturing" if row["manufacturing_time_days"] else ""
    receipts = f"{row['product_receipts']} receipts of this product, {row['supplier_receipts']} of its supplier"
    is_seen = row["product_receipts"] + row["supplier_receipts"] > 0
    observed = f"receipts show {_told(row['observed_lead_time_days'])} days (median; {receipts})" if is_seen else (
        "no receipt shows how long orders take"
    )  # fmt: skip
    expected = f"{row['expected_lead_time_days']} ± {row['lead_time_deviation_days']:.1f} days"
    by = _SET_AT.get(row["lead_time_origin"])
    if by and row["lead_time_rule"] == "as_set":
        return f"Lead time: {typed}, as set {by}{more}; {observed}. The plan uses {expected}."
    set_or_default = f"{typed} are set {by}, but lead_time_rule lets receipts win" if by else f"the default is {typed}"
    if not is_seen:
        return f"Lead time: {typed}{more}, {f'as set {by}' if by else 'the default'}; {observed}."
    return f"Lead time: {expected}, learned; {observed}; {set_or_default}{more}."


def _too_late(row: Mapping[str, Any]) -> str:
    if row["days_to_stock_out"] == 0 and row["stock_on_hand"] <= row["stock_committed"]:
        return f"Nothing is left to sell, and an order of today arrives in {days_of(row)[0]} days: ask for it sooner."
    chance = _chance(row["shortage_chance_before_arrival"])
    return f"With a chance of {chance} it runs out before an order of today arrives: ask for it sooner."


def _what_it_costs(row: Mapping[str, Any]) -> list[str]:
    """What being understocked or overstocked costs, and which price lacks to say so."""
    costs = []
    if row["understock_quantity"] > 0:
        lost = (
            f"a margin of {row['understock_margin_lost']:,.2f} {row['currency']}" if not row["missing_price"]
            else f"its margin is unknown, as the product has no {row['missing_price'].replace(', ', ' and no ')}"
        )  # fmt: skip
        costs.append(
            f"Understocked: the stock position is {_told(row['understock_quantity'])} units below the reorder point. "
            f"Without an order now {_told(round(row['short_without_order'], 1))} units are expected to be short until "
            f"the next order could arrive: {lost}."
        )
    if row["overstock_quantity"] > 0:
        worth = f"of unknown value, as the product has no {_lack_of_cost(row)}"
        if (row["unit_cost"] or 0) > 0:
            worth = (
                f"worth {row['overstock_value']:,.2f} {row['currency']}; holding them costs "
                f"{row['overstock_holding_cost']:,.2f} a year"
            )
        costs.append(f"Overstocked: {_told(row['overstock_quantity'])} units, {worth}.")
    return costs


def _lack_of_cost(row: Mapping[str, Any]) -> str:
    """What lacks to tell a product's cost: the exchange rate to its currency, or the cost itself."""
    return "exchange rate" if row["currency_rate"] is None else "unit cost"


def _chance(share: float) -> str:
    """A chance above nothing in whole per cent.

    >>> _chance(0.0004), _chance(0.126)
    ('less than 1%', '13%')
    """
    return "less than 1%" if share < LEAST_CHANCE_TOLD else f"{100 * share:.0f}%"


def _position_in_time(row: Mapping[str, Any]) -> float:
    return float(row["stock_on_hand"] - row["stock_committed"] + row["stock_on_order_in_time"])


def _beyond_the_levels(row: Mapping[str, Any]) -> str | None:
    """Why the need is not the order-up-to level minus stock, by the two lines of the bridge that stand between them."""
    lost, timing = row["demand_lost_before_arrival"], row["timing_adjustment"]
    gap = lost - timing
    if abs(gap) < 1:
        return None
    size = f"{_told(round(abs(gap)))} units {'smaller' if gap > 0 else 'larger'}"
    more_or_less, why = "more", "stock on order arrives after it is needed"
    if timing < 0:
        more_or_less, why = "less", "more is lost if demand is high"
    causes = {
        f"{_told(round(lost, 1))} units of demand are expected to be lost before an order arrives": lost,
        f"{_told(round(abs(timing), 1))} units {more_or_less} are needed, since {why} or lead times differ "
        "(timing adjustment)": timing,
    }
    those = [cause for cause, units in causes.items() if abs(units) >= LEAST_UNITS]
    return f"The need is {size} than the order-up-to level minus stock: {'; '.join(those)}."


def _cap(row: Mapping[str, Any]) -> str:
    most = row["maximum_shelf_level"]
    return (
        "after the cap (no maximum shelf level)" if most is None else f"after the maximum shelf level of {_told(most)}"
    )


def _told(quantity: float) -> str:
    """A quantity as a person writes it: at most four decimals, and only those that say something.

    >>> _told(1234567.5), _told(12.0), _told(0.1 + 0.2)
    ('1,234,567.5', '12', '0.3')
    """
    return f"{round(quantity, 4) + 0.0:,.4f}".rstrip("0").rstrip(".")
