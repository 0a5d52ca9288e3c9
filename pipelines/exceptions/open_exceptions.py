"""The table `exceptions`: what was found, each under its id, with severity, state and the day since when.

What belongs here: putting the parts together. What does not: finding (`of_the_plan.py`, `of_xero.py`).
Read more in docs/buyer/exceptions.md.
"""

import hashlib
from base64 import b32encode
from collections.abc import Iterable
from datetime import date
from typing import Final

import polars as pl

from pipelines.exceptions.episodes import with_episodes
from pipelines.exceptions.kinds import OF_THE_PLAN, SEVERITIES, SEVERITY_OF, WARNING
from pipelines.exceptions.of_xero import of_xero
from pipelines.exceptions.snoozes import with_states
from pipelines.replenishment.plan.plan_summary import in_money
from pipelines.storage.tables import EXCEPTIONS

_LENGTH: Final = 10
_RANK: Final = {severity: rank for rank, severity in enumerate(SEVERITIES)}


def exceptions_now(
    found: Iterable[pl.DataFrame],
    history: pl.DataFrame,
    snoozes: pl.DataFrame,
    *,
    base_currency: str,
    plan_id: str,
    today: date,
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The exceptions, largest money first, and their history: `plan.exceptions`, `plan.exception_history`.

    `found` are frames of rows as `of_the_plan.FOUND` has them, `history` the former history.
    """
    since, episodes = with_episodes(_named(pl.concat(list(found)), base_currency), history, today=today)
    stated = with_states(since, snoozes, today=today).with_columns(
        as_of_date=pl.lit(today), plan_id=pl.lit(plan_id, dtype=pl.String)
    )
    return by_money(stated).select(list(EXCEPTIONS.columns)).cast(EXCEPTIONS.schema), episodes


def with_new_data(
    exceptions: pl.DataFrame, readiness: pl.DataFrame, products: pl.DataFrame, *, today: date
) -> pl.DataFrame:
    """The exceptions of the last plan with the problems that the last load found in Xero's data instead of the former.

    The frames have the shapes of `plan.exceptions`, `marts.xero_readiness` and `marts.products`. A load lists no
    exceptions itself: it runs without a plan.
    """
    currency = str(readiness["currency"].first() or "")
    since = exceptions.select("exception_id", "since_date")
    of_data = (
        _named(of_xero(readiness, products), currency)
        .join(since, on="exception_id", how="left")
        .with_columns(pl.col("since_date").fill_null(today), as_of_date=pl.lit(today))
    )
    lacking = [pl.lit(None, dtype=t).alias(n) for n, t in EXCEPTIONS.columns.items() if n not in of_data.columns]
    fresh = of_data.with_columns(lacking).select(list(EXCEPTIONS.columns)).cast(EXCEPTIONS.schema)
    of_plan = exceptions.filter(pl.col("kind").is_in(list(OF_THE_PLAN)))
    return by_money(pl.concat([of_plan, fresh]))


def _named(found: pl.DataFrame, base_currency: str) -> pl.DataFrame:
    """Found exceptions with id, severity and currency; of two with one id the one of more money."""
    return (
        found.with_columns(
            exception_ids(found["kind"], found["subject_id"]),
            severity=pl.col("kind").replace_strict(SEVERITY_OF, default=WARNING),
            money_at_stake=in_money(pl.col("money_at_stake")),
            currency=pl.lit(base_currency),
        )
        .sort("exception_id", "money_at_stake", descending=[False, True], nulls_last=True)
        .unique("exception_id", keep="first", maintain_order=True)
    )


def by_money(exceptions: pl.DataFrame) -> pl.DataFrame:
    """The exceptions by money, largest first; then those of unknown money, the severest first."""
    rank = pl.col("severity").replace_strict(_RANK, default=len(_RANK), return_dtype=pl.Int64)
    return exceptions.sort(
        pl.col("money_at_stake"), rank, "kind", "exception_id", descending=[True, False, False, False], nulls_last=True
    )


def exception_ids(kinds: pl.Series, subjects: pl.Series) -> pl.Series:
    """The ids of exceptions, `exception_id`: equal for one kind and subject, whatever else changes.

    >>> exception_ids(pl.Series(["overstock"]), pl.Series(["id of a product"])).to_list()
    ['rg6lsx77uh']
    """
    ids = [exception_id(kind, subject or "") for kind, subject in zip(kinds, subjects, strict=True)]
    return pl.Series("exception_id", ids, dtype=pl.String)


def exception_id(kind: str, subject_id: str) -> str:
    """The id of an exception: ten letters and digits."""
    digest = hashlib.blake2b(f"{kind}\n{subject_id}".encode(), digest_size=8).digest()
    return b32encode(digest).decode().lower()[:_LENGTH]
