"""Since when an exception is open: its episodes, carried forward from run to run.

What belongs here: opening and closing episodes. What does not: which exceptions there are.
An exception keeps its id as long as its kind and its subject are the same; each time its cause comes back, a new
episode begins.
Read more in docs/buyer/exceptions.md.
"""

from datetime import date, timedelta
from typing import Final

import polars as pl

from pipelines.storage.tables import EXCEPTION_HISTORY

KEPT_DAYS: Final = 400
"""Solved episodes are kept for so many days."""
_NAMED: Final = (
    "kind", "severity", "subject_kind", "product_code", "supplier_name", "document_number", "money_at_stake",
    "currency",
)  # fmt: skip


def with_episodes(found: pl.DataFrame, history: pl.DataFrame, *, today: date) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The found exceptions with `since_date`, and their history with what was opened and solved today.

    `found` has one row per `exception_id`, `history` the shape of `plan.exception_history`.

    >>> found = pl.DataFrame({"exception_id": ["a"], **dict.fromkeys(_NAMED)}).with_columns(money_at_stake=7.0)
    >>> first, history = with_episodes(found, EXCEPTION_HISTORY.schema.to_frame(), today=date(2026, 3, 1))
    >>> again, history = with_episodes(found, history, today=date(2026, 3, 5))
    >>> _, history = with_episodes(found.clear(), history, today=date(2026, 3, 8))
    >>> again["since_date"].item(), history.select("opened_date", "solved_date").row(0)
    (datetime.date(2026, 3, 1), (datetime.date(2026, 3, 1), datetime.date(2026, 3, 8)))
    """
    is_open = history["solved_date"].is_null()
    open_before = history.filter(is_open).sort("opened_date").unique("exception_id", keep="first", maintain_order=True)
    since = open_before.select("exception_id", since_date="opened_date", opened_money="money_at_opening")
    now = found.join(since, on="exception_id", how="left").with_columns(
        since_date=pl.min_horizontal(pl.col("since_date").fill_null(today), pl.lit(today)),
        opened_money=pl.when(pl.col("since_date").is_null()).then("money_at_stake").otherwise("opened_money"),
    )
    going_on = now.select(
        "exception_id", *_NAMED, opened_date="since_date", solved_date=pl.lit(None, dtype=pl.Date),
        money_at_opening="opened_money",
    )  # fmt: skip
    solved = open_before.join(found, on="exception_id", how="anti").with_columns(solved_date=pl.lit(today))
    past = history.filter(~is_open).filter(pl.col("solved_date") >= today - timedelta(days=KEPT_DAYS))
    columns = list(EXCEPTION_HISTORY.columns)
    kept = [frame.select(columns).cast(EXCEPTION_HISTORY.schema) for frame in (past, solved, going_on)]
    return now.drop("opened_money"), pl.concat(kept).sort("opened_date", "exception_id", "solved_date")
