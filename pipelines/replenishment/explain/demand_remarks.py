"""What a person said, or is asked, about special demand of a product, in sentences.

What belongs here: one-off orders, events and new products. What does not: finding one-off orders, and what answers and
settings do (`pipelines.forecasting`).
Read more in docs/buyer/one-off-orders.md.
"""

from collections.abc import Iterator
from datetime import date
from typing import Any, Final

import polars as pl

from pipelines.forecasting.special_demand.like_products import LIKE_REASON
from pipelines.planning_settings.demand_settings.like_product import like_of

MOST_SHOWN: Final = 3
"""How many one-off orders a person is asked about at once."""
YEAR_DAYS: Final = 365


def one_off_sentences(one_off_orders: pl.DataFrame, answered: pl.DataFrame) -> Iterator[str]:
    """What was answered about a product's one-off orders, then the latest ones that nobody has answered yet.

    The frames have the shapes of `forecast.one_off_orders` and `forecast.answered_one_offs`, with one product's rows.
    """
    yield from (answer_sentence(row) for row in answered.to_dicts())
    open_ones = one_off_orders.filter((pl.col("answer") == "") & (pl.col("invoice_number") != ""))
    yield from (question_sentence(row) for row in open_ones.head(MOST_SHOWN).to_dicts())


def event_sentences(product_events: pl.DataFrame, *, as_of: date) -> Iterator[str]:
    """The events of a product that are coming, and those of the last year; the frame has one product's rows."""
    since = pl.lit(as_of) - pl.duration(days=YEAR_DAYS)
    for row in product_events.filter(pl.col("until_date") >= since).sort("from_date", "name").to_dicts():
        yield event_sentence(row, as_of=as_of)


def event_sentence(row: dict[str, Any], *, as_of: date) -> str:
    """A row of `forecast.product_events` as a sentence.

    >>> row = {"name": "Fair", "from_date": date(2026, 5, 1), "until_date": date(2026, 5, 3), "factor": 1.5,
    ...        "event_factor": 2.0}
    >>> event_sentence(row, as_of=date(2026, 4, 1))
    'Event Fair, 2026-05-01 to 2026-05-03: planned as 1.5 times the usual demand (the event: 2 times).'
    >>> event_sentence(row, as_of=date(2026, 6, 1))
    'Event Fair, 2026-05-01 to 2026-05-03: its days are kept out of usual demand.'
    """
    days = f"Event {row['name']}, {row['from_date']} to {row['until_date']}"
    if row["until_date"] < as_of:
        return f"{days}: its days are kept out of usual demand."
    own = "" if row["factor"] == row["event_factor"] else f" (the event: {row['event_factor']:g} times)"
    return f"{days}: planned as {row['factor']:g} times the usual demand{own}."


def like_sentences(plan_settings: pl.DataFrame, model_choice: pl.DataFrame, product_code: str) -> Iterator[str]:
    """What becomes of the setting `like_product` of a product: how far it holds, or why it changes nothing."""
    own = plan_settings.filter(product_code=product_code, name="like_product")["value"].to_list()
    if not own or not own[0]:
        return
    reasons = model_choice.filter(product_code=product_code)["reason"].to_list()
    if reasons and reasons[0].startswith(LIKE_REASON):
        yield f"{reasons[0][0].upper()}{reasons[0][1:]}."
        return
    other, _ = like_of(own[0])
    if other not in plan_settings["product_code"]:
        why = f"Xero has no product {other}"
    elif other not in model_choice["product_code"]:
        why = f"{other} has no sales"
    else:
        why = "its own sales of a year count alone, or the other product is itself like another one"
    yield f"The setting like_product ({own[0]}) changes nothing: {why}."


def answer_sentence(row: dict[str, Any]) -> str:
    """A row of `forecast.answered_one_offs` as a sentence.

    >>> row = {"invoice_number": "INV-7", "quantity": 500.0, "answer": "yes", "answered_by": "Ann", "reason": "a fair",
    ...        "effect": "kept out of usual demand"}
    >>> answer_sentence(row)
    'One-off order? yes, said Ann of INV-7 (500 units; a fair): kept out of usual demand.'
    """
    units = "" if row["quantity"] is None else f"{row['quantity']:,g} units"
    about = "; ".join(part for part in (units, row["reason"]) if part)
    of_document = f"{row['invoice_number']} ({about})" if about else row["invoice_number"]
    return f"One-off order? {row['answer']}, said {row['answered_by']} of {of_document}: {row['effect']}."


def question_sentence(row: dict[str, Any]) -> str:
    """A row of `forecast.one_off_orders` without an answer as a question, with the command that answers it."""
    command = f"`stocktrim demand one-off {row['invoice_number']} {row['sold_as']} yes|no`"
    return (
        f"One-off order? {row['invoice_number']} of {row['demand_date']} sold {row['invoice_quantity']:,g} units; "
        f"the day sold {row['times_usual']:,.0f} times the usual one. It counts until you answer: {command}."
    )
