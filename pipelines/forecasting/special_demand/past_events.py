"""Past events: their days are unknown demand, and what they sold is compared with what was expected of them.

What belongs here: the history of event days, and the result of an event. What does not: coming events
(`coming_events.py`).
Read more in docs/maths.md#promotions-and-events.
"""

from collections.abc import Collection, Mapping
from datetime import date, timedelta
from typing import Any, Final

import polars as pl

from pipelines.forecasting.history.demand_matrix import WEEK_DAYS, has_weekly_rows
from pipelines.storage.tables import EVENT_RESULTS

USUAL_DAYS: Final = 56
FEWEST_USUAL_DAYS: Final = 28
LEAST_USUAL: Final = 20.0
FAR_TIMES: Final = 1.5
COMING: Final = "coming"
NOW: Final = "now"
OVER: Final = "over"
_GIVEN: Final = ("name", "from_date", "until_date", "factor", "changed_by", "changed_at", "reason")


def without_event_days(demand: pl.DataFrame, events: pl.DataFrame, *, as_of: date) -> pl.DataFrame:
    """Daily demand whose event days are unknown: a row without a quantity for each, from the product's first sale on.

    `events` has the shape of `forecast.product_events`. If each row stands for a week, the weeks with an event day are
    unknown.
    """
    past = events.filter((pl.col("from_date") < as_of) & (pl.col("factor") != 1))
    past = past.join(_first_days(demand), on="product_code")
    if past.is_empty():
        return demand
    unknown = _event_days(past, since=pl.col("first"), until=as_of - timedelta(days=1))
    if has_weekly_rows(demand, as_of=as_of):
        begins = demand["demand_date"].drop_nulls().max()
        back = (pl.lit(begins) - pl.col("demand_date")).dt.total_days() % WEEK_DAYS
        week = pl.col("demand_date") - pl.duration(days=(-back) % WEEK_DAYS)
        unknown = unknown.with_columns(demand_date=week).unique()
    known = demand.join(unknown, on=["product_code", "demand_date"], how="anti")
    return pl.concat([known, unknown.cast({"demand_date": demand.schema["demand_date"]})], how="diagonal").sort(
        "product_code", "demand_date"
    )


def _first_days(demand: pl.DataFrame) -> pl.DataFrame:
    """The day of each product's first sale: `product_code` and `first`."""
    return demand.group_by("product_code").agg(first=pl.col("demand_date").min())


def _event_days(events: pl.DataFrame, *, since: pl.Expr, until: date) -> pl.DataFrame:
    """Each day of each product with an event, from a day until another: `product_code` and `demand_date`."""
    return (
        events.with_columns(
            begin=pl.max_horizontal("from_date", since), end=pl.min_horizontal("until_date", pl.lit(until))
        )
        .filter(pl.col("begin") <= pl.col("end"))
        .select("product_code", demand_date=pl.date_ranges("begin", "end"))
        .explode("demand_date")
        .unique()
    )


def event_results(
    events: pl.DataFrame, product_events: pl.DataFrame, demand: pl.DataFrame, *, product_codes: Collection[str],
    group_names: Mapping[str, str], as_of: date,
) -> pl.DataFrame:  # fmt: skip
    """`forecast.event_results`: each event with what its products sold on its days, and what they usually sell.

    `demand` is daily demand of the products that are planned, event days included; `product_codes` are all products
    that Xero has, `group_names` the groups that exist by id. The usual quantity of a product is
    that of the 56 days before the event without other events and stock-outs, of which 28 must be left, in the same
    number of days. An event is far off if the observed factor is 1.5 times the expected one or more, or the other way
    round, and its products usually sell 20 units in its days.
    """
    rows = []
    first = _first_days(demand.join(product_events, on="product_code", how="semi"))
    for (name,), of_event in events.group_by("name", maintain_order=True):
        own = product_events.filter(pl.col("name") == name)
        row = of_event.row(0, named=True)
        sold, usual, expected = _sold_and_usual(own, product_events, demand, first, row, as_of=as_of)
        observed = sold / usual if usual > 0 else None
        is_far = observed is not None and usual >= LEAST_USUAL and _is_far(observed, expected)
        missing = _missing(of_event, own, group_names if row["scope"] == "group" else product_codes)
        rows.append(
            {column: row[column] for column in _GIVEN}
            | {
                "applies_to": _applies_to(of_event, group_names), "products": own.height,
                "state": _state(row, as_of), "sold_quantity": sold, "usual_quantity": usual,
                "observed_factor": observed, "is_far_off": is_far,
                "remark": _remark(observed, expected, missing, is_far=is_far),
            }
        )  # fmt: skip
    results = pl.DataFrame(rows, schema=EVENT_RESULTS.schema, orient="row") if rows else EVENT_RESULTS.schema.to_frame()
    return results.with_columns(pl.col(pl.Float64).round(4)).sort("from_date", "name")


