"""Snoozes: an exception is left out of the list until a day, for a reason; or until its money has doubled.

What belongs here: which exceptions are snoozed, which may be. What does not: storing decisions
(`pipelines.store.exception_decisions`).
Read more in docs/buyer/exceptions.md.
"""

from datetime import date, timedelta
from typing import Final

import polars as pl

from pipelines.errors import UsageError

OPEN: Final = "open"
SNOOZED: Final = "snoozed"
DISMISSED: Final = "dismissed"
STATES: Final = (OPEN, SNOOZED, DISMISSED)
LONGEST_DAYS: Final = 366
LONGEST_REASON: Final = 500
# A snooze ends early if the money at stake is so many times what it was.
MOST_TIMES: Final = 2
SNOOZES: Final = pl.Schema({
    "exception_id": pl.String, "snoozed_until": pl.Date, "snoozed_money": pl.Float64, "snoozed_by": pl.String,
    "snooze_reason": pl.String,
})  # fmt: skip


def with_states(exceptions: pl.DataFrame, snoozes: pl.DataFrame, *, today: date) -> pl.DataFrame:
    """The exceptions with `state`, `snoozed_until`, `snoozed_by`, `snooze_reason` of today.

    `exceptions` has `is_dismissed`, `decided_by` and `reason`; `snoozes` has the shape of `SNOOZES`, a row per
    exception.
    """
    known = exceptions.join(snoozes, on="exception_id", how="left", maintain_order="left")
    is_dismissed = pl.col("is_dismissed").fill_null(value=False)
    has_grown = (pl.col("snoozed_money") > 0) & (pl.col("money_at_stake") >= MOST_TIMES * pl.col("snoozed_money"))
    is_snoozed = (pl.lit(today) < pl.col("snoozed_until")) & ~has_grown.fill_null(value=False)
    state = pl.when(is_dismissed).then(pl.lit(DISMISSED)).when(is_snoozed).then(pl.lit(SNOOZED)).otherwise(pl.lit(OPEN))
    return known.with_columns(state=state).with_columns(
        snoozed_until=pl.when(pl.col("state") == SNOOZED).then("snoozed_until"),
        snoozed_by=_of_state("snoozed_by", "decided_by"),
        snooze_reason=_of_state("snooze_reason", "reason"),
    )


def with_decisions(
    exceptions: pl.DataFrame, readiness: pl.DataFrame, *, snoozes: pl.DataFrame, dismissed: pl.DataFrame, today: date
) -> pl.DataFrame:
    """The exceptions of the last run with their state of today: what was decided since then holds at once.

    `exceptions` has the shape of `plan.exceptions`, `readiness` and `dismissed` those of `marts.xero_readiness` and
    `raw.exception_decisions`.
    """
    in_version = readiness.join(dismissed, on=["problem", "record_id", "version"], how="semi")
    decided = dismissed.join(in_version, on=["problem", "record_id"], how="semi").select(
        kind="problem",
        subject_id="record_id",
        decided_by="decided_by",
        reason="reason",
        is_dismissed=pl.lit(value=True),
    )
    bare = exceptions.drop("state", "snoozed_until", "snoozed_by", "snooze_reason")
    known = bare.join(decided, on=["kind", "subject_id"], how="left", maintain_order="left")
    return with_states(known, snoozes, today=today).select(exceptions.columns)


def day_to_snooze_until(until: date, *, today: date) -> date:
    """The day, if an exception may be snoozed until then.

    Raises:
        UsageError: it is not after today, or too far ahead.
    """
    if until <= today:
        raise UsageError(f"{until} is not after today ({today}): give a later day.")
    if until > today + timedelta(days=LONGEST_DAYS):
        raise UsageError(
            f"{until} is too far ahead: an exception can be snoozed until {today + timedelta(days=LONGEST_DAYS)} at "
            f"most, and again then."
        )
    return until


def reason_to_keep(reason: str) -> str:
    r"""The reason in one line.

    >>> reason_to_keep(" a container  is\nlate ")
    'a container is late'

    Raises:
        UsageError: it is empty or too long.
    """
    line = " ".join("".join(sign if sign.isprintable() else " " for sign in reason).split())
    if not line:
        raise UsageError("Give a reason: why can it wait?")
    if len(line) > LONGEST_REASON:
        raise UsageError(f"The reason has {len(line):,} characters: give at most {LONGEST_REASON}.")
    return line


def _of_state(of_snooze: str, of_dismissal: str) -> pl.Expr:
    state = pl.col("state")
    return pl.when(state == SNOOZED).then(of_snooze).when(state == DISMISSED).then(of_dismissal)
