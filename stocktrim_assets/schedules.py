"""The schedules: load and plan once a day, replay the past once a week, every connected organisation by itself.

What belongs here: when. What does not: what (`jobs.py`).
Read more in docs/operations.md.
"""

from typing import Final

import dagster as dg

from stocktrim_assets.jobs import backtest, load_and_plan
from stocktrim_assets.partitions import workable

DAILY: Final = "0 5 * * *"
WEEKLY: Final = "0 3 * * 0"


@dg.schedule(
    job=load_and_plan,
    cron_schedule=DAILY,
    description="Every morning at five (UTC), load from Xero and plan, each organisation in a run of its own.",
)
def daily_load_and_plan(context: dg.ScheduleEvaluationContext) -> list[dg.RunRequest] | dg.SkipReason:
    """One run an organisation that lets us in and is a partition; the day is part of the run's key."""
    return _one_run_each(context, "")


@dg.schedule(
    job=backtest,
    cron_schedule=WEEKLY,
    description="On Sundays at three (UTC), replay the last year of each organisation for our rule and its rivals.",
)
def weekly_backtest(context: dg.ScheduleEvaluationContext) -> list[dg.RunRequest] | dg.SkipReason:
    """One run an organisation that lets us in and is a partition."""
    return _one_run_each(context, "backtest:")


def _one_run_each(context: dg.ScheduleEvaluationContext, kind: str) -> list[dg.RunRequest] | dg.SkipReason:
    day = f"{context.scheduled_execution_time:%Y-%m-%d}"
    keys, skipped = workable(context.instance)
    for sentence in skipped:
        context.log.warning(sentence)
    if not keys:
        return dg.SkipReason(" ".join(skipped) or "No organisation is connected.")
    return [dg.RunRequest(run_key=f"{kind}{key}:{day}", partition_key=key, tags={"organisation": key}) for key in keys]