def _sold_and_usual(
    own: pl.DataFrame, product_events: pl.DataFrame, demand: pl.DataFrame, first: pl.DataFrame, row: Mapping[str, Any],
    *, as_of: date,
) -> tuple[float, float, float]:  # fmt: skip
    """What an event's products sold on its past days, what they usually sell in as many, and the expected factor.

    `first` is that of `_first_days`.
    """
    begin, end = row["from_date"], min(row["until_date"], as_of - timedelta(days=1))
    if begin > end or own.is_empty():
        return 0.0, 0.0, float(row["factor"])
    since = begin - timedelta(days=USUAL_DAYS)
    sold = demand.filter(pl.col("demand_date").is_between(since, end)).join(
        own.select("product_code", "factor"), on="product_code"
    )
    is_out = pl.col("is_stocked_out").fill_null(value=False)
    of_own = product_events.join(own, on="product_code", how="semi")
    event_days = _event_days(of_own, since=pl.lit(since), until=begin - timedelta(days=1))
    other = event_days.group_by("product_code").agg(other=pl.len())
    before = sold.filter(pl.col("demand_date") < begin).join(event_days, on=["product_code", "demand_date"], how="anti")
    usual = (
        before.filter(~is_out)
        .group_by("product_code", "factor")
        .agg(units=pl.col("quantity").sort().sum())
        .join(sold.filter((pl.col("demand_date") < begin) & is_out).group_by("product_code").agg(out=pl.len()),
              on="product_code", how="left")
        .join(other, on="product_code", how="left")
        .join(first, on="product_code", how="left")
        .with_columns(
            days=(pl.lit(begin) - pl.max_horizontal("first", pl.lit(since))).dt.total_days()
            - pl.col("out").fill_null(0) - pl.col("other").fill_null(0)
        )
        .filter(pl.col("days") >= FEWEST_USUAL_DAYS)
    )  # fmt: skip
    in_event = sold.filter(pl.col("demand_date") >= begin).join(usual.select("product_code"), on="product_code")
    length = (end - begin).days + 1
    out = in_event.filter(is_out).group_by("product_code").agg(lost=pl.len())
    usual = usual.join(out, on="product_code", how="left").with_columns(
        usual=pl.col("units") / pl.col("days") * (length - pl.col("lost").fill_null(0))
    )
    units, of_usual = float(in_event.filter(~is_out)["quantity"].sum()), float(usual["usual"].sum())
    expected = float((usual["usual"] * usual["factor"]).sum()) / of_usual if of_usual > 0 else float(row["factor"])
    return units, of_usual, expected


def _is_far(observed: float, expected: float) -> bool:
    low, high = sorted((max(observed, 0.01), max(expected, 0.01)))
    return high >= FAR_TIMES * low


def _state(row: Mapping[str, Any], as_of: date) -> str:
    if row["from_date"] > as_of:
        return COMING
    return OVER if row["until_date"] < as_of else NOW


def _applies_to(of_event: pl.DataFrame, group_names: Mapping[str, str]) -> str:
    if of_event["scope"][0] == "all":
        return "all products"
    return "; ".join(group_names.get(subject, subject) for subject in of_event["subject"].to_list())


def _missing(of_event: pl.DataFrame, own: pl.DataFrame, there: Collection[str]) -> str:
    """What of an event changes nothing: products or groups that are gone, and an event without any product."""
    scope = of_event["scope"][0]
    gone = [subject for subject in of_event["subject"].to_list() if scope != "all" and subject not in there]
    if gone:
        return f"No longer there: {scope} {', '.join(gone)}."
    return "It changes no product that Xero has." if own.is_empty() else ""


def _remark(observed: float | None, expected: float, missing: str, *, is_far: bool) -> str:
    far = (
        f"Far off: it sold {observed:.2g} times the usual quantity, and {expected:.2g} times was expected."
        if is_far and observed is not None
        else ""
    )
    return " ".join(part for part in (far, missing) if part)
